package scheduler

import (
	"fmt"
	"math"
	"slices"
)

// prove returns the bound on the cost of every plan that the prices of a
// report prove, in whole numbers and from the instance alone.
func prove(in Instance, r Report, load func(SessionKey) int, stay *staying) (int, error) {
	short := map[SessionKey]int{}
	for _, key := range r.Short {
		short[key] = load(key)
	}
	if r.Proof == nil {
		bound, _, err := lagrange(in, Case{ShadowPrices: r.ShadowPrices}, short, stay)
		return bound, err
	}
	if err := covers(in, r.Proof, 0); err != nil {
		return 0, err
	}
	least := r.Objective
	for _, c := range r.Proof {
		bound, possible, err := lagrange(in, c, short, stay)
		if err != nil {
			return 0, err
		}
		if possible {
			least = min(least, bound)
		}
	}
	return least, nil
}

// covers holds the decisions of cases against a binary tree: at each depth all
// decide the same thing, some yes and some no, until one is left.
func covers(in Instance, cases []Case, depth int) error {
	if len(cases) == 1 && len(cases[0].Decisions) == depth {
		return nil
	}
	var sides [2][]Case
	var first Decision
	for i, c := range cases {
		if len(c.Decisions) <= depth {
			return fmt.Errorf("a case ends at depth %d beside others", depth)
		}
		d := c.Decisions[depth]
		side := 0
		if d.Yes {
			side = 1
		}
		sides[side] = append(sides[side], c)
		d.Yes = false
		if i == 0 {
			first = d
		}
		if d != first {
			return fmt.Errorf("cases decide %v and %v at depth %d", first, d, depth)
		}
	}
	for side, half := range sides {
		if len(half) == 0 {
			return fmt.Errorf("nobody looked at %v being %v", first, side == 1)
		}
		if err := covers(in, half, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// lagrange is the formula that ShadowPrice documents. possible is false where
// a student has no schedule that keeps to the decisions.
func lagrange(in Instance, c Case, short map[SessionKey]int, stay *staying) (bound int, possible bool, err error) {
	price := map[SessionKey]int64{}
	for _, p := range c.ShadowPrices {
		v := p.Price * 1024
		if v != math.Trunc(v) {
			return 0, false, fmt.Errorf("price %v is no multiple of 1/1024", p.Price)
		}
		price[SessionKey{p.Workshop, p.Round}] = int64(v)
	}
	runs, closed := map[SessionKey]bool{}, map[SessionKey]bool{}
	seats := map[string][]Decision{}
	for _, s := range in.Students {
		for r, w := range s.Fixed {
			runs[SessionKey{w, r}] = true
		}
	}
	for _, d := range c.Decisions {
		key := SessionKey{d.Workshop, d.Round}
		switch {
		case d.Student != "":
			seats[d.Student] = append(seats[d.Student], d)
		case d.Yes:
			runs[key] = true
		case runs[key]:
			return 0, false, fmt.Errorf("%v has fixed places and is cancelled", key)
		default:
			closed[key] = true
		}
	}
	sum := int64(0)
	for _, w := range in.Workshops {
		for _, s := range w.Sessions {
			key := SessionKey{w.ID, s.Round}
			p := price[key]
			least := s.Minimum
			if n, ok := short[key]; ok {
				least = n
			}
			switch {
			case p < 0 && !runs[key]:
				return 0, false, fmt.Errorf("%v has price %d and need not run", key, p)
			case p < 0:
				sum -= p * int64(least)
			case !closed[key]:
				sum -= p * int64(s.Capacity)
			}
		}
	}
	for _, s := range in.Students {
		cost, ok := cheapest(in, s, price, closed, seats[s.ID], stay)
		if !ok {
			return 0, false, nil
		}
		sum += cost
	}
	return int(math.Ceil(float64(sum) / 1024)), true, nil
}

// staying is what Replan adds to the costs: what a missing place and a move
// cost, and the current places that can be kept, by student and round.
type staying struct {
	missing, move int
	current       map[string][]string
}

type place struct {
	workshop string
	cost     int64
	wished   bool
}

// cheapest returns what a student's cheapest schedule costs, prices included,
// in parts of 1/1024. It tries every wish, missing places, and of the other
// workshops in a round as many of the cheapest as there are rounds.
func cheapest(in Instance, s Student, price map[SessionKey]int64, closed map[SessionKey]bool, seats []Decision, stay *staying) (int64, bool) {
	c := in.Costs
	missing := int64(max(5000, 4*(in.Rounds*c.Unranked+at(c.Obtained, 0, 0)))) * 1024
	if stay != nil {
		missing = int64(stay.missing) * 1024
	}
	choices := make([][]place, in.Rounds)
	for r := 1; r <= in.Rounds; r++ {
		leave := func(w string) int64 {
			if stay == nil || stay.current[s.ID][r-1] == "" || stay.current[s.ID][r-1] == w {
				return 0
			}
			return int64(stay.move) * 1024
		}
		var others []place
		for _, w := range in.Workshops {
			key := SessionKey{w.ID, r}
			if !slices.ContainsFunc(w.Sessions, func(x Session) bool { return x.Round == r }) {
				continue
			}
			if fixed, ok := s.Fixed[r]; ok {
				if w.ID != fixed {
					continue
				}
			} else if closed[key] || !open(w, s) || barred(s, r, w.ID, seats) {
				continue
			}
			p := place{w.ID, price[key] + leave(w.ID), false}
			if n := slices.Index(s.Wishes, w.ID); n >= 0 {
				p.cost += int64(at(c.Rank, n, c.Unranked)) * 1024
				p.wished = true
				choices[r-1] = append(choices[r-1], p)
				continue
			}
			if len(s.Wishes) > 0 {
				p.cost += int64(c.Unranked) * 1024
			}
			others = append(others, p)
		}
		if _, ok := s.Fixed[r]; !ok {
			slices.SortStableFunc(others, func(a, b place) int { return int(a.cost - b.cost) })
			// A fixed place can spoil one more, so all that are fixed go first.
			others = slices.DeleteFunc(others, func(p place) bool { return holds(s, p.workshop) })
			others = others[:min(len(others), in.Rounds)]
			if !barred(s, r, "", seats) {
				choices[r-1] = append(choices[r-1], place{"", missing + leave(""), false})
			}
		}
		choices[r-1] = append(choices[r-1], others...)
	}
	best, found := int64(0), false
	var try func(r, got int, cost int64, has []string)
	try = func(r, got int, cost int64, has []string) {
		if r == in.Rounds {
			if len(s.Wishes) > 0 {
				cost += int64(at(c.Obtained, got, 0)) * 1024
			}
			if !found || cost < best {
				best, found = cost, true
			}
			return
		}
		for _, p := range choices[r] {
			if p.workshop != "" && slices.Contains(has, p.workshop) {
				continue
			}
			n := got
			if p.wished {
				n++
			}
			try(r+1, n, cost+p.cost, append(has, p.workshop))
		}
	}
	try(0, 0, 0, make([]string, 0, in.Rounds))
	return best, found
}

func holds(s Student, w string) bool {
	for _, fixed := range s.Fixed {
		if fixed == w {
			return true
		}
	}
	return false
}

// barred reports whether the decisions keep s out of w in a round; "" is to
// have no place.
func barred(s Student, round int, w string, seats []Decision) bool {
	for _, d := range seats {
		if d.Round == round && (d.Yes && d.Workshop != w || !d.Yes && d.Workshop == w) {
			return true
		}
	}
	return false
}
