package scheduler

import (
	"cmp"
	"slices"

	"cultuurdag/enroll"
)

// impossible is the price of a student for whom the decisions leave no
// schedule.
const impossible = int64(1) << 60

// pricer finds a student's cheapest schedule when every place costs its price
// on top. It counts in whole numbers, in parts of 1/scale.
type pricer struct {
	p      *problem
	node   *decisions
	scale  int64
	prices []int64     // by session
	cheap  [][][]int32 // by group and round: sessions that are open, the cheapest first
	order  []int32

	// The student whose turn it is.
	rounds   []int
	options  [enroll.MaxRounds][]priced
	least    [enroll.MaxRounds + 1]int64                       // the least that this round and those after it cost, obtained aside
	obtained [enroll.MaxRounds + 2][enroll.MaxRounds + 2]int64 // [k][left]: the least obtained of k to k+left
	now      schedule
	best     schedule
	bestCost int64
}

type priced struct {
	session  int32
	workshop int32
	cost     int64
	wished   bool
}

func newPricer(p *problem, node *decisions, scale int64) *pricer {
	q := &pricer{p: p, node: node, scale: scale, prices: make([]int64, len(p.sessions))}
	for _, g := range p.groups {
		lists := make([][]int32, p.rounds)
		for r := range lists {
			lists[r] = make([]int32, 0, len(g.sessions[r]))
		}
		q.cheap = append(q.cheap, lists)
	}
	for i := range p.sessions {
		q.order = append(q.order, int32(i))
	}
	for k := range p.rounds + 1 {
		q.obtained[k][0] = int64(p.obtained[k]) * scale
		for left := 1; k+left <= p.rounds; left++ {
			q.obtained[k][left] = min(q.obtained[k][left-1], int64(p.obtained[k+left])*scale)
		}
	}
	return q
}

// sort has to follow every change of prices.
func (q *pricer) sort() {
	slices.SortFunc(q.order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(q.prices[a], q.prices[b]), cmp.Compare(a, b))
	})
	for g := range q.cheap {
		for r := range q.cheap[g] {
			q.cheap[g][r] = q.cheap[g][r][:0]
		}
		open := q.p.groups[g].open
		for _, i := range q.order {
			if s := &q.p.sessions[i]; open[s.workshop] {
				q.cheap[g][s.round] = append(q.cheap[g][s.round], i)
			}
		}
	}
}

// price returns the cheapest schedule of student k and what it costs, fixed
// places (at no price) included: depth first over the rounds, cut off where
// the least that can follow is no better.
//
// A round offers the student's wishes, the cheapest other sessions, as many as
// there are rounds (each of the other rounds can spoil one by holding the same
// workshop), the current place, and a missing place.
func (q *pricer) price(k int32) (schedule, int64) {
	u := &q.p.students[k]
	q.rounds = u.free
	other := int64(0)
	if u.wished {
		other = int64(q.p.costs.Unranked) * q.scale
	}
	q.least[len(u.free)] = 0
	checked := len(q.node.seats) > 0 && len(q.node.seats[k]) > 0
	for d := len(u.free) - 1; d >= 0; d-- {
		r := u.free[d]
		list := q.options[d][:0]
		stay, leave := u.current[r], int64(0)
		if stay != none {
			leave = int64(q.p.moving) * q.scale
		}
		for _, o := range u.byRound[r] {
			if !q.node.closed[o.session] && (!checked || q.node.allows(k, r, o.session)) {
				cost := int64(o.cost)*q.scale + q.prices[o.session]
				if o.session != stay {
					cost += leave
				}
				list = append(list, priced{o.session, q.p.sessions[o.session].workshop, cost, true})
			}
		}
		unranked := func(i int32, leave int64) bool {
			w := q.p.sessions[i].workshop
			if q.node.closed[i] || checked && !q.node.allows(k, r, i) || u.knows(w) {
				return false
			}
			list = append(list, priced{i, w, other + leave + q.prices[i], false})
			return true
		}
		if stay != none {
			unranked(stay, 0)
		}
		others := 0
		for _, i := range q.cheap[u.group][r] {
			if i != stay && unranked(i, leave) {
				if others++; others == len(u.free) {
					break
				}
			}
		}
		if !checked || q.node.allows(k, r, none) {
			list = append(list, priced{none, none, int64(q.p.missing)*q.scale + leave, false})
		}
		for a := 1; a < len(list); a++ {
			for b := a; b > 0 && list[b].cost < list[b-1].cost; b-- {
				list[b], list[b-1] = list[b-1], list[b]
			}
		}
		q.options[d] = list
		if len(list) == 0 {
			return noSchedule, impossible
		}
		q.least[d] = q.least[d+1] + list[0].cost
	}
	q.now, q.bestCost = noSchedule, impossible
	q.descend(u, 0, u.got, int64(u.base)*q.scale)
	return q.best, q.bestCost
}

func (q *pricer) descend(u *pupil, d, got int, cost int64) {
	if d == len(q.rounds) {
		if u.wished {
			cost += q.obtained[got][0]
		}
		if cost < q.bestCost {
			q.best, q.bestCost = q.now, cost
		}
		return
	}
	rest := q.least[d+1]
	left := len(q.rounds) - d
	floor := int64(0)
	if u.wished {
		floor = q.obtained[got][left]
	}
	for _, o := range q.options[d] {
		if cost+o.cost+rest+floor >= q.bestCost {
			return
		}
		if o.session != none && q.repeats(d, o.workshop) {
			continue
		}
		q.now[q.rounds[d]] = o.session
		next := got
		if o.wished {
			next++
		}
		q.descend(u, d+1, next, cost+o.cost)
	}
}

// repeats reports whether one of the rounds before depth d holds workshop w.
func (q *pricer) repeats(d int, w int32) bool {
	for _, r := range q.rounds[:d] {
		if i := q.now[r]; i != none && q.p.sessions[i].workshop == w {
			return true
		}
	}
	return false
}

// knows reports whether workshop w is one of u's wishes or fixed places.
func (u *pupil) knows(w int32) bool {
	for _, v := range u.wishes {
		if v.workshop == w {
			return true
		}
	}
	for _, v := range u.kept {
		if v == w {
			return true
		}
	}
	return false
}
