package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"cultuurdag/enroll"
	"cultuurdag/scheduler"
)

// allocate gives a place to whoever has gaps. What changes while it computes
// makes it begin again, or stop where the step is not due any more.
func (r *Runner) allocate(ctx context.Context, e enroll.Event) error {
	err := r.tryAllocate(ctx, e)
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
		err = r.tryAllocate(ctx, e)
	}
	if err != nil {
		return errors.Join(err, r.Store.FailAllocation(ctx, e.ID))
	}
	return nil
}

// tryAllocate returns ErrConflict where e, its students or their choices changed
// while it computed; then nothing is stored.
func (r *Runner) tryAllocate(ctx context.Context, e enroll.Event) error {
	choices, revision, err := r.Store.Choices(ctx, e.ID)
	if err != nil {
		return err
	}
	wishes, err := r.Store.Wishes(ctx, e.ID)
	if err != nil {
		return err
	}
	students, err := r.Store.Students(ctx, e.ID)
	if err != nil {
		return err
	}
	programme, err := r.Store.Programme(ctx, e.ID)
	if err != nil {
		return err
	}
	if programme.Version == 0 {
		// Nobody made a programme: nobody can be placed, and the day goes on empty.
		return r.Store.ApplyPlan(ctx, e, revision, choices, enroll.Plan{}, nil)
	}
	costs, err := scheduler.NamedCosts(e.Costs)
	if err != nil {
		return err
	}
	plan, report, err := scheduler.Allocate(ctx, e, programme, students, choices, wishes, scheduler.Options{Seed: e.Seed, Costs: &costs})
	if err != nil {
		return err
	}
	data, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("report of the allocation: %w", err)
	}
	return r.Store.ApplyPlan(ctx, e, revision, choices, plan, data)
}
