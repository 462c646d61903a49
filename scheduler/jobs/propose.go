package jobs

import (
	"context"
	"errors"

	"cultuurdag/enroll"
	"cultuurdag/scheduler/planning"
)

// QueuePlans is the queue of proposals. It has a worker of its own, one in each
// process: long sums keep no step waiting.
const QueuePlans = "plans"

// stepPropose names the working out of proposals among the steps that a worker
// takes. It never falls due by itself: an organiser asks for it.
const stepPropose enroll.Step = "propose"

func (r *Runner) planner() *planning.Planner {
	return &planning.Planner{Store: r.Store, Clock: r.Clock}
}

// propose works out what an organiser asked for, beside the steps.
func (r *Runner) propose(ctx context.Context, event string) error {
	err := r.planner().Propose(ctx, event)
	if errors.Is(err, enroll.ErrBusy) {
		return errInHand
	}
	if err != nil {
		return err
	}
	return r.Store.Done(ctx, event, stepPropose)
}

// handProposals gives the proposals that are wanted of the event to a worker,
// also where asynq lost them.
func (s *Sweep) handProposals(ctx context.Context, e enroll.Event) error {
	if e.Gone(s.runner.Clock.Now()) || e.State == enroll.Cancelled {
		return nil
	}
	wanted, err := s.runner.Store.ProposalsWanted(ctx, e.ID)
	if unreachable(err) || err == nil && !wanted {
		return nil
	}
	if err != nil {
		return err
	}
	return s.hand(ctx, e.ID, stepPropose)
}
