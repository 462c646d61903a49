package scheduler

import "time"

// certificate proves that no plan costs less than bound.
type certificate struct {
	bound  int
	prices []int64 // by session, in 1/1024; nil: none
}

// solution puts names to a plan and reports on it.
func (p *problem) solution(pl plan, c certificate, seed int64, took time.Duration) Solution {
	s := Solution{Places: make(map[string][]string, len(pl)), Cancelled: []SessionKey{}}
	r := Report{
		Objective: p.planCost(pl), Bound: c.bound, Seed: seed, Seconds: took.Seconds(),
		Ranks: make([]int, len(p.costs.Rank)), Obtained: make([]int, p.rounds+1),
		ShadowPrices: []ShadowPrice{}, Blocked: []Blocked{}, Short: []SessionKey{},
	}
	r.Gap = r.Objective - r.Bound
	r.Proven = r.Gap == 0
	loads := p.loads(pl)
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
		s.Places[u.id] = places
	}
	r.Unplaced = len(r.Blocked)
	for i, session := range p.sessions {
		key := p.key(int32(i))
		if loads[i] < session.minimum {
			if session.fixed > 0 || loads[i] > 0 {
				r.Short = append(r.Short, key)
			} else {
				s.Cancelled = append(s.Cancelled, key)
			}
		}
		if c.prices != nil && c.prices[i] != 0 {
			r.ShadowPrices = append(r.ShadowPrices, ShadowPrice{key.Workshop, key.Round, float64(c.prices[i]) / priceScale})
		}
	}
	s.Report = r
	return s
}

// priceScale is the number of steps in which prices of 1 are counted.
const priceScale = 1024

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
