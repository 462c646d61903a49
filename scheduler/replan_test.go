package scheduler

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// closest finds by going through all plans what is best for a changed
// instance: fewest places that sessions with fixed places lack of their
// minimum, fewest missing, fewest current places changed, least cost.
func closest(in Instance, current map[string][]string) (best [4]int) {
	number := map[SessionKey]int{}
	var sessions []Session
	for _, w := range in.Workshops {
		for _, s := range w.Sessions {
			number[SessionKey{w.ID, s.Round}] = len(sessions)
			sessions = append(sessions, s)
		}
	}
	const bits = 4
	type tally = [3]int // missing, changed, cost
	less := func(a, b tally) bool { return slices.Compare(a[:], b[:]) < 0 }
	states := map[uint64]tally{0: {}}
	fixed := map[int]bool{}
	for _, s := range in.Students {
		for r, w := range s.Fixed {
			fixed[number[SessionKey{w, r}]] = true
		}
		out := map[uint64]tally{}
		var try func(r, got int, sum tally, add uint64, has []string)
		try = func(r, got int, sum tally, add uint64, has []string) {
			if r > in.Rounds {
				if len(s.Wishes) > 0 {
					sum[2] += at(in.Costs.Obtained, got, 0)
				}
				if old, ok := out[add]; !ok || less(sum, old) {
					out[add] = sum
				}
				return
			}
			was := ""
			if row := current[s.ID]; r <= len(row) {
				was = row[r-1]
			}
			for _, w := range in.Workshops {
				i, given := number[SessionKey{w.ID, r}]
				if !given || slices.Contains(has, w.ID) {
					continue
				}
				if f, ok := s.Fixed[r]; ok && f != w.ID || !ok && (!open(w, s) || holds(s, w.ID)) {
					continue
				}
				next, n := sum, got
				if was != "" && was != w.ID {
					next[1]++
				}
				if rank := slices.Index(s.Wishes, w.ID); rank >= 0 {
					n++
					next[2] += at(in.Costs.Rank, rank, in.Costs.Unranked)
				} else if len(s.Wishes) > 0 {
					next[2] += in.Costs.Unranked
				}
				try(r+1, n, next, add+1<<(bits*i), append(has[:len(has):len(has)], w.ID))
			}
			if _, ok := s.Fixed[r]; !ok {
				next := sum
				next[0]++
				if was != "" {
					next[1]++
				}
				try(r+1, got, next, add, has)
			}
		}
		try(1, 0, tally{}, 0, nil)
		next := make(map[uint64]tally, len(states))
		for v, c := range states {
		way:
			for add, more := range out {
				sum := v + add
				for i, x := range sessions {
					if int(sum>>(bits*i)&(1<<bits-1)) > x.Capacity {
						continue way
					}
				}
				t := tally{c[0] + more[0], c[1] + more[1], c[2] + more[2]}
				if old, ok := next[sum]; !ok || less(t, old) {
					next[sum] = t
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
			n := int(v >> (bits * i) & (1<<bits - 1))
			switch {
			case n >= x.Minimum:
			case fixed[i]:
				lack += x.Minimum - n
			case n > 0:
				continue state
			}
		}
		sum := [4]int{lack, c[0], c[1], c[2]}
		if !found || slices.Compare(sum[:], best[:]) < 0 {
			found, best = true, sum
		}
	}
	return best
}

// change invents something that an organiser does.
func change(rng *rand.Rand, in Instance) Change {
	w := in.Workshops[rng.IntN(len(in.Workshops))]
	c := Change{Kind: []ChangeKind{Cancel, Halve, Resize, Enlarge, Admit, RunBelow, Add}[rng.IntN(7)], Workshop: w.ID, Places: rng.IntN(3)}
	if len(w.Sessions) > 0 && rng.IntN(2) == 0 {
		c.Round = w.Sessions[rng.IntN(len(w.Sessions))].Round
	}
	switch c.Kind {
	case Admit:
		c.Years = []int{1, 2}
	case Add:
		c = Change{Kind: Add, New: &Workshop{ID: "new", Sessions: []Session{{Round: 1 + rng.IntN(in.Rounds), Capacity: 1 + rng.IntN(3)}}}}
	}
	return c
}

// outcome counts what a plan has of what closest tells apart.
func outcome(in Instance, s Solution, moves []Move) [4]int {
	lacks := 0
	for _, key := range s.Report.Short {
		lacks += minimum(in, key) - filled(s, key)
	}
	changed := 0
	for _, m := range moves {
		if m.From != "" {
			changed++
		}
	}
	missing := max(5000, 4*(in.Rounds*in.Costs.Unranked+at(in.Costs.Obtained, 0, 0)))
	return [4]int{lacks, s.Report.Unplaced, changed, s.Report.Objective - missing*s.Report.Unplaced}
}

// possible returns the current places that can be kept.
func possible(in Instance, current map[string][]string) map[string][]string {
	left := room(in, Solution{})
	out := map[string][]string{}
	for _, s := range in.Students {
		row := make([]string, in.Rounds)
		for r, w := range current[s.ID] {
			i := slices.IndexFunc(in.Workshops, func(x Workshop) bool { return x.ID == w })
			if s.Fixed[r+1] == "" && left[SessionKey{w, r + 1}] > 0 && open(in.Workshops[i], s) && !holds(s, w) {
				row[r] = w
			}
		}
		out[s.ID] = row
	}
	return out
}

// checkReplan holds what is reported on a changed plan against the plan alone.
func checkReplan(in Instance, current map[string][]string, s Solution, moves []Move) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	stay := &staying{current: possible(in, current)}
	changed, unforced := 0, 0
	var want []Move
	for _, id := range slices.Sorted(maps.Keys(s.Places)) {
		for r, w := range s.Places[id] {
			was := current[id][r]
			if was == w {
				continue
			}
			want = append(want, Move{id, r + 1, was, w})
			if was != "" {
				changed++
			}
			if stay.current[id][r] != "" {
				unforced++
			}
		}
	}
	if !slices.Equal(want, moves) {
		fault("moves %v, told %v", want, moves)
	}
	n := s.Report.Replanned
	if n == nil || n.Changed != changed || n.Changed-n.Forced != unforced {
		fault("%d changed, %d of them without need; told %+v", changed, unforced, n)
		return faults
	}
	stay.missing, stay.move = n.MissingCost, n.MoveCost
	missing := max(5000, 4*(in.Rounds*in.Costs.Unranked+at(in.Costs.Obtained, 0, 0)))
	more := s.Report.Unplaced*(n.MissingCost-missing) + unforced*n.MoveCost
	r := s.Report
	r.Objective += more
	bound, err := prove(in, r, func(key SessionKey) int { return filled(s, key) }, stay)
	if err != nil || bound < r.Bound+more {
		fault("the prices prove %d, not %d (%v)", bound-more, r.Bound, err)
	}
	// The rest is as of any plan, but that the proof is another.
	rest := s
	rest.Report.Bound, rest.Report.Gap, rest.Report.Proven, rest.Report.ShadowPrices, rest.Report.Proof = 0, s.Report.Objective, s.Report.Objective == 0, nil, nil
	return append(faults, slices.DeleteFunc(check(in, rest), func(f string) bool { return strings.HasPrefix(f, "the prices prove") })...)
}

func TestReplanAgainstAllPlans(t *testing.T) {
	met := map[string]int{}
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 10))
		before := small(rng)
		current := solve(t, before, 1).Places
		in, err := before.With(change(rng, before))
		if err != nil {
			in = before // there is no such session
		}
		s, moves, err := Replan(t.Context(), in, current, Options{Seed: int64(seed)})
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range checkReplan(in, current, s, moves) {
			t.Errorf("instance %d: %s", seed, fault)
		}
		want, got := closest(in, current), outcome(in, s, moves)
		if got != want {
			t.Errorf("instance %d: %v short, missing, changed, cost; the best is %v", seed, got, want)
		}
		r := s.Report
		if !r.Replanned.Fewest || !r.Proven {
			t.Errorf("instance %d: %+v", seed, r)
		}
		for what, is := range map[string]bool{
			"places missing": r.Unplaced > 0, "forced moves": r.Replanned.Forced > 0,
			"others that must make room": r.Replanned.Changed > r.Replanned.Forced, "nobody moved": r.Replanned.Changed == 0,
		} {
			if is {
				met[what]++
			}
		}
	}
	t.Log(met)
	if len(met) < 4 {
		t.Error("not all of it was met")
	}
	for what, n := range met {
		if n < 50 {
			t.Errorf("only %d with %s", n, what)
		}
	}
}

