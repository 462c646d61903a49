package scheduler

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Shortage says why places are missing: a set of students who need more places
// than there are for them. It is minimal: no part of the set is short of as
// many.
//
// In one Round the students can go to none but the Sessions, which have fewer
// Places than there are students; where there are no Sessions, Why says what is
// the matter with those that there were. Over several rounds (Round is 0, Why
// is Repeat) they can go to the workshops Once, each once, and that is not
// enough: they need so many places (Needed) of the Sessions, which have fewer,
// or where there are no Sessions, of anything else.
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

	Sessions  []SessionKey `json:"sessions"`            // the only ones with places that they can go to, or that they need
	Workshops []string     `json:"workshops"`           // those of Sessions, in the order of the instance
	Once      []string     `json:"once,omitempty"`      // workshops that they can go to beside, each once
	Full      []string     `json:"full,omitempty"`      // open to some of them in Rounds, but every place is fixed
	Cancelled []string     `json:"cancelled,omitempty"` // open to some of them in Rounds, but below their minimum

	Needed   int      `json:"needed"`
	Places   int      `json:"places"`  // of Sessions, beside those that are fixed
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
	var demands, alone []demand
	cheap := make([]bool, len(h.dear))
	for t := range h.kinds {
		x := &h.kinds[t]
		rest := h.needs(x, h.dear)
		if rest == 0 {
			continue
		}
		for _, r := range x.free {
			if h.shut(x, r) {
				rest--
				demands = append(demands, demand{int32(t), r, 1, x.options[r]})
			}
		}
		beside := h.beside(x)
		switch own := h.needs(&beside, cheap); {
		case rest > own:
			demands = append(demands, demand{int32(t), -1, rest, h.helpful(&beside)})
		case rest > 0:
			alone = append(alone, demand{kind: int32(t), round: -1, needs: rest})
		}
	}
	parts := h.parts(demands)
	lone := map[string]*Shortage{} // by what they have in common
	whom := map[string][]int32{}
	for _, d := range alone {
		// Who is in a set over several rounds already needs this there too.
		if at := slices.IndexFunc(parts, func(part []demand) bool { return several(part) && has(part, d.kind) }); at >= 0 {
			parts[at] = append(parts[at], d)
			continue
		}
		x := h.beside(&h.kinds[d.kind])
		rounds, workshops := h.once(&x)
		s := &Shortage{Why: Repeat, Rounds: rounds, Once: h.names(workshops)}
		key := fmt.Sprint(d.needs, rounds, workshops)
		if lone[key] == nil {
			lone[key] = s
		}
		lone[key].Needed += d.needs * len(h.kinds[d.kind].students)
		whom[key] = append(whom[key], h.kinds[d.kind].students...)
	}
	var out []Shortage
	for _, part := range parts {
		out = append(out, h.shortage(part))
	}
	for _, key := range sortedKeys(lone) {
		h.finish(lone[key], whom[key])
		out = append(out, *lone[key])
	}
	out = append(out, h.unclear(out)...)
	last := func(s Shortage) int { return cmp.Or(s.Round, h.p.rounds+1) }
	slices.SortStableFunc(out, func(a, b Shortage) int {
		return cmp.Or(cmp.Compare(last(a), last(b)), slices.Compare(a.Rounds, b.Rounds), slices.Compare(a.Students, b.Students))
	})
	return out
}

// shut reports whether a kind can go to nothing but dear sessions in a round.
func (h *hall) shut(t *kind, r int) bool {
	return !slices.ContainsFunc(t.options[r], func(i int32) bool { return !h.dear[i] })
}

// beside returns a kind without the rounds that are shut to it.
func (h *hall) beside(t *kind) kind {
	return kind{options: t.options, free: slices.DeleteFunc(slices.Clone(t.free), func(r int) bool { return h.shut(t, r) })}
}

// several reports whether a part is about several rounds.
func several(part []demand) bool {
	return slices.ContainsFunc(part, func(d demand) bool { return d.round < 0 })
}

func has(part []demand, kind int32) bool {
	return slices.ContainsFunc(part, func(d demand) bool { return d.kind == kind })
}

// once returns the rounds in which a kind has too few workshops, were nobody
// else there, and those workshops.
func (h *hall) once(t *kind) (rounds []int, workshops []int32) {
	m := h.match(t, make([]bool, len(h.dear)))
	for _, r := range t.free {
		if m[r] == none {
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
// Demands in a round without a session make one part where it is for the same
// reason.
func (h *hall) parts(demands []demand) [][]demand {
	reasons := []Why{NoSession, Repeat, Cancelled, Full}
	owner := make([]int, len(h.dear)+h.p.rounds*len(reasons)) // by session, then by round and reason: a part, plus 1
	var parts [][]demand
	for _, d := range demands {
		nodes := d.sessions
		if len(nodes) == 0 {
			why := slices.Index(reasons, h.kinds[d.kind].why[d.round])
			nodes = []int32{int32(len(h.dear) + d.round*len(reasons) + why)}
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
	for _, d := range part {
		students = append(students, h.kinds[d.kind].students...)
		sessions = append(sessions, d.sessions...)
		s.Needed += d.needs * len(h.kinds[d.kind].students)
		if d.round >= 0 {
			s.Rounds = append(s.Rounds, d.round+1)
		}
	}
	slices.Sort(sessions)
	sessions = slices.Compact(sessions)
	var workshops, once []int32
	for _, i := range sessions {
		s.Places += h.p.sessions[i].capacity
		s.Rounds = append(s.Rounds, h.p.sessions[i].round+1)
		s.Sessions = append(s.Sessions, h.p.key(i))
		workshops = append(workshops, h.p.sessions[i].workshop)
	}
	s.Workshops = h.names(workshops)
	switch {
	case several(part):
		s.Why = Repeat
		for _, d := range part {
			if d.round >= 0 {
				continue
			}
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
	case len(sessions) > 0:
		s.Why = Full
	default:
		s.Why = h.kinds[part[0].kind].why[part[0].round]
	}
	h.finish(&s, students)
	return s
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
		s.Workshops, s.Sessions = []string{}, []SessionKey{}
	}
	var cancelled, full []int32
	for _, k := range students {
		u := &h.p.students[k]
		s.Students = append(s.Students, u.id)
		for _, r := range s.Rounds {
			if !slices.Contains(u.free, r-1) {
				continue
			}
			for _, i := range h.p.groups[u.group].sessions[r-1] {
				switch x := h.p.sessions[i]; {
				case !h.p.may(u, i):
				case h.closed[i]:
					cancelled = append(cancelled, x.workshop)
				case x.capacity == 0:
					full = append(full, x.workshop)
				}
			}
		}
	}
	s.Cancelled, s.Full = h.names(cancelled), h.names(full)
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
