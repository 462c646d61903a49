package scheduler

import (
	"cmp"
	"slices"
	"strings"
)

// mostRemedies is how many remedies of a kind a shortage names: the best.
const mostRemedies = 3

// remedies returns what solves a shortage or a part of it, each tried on the
// plan: more places, workshops opened that have room, sessions not cancelled,
// sessions more. Of each kind it tries those that there are, in the order of
// the instance, until enough solve it all, and returns the best.
func (h *hall) remedies(s *Shortage) []Remedy {
	out := []Remedy{}
	for _, candidates := range [][]candidateRemedy{h.larger(s), h.opened(s), h.run(s), h.repeated(s)} {
		var found []Remedy
		whole := 0
		for _, c := range candidates {
			t := newTrial(h)
			c.apply(t)
			n := t.solve(s)
			if n == 0 {
				continue
			}
			if c.Places > 0 {
				c.Places = n
			}
			found = append(found, Remedy{c.Change, n})
			if n == s.Missing {
				if whole++; whole == mostRemedies {
					break
				}
			}
		}
		slices.SortStableFunc(found, func(a, b Remedy) int { return cmp.Compare(b.Solves, a.Solves) })
		out = append(out, found[:min(len(found), mostRemedies)]...)
	}
	return out
}

// candidateRemedy is a change, and how a trial makes it. Its places are as many
// as are missing; a remedy has as many as are of use.
type candidateRemedy struct {
	Change
	apply func(*trial)
}

// each calls f for the sessions of a shortage's rounds.
func (h *hall) each(s *Shortage, f func(i int32, workshop string, round int)) {
	for i, x := range h.p.sessions {
		if slices.Contains(s.Rounds, x.round+1) {
			f(int32(i), h.p.in.Workshops[x.workshop].ID, x.round+1)
		}
	}
}

// larger is more places in one session.
func (h *hall) larger(s *Shortage) (found []candidateRemedy) {
	h.each(s, func(i int32, w string, round int) {
		if !h.closed[i] {
			c := Change{Kind: Enlarge, Workshop: w, Round: round, Places: s.Missing}
			found = append(found, candidateRemedy{c, func(t *trial) { t.room[i] += s.Missing }})
		}
	})
	return found
}

// opened is to open a workshop that has room to the classes or years of the
// shortage.
func (h *hall) opened(s *Shortage) (found []candidateRemedy) {
	years, classes := map[int]bool{}, map[string]bool{}
	for _, y := range s.Years {
		years[y] = true
	}
	for _, c := range s.Classes {
		classes[strings.ToLower(c)] = true
	}
	admits := make([]bool, len(h.p.students))
	for _, x := range h.p.in.Students {
		admits[h.number(x.ID)] = years[x.Year] || classes[strings.ToLower(x.Class)]
	}
	room := newTrial(h).room
	h.each(s, func(i int32, w string, _ int) {
		same := func(c candidateRemedy) bool { return c.Workshop == w }
		if h.closed[i] || room[i] <= 0 || slices.ContainsFunc(found, same) || !h.closedTo(s, i) {
			return
		}
		c := Change{Kind: Admit, Workshop: w, Classes: s.Classes, Years: s.Years}
		found = append(found, candidateRemedy{c, func(t *trial) { t.opened, t.admits = h.p.sessions[i].workshop, admits }})
	})
	return found
}

// closedTo reports whether the workshop of a session is not open to some of the
// students of a shortage.
func (h *hall) closedTo(s *Shortage, i int32) bool {
	w := h.p.sessions[i].workshop
	return slices.ContainsFunc(s.Students, func(id string) bool { return !h.p.groups[h.p.students[h.number(id)].group].open[w] })
}

// run is not to cancel a session.
func (h *hall) run(s *Shortage) (found []candidateRemedy) {
	h.each(s, func(i int32, w string, round int) {
		if h.closed[i] {
			c := Change{Kind: RunBelow, Workshop: w, Round: round}
			found = append(found, candidateRemedy{c, func(t *trial) { t.room[i], t.minimum[i] = h.p.sessions[i].capacity, 0 }})
		}
	})
	return found
}

// repeated is a session more of a workshop.
func (h *hall) repeated(s *Shortage) (found []candidateRemedy) {
	for w, at := range h.p.at {
		for _, round := range s.Rounds {
			if at[round-1] == none {
				c := Change{Kind: Repeated, Workshop: h.p.in.Workshops[w].ID, Round: round, Places: s.Missing}
				found = append(found, candidateRemedy{c, func(t *trial) { t.add(int32(w), round-1, s.Missing) }})
			}
		}
	}
	return found
}

// mostSteps is how many questions a trial may ask whether a student can go to a
// session. It takes a school many times as large as any to need more; then
// Solves is what was found until then.
const mostSteps = 1_000_000

// trial is a plan under a change, in which places that are missing are sought.
type trial struct {
	p       *problem
	pl      plan
	byRound [][]int32
	shop    []int32 // workshop by session
	room    []int
	minimum []int
	members [][]int32
	steps   int
	dead    []bool // sessions from which no way leads to one with room
	opened  int32  // a workshop that is open to those whom it admits too, or none
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
		t.minimum = append(t.minimum, x.minimum)
	}
	t.dead = make([]bool, len(t.room))
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
	t.minimum = append(t.minimum, 0)
	t.members = append(t.members, nil)
	t.dead = append(t.dead, false)
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

// solve gives places to the students of a shortage who miss one, first to those
// for whom nobody has to move, and returns how many it found.
func (t *trial) solve(s *Shortage) int {
	found := 0
	for _, place := range []func(int32, int) bool{t.direct, t.place} {
		for k := range t.p.students {
			u := &t.p.students[k]
			if _, in := slices.BinarySearch(s.Students, u.id); !in {
				continue
			}
			for _, r := range u.free {
				if t.pl[k][r] == none && slices.Contains(s.Rounds, r+1) && found < s.Missing && t.steps < mostSteps && place(int32(k), r) {
					found++
				}
			}
		}
	}
	return found
}

// direct finds student k a place in a round that nobody has.
func (t *trial) direct(k int32, r int) bool {
	for _, i := range t.byRound[r] {
		if t.room[i] > 0 && t.may(k, i, r) {
			t.put(k, r, i)
			return true
		}
	}
	return false
}

// place finds student k a place in a round, or where there is none in another
// round whose workshop is given in this one too and can do with one fewer there.
func (t *trial) place(k int32, r int) bool {
	if t.augment(k, r) {
		return true
	}
	for _, q := range t.p.students[k].free {
		a := t.pl[k][q]
		if q == r || a == none || len(t.members[a]) <= t.minimum[a] {
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
		t.steps += len(t.byRound[r])
		for _, i := range t.byRound[r] {
			if mover[i] != 0 || t.dead[i] || !t.may(m, i, r) {
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
		for _, i := range queue {
			t.dead[i] = true
		}
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
