package web

import (
	"context"
	"time"
)

// tally is what a try is counted under.
type tally []struct {
	bucket, who string
	limit       int
	window      time.Duration
}

// count counts a try before it is known to be wrong: looked at first and
// counted afterwards, a burst of tries would all pass. A *enroll.RetryError
// where there were too many.
func (s *Server) count(ctx context.Context, t tally) error {
	for _, l := range t {
		if err := s.store.Allow(ctx, l.bucket, l.who, l.limit, l.window); err != nil {
			return err
		}
	}
	return nil
}

// forgive takes back a try that was right, also where its reader has gone away.
func (s *Server) forgive(ctx context.Context, t tally) error {
	for _, l := range t {
		if err := s.store.Forgive(context.WithoutCancel(ctx), l.bucket, l.who); err != nil {
			return err
		}
	}
	return nil
}
