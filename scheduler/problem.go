package scheduler

import (
	"cmp"
	"slices"

	"cultuurdag/enroll"
)

// none stands for no session: a round that is fixed, or a missing place.
const none = int32(-1)

// schedule is a student's session in each round that is not fixed.
type schedule [enroll.MaxRounds]int32

var noSchedule = schedule{none, none, none, none}

// problem is an instance with names turned into numbers. Students stand in the
// order of their ids and places that are fixed are taken off the sessions, so
// that all that follows depends on neither.
type problem struct {
	in        Instance
	costs     Costs
	rounds    int
	missing   int                 // the cost of a missing place
	moving    int                 // the cost of another place than the current one, see keep
	before    map[string][]string // the current places, see keep
	sessions  []session
	at        [][]int32 // session by workshop and round; none
	students  []pupil
	groups    []group
	obtained  []int // by number of wishes that came true, 0 to rounds
	workshops map[string]int32
}

type session struct {
	workshop int32
	round    int // from 0
	capacity int // left beside the fixed places
	minimum  int // still to be filled; 0 once the fixed places reach it
	fixed    int // places that are fixed
}

// group is the students to whom the same workshops are open.
type group struct {
	open     []bool    // by workshop
	sessions [][]int32 // by round: those that are open
}

type pupil struct {
	id      string
	group   int32
	wished  bool
	free    []int                      // the rounds that are not fixed
	fixed   [enroll.MaxRounds]int32    // session, or none
	kept    []int32                    // workshops of the fixed places
	wishes  []wish                     // that can come true beside the fixed places
	byRound [enroll.MaxRounds][]option // sessions of wishes, by free round
	current [enroll.MaxRounds]int32    // in a free round, the session that is dear to leave; or none
	base    int                        // what the fixed places cost
	got     int                        // wishes that came true by fixed places
}

type wish struct {
	workshop int32
	cost     int
}

type option struct {
	session int32
	cost    int
}

func newProblem(in Instance, costs Costs) *problem {
	p := &problem{in: in, costs: costs, rounds: in.Rounds, missing: costs.missing(in.Rounds), workshops: map[string]int32{}}
	for k := range p.rounds + 1 {
		p.obtained = append(p.obtained, costs.obtained(k))
	}
	for w, workshop := range in.Workshops {
		p.workshops[workshop.ID] = int32(w)
		row := []int32{none, none, none, none}
		sessions := slices.Clone(workshop.Sessions)
		slices.SortFunc(sessions, func(a, b Session) int { return cmp.Compare(a.Round, b.Round) })
		for _, s := range sessions {
			row[s.Round-1] = int32(len(p.sessions))
			p.sessions = append(p.sessions, session{workshop: int32(w), round: s.Round - 1, capacity: s.Capacity, minimum: s.Minimum})
		}
		p.at = append(p.at, row)
	}
	students := slices.Clone(in.Students)
	slices.SortFunc(students, func(a, b Student) int { return cmp.Compare(a.ID, b.ID) })
	groups := map[string]int32{}
	for _, s := range students {
		open := p.open(s.Class, s.Year)
		g, ok := groups[string(open)]
		if !ok {
			g = int32(len(p.groups))
			groups[string(open)] = g
			p.groups = append(p.groups, p.newGroup(open))
		}
		p.students = append(p.students, p.newPupil(s, g))
	}
	for i := range p.sessions {
		s := &p.sessions[i]
		s.capacity -= s.fixed
		s.minimum = max(0, s.minimum-s.fixed)
	}
	return p
}

// open returns for each workshop 1 or 0: is it open to that class and year?
func (p *problem) open(class string, year int) []byte {
	open := make([]byte, len(p.at))
	for w, workshop := range p.in.Workshops {
		if (enroll.Workshop{Classes: workshop.Classes, Years: workshop.Years}).OpenTo(class, year) {
			open[w] = 1
		}
	}
	return open
}

