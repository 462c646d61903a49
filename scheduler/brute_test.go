package scheduler

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// optimum finds the best plan of a small instance by going through all of
// them, student after student, and keeping the cheapest way to each vector of
// loads. It returns first how many places sessions with fixed places lack of
// their minimum, which nothing is allowed to make worse, then the cost.
func optimum(in Instance) (lacking, cost int) {
	type slot struct {
		Session
		key SessionKey
	}
	var sessions []slot
	number := map[SessionKey]int{}
	for _, w := range in.Workshops {
		for _, s := range w.Sessions {
			number[SessionKey{w.ID, s.Round}] = len(sessions)
			sessions = append(sessions, slot{s, SessionKey{w.ID, s.Round}})
		}
	}
	const bits = 4 // loads up to 15, sessions up to 16
	load := func(v uint64, i int) int { return int(v >> (bits * i) & (1<<bits - 1)) }
	fixed := map[int]bool{}
	states := map[uint64]int{0: 0}
	for _, s := range in.Students {
		for r, w := range s.Fixed {
			fixed[number[SessionKey{w, r}]] = true
		}
		ways := ways(in, s, number, bits)
		next := make(map[uint64]int, len(states))
		for v, c := range states {
		way:
			for add, more := range ways {
				sum := v + add
				for i, x := range sessions {
					if load(sum, i) > x.Capacity {
						continue way
					}
				}
				if old, ok := next[sum]; !ok || c+more < old {
					next[sum] = c + more
				}
			}
		}
		states = next
	}
	found := false
state:
	for v, c := range states {
		lack := 0
		for i, x := range sessions {
			n := load(v, i)
			switch {
			case n >= x.Minimum:
			case fixed[i]:
				lack += x.Minimum - n
			case n > 0:
				continue state
			}
		}
		if !found || lack < lacking || lack == lacking && c < cost {
			found, lacking, cost = true, lack, c
		}
	}
	return lacking, cost
}

// ways returns every schedule of a student as the loads that it adds, with the
// least that this costs.
func ways(in Instance, s Student, number map[SessionKey]int, bits int) map[uint64]int {
	c := in.Costs
	missing := max(5000, 4*(in.Rounds*c.Unranked+at(c.Obtained, 0, 0)))
	out := map[uint64]int{}
	var try func(r, got, cost int, add uint64, has []string)
	try = func(r, got, cost int, add uint64, has []string) {
		if r > in.Rounds {
			if len(s.Wishes) > 0 {
				cost += at(c.Obtained, got, 0)
			}
			if old, ok := out[add]; !ok || cost < old {
				out[add] = cost
			}
			return
		}
		for _, w := range in.Workshops {
			i, given := number[SessionKey{w.ID, r}]
			if !given || slices.Contains(has, w.ID) {
				continue
			}
			if f, ok := s.Fixed[r]; ok && f != w.ID || !ok && (!open(w, s) || holds(s, w.ID)) {
				continue
			}
			n, price := got, 0
			if rank := slices.Index(s.Wishes, w.ID); rank >= 0 {
				n, price = got+1, at(c.Rank, rank, c.Unranked)
			} else if len(s.Wishes) > 0 {
				price = c.Unranked
			}
			try(r+1, n, cost+price, add+1<<(bits*i), append(has[:len(has):len(has)], w.ID))
		}
		if _, ok := s.Fixed[r]; !ok {
			try(r+1, got, cost+missing, add, has)
		}
	}
	try(1, 0, 0, 0, nil)
	return out
}

// size is the most that an invented instance has of each.
type size struct{ rounds, workshops, students, places int }

// small invents an instance whose plans can all be gone through.
func small(rng *rand.Rand) Instance {
	return invent(rng, []size{{1, 6, 8, 4}, {2, 4, 6, 4}, {3, 3, 6, 4}, {3, 4, 5, 4}, {4, 3, 5, 4}, {4, 4, 3, 4}})
}

// invent invents an instance of one of the sizes: loose, tight or impossible,
// with minimums, pins, classes and years.
func invent(rng *rand.Rand, sizes []size) Instance {
	size := sizes[rng.IntN(len(sizes))]
	in := Instance{Rounds: size.rounds, Costs: &Costs{}}
	if rng.IntN(2) == 0 {
		named := namedCosts[[]string{"fair", "first", "floor"}[rng.IntN(3)]]
		in.Costs = &named
	} else {
		for range rng.IntN(4) {
			in.Costs.Rank = append(in.Costs.Rank, rng.IntN(12))
			in.Costs.Obtained = append(in.Costs.Obtained, rng.IntN(40)) // convex or not
		}
		in.Costs.Unranked = rng.IntN(20)
	}
	students := rng.IntN(size.students + 1)
	roomy, minimums, pins, groups := 1+rng.IntN(size.places), rng.IntN(3), rng.IntN(6), rng.IntN(2)
	for i := range 1 + rng.IntN(size.workshops) {
		w := Workshop{ID: fmt.Sprintf("w%d", i)}
		if groups > 0 && rng.IntN(3) == 0 {
			w.Years = []int{1 + rng.IntN(3)}
		}
		if groups > 0 && rng.IntN(4) == 0 {
			w.Classes = []string{[]string{"a", "B"}[rng.IntN(2)]}
		}
		for r := range in.Rounds {
			if rng.IntN(6) == 0 {
				continue
			}
			s := Session{Round: r + 1, Capacity: rng.IntN(roomy + 1)}
			if minimums > 0 && s.Capacity > 0 && rng.IntN(2) == 0 {
				s.Minimum = rng.IntN(s.Capacity + 1)
			}
			w.Sessions = append(w.Sessions, s)
		}
		in.Workshops = append(in.Workshops, w)
	}
	left := map[SessionKey]int{}
	for _, w := range in.Workshops {
		for _, s := range w.Sessions {
			left[SessionKey{w.ID, s.Round}] = s.Capacity
		}
	}
	for i := range students {
		s := Student{ID: fmt.Sprintf("s%d", i), Year: 1 + rng.IntN(3), Class: []string{"A", "b", "c"}[rng.IntN(3)]}
		for _, w := range rng.Perm(len(in.Workshops))[:rng.IntN(len(in.Workshops)+1)] {
			s.Wishes = append(s.Wishes, in.Workshops[w].ID)
		}
		for r := 1; r <= in.Rounds && pins > 3; r++ {
			key := SessionKey{in.Workshops[rng.IntN(len(in.Workshops))].ID, r}
			if left[key] > 0 && rng.IntN(3) == 0 && !holds(s, key.Workshop) {
				left[key]--
				if s.Fixed == nil {
					s.Fixed = map[int]string{}
				}
				s.Fixed[r] = key.Workshop
			}
		}
		in.Students = append(in.Students, s)
	}
	return in
}

