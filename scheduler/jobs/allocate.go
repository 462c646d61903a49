package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler"
)

// allocate gives a place to whoever has gaps. What changes while it computes
// makes it begin again.
func (r *Runner) allocate(ctx context.Context, e enroll.Event) error {
	if err := r.Store.PutAllocation(ctx, e.ID, store.AllocationState{State: "running"}); err != nil {
		return err
	}
	report, err := r.tryAllocate(ctx, e)
	for range 5 {
		if !errors.Is(err, enroll.ErrConflict) {
			break
		}
		report, err = r.tryAllocate(ctx, e)
	}
	if err != nil {
		return errors.Join(err, r.Store.PutAllocation(ctx, e.ID, store.AllocationState{State: "failed"}))
	}
	data, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("report of the allocation: %w", err)
	}
	return r.Store.PutAllocation(ctx, e.ID, store.AllocationState{State: "done", Report: data})
}

func (r *Runner) tryAllocate(ctx context.Context, e enroll.Event) (scheduler.Report, error) {
	choices, revision, err := r.Store.Choices(ctx, e.ID)
	if err != nil {
		return scheduler.Report{}, err
	}
	students, err := r.Store.Students(ctx, e.ID)
	if err != nil {
		return scheduler.Report{}, err
	}
	programme, err := r.Store.Programme(ctx, e.ID)
	if err != nil {
		return scheduler.Report{}, err
	}
	if programme.Version == 0 {
		// Nobody made a programme: nobody can be placed, and the day goes on empty.
		return scheduler.Report{}, r.Store.ApplyPlan(ctx, e.ID, revision, choices, enroll.Plan{})
	}
	costs, err := scheduler.NamedCosts(e.Costs)
	if err != nil {
		return scheduler.Report{}, err
	}
	plan, report, err := scheduler.Allocate(e, programme, students, choices, nil, scheduler.Options{Seed: e.Seed, Costs: &costs})
	if err != nil {
		return report, err
	}
	return report, r.Store.ApplyPlan(ctx, e.ID, revision, choices, plan)
}
