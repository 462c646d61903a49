package scheduler

import (
	"cmp"
	"slices"
	"strings"
)

// mostRemedies is how many remedies of a kind a shortage names: the best.
const mostRemedies = 3

// remedies returns what solves a shortage or a part of it, each tried on the
// plan: more places, workshops with room opened, sessions not cancelled,
// sessions more.
func (h *hall) remedies(s *Shortage) []Remedy {
	out := []Remedy{}
	keep := func(found []Remedy) {
		found = slices.DeleteFunc(found, func(r Remedy) bool { return r.Solves == 0 })
		slices.SortStableFunc(found, func(a, b Remedy) int { return cmp.Compare(b.Solves, a.Solves) })
		out = append(out, found[:min(len(found), mostRemedies)]...)
	}
	for _, find := range []func(*Shortage) []Remedy{h.larger, h.opened, h.run, h.repeated} {
		keep(find(s))
	}
	return out
}

// each calls f for the sessions of a shortage's rounds.
func (h *hall) each(s *Shortage, f func(i int32, workshop string, round int)) {
	for i, x := range h.p.sessions {
		if slices.Contains(s.Rounds, x.round+1) {
			f(int32(i), h.p.in.Workshops[x.workshop].ID, x.round+1)
		}
	}
}

// larger tries more places in one session.
func (h *hall) larger(s *Shortage) []Remedy {
	var found []Remedy
	h.each(s, func(i int32, w string, round int) {
		if h.closed[i] || s.Why != Unclear && !h.dear[i] || s.Why != Unclear && !slices.Contains(s.Workshops, w) {
			return
		}
		t := newTrial(h)
		t.room[i] += s.Missing
		n := t.solve(s)
		found = append(found, Remedy{Change{Kind: Enlarge, Workshop: w, Round: round, Places: n}, n})
	})
	return found
}

// opened tries to open workshops that have room to the classes or years of the
// shortage.
func (h *hall) opened(s *Shortage) []Remedy {
	years, classes := map[int]bool{}, map[string]bool{}
	for _, y := range s.Years {
		years[y] = true
	}
	for _, c := range s.Classes {
		classes[strings.ToLower(c)] = true
	}
	if len(years)+len(classes) == 0 {
		return nil
	}
	admits := make([]bool, len(h.p.students))
	for _, x := range h.p.in.Students {
		admits[h.number(x.ID)] = years[x.Year] || classes[strings.ToLower(x.Class)]
	}
	var found []Remedy
	tried := map[string]bool{}
	full := newTrial(h).room
	h.each(s, func(i int32, w string, _ int) {
		if tried[w] || h.closed[i] || full[i] <= 0 {
			return
		}
		tried[w] = true
		t := newTrial(h)
		t.opened, t.admits = h.p.sessions[i].workshop, admits
		n := t.solve(s)
		c := Change{Kind: Admit, Workshop: w, Classes: s.Classes, Years: s.Years}
		found = append(found, Remedy{c, n})
	})
	return found
}

// run tries not to cancel a session.
func (h *hall) run(s *Shortage) []Remedy {
	var found []Remedy
	h.each(s, func(i int32, w string, round int) {
		if !h.closed[i] || !slices.Contains(s.Cancelled, w) {
			return
		}
		t := newTrial(h)
		t.room[i] = h.p.sessions[i].capacity
		found = append(found, Remedy{Change{Kind: RunBelow, Workshop: w, Round: round}, t.solve(s)})
	})
	return found
}

// repeated tries a session more of a workshop that is open to some of the
// students.
func (h *hall) repeated(s *Shortage) []Remedy {
	var found []Remedy
	for w, at := range h.p.at {
		for _, round := range s.Rounds {
			if at[round-1] != none {
				continue
			}
			t := newTrial(h)
			t.add(int32(w), round-1, s.Missing)
			n := t.solve(s)
			found = append(found, Remedy{Change{Kind: Repeated, Workshop: h.p.in.Workshops[w].ID, Round: round, Places: n}, n})
		}
	}
	return found
}

// trial is a plan under a change, in which places that are missing are sought.
type trial struct {
	p       *problem
	pl      plan
	byRound [][]int32
	shop    []int32 // workshop by session
	room    []int
	members [][]int32
	opened  int32 // a workshop that is open to those whom it admits too, or none
	admits  []bool
}