func TestSmallInstancesAgainstAllPlans(t *testing.T) {
	unproven := 0
	met := map[string]int{} // what the instances have made the solver do
	for seed := range uint64(12000) {
		in := small(rand.New(rand.NewPCG(seed, 7)))
		s, err := Solve(t.Context(), in, Options{Seed: int64(seed)})
		if err != nil {
			t.Fatalf("instance %d: %v", seed, err)
		}
		for _, fault := range check(in, s) {
			t.Errorf("instance %d: %s", seed, fault)
		}
		lacking, cost := optimum(in)
		lacks := 0
		for _, key := range s.Report.Short {
			lacks += minimum(in, key) - filled(s, key)
		}
		if lacks != lacking || s.Report.Objective < cost || s.Report.Proven && s.Report.Objective != cost {
			t.Errorf("instance %d: objective %d, %d short, proven %v; the optimum is %d, %d short",
				seed, s.Report.Objective, lacks, s.Report.Proven, cost, lacking)
		}
		if !s.Report.Proven {
			unproven++
			t.Logf("instance %d: %d to %d, the optimum is %d", seed, s.Report.Bound, s.Report.Objective, cost)
		}
		for what, is := range map[string]bool{
			"missing places": s.Report.Unplaced > 0, "cancelled sessions": len(s.Cancelled) > 0,
			"sessions short of their minimum": lacking > 0, "proofs by cases": s.Report.Proof != nil,
			"prices below 0":                   slices.ContainsFunc(s.Report.ShadowPrices, func(p ShadowPrice) bool { return p.Price < 0 }),
			"prices above 0":                   slices.ContainsFunc(s.Report.ShadowPrices, func(p ShadowPrice) bool { return p.Price > 0 }),
			"everybody placed at their wishes": s.Report.Unplaced == 0 && s.Report.Unranked == 0 && len(in.Students) > 0,
		} {
			if is {
				met[what]++
			} else {
				met[what] += 0
			}
		}
	}
	if unproven > 0 {
		t.Errorf("%d plans of small instances are not proven", unproven)
	}
	for what, n := range met {
		t.Logf("%5d instances with %s", n, what)
		if n < 20 {
			t.Errorf("only %d instances with %s", n, what)
		}
	}
}

// A search that has to stop, wherever that is, still tells the truth.
func TestSmallInstancesCutShort(t *testing.T) {
	amid := 0
	for seed := range uint64(4000) {
		in := small(rand.New(rand.NewPCG(seed, 8)))
		search := func(limit int) (Solution, int) {
			s := newSearch(t.Context(), newProblem(in, *in.Costs), Options{Seed: 1}, time.Now())
			s.work.limit = limit
			s.run()
			return s.solution(1, 0), s.work.steps
		}
		whole, steps := search(stepsLimit)
		cuts := 1
		if len(whole.Report.Proof) > 3 {
			cuts = 20
		}
		_, cost := optimum(in)
		for cut := range cuts {
			s, _ := search(steps * cut / cuts)
			for _, fault := range check(in, s) {
				t.Errorf("instance %d: %s", seed, fault)
			}
			if r := s.Report; len(r.Short) == 0 && (r.Bound > cost || r.Objective < cost) {
				t.Errorf("instance %d: %d to %d, the optimum is %d", seed, r.Bound, r.Objective, cost)
			}
			if !s.Report.Proven && s.Report.Proof != nil {
				amid++
			}
		}
	}
	t.Logf("%d stopped amid their cases", amid)
	if amid == 0 {
		t.Error("no search stopped amid its cases")
	}
}

func minimum(in Instance, key SessionKey) int {
	for _, w := range in.Workshops {
		for _, s := range w.Sessions {
			if w.ID == key.Workshop && s.Round == key.Round {
				return s.Minimum
			}
		}
	}
	return 0
}

func filled(s Solution, key SessionKey) int {
	n := 0
	for places := range maps.Values(s.Places) {
		if places[key.Round-1] == key.Workshop {
			n++
		}
	}
	return n
}
