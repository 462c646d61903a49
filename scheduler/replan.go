package scheduler

import (
	"context"
	"slices"
)

// Move is a place that a plan changes. From is "" where there was no place, To
// where there is none any more.
type Move struct {
	Student string `json:"student"`
	Round   int    `json:"round"`
	From    string `json:"from"`
	To      string `json:"to"`
}

// Replanned is what the report on a plan says beside the rest where the plan
// had to stay close to another.
//
// Objective, Ranks and the like are as ever, so that plans can be compared.
// Bound, Gap and Proven are about the plans that miss no more places and change
// no more places than this one. The prices prove that where a missing place
// counts as MissingCost and a place that is changed without need as MoveCost.
type Replanned struct {
	Changed int  `json:"changed"` // places that were given, and are another now or missing
	Forced  int  `json:"forced"`  // of these, those that are no longer possible, or fixed elsewhere
	Fewest  bool `json:"fewest"`  // proven: no plan has fewer places missing, nor as few and fewer changed

	MissingCost int `json:"missing_cost"`
	MoveCost    int `json:"move_cost"`
}

// Replan divides an instance that has changed, see Instance.With: first of all
// with as few places missing as possible, then with as few as possible of the
// current places changed, then at the least cost, then evenly. Current holds
// workshop ids by student and round, as Solution.Places does; students and
// workshops that the instance does not have are passed over. A current place
// that is no longer possible has to change, and counts the same wherever the
// student goes. Places that are fixed in the instance stay.
//
// The moves stand by student, then by round, with those of places that were
// missing before. Errors are those of Solve.
func Replan(ctx context.Context, in Instance, current map[string][]string, o Options) (Solution, []Move, error) {
	var p *problem
	s, err := divide(ctx, in, o, func(q *problem) {
		p = q
		p.keep(current)
	})
	if err != nil {
		return Solution{}, nil, err
	}
	s.Report.Replanned.Fewest = p.fewest(s)
	return s, Moves(current, s.Places), nil
}

// Moves lists what differs between two plans, for the students of the second,
// by student, then by round.
func Moves(from, to map[string][]string) []Move {
	moves := []Move{}
	for _, id := range sortedKeys(to) {
		for r, w := range to[id] {
			was := ""
			if r < len(from[id]) {
				was = from[id][r]
			}
			if was != w {
				moves = append(moves, Move{Student: id, Round: r + 1, From: was, To: w})
			}
		}
	}
	return moves
}

// maxWeight bounds the cost of a missing place, so that nothing overflows and
// floating point still tells apart what has to be told apart.
const maxWeight = 1 << 32

// keep makes it dear to leave the current places: so dear that no cost makes up
// for one more move, and a missing place so dear that no number of moves does,
// or, where there are too many, some hundreds.
func (p *problem) keep(current map[string][]string) {
	p.before = current
	places := 0
	for k := range p.students {
		u := &p.students[k]
		row := current[u.id]
		for _, r := range u.free {
			if r >= len(row) {
				break
			}
			w, known := p.workshops[row[r]]
			if !known {
				continue
			}
			if i := p.at[w][r]; i != none && p.sessions[i].capacity > 0 && p.may(u, i) {
				u.current[r] = i
				places++
			}
		}
	}
	p.moving = min(p.dearMove(), maxWeight/512)
	p.missing = max(p.missing, min(p.dearGap(places), maxWeight))
}

// dearMove is the least cost of a move for which a plan with one fewer is
// better by more than costs can make up for, whichever of two plans has them.
func (p *problem) dearMove() int { return 2*p.spread() + 1 }

// dearGap is the same for a missing place and that many moves.
func (p *problem) dearGap(moves int) int { return (moves + 1) * p.dearMove() }

// fewest reports whether no plan has fewer places missing than s, nor as few
// and fewer changed. Prices prove it where a move costs enough, and where a
// missing place does too, or it is known otherwise that it has to be missing.
func (p *problem) fewest(s Solution) bool {
	if p.moving < p.dearMove() || s.Report.Gap > p.spread() {
		return false
	}
	places := 0
	for k := range p.students {
		for _, i := range p.students[k].current {
			if i != none {
				places++
			}
		}
	}
	if p.missing >= p.dearGap(places) || s.Report.Unplaced == 0 {
		return true
	}
	unclear := func(x Shortage) bool { return x.Why == Unclear }
	return len(s.Cancelled) == 0 && !slices.ContainsFunc(s.Report.Shortages, unclear)
}

// spread returns the most by which two plans without a missing place can
// differ in cost.
func (p *problem) spread() int {
	sum := 0
	for k := range p.students {
		if u := &p.students[k]; u.wished && len(u.free) > 0 {
			sum += p.costs.spread(len(u.free))
		}
	}
	return sum
}

// replanned tells of the moves, and puts objective and bound at ordinary costs.
func (s *search) replanned(r *Report, places map[string][]string) {
	p := s.p
	n := &Replanned{MissingCost: p.missing, MoveCost: p.moving}
	chosen := 0
	for k := range p.students {
		u := &p.students[k]
		for round, w := range p.before[u.id] {
			if round >= p.rounds || w == "" || places[u.id][round] == w {
				continue
			}
			n.Changed++
			if u.current[round] == none {
				n.Forced++
			} else {
				chosen++
			}
		}
	}
	off := r.Unplaced*(p.missing-p.costs.missing(p.rounds)) + chosen*p.moving
	r.Objective -= off
	r.Bound -= off
	r.Replanned = n
}
