package scheduler

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Shortage says why places are missing: a set of students who need more places
// than there are for them. It is minimal: no part of the set is short of as
// many.
//
// In one Round the students can go to none but the Workshops, which have fewer
// Places there than there are students. Where several rounds are about (Round
// is 0, Why is Repeat) each of the Once can be followed but once, and too few
// are left beside: the students need so many places (Needed) of the Workshops
// in the Rounds, or where Workshops is empty, of something else.
type Shortage struct {
	Why      Why      `json:"why"`
	Round    int      `json:"round"`    // 0: several
	Rounds   []int    `json:"rounds"`   // those it is about
	Students []string `json:"students"` // by id

	// Who they are: nearly all of these years or classes who still need a place
	// there (Whole), or some of them. Years is empty where Classes tells it better.
	Classes []string `json:"classes"`
	Years   []int    `json:"years"`
	Whole   bool     `json:"whole"`

	Workshops []string `json:"workshops"` // by the order of the instance
	Once      []string `json:"once,omitempty"`
	Cancelled []string `json:"cancelled,omitempty"` // open to some of them, and below their minimum there

	Needed   int      `json:"needed"`
	Places   int      `json:"places"`  // of Workshops in Rounds, beside those that are fixed
	Missing  int      `json:"missing"` // Needed - Places
	Remedies []Remedy `json:"remedies"`
}

// Unclear is the reason of a Shortage that is no set: places that no set of
// students explains, because fewer may be possible or minimums are in the way.
const Unclear Why = "unclear"

// Remedy is a change that solves a shortage or a part of it.
type Remedy struct {
	Change
	Solves int `json:"solves"` // so many places fewer are missing then, at least
}

// Shortages explains every missing place of a solution of the instance: what
// is Missing adds up to the report's Unplaced. Sessions that the solution
// cancels count as not given. The order is that of rounds, those about several
// last; it depends on the order of students in neither.
func Shortages(in Instance, s Solution) []Shortage {
	if in.Costs == nil {
		in.Costs = &Costs{}
	}
	p := newProblem(in, Costs{})
	h := newHall(p, s)
	if h.missing == 0 {
		return nil
	}
	h.prove()
	out := h.explain()
	for i := range out {
		out[i].Remedies = h.remedies(&out[i])
	}
	return out
}

// hall looks for sets of students whom too few places are open to (Hall 1935),
// with what König and Egerváry made of it: let some sessions be dear. Each
// student needs at least as many dear places as the others cannot give, so
// that what all need, less the dear places there are, is missing in every plan.
// Where that is as much as the solution misses, the dear sessions explain it.
type hall struct {
	p       *problem
	pl      plan
	closed  []bool // sessions that the solution cancels
	missing int
	kinds   []kind
	kindOf  []int32 // by student
	dear    []bool
}

// kind is the students who need a place in the same rounds and can go to the
// same sessions.
type kind struct {
	students []int32
	free     []int
	options  [][]int32 // by round
}

func newHall(p *problem, s Solution) *hall {
	h := &hall{p: p, pl: make(plan, len(p.students)), closed: make([]bool, len(p.sessions)), dear: make([]bool, len(p.sessions)), kindOf: make([]int32, len(p.students))}
	for _, c := range s.Cancelled {
		if w, ok := p.workshops[c.Workshop]; ok && c.Round >= 1 && c.Round <= p.rounds && p.at[w][c.Round-1] != none {
			h.closed[p.at[w][c.Round-1]] = true
		}
	}
	numbers := map[string]int32{}
	for k := range p.students {
		u := &p.students[k]
		h.pl[k] = noSchedule
		places := s.Places[u.id]
		for _, r := range u.free {
			if r < len(places) {
				if w, ok := p.workshops[places[r]]; ok {
					h.pl[k][r] = p.at[w][r]
				}
			}
			if h.pl[k][r] == none {
				h.missing++
			}
		}
		kept := slices.Sorted(slices.Values(u.kept))
		var key strings.Builder
		for _, n := range append([]int32{u.group}, kept...) {
			key.WriteString(strconv.Itoa(int(n)) + ",")
		}
		for _, r := range u.free {
			key.WriteString("r" + strconv.Itoa(r))
		}
		n, ok := numbers[key.String()]
		if !ok {
			n = int32(len(h.kinds))
			numbers[key.String()] = n
			options := make([][]int32, p.rounds)
			for _, r := range u.free {
				for _, i := range p.groups[u.group].sessions[r] {
					if !h.closed[i] && p.may(u, i) {
						options[r] = append(options[r], i)
					}
				}
			}
			h.kinds = append(h.kinds, kind{free: u.free, options: options})
		}
		h.kindOf[k] = n
		h.kinds[n].students = append(h.kinds[n].students, int32(k))
	}
	return h
}

