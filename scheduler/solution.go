package scheduler

import "time"

// solution puts names to what a search found and reports on it.
func (s *search) solution(seed int64, took time.Duration) Solution {
	p, pl := s.p, s.best
	loads := p.loads(pl)
	out := Solution{Places: make(map[string][]string, len(pl)), Cancelled: []SessionKey{}}
	r := Report{
		Objective: p.planCost(pl), Seed: seed, Seconds: took.Seconds(),
		Ranks: make([]int, len(p.costs.Rank)), Obtained: make([]int, p.rounds+1),
		ShadowPrices: p.shadowPrices(s.root.prices), Blocked: []Blocked{}, Short: []SessionKey{},
	}
	r.Bound, r.Proof = s.proof(r.Objective)
	r.Gap = r.Objective - r.Bound
	r.Proven = r.Gap == 0
	wishes := make(map[string]map[string]int, len(p.in.Students))
	for _, student := range p.in.Students {
		rank := make(map[string]int, len(student.Wishes))
		for n, w := range student.Wishes {
			rank[w] = n
		}
		wishes[student.ID] = rank
	}
	for k := range p.students {
		u := &p.students[k]
		places := make([]string, p.rounds)
		got := 0
		for round := range places {
			i := max(u.fixed[round], pl[k][round])
			if i == none {
				r.Blocked = append(r.Blocked, Blocked{u.id, round + 1, p.why(u, pl[k], round, loads)})
				continue
			}
			places[round] = p.in.Workshops[p.sessions[i].workshop].ID
			n, wished := wishes[u.id][places[round]]
			switch {
			case wished:
				for len(r.Ranks) <= n {
					r.Ranks = append(r.Ranks, 0)
				}
				r.Ranks[n]++
				got++
			case u.wished:
				r.Unranked++
			}
		}
		if u.wished {
			r.Obtained[got]++
		}
		out.Places[u.id] = places
	}
	r.Unplaced = len(r.Blocked)
	if p.moving > 0 {
		s.replanned(&r, out.Places)
	}
	for i, session := range p.sessions {
		key := p.key(int32(i))
		if loads[i] < session.minimum {
			if session.fixed > 0 {
				r.Short = append(r.Short, key)
			} else {
				out.Cancelled = append(out.Cancelled, key)
			}
		}
	}
	out.Report = r
	return out
}

// proof returns the bound on the cost of plans, and where the prices of the
// root prove less, the cases that prove it.
//
// The bounds of the search are on values. A plan of the best value pays
// shortfall for each place that a session short of its minimum lacks, so that
// is taken off: what remains bounds the cost of all plans in which those
// sessions are no emptier.
func (s *search) proof(objective int) (int, []Case) {
	lacking := s.value - objective
	if s.cases == nil {
		return s.root.bound - lacking, nil
	}
	cases := make([]Case, len(s.cases))
	for i, leaf := range s.cases {
		cases[i] = Case{Decisions: make([]Decision, len(leaf.path)), ShadowPrices: s.p.shadowPrices(leaf.prices)}
		for j, d := range leaf.path {
			key := s.p.key(d.session)
			cases[i].Decisions[j] = Decision{Workshop: key.Workshop, Round: key.Round, Yes: d.yes}
			if d.student != none {
				cases[i].Decisions[j].Student = s.p.students[d.student].id
			}
		}
	}
	return s.bound - lacking, cases
}

func (p *problem) shadowPrices(prices []int64) []ShadowPrice {
	out := []ShadowPrice{}
	for i, v := range prices {
		if v != 0 {
			key := p.key(int32(i))
			out = append(out, ShadowPrice{key.Workshop, key.Round, float64(v) / priceScale})
		}
	}
	return out
}

func (p *problem) key(i int32) SessionKey {
	s := p.sessions[i]
	return SessionKey{p.in.Workshops[s.workshop].ID, s.round + 1}
}

// why returns the reason for which u has no place in a round.
func (p *problem) why(u *pupil, s schedule, round int, loads []int) Why {
	why := NoSession
	for _, i := range p.groups[u.group].sessions[round] {
		switch {
		case !p.may(u, i) || p.repeats(s, i):
			if why == NoSession {
				why = Repeat
			}
		case loads[i] < p.sessions[i].capacity:
			if why != Full {
				why = Cancelled
			}
		default:
			why = Full
		}
	}
	return why
}
