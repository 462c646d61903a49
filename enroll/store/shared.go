package store

import (
	"context"
	"sync"
)

// Shared lets many callers share work that takes long: whoever asks before it
// begins is served by the same run. The zero Shared is ready for use. It is safe
// for concurrent use.
type Shared[Q, R any] struct {
	mu     sync.Mutex
	coming *run[Q, R] // was asked for and has not begun
	one    sync.Mutex // held while one runs
}

// run is over when done is closed.
type run[Q, R any] struct {
	asked  []Q
	done   chan struct{}
	result R
	err    error
}

// Do has work done for what is asked and for what others ask, and returns what
// it returned. It is done after this call began, when what was being done before
// is over. Where ctx ends first its error comes back, and the work goes on for
// the others, under a context that does not end.
func (s *Shared[Q, R]) Do(ctx context.Context, asked Q, work func(context.Context, []Q) (R, error)) (R, error) {
	s.mu.Lock()
	r := s.coming
	if r == nil {
		r = &run[Q, R]{done: make(chan struct{})}
		s.coming = r
		go s.run(context.WithoutCancel(ctx), r, work)
	}
	r.asked = append(r.asked, asked)
	s.mu.Unlock()
	select {
	case <-r.done:
		return r.result, r.err
	case <-ctx.Done():
		var none R
		return none, ctx.Err()
	}
}

func (s *Shared[Q, R]) run(ctx context.Context, r *run[Q, R], work func(context.Context, []Q) (R, error)) {
	defer close(r.done)
	s.one.Lock()
	defer s.one.Unlock()
	s.mu.Lock()
	s.coming = nil // it begins: who asks from now on is served by another
	s.mu.Unlock()
	r.result, r.err = work(ctx, r.asked)
}