func (p *problem) newGroup(open []byte) group {
	g := group{open: make([]bool, len(p.at)), sessions: make([][]int32, p.rounds)}
	for w := range p.at {
		g.open[w] = open[w] == 1
		for r := range p.rounds {
			if i := p.at[w][r]; i != none && g.open[w] {
				g.sessions[r] = append(g.sessions[r], i)
			}
		}
	}
	return g
}

func (p *problem) newPupil(s Student, g int32) pupil {
	u := pupil{id: s.ID, group: g, wished: len(s.Wishes) > 0, fixed: noSchedule, current: noSchedule}
	for r := range p.rounds {
		id, ok := s.Fixed[r+1]
		if !ok {
			u.free = append(u.free, r)
			continue
		}
		w := p.workshops[id]
		u.fixed[r] = p.at[w][r]
		p.sessions[u.fixed[r]].fixed++
		u.kept = append(u.kept, w)
		if n := slices.Index(s.Wishes, id); n >= 0 {
			u.base += p.costs.rank(n)
			u.got++
		} else if u.wished {
			u.base += p.costs.Unranked
		}
	}
	for n, id := range s.Wishes {
		w := p.workshops[id]
		if !p.groups[g].open[w] || slices.Contains(u.kept, w) {
			continue
		}
		u.wishes = append(u.wishes, wish{w, p.costs.rank(n)})
		for _, r := range u.free {
			if i := p.at[w][r]; i != none {
				u.byRound[r] = append(u.byRound[r], option{i, p.costs.rank(n)})
			}
		}
	}
	return u
}

// wish returns what workshop w costs u in a round, and whether it is a wish.
func (p *problem) wish(u *pupil, w int32) (cost int, wished bool) {
	for _, v := range u.wishes {
		if v.workshop == w {
			return v.cost, true
		}
	}
	if u.wished {
		return p.costs.Unranked, false
	}
	return 0, false
}

// cost returns what u pays for a schedule, fixed places included.
func (p *problem) cost(u *pupil, s schedule) int {
	sum, got := u.base, u.got
	for _, r := range u.free {
		sum += p.leave(u, r, s[r])
		if s[r] == none {
			sum += p.missing
			continue
		}
		c, wished := p.wish(u, p.sessions[s[r]].workshop)
		sum += c
		if wished {
			got++
		}
	}
	if u.wished {
		sum += p.obtained[got]
	}
	return sum
}

// leave returns what it costs u that session i, or none, is not the current
// one in round r.
func (p *problem) leave(u *pupil, r int, i int32) int {
	if u.current[r] == none || u.current[r] == i {
		return 0
	}
	return p.moving
}

// may reports whether u may take session i, the other rounds aside.
func (p *problem) may(u *pupil, i int32) bool {
	w := p.sessions[i].workshop
	return p.groups[u.group].open[w] && !slices.Contains(u.kept, w)
}

// plan is a schedule for each student.
type plan []schedule

// shortfall is what each place costs that a session which must run stays
// below its minimum. It is no part of the objective: it only makes sure that
// nothing but the impossible keeps a session with fixed places from it.
func (p *problem) shortfall() int { return 16 * p.missing }

// planCost returns what a plan costs.
func (p *problem) planCost(pl plan) int {
	sum := 0
	for k := range pl {
		sum += p.cost(&p.students[k], pl[k])
	}
	return sum
}

// loads returns the number of places given in each session, fixed ones aside.
func (p *problem) loads(pl plan) []int {
	n := make([]int, len(p.sessions))
	for _, s := range pl {
		for _, i := range s {
			if i != none {
				n[i]++
			}
		}
	}
	return n
}

// value is what plans are compared by: cost, and shortfall for every place
// that a session with fixed places lacks of its minimum.
func (p *problem) value(pl plan) int {
	sum := p.planCost(pl)
	for i, n := range p.loads(pl) {
		if s := &p.sessions[i]; s.fixed > 0 && n < s.minimum {
			sum += p.shortfall() * (s.minimum - n)
		}
	}
	return sum
}