// needs returns in how many rounds a student of that kind has no place but in a
// dear session: the rounds less the largest matching of rounds and workshops.
func (h *hall) needs(t *kind, dear []bool) int {
	m := h.match(t, dear)
	n := len(t.free)
	for _, r := range t.free {
		if m[r] != none {
			n--
		}
	}
	return n
}

// match gives as many rounds as possible a session that is not dear, no
// workshop twice.
func (h *hall) match(t *kind, dear []bool) schedule {
	m := noSchedule
	for _, r := range t.free {
		var seen [4]bool
		h.matchRound(t, dear, r, &m, &seen)
	}
	return m
}

func (h *hall) matchRound(t *kind, dear []bool, r int, m *schedule, seen *[4]bool) bool {
	seen[r] = true
	for _, i := range t.options[r] {
		if dear[i] {
			continue
		}
		holder := -1
		for _, q := range t.free {
			if q != r && m[q] != none && h.p.sessions[m[q]].workshop == h.p.sessions[i].workshop {
				holder = q
			}
		}
		if holder < 0 {
			m[r] = i
			return true
		}
		if seen[holder] {
			continue
		}
		was := m[holder]
		m[holder] = none
		m[r] = i
		if h.matchRound(t, dear, holder, m, seen) {
			return true
		}
		m[holder], m[r] = was, none
	}
	return false
}

// explained returns how many missing places dear sessions explain.
func (h *hall) explained(dear []bool) int {
	sum := 0
	for t := range h.kinds {
		sum += len(h.kinds[t].students) * h.needs(&h.kinds[t], dear)
	}
	for i, is := range dear {
		if is {
			sum -= h.p.sessions[i].capacity
		}
	}
	return sum
}

// prove looks for dear sessions that explain all that is missing: none, those
// of each round by itself, or what linear programming says, made better one by
// one.
func (h *hall) prove() {
	best := h.explained(h.dear)
	try := func(dear []bool) {
		if n := h.explained(dear); n > best {
			best, h.dear = n, dear
		}
	}
	if best < h.missing {
		dear := make([]bool, len(h.dear))
		for r := range h.p.rounds {
			for _, i := range h.tight(r, nil, nil) {
				dear[i] = true
			}
		}
		try(dear)
	}
	if best < h.missing {
		for _, dear := range h.priced() {
			try(dear)
		}
	}
	for better := true; better; {
		better = false
		for i := range h.dear {
			if !h.dear[i] && best >= h.missing {
				continue
			}
			h.dear[i] = !h.dear[i]
			n := h.explained(h.dear)
			if n > best || n == best && !h.dear[i] {
				best, better = n, true
				continue
			}
			h.dear[i] = !h.dear[i]
		}
	}
}

// tight returns the sessions of a round that everybody who is without a place
// in a largest matching leads to: the smallest set that is short of as many as
// the round can be. Kinds and sessions narrow it down where they are not nil.
func (h *hall) tight(r int, kinds []int32, sessions []bool) []int32 {
	allowed := func(i int32) bool { return sessions == nil || sessions[i] }
	if kinds == nil {
		for t := range h.kinds {
			if slices.Contains(h.kinds[t].free, r) {
				kinds = append(kinds, int32(t))
			}
		}
	}
	load := make(map[int32]map[int32]int, len(h.p.sessions)) // by session and kind
	room := map[int32]int{}
	for i, s := range h.p.sessions {
		if s.round == r && allowed(int32(i)) {
			room[int32(i)] = s.capacity
			load[int32(i)] = map[int32]int{}
		}
	}
	idle := map[int32]int{}
	for _, t := range kinds {
		for _, k := range h.kinds[t].students {
			if i := h.pl[k][r]; i != none && load[i] != nil && room[i] > 0 && slices.Contains(h.kinds[t].options[r], i) {
				load[i][t]++
				room[i]--
			} else {
				idle[t]++
			}
		}
	}
	for {
		// Breadth first from the kinds that are without a place.
		into, from := map[int32]int32{}, map[int32]int32{} // by session: the kind that would go there, and the session it would leave
		var queue []int32
		target := none
		seenKind := map[int32]bool{}
		visit := func(t, a int32) {
			if seenKind[t] {
				return
			}
			seenKind[t] = true
			for _, i := range h.kinds[t].options[r] {
				if _, seen := into[i]; seen || !allowed(i) {
					continue
				}
				into[i], from[i] = t, a
				queue = append(queue, i)
				if room[i] > 0 && target == none {
					target = i
				}
			}
		}
		for _, t := range kinds {
			if idle[t] > 0 {
				visit(t, none)
			}
		}
		for at := 0; at < len(queue) && target == none; at++ {
			for _, t := range sortedKeys(load[queue[at]]) {
				if load[queue[at]][t] > 0 {
					visit(t, queue[at])
				}
			}
		}
		if target == none {
			slices.Sort(queue)
			return queue
		}
		n := room[target]
		for i := target; ; i = from[i] {
			if from[i] == none {
				n = min(n, idle[into[i]])
				break
			}
			n = min(n, load[from[i]][into[i]])
		}
		room[target] -= n
		for i := target; ; i = from[i] {
			load[i][into[i]] += n
			if from[i] == none {
				idle[into[i]] -= n
				break
			}
			load[from[i]][into[i]] -= n
		}
	}
}

