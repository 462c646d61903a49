package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/store"
)

// storm lets 40 goroutines sign in and choose for the students: each tries the
// workshops in an order of their own until every round has a place or nothing
// fits. It returns how often each answer came.
func storm(t testing.TB, w *enrolltest.World, event string, students, workshops, rounds int) map[string]int {
	t.Helper()
	ctx := context.Background()
	_, codes := w.Enrol(t, event, students)
	work := make(chan string)
	answers := map[string]int{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for g := range 40 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(g)))
			count := map[string]int{}
			for id := range work {
				cookie, err := w.Store.SignInStudent(ctx, codes[id])
				if err != nil {
					t.Error(err)
					continue
				}
				for round := 1; round <= rounds; round++ {
					for _, i := range random.Perm(workshops) {
						_, err := w.Store.Take(ctx, cookie, round, fmt.Sprintf("w%d", i), 0)
						if err == nil {
							count["placed"]++
							break
						}
						if !errors.Is(err, enroll.ErrFull) && !errors.Is(err, enroll.ErrRepeat) {
							t.Error(err)
							break
						}
						count[err.Error()]++
					}
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for k, n := range count {
				answers[k] += n
			}
		})
	}
	for id := range codes {
		work <- id
	}
	close(work)
	group.Wait()
	return answers
}

// oversold returns the sessions that hold more students than places, counted
// from the places themselves, and how many students are twice in a workshop.
func oversold(t testing.TB, w *enrolltest.World, event string, p enroll.Programme) (over, twice, placed int) {
	t.Helper()
	ctx := context.Background()
	choices, _, err := w.Store.Choices(ctx, event)
	if err != nil {
		t.Fatal(err)
	}
	counted := map[enroll.SessionKey]int{}
	for _, c := range choices {
		seen := map[string]bool{}
		for round, choice := range c {
			counted[enroll.SessionKey{Workshop: choice.Workshop, Round: round}]++
			placed++
			if seen[choice.Workshop] {
				twice++
			}
			seen[choice.Workshop] = true
		}
	}
	taken, err := w.Store.Seats(ctx, event)
	if err != nil {
		t.Fatal(err)
	}
	for _, workshop := range p.Workshops {
		for _, s := range workshop.Sessions {
			key := enroll.SessionKey{Workshop: workshop.ID, Round: s.Round}
			if taken[key] != counted[key] {
				t.Errorf("session %v: the counter says %d, the places %d", key, taken[key], counted[key])
			}
			if counted[key] > s.Capacity {
				over++
			}
		}
	}
	return over, twice, placed
}

// Two thousand students, twenty workshops, three rounds, seats for nine in
// ten, forty at once: no session holds more than it has places for.
func TestStormSellsNoSeatTwice(t *testing.T) {
	w := enrolltest.New(t)
	e := w.Event(t, w.School(t, "De Springplank"))
	p := w.Programme(t, e, 20, 3, 90) // 20 × 90 = 1,800 places a round
	w.Clock.Move(e.OpenAt)
	began := time.Now()
	answers := storm(t, w, e.ID, 2000, 20, 3)
	t.Logf("storm of 2,000 students in %v: %v", time.Since(began).Round(time.Millisecond), answers)

	over, twice, placed := oversold(t, w, e.ID, p)
	if over > 0 || twice > 0 {
		t.Errorf("%d sessions are oversold, %d students are twice in a workshop", over, twice)
	}
	if placed != answers["placed"] {
		t.Errorf("%d places were confirmed, %d are held", answers["placed"], placed)
	}
	taken, err := w.Store.Seats(context.Background(), e.ID)
	if err != nil {
		t.Fatal(err)
	}
	for round := 1; round <= 3; round++ {
		total := 0
		for key, n := range taken {
			if key.Round == round {
				total += n
			}
		}
		// Everybody tries every workshop: what stays empty is empty because those
		// without a place had that workshop in another round.
		if total < 1780 || total > 1800 {
			t.Errorf("round %d: %d of 1,800 places are taken", round, total)
		}
	}
}

// The same storm with the check for a free seat taken out of the script: it
// oversells, so the test above would have shown that the check is missing.
func TestStormOversellsWithoutTheGuard(t *testing.T) {
	restore := store.WithoutSeatGuard()
	defer restore()
	w := enrolltest.New(t)
	e := w.Event(t, w.School(t, "De Springplank"))
	p := w.Programme(t, e, 20, 3, 9)
	w.Clock.Move(e.OpenAt)
	storm(t, w, e.ID, 200, 20, 3)
	if over, _, _ := oversold(t, w, e.ID, p); over == 0 {
		t.Error("without its guard the script sold no seat too many: the storm proves nothing")
	}
}
