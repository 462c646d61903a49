package scheduler

import (
	"testing"
	"time"

	"cultuurdag/enroll"
)

// Where places are missing whatever is done, a search ends some time after it
// last found better; where everybody fits, it goes on to the proof.
func TestSearchEndsWhatIsInVain(t *testing.T) {
	for _, c := range []struct{ capacity, patience int }{{16, 0}, {9, stepsInVain}} {
		p, students, _ := school()
		for i := range p.Workshops {
			for j := range p.Workshops[i].Sessions {
				p.Workshops[i].Sessions[j].Capacity = c.capacity
			}
		}
		in := NewInstance(enroll.Event{}, p, students, nil, nil)
		s := newSearch(t.Context(), newProblem(in, namedCosts["fair"]), Options{}, time.Now())
		s.run()
		if s.work.patience != c.patience {
			t.Errorf("%d places a session: patience %d, want %d", c.capacity, s.work.patience, c.patience)
		}
		if s.work.done() {
			t.Error("done although there is work left")
		}
		s.work.spend(stepsInVain + 1)
		if s.work.done() != (c.patience > 0) {
			t.Errorf("%d places a session: done is %t after many steps in vain", c.capacity, s.work.done())
		}
	}
}