// priced returns what may be dear by the prices of the linear relaxation in
// which nothing costs but missing places.
func (h *hall) priced() [][]bool {
	in := h.p.in
	in.Workshops = slices.Clone(in.Workshops)
	for w := range in.Workshops {
		in.Workshops[w].Sessions = slices.Clone(in.Workshops[w].Sessions)
		for j := range in.Workshops[w].Sessions {
			x := &in.Workshops[w].Sessions[j]
			x.Minimum = 0
			if i := h.p.at[w][x.Round-1]; h.closed[i] {
				x.Capacity = h.p.sessions[i].fixed
			}
		}
	}
	prices := pricesOf(newProblem(in, Costs{}), h.pl)
	var out [][]bool
	for _, level := range slices.Compact(slices.Sorted(slices.Values(prices))) {
		if level <= 0 {
			continue
		}
		dear := make([]bool, len(prices))
		for i, v := range prices {
			dear[i] = v >= level
		}
		out = append(out, dear)
	}
	return out
}

// demand is what students of a kind need of dear sessions: a place in a round
// in which they have no other, or (round none) more places than they can have
// otherwise without a workshop twice.
type demand struct {
	kind     int32
	round    int
	needs    int // of each student
	sessions []int32
}

// explain makes a shortage of each set of demands that share sessions.
func (h *hall) explain() []Shortage {
	var demands []demand
	var out []Shortage
	lone := map[string]*Shortage{}
	var keys []string
	whom := map[string][]int32{}
	cheap := make([]bool, len(h.dear))
	for t := range h.kinds {
		x := &h.kinds[t]
		rest := h.needs(x, h.dear)
		if rest == 0 {
			continue
		}
		for _, r := range x.free {
			if slices.ContainsFunc(x.options[r], func(i int32) bool { return !h.dear[i] }) {
				continue
			}
			rest--
			demands = append(demands, demand{int32(t), r, 1, x.options[r]})
		}
		if rest <= 0 {
			continue
		}
		if own := h.needs(x, cheap) - h.barren(x); own > 0 {
			own = min(own, rest)
			rest -= own
			rounds, workshops := h.once(x)
			s := Shortage{Why: Repeat, Rounds: rounds, Once: h.names(workshops)}
			key := strings.Join(s.Once, "\x00") + "\x00" + strconv.Itoa(own)
			for _, r := range rounds {
				key += "," + strconv.Itoa(r)
			}
			if lone[key] == nil {
				lone[key] = &s
				keys = append(keys, key)
			}
			lone[key].Needed += own * len(x.students)
			whom[key] = append(whom[key], x.students...)
		}
		if rest > 0 {
			demands = append(demands, demand{int32(t), -1, rest, h.helpful(x)})
		}
	}
	for _, part := range h.parts(demands) {
		out = append(out, h.shortage(part))
	}
	slices.Sort(keys)
	for _, key := range keys {
		s := lone[key]
		h.finish(s, whom[key])
		out = append(out, *s)
	}
	out = append(out, h.unclear(out)...)
	last := func(s Shortage) int { return cmp.Or(s.Round, h.p.rounds+1) }
	slices.SortStableFunc(out, func(a, b Shortage) int {
		return cmp.Or(cmp.Compare(last(a), last(b)), slices.Compare(a.Rounds, b.Rounds), slices.Compare(a.Students, b.Students))
	})
	return out
}

// barren returns the number of rounds in which no session is open to a kind.
func (h *hall) barren(t *kind) int {
	n := 0
	for _, r := range t.free {
		if len(t.options[r]) == 0 {
			n++
		}
	}
	return n
}

