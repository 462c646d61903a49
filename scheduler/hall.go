package scheduler

import (
	"slices"
	"strconv"
	"strings"
)

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
	options  [][]int32 // by round: those with places beside the fixed ones
	why      []Why     // by round, where it has no options
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
			h.kinds = append(h.kinds, h.newKind(u))
		}
		h.kindOf[k] = n
		h.kinds[n].students = append(h.kinds[n].students, int32(k))
	}
	return h
}

func (h *hall) newKind(u *pupil) kind {
	t := kind{free: u.free, options: make([][]int32, h.p.rounds), why: make([]Why, h.p.rounds)}
	for _, r := range u.free {
		t.why[r] = NoSession
		for _, i := range h.p.groups[u.group].sessions[r] {
			switch {
			case !h.p.may(u, i):
				if t.why[r] == NoSession {
					t.why[r] = Repeat
				}
			case h.closed[i]:
				if t.why[r] != Full {
					t.why[r] = Cancelled
				}
			case h.p.sessions[i].capacity == 0:
				t.why[r] = Full
			default:
				t.options[r] = append(t.options[r], i)
			}
		}
	}
	return t
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