func newTrial(h *hall) *trial {
	t := &trial{p: h.p, pl: slices.Clone(h.pl), byRound: make([][]int32, h.p.rounds), opened: none, members: make([][]int32, len(h.p.sessions))}
	for i, x := range h.p.sessions {
		t.byRound[x.round] = append(t.byRound[x.round], int32(i))
		t.shop = append(t.shop, x.workshop)
		room := x.capacity
		if h.closed[i] {
			room = 0
		}
		t.room = append(t.room, room)
	}
	for k := range t.pl {
		for _, i := range t.pl[k] {
			if i != none {
				t.room[i]--
				t.members[i] = append(t.members[i], int32(k))
			}
		}
	}
	return t
}

// add adds a session.
func (t *trial) add(w int32, round, places int) {
	t.byRound[round] = append(t.byRound[round], int32(len(t.shop)))
	t.shop = append(t.shop, w)
	t.room = append(t.room, places)
	t.members = append(t.members, nil)
}

// may reports whether student k may go to session i in a round, the other
// rounds of the plan as they are.
func (t *trial) may(k, i int32, round int) bool {
	u := &t.p.students[k]
	w := t.shop[i]
	if !(t.p.groups[u.group].open[w] || w == t.opened && t.admits[k]) || slices.Contains(u.kept, w) {
		return false
	}
	for r, j := range t.pl[k] {
		if r != round && j != none && t.shop[j] == w {
			return false
		}
	}
	return true
}

// solve gives places to the students of a shortage who miss one, and returns
// how many it found.
func (t *trial) solve(s *Shortage) int {
	found := 0
	for k := range t.p.students {
		u := &t.p.students[k]
		if _, in := slices.BinarySearch(s.Students, u.id); !in {
			continue
		}
		for _, r := range u.free {
			if t.pl[k][r] == none && slices.Contains(s.Rounds, r+1) && found < s.Missing && t.place(int32(k), r) {
				found++
			}
		}
	}
	return found
}

// place finds student k a place in a round, or where there is none in another
// round whose workshop is given in this one too.
func (t *trial) place(k int32, r int) bool {
	if t.augment(k, r) {
		return true
	}
	for _, q := range t.p.students[k].free {
		a := t.pl[k][q]
		if q == r || a == none {
			continue
		}
		for _, b := range t.byRound[r] {
			if t.shop[b] != t.shop[a] || t.room[b] <= 0 {
				continue
			}
			t.put(k, q, none)
			t.put(k, r, b)
			if t.augment(k, q) {
				return true
			}
			t.put(k, r, none)
			t.put(k, q, a)
		}
	}
	return false
}

// put moves student k in a round.
func (t *trial) put(k int32, r int, i int32) {
	if was := t.pl[k][r]; was != none {
		t.room[was]++
		at := slices.Index(t.members[was], k)
		t.members[was] = slices.Delete(t.members[was], at, at+1)
	}
	t.pl[k][r] = i
	if i != none {
		t.room[i]--
		t.members[i] = append(t.members[i], k)
	}
}

// augment moves students of one round along the shortest way from k to a
// session with room, and reports whether there is one.
func (t *trial) augment(k int32, r int) bool {
	mover := make([]int32, len(t.shop)) // by session: who would go there, plus 1
	var queue []int32
	visit := func(m int32) int32 {
		for _, i := range t.byRound[r] {
			if mover[i] != 0 || t.pl[m][r] == i || !t.may(m, i, r) {
				continue
			}
			if t.room[i] <= 0 && len(t.members[i]) == 0 {
				continue
			}
			mover[i] = m + 1
			if t.room[i] > 0 {
				return i
			}
			queue = append(queue, i)
		}
		return none
	}
	target := visit(k)
	for at := 0; at < len(queue) && target == none; at++ {
		for _, m := range t.members[queue[at]] {
			if target = visit(m); target != none {
				break
			}
		}
	}
	if target == none {
		return false
	}
	for target != none {
		m := mover[target] - 1
		next := t.pl[m][r]
		t.put(m, r, target)
		if m == k {
			break
		}
		target = next
	}
	return true
}