// once returns the rounds in which a kind has too few workshops, were nobody
// else there, and those workshops.
func (h *hall) once(t *kind) (rounds []int, workshops []int32) {
	m := h.match(t, make([]bool, len(h.dear)))
	for _, r := range t.free {
		if m[r] == none && len(t.options[r]) > 0 {
			rounds = append(rounds, r)
		}
	}
	for at := 0; at < len(rounds); at++ {
		for _, i := range t.options[rounds[at]] {
			w := h.p.sessions[i].workshop
			if slices.Contains(workshops, w) {
				continue
			}
			workshops = append(workshops, w)
			for _, q := range t.free {
				if m[q] != none && h.p.sessions[m[q]].workshop == w && !slices.Contains(rounds, q) {
					rounds = append(rounds, q)
				}
			}
		}
	}
	slices.Sort(rounds)
	slices.Sort(workshops)
	for i := range rounds {
		rounds[i]++
	}
	return rounds, workshops
}

// helpful returns the dear sessions of which one would give the kind a place
// more.
func (h *hall) helpful(t *kind) []int32 {
	dear := slices.Clone(h.dear)
	least := h.needs(t, dear)
	var found, all []int32
	for _, r := range t.free {
		for _, i := range t.options[r] {
			if !h.dear[i] {
				continue
			}
			all = append(all, i)
			dear[i] = false
			if h.needs(t, dear) < least {
				found = append(found, i)
			}
			dear[i] = true
		}
	}
	if found == nil {
		return all
	}
	return found
}

// parts divides demands into those that share sessions, directly or by others.
// Demands of a round without a session make one part.
func (h *hall) parts(demands []demand) [][]demand {
	owner := make([]int, len(h.dear)+h.p.rounds+1) // by session, then by round: a part, plus 1
	var parts [][]demand
	for _, d := range demands {
		nodes := d.sessions
		if len(nodes) == 0 {
			nodes = []int32{int32(len(h.dear) + max(0, d.round+1))}
		}
		mine := -1
		for _, i := range nodes {
			other := owner[i] - 1
			switch {
			case other < 0 || other == mine:
			case mine < 0:
				mine = other
			default:
				parts[mine] = append(parts[mine], parts[other]...)
				parts[other] = nil
				for j := range owner {
					if owner[j] == other+1 {
						owner[j] = mine + 1
					}
				}
			}
		}
		if mine < 0 {
			mine = len(parts)
			parts = append(parts, nil)
		}
		parts[mine] = append(parts[mine], d)
		for _, i := range nodes {
			owner[i] = mine + 1
		}
	}
	return slices.DeleteFunc(parts, func(p []demand) bool { return p == nil })
}

func (h *hall) shortage(part []demand) Shortage {
	var s Shortage
	var students []int32
	var sessions []int32
	several := false
	for _, d := range part {
		students = append(students, h.kinds[d.kind].students...)
		sessions = append(sessions, d.sessions...)
		s.Needed += d.needs * len(h.kinds[d.kind].students)
		if d.round >= 0 {
			s.Rounds = append(s.Rounds, d.round+1)
		} else {
			several = true
		}
	}
	slices.Sort(sessions)
	sessions = slices.Compact(sessions)
	var workshops, once []int32
	for _, i := range sessions {
		s.Places += h.p.sessions[i].capacity
		s.Rounds = append(s.Rounds, h.p.sessions[i].round+1)
		workshops = append(workshops, h.p.sessions[i].workshop)
	}
	s.Workshops = h.names(workshops)
	s.Why = Full
	if several {
		s.Why = Repeat
		for _, d := range part {
			for _, options := range h.kinds[d.kind].options {
				for _, i := range options {
					if !h.dear[i] {
						once = append(once, h.p.sessions[i].workshop)
						s.Rounds = append(s.Rounds, h.p.sessions[i].round+1)
					}
				}
			}
		}
		s.Once = h.names(once)
	} else if len(sessions) == 0 {
		s.Why = NoSession
	}
	h.finish(&s, students)
	if s.Why == NoSession && len(s.Cancelled) > 0 {
		s.Why = Cancelled
	} else if s.Why == NoSession && h.fixedThere(s) {
		s.Why = Repeat
	}
	return s
}

// fixedThere reports whether workshops that are fixed elsewhere are all that
// the students of a shortage could go to.
func (h *hall) fixedThere(s Shortage) bool {
	for _, id := range s.Students {
		u := &h.p.students[h.number(id)]
		if len(h.p.groups[u.group].sessions[s.Round-1]) > 0 {
			return true
		}
	}
	return false
}

