package store_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"cultuurdag/enroll/store"
)

// Whoever asks while work is being done is served by the next run, all of them by
// one: the run that began before they asked may have missed what they did. Who
// gives up does not end it.
func TestSharedWorkBeginsAfterItWasAskedFor(t *testing.T) {
	var s store.Shared[int, []int]
	begun, goOn := make(chan []int), make(chan struct{})
	work := func(_ context.Context, asked []int) ([]int, error) {
		begun <- asked
		<-goOn
		return asked, nil
	}
	var group sync.WaitGroup
	ask := func(n int) {
		group.Go(func() {
			if got, err := s.Do(t.Context(), n, work); err != nil || !slices.Contains(got, n) {
				t.Errorf("who asked for %d got %v, %v", n, got, err)
			}
		})
	}
	ask(1)
	if got := <-begun; !slices.Equal(got, []int{1}) {
		t.Fatalf("the first run is for %v", got)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for n := 2; n < 5; n++ {
		if _, err := s.Do(cancelled, n, work); !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up got %v", err)
		}
	}
	ask(5)
	goOn <- struct{}{}
	second := <-begun
	goOn <- struct{}{}
	if !slices.Equal(second[:min(3, len(second))], []int{2, 3, 4}) {
		t.Errorf("the second run is for %v", second)
	}
	if !slices.Contains(second, 5) { // it asked later still
		<-begun
		goOn <- struct{}{}
	}
	group.Wait()
}
