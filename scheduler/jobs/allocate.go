package jobs

import (
	"context"
	"errors"

	"cultuurdag/enroll"
)

// allocate gives a place to whoever has gaps. What changes while it computes
// makes it begin again, or stop where the step is not due any more.
func (r *Runner) allocate(ctx context.Context, e enroll.Event) error {
	err := r.planner().Allocate(ctx, e)
	for range 5 {
		if !errors.Is(err, enroll.ErrConflict) {
			break
		}
		if e, err = r.Store.Event(ctx, e.ID); err != nil {
			break
		}
		if due, _, ok := e.Due(r.Clock.Now()); !ok || due != enroll.StepAllocate {
			return nil
		}
		err = r.planner().Allocate(ctx, e)
	}
	if err != nil {
		return errors.Join(err, r.Store.FailAllocation(ctx, e.ID))
	}
	return nil
}
