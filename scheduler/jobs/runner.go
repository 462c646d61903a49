package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/purge"
)

// Runner takes the steps of events. All fields but Postman and Courier are
// required.
type Runner struct {
	Store    *store.Store
	Clock    *enroll.Clock
	Purger   *purge.Purger
	Provider enroll.Provider
	Logger   *slog.Logger
	Postman  *Postman // nil: no mail is sent to students
	Courier  *Courier // nil: nor to staff
}

// errInHand says that another has the step in hand, or had it when it died.
var errInHand = errors.New("another has the step in hand")

// Run takes the step where it is due now, and does nothing where it is not;
// errInHand where another has it in hand. It may be called twice, by several
// processes at once, and again after a crash.
func (r *Runner) Run(ctx context.Context, event string, step enroll.Step) error {
	if step == stepPropose {
		return r.propose(ctx, event)
	}
	release, err := r.Store.Lease(ctx, event)
	switch {
	case errors.Is(err, enroll.ErrBusy):
		// What hangs must not keep the key for good: the gate is shut for it, and a
		// purge has a lock of its own.
		if stuck, err := r.Store.Stuck(ctx, event, step); step != enroll.StepPurge || err != nil || stuck < patience {
			return errInHand
		}
	case err == nil:
		defer release()
	case step != enroll.StepPurge: // which a Redis that takes no writes must not stop
		return err
	}
	e, err := r.Store.Event(ctx, event)
	if err != nil {
		return err
	}
	due, _, ok := e.Due(r.Clock.Now())
	if !ok || due != step {
		return r.Store.Done(ctx, event, step)
	}
	if err := r.take(ctx, e, step); err != nil {
		return fmt.Errorf("%s of event %s: %w", step, event, err)
	}
	r.Logger.Info("step taken", "event", event, "step", string(step))
	return r.Store.Done(ctx, event, step)
}

func (r *Runner) take(ctx context.Context, e enroll.Event, step enroll.Step) error {
	switch step {
	case enroll.StepOpen:
		return r.move(ctx, e.ID, step, enroll.Open)
	case enroll.StepClose:
		return r.move(ctx, e.ID, step, enroll.Closed)
	case enroll.StepAllocate:
		return r.allocate(ctx, e)
	case enroll.StepOverviews:
		return r.overviews(ctx, e)
	case enroll.StepPublish:
		return r.move(ctx, e.ID, step, enroll.Published)
	case enroll.StepPurge:
		return r.Purger.Run(ctx, e.ID)
	}
	return fmt.Errorf("there is no step %q", step)
}

// runSafely does as Run and turns a panic into an error, as asynq does in its
// workers: the sweep runs in every instance, and must not end it.
func (r *Runner) runSafely(ctx context.Context, event string, step enroll.Step) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s of event %s panicked with a %T", step, event, p)
		}
	}()
	return r.Run(ctx, event, step)
}

// move brings the event into the state that the step leads to, where it is
// still due.
func (r *Runner) move(ctx context.Context, event string, step enroll.Step, to enroll.State) error {
	_, err := r.Store.UpdateEvent(ctx, event, func(e *enroll.Event) error {
		if due, _, ok := e.Due(r.Clock.Now()); ok && due == step {
			e.State = to
		}
		return nil
	})
	return err
}
