package scheduler

import (
	"cmp"
	"slices"
)

const (
	whole    = 1e-6 // further than this from 0 and 1, a share is a fraction
	divided  = 0.2  // in a dive: what lies nearer to 0 and 1 mostly comes of the perturbation
	present  = 0.05 // a load nearer to 0 or the minimum than this comes of the perturbation
	stronger = 8    // by how much shortfall is raised where it was too low
)

// between returns the sessions that may be cancelled and have in the master
// more than nobody and less than their minimum.
func (s *master) between() []int32 {
	var found []int32
	for i, load := range s.load() {
		if m := float64(s.p.sessions[i].minimum); !s.node.running[i] && load > present && load < m-present {
			found = append(found, int32(i))
		}
	}
	return found
}

// fraction is a student who has more than one schedule, in shares.
type fraction struct {
	student int32
	largest column
	share   float64
}

// lacking reports whether a session that must run has less than its minimum.
func (s *master) lacking() bool {
	for at, b := range s.basis {
		if b.student == none && b.piece == short && s.x[at] > s.width[b.session]+present {
			return true
		}
	}
	return false
}

// fractions returns the students of whom no schedule has a share of more than
// 1 - least, the most whole first.
func (s *master) fractions(least float64) []fraction {
	var found []fraction
	for k := range s.key {
		if len(s.others[k]) == 0 {
			continue
		}
		f := fraction{int32(k), s.key[k], s.share(int32(k))}
		for _, at := range s.others[k] {
			if s.x[at] > f.share {
				f.largest, f.share = s.basis[at].column, s.x[at]
			}
		}
		if f.share < 1-least {
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(a, b fraction) int { return cmp.Compare(b.share, a.share) })
	return found
}

// rounded gives every student the schedule of which they have the largest
// share.
func (s *master) rounded() plan {
	pl := make(plan, len(s.key))
	for k := range s.key {
		best, most := s.key[k].sessions, s.share(int32(k))
		for _, at := range s.others[k] {
			if s.x[at] > most {
				best, most = s.basis[at].column.sessions, s.x[at]
			}
		}
		pl[k] = best
	}
	return pl
}

// dive goes from the optimum of the master to whole plans (a diving
// heuristic): sessions between 0 and their minimum must run, then the quarter
// of the divided students who are most whole is held to their largest share,
// at a price for leaving it, and the master optimised again, until nobody is
// divided. Every master on the way is rounded and offered. dive ends early
// once a plan costs no more than target.
//
// Where places are missing, prices are as high as that, and only as much holds
// anybody.
//
// Minimums begin with a low shortfall, as a high one throws all prices about
// where a push is enough.
func (s *search) dive(target int) {
	running := slices.Clone(s.node.running)
	if slices.ContainsFunc(s.master.price, func(v float64) bool { return v > float64(s.p.missing)/2 }) {
		s.node.leaving = max(s.node.leaving, s.p.missing)
	}
	full := s.master.shortfall
	s.master.shortfall = min(full, float64(max(1, 2*s.p.costs.Unranked+2*s.p.moving)))
	for !s.work.done() {
		s.work.spend(stepsPerStudent * len(s.p.students))
		s.offer(s.master.rounded())
		if s.value <= target {
			break
		}
		weak := s.master.between()
		for _, i := range weak {
			s.node.running[i] = true
		}
		if s.master.shortfall < full && s.master.lacking() {
			s.master.shortfall = min(full, stronger*s.master.shortfall)
		} else if len(weak) == 0 && !s.hold() {
			break
		}
		s.master.decide()
		s.columns.optimise()
	}
	s.master.shortfall = full
	copy(s.node.running, running)
	clear(s.node.held)
	s.master.decide()
}

// hold holds the next quarter of the divided students, and reports whether
// there was anybody to hold.
func (s *search) hold() bool {
	found := s.master.fractions(divided)
	held := 0
	for _, f := range found {
		if _, already := s.node.held[f.student]; !already && held < (len(found)+3)/4 {
			s.node.held[f.student] = f.largest.sessions
			held++
		}
	}
	return held > 0
}
