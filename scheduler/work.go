package scheduler

import (
	"context"
	"time"
)

// work counts what a run does in steps that are the same on every machine, and
// says when it is enough. A clock and a context can end it too, but then
// another machine may come to another plan.
type work struct {
	ctx      context.Context
	deadline time.Time // zero: none
	steps    int
	limit    int
	looked   int // steps when the clock was last looked at
	better   int // steps when the plan last became better
	patience int // steps without a better plan after which it is enough; 0: any number
	ended    bool
}

const (
	stepsPerLook    = 100_000     // some milliseconds
	stepsLimit      = 500_000_000 // about half a minute
	stepsPerStudent = 10          // to find one student's cheapest schedule
	stepsInVain     = 60_000_000  // some seconds: where places are missing whatever is done
)

func newWork(ctx context.Context, began time.Time, limit time.Duration) *work {
	w := &work{ctx: ctx, limit: stepsLimit}
	if limit > 0 {
		w.deadline = began.Add(limit)
	}
	return w
}

// spend counts steps, each about as long as one row of a pivot takes.
func (w *work) spend(steps int) { w.steps += steps }

// done reports whether it is enough.
func (w *work) done() bool {
	if w.ended || w.steps > w.limit || w.patience > 0 && w.steps-w.better > w.patience {
		return true
	}
	if w.steps-w.looked >= stepsPerLook {
		w.looked = w.steps
		w.ended = w.ctx.Err() != nil || !w.deadline.IsZero() && time.Now().After(w.deadline)
	}
	return w.ended
}
