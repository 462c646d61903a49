package scheduler

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

var (
	cbcNumber = flag.Int("cbc", 250, "compare this `number` of random instances with CBC")
	cbcSeed   = flag.Uint64("cbc-seed", 1, "the `seed` of those instances")
)

// middling are sizes of which not all plans can be gone through.
var middling = []size{{1, 12, 50, 30}, {2, 10, 36, 24}, {3, 8, 24, 20}, {3, 12, 30, 20}, {4, 8, 18, 20}, {4, 14, 18, 16}}

// CBC, a solver of another kind with a model of its own, comes to the same
// optimum; where Solve does not prove its plan, the optimum is within its bounds.
func TestRandomInstancesAgainstCBC(t *testing.T) {
	type outcome struct {
		number uint64
		in     Instance
		s      Solution
		faults []string
	}
	numbers, outcomes := make(chan uint64), make(chan outcome)
	var workers sync.WaitGroup
	for range 2 {
		dir := t.TempDir()
		workers.Go(func() {
			for n := range numbers {
				o := outcome{number: n, in: invent(rand.New(rand.NewPCG(*cbcSeed, n)), middling)}
				var err error
				// The limit only keeps those short that it cannot prove in any time.
				if o.s, err = Solve(t.Context(), o.in, Options{Seed: int64(n), TimeLimit: 2 * time.Second}); err != nil {
					o.faults = []string{err.Error()}
				} else if best, err := newModel(o.in).exact(t.Context(), dir); err != nil {
					o.faults = []string{err.Error()}
				} else {
					o.faults = differs(o.in, o.s, best)
				}
				outcomes <- o
			}
		})
	}
	go func() {
		for n := range uint64(*cbcNumber) {
			numbers <- n
		}
		close(numbers)
		workers.Wait()
		close(outcomes)
	}()

	met, differing := map[string]int{}, 0
	for o := range outcomes {
		for _, fault := range o.faults {
			t.Errorf("instance %d: %s", o.number, fault)
		}
		if len(o.faults) > 0 {
			differing++
		}
		r := o.s.Report
		if !r.Proven {
			t.Logf("instance %d is not proven: %d to %d, %d rounds, %d workshops, %d students",
				o.number, r.Bound, r.Objective, o.in.Rounds, len(o.in.Workshops), len(o.in.Students))
		}
		for what, is := range map[string]bool{
			"plans that are proven": r.Proven, "plans that are not": !r.Proven, "proofs by cases": r.Proof != nil,
			"missing places": r.Unplaced > 0, "every place given": r.Unplaced == 0 && len(o.in.Students) > 0,
			"cancelled sessions": len(o.s.Cancelled) > 0, "sessions short of their minimum": len(r.Short) > 0,
			"fixed places": anyStudent(o.in, func(s Student) bool { return len(s.Fixed) > 0 }),
			"students without wishes": anyStudent(o.in, func(s Student) bool { return len(s.Wishes) == 0 }) &&
				anyStudent(o.in, func(s Student) bool { return len(s.Wishes) > 0 }),
			fmt.Sprint(o.in.Rounds, " rounds"): true,
		} {
			if is {
				met[what]++
			}
		}
	}
	t.Logf("seed %d: %d instances, %d differ from CBC; with %v", *cbcSeed, *cbcNumber, differing, met)
	for _, what := range []string{"proofs by cases", "missing places", "every place given", "cancelled sessions", "sessions short of their minimum",
		"fixed places", "students without wishes", "1 rounds", "2 rounds", "3 rounds", "4 rounds"} {
		if met[what]*200 < *cbcNumber {
			t.Errorf("only %d instances with %s", met[what], what)
		}
	}
}

func anyStudent(in Instance, is func(Student) bool) bool {
	for _, s := range in.Students {
		if is(s) {
			return true
		}
	}
	return false
}

// differs returns what is wrong with a solution, the optimum being known.
func differs(in Instance, s Solution, best optimal) []string {
	faults, r, lacks := check(in, s), s.Report, 0
	for _, key := range r.Short {
		lacks += minimum(in, key) - filled(s, key)
	}
	if lacks != best.lacking {
		faults = append(faults, fmt.Sprintf("%d places short of minimums, the least is %d", lacks, best.lacking))
	}
	if r.Objective < best.cost || r.Proven && r.Objective != best.cost || len(r.Short) == 0 && r.Bound > best.cost {
		faults = append(faults, fmt.Sprintf("objective %d, bound %d, proven %v; the optimum is %d", r.Objective, r.Bound, r.Proven, best.cost))
	}
	if r.Unplaced != best.missing && r.Proven {
		faults = append(faults, fmt.Sprintf("%d places missing, in the best plan %d", r.Unplaced, best.missing))
	}
	return faults
}