func (h *hall) number(id string) int {
	k, _ := slices.BinarySearchFunc(h.p.students, id, func(u pupil, id string) int { return cmp.Compare(u.id, id) })
	return k
}

// finish fills in what follows from the rest and from the students.
func (h *hall) finish(s *Shortage, students []int32) {
	slices.Sort(students)
	students = slices.Compact(students)
	slices.Sort(s.Rounds)
	s.Rounds = slices.Compact(s.Rounds)
	if len(s.Rounds) == 1 {
		s.Round = s.Rounds[0]
	}
	s.Missing = s.Needed - s.Places
	if s.Workshops == nil {
		s.Workshops = []string{}
	}
	var cancelled []int32
	for _, k := range students {
		u := &h.p.students[k]
		s.Students = append(s.Students, u.id)
		for _, r := range s.Rounds {
			if !slices.Contains(u.free, r-1) {
				continue
			}
			for _, i := range h.p.groups[u.group].sessions[r-1] {
				if h.closed[i] && h.p.may(u, i) {
					cancelled = append(cancelled, h.p.sessions[i].workshop)
				}
			}
		}
	}
	s.Cancelled = h.names(cancelled)
	h.describe(s, students)
}

// names returns the ids of workshops, in the order of the instance, each once.
func (h *hall) names(workshops []int32) []string {
	slices.Sort(workshops)
	var ids []string
	for _, w := range slices.Compact(workshops) {
		ids = append(ids, h.p.in.Workshops[w].ID)
	}
	return ids
}

// nearly is how many hundredths of a class or year make it out.
const nearly = 90

// describe says of which years or classes the students of a shortage are.
func (h *hall) describe(s *Shortage, students []int32) {
	who := make(map[string]*Student, len(h.p.in.Students))
	for k := range h.p.in.Students {
		who[h.p.in.Students[k].ID] = &h.p.in.Students[k]
	}
	years, classes := map[int]bool{}, map[string]string{}
	for _, k := range students {
		x := who[h.p.students[k].id]
		if x.Year != 0 {
			years[x.Year] = true
		}
		if x.Class != "" {
			key := strings.ToLower(x.Class)
			if was, ok := classes[key]; !ok || x.Class < was {
				classes[key] = x.Class
			}
		}
	}
	ofYears, ofClasses, inYears, inClasses := 0, 0, 0, 0
	count := func(k int32, y, c *int) {
		x := who[h.p.students[k].id]
		if years[x.Year] {
			*y++
		}
		if _, ok := classes[strings.ToLower(x.Class)]; ok {
			*c++
		}
	}
	for k := range h.p.students {
		if slices.ContainsFunc(s.Rounds, func(r int) bool { return slices.Contains(h.p.students[k].free, r-1) }) {
			count(int32(k), &ofYears, &ofClasses)
		}
	}
	for _, k := range students {
		count(k, &inYears, &inClasses)
	}
	n := len(students)
	wholeYears := inYears == n && 100*n >= nearly*ofYears
	wholeClasses := inClasses == n && 100*n >= nearly*ofClasses
	s.Years, s.Classes, s.Whole = []int{}, []string{}, wholeYears || wholeClasses
	if wholeYears || !wholeClasses && len(years) == 1 && inYears == n {
		s.Years = sortedKeys(years)
		return
	}
	for _, key := range sortedKeys(classes) {
		s.Classes = append(s.Classes, classes[key])
	}
	slices.Sort(s.Classes)
}

// unclear makes shortages of what is missing beyond what sets explain.
func (h *hall) unclear(sets []Shortage) []Shortage {
	left := h.missing
	inSet := map[[2]int]int{}
	for _, s := range sets {
		left -= s.Missing
		for _, id := range s.Students {
			for _, r := range s.Rounds {
				inSet[[2]int{h.number(id), r - 1}]++
			}
		}
	}
	var out []Shortage
	byRound := make([][]int32, h.p.rounds)
	for _, member := range []bool{false, true} {
		for k := range h.p.students {
			for _, r := range h.p.students[k].free {
				if h.pl[k][r] == none && left > 0 && (inSet[[2]int{k, r}] > 0) == member {
					byRound[r] = append(byRound[r], int32(k))
					left--
				}
			}
		}
	}
	for r, students := range byRound {
		if len(students) == 0 {
			continue
		}
		s := Shortage{Why: Unclear, Rounds: []int{r + 1}, Needed: len(students)}
		h.finish(&s, students)
		out = append(out, s)
	}
	return out
}