func TestReplanOfNoChangeMovesNobody(t *testing.T) {
	for _, name := range []string{"300x30", "1200x60"} {
		in := readInstance(t, name)
		current := solve(t, in, 1).Places
		s, moves, err := Replan(t.Context(), in, current, Options{Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		if len(moves) > 0 || !s.Report.Replanned.Fewest || !reflect.DeepEqual(s.Places, current) {
			t.Errorf("%s: %d moves, %+v", name, len(moves), s.Report.Replanned)
		}
	}
}

func TestReplanOfALargeSchool(t *testing.T) {
	in := readInstance(t, "1200x60")
	current := solve(t, in, 1).Places
	for _, c := range []Change{
		{Kind: Cancel, Workshop: "w4"}, {Kind: Halve, Workshop: "w4", Round: 2}, {Kind: Halve, Workshop: "w9"},
		{Kind: Add, New: &Workshop{ID: "new", Sessions: []Session{{1, 20, 10}, {2, 20, 10}}}},
	} {
		changed, err := in.With(c)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		s, moves, err := Replan(t.Context(), changed, current, Options{Seed: 2})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s %s: %d moves, %d missing, objective %d, %v", c.Kind, c.Workshop, len(moves), s.Report.Unplaced, s.Report.Objective, time.Since(began))
		for _, fault := range checkReplan(changed, current, s, moves) {
			t.Errorf("%s: %s", c.Kind, fault)
		}
		least := 0 // who has to go
		for _, w := range in.Workshops {
			for _, x := range w.Sessions {
				key := SessionKey{w.ID, x.Round}
				least += max(0, filled(Solution{Places: current}, key)-capacity(changed, key))
			}
		}
		if r := s.Report; r.Replanned.Changed < least || !r.Replanned.Fewest || !r.Proven || r.Unplaced > 0 {
			t.Errorf("%s: at least %d have to move: %+v", c.Kind, least, r.Replanned)
		}
		again, _, err := Replan(t.Context(), shuffled(changed), current, Options{Seed: 2})
		if err != nil || !same(s, again) {
			t.Errorf("%s: another order of students, another plan (%v)", c.Kind, err)
		}
	}
}

func capacity(in Instance, key SessionKey) int {
	for _, w := range in.Workshops {
		for _, s := range w.Sessions {
			if w.ID == key.Workshop && s.Round == key.Round {
				return s.Capacity
			}
		}
	}
	return 0
}

func shuffled(in Instance) Instance {
	in.Students = slices.Clone(in.Students)
	slices.Reverse(in.Students)
	return in
}
