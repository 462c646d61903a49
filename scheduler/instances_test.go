package scheduler

import (
	"os"
	"testing"
)

// best are the instances and their optima, each found and proven before by
// other means.
var best = []struct {
	name      string
	objective int
}{
	{"300x12", 4793}, {"300x30", 4834}, {"1200x30", 19834},
	{"1200x60", 25466}, {"3000x60", 59536}, {"3000x120", 92312},
}

func openInstance(name string) (Instance, error) {
	f, err := os.Open("testdata/instances/" + name + ".json")
	if err != nil {
		return Instance{}, err
	}
	defer f.Close()
	return ReadInstance(f)
}

func readInstance(t testing.TB, name string) Instance {
	t.Helper()
	in, err := openInstance(name)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestInstances(t *testing.T) {
	for _, b := range best {
		t.Run(b.name, func(t *testing.T) {
			in := readInstance(t, b.name)
			s, err := Solve(t.Context(), in, Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			for _, fault := range check(in, s) {
				t.Error(fault)
			}
			if r := s.Report; r.Objective != b.objective || !r.Proven || r.Unplaced != 0 {
				t.Errorf("objective %d, proven %v, %d missing; the optimum is %d", r.Objective, r.Proven, r.Unplaced, b.objective)
			}
		})
	}
}
