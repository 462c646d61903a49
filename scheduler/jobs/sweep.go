package jobs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"

	"cultuurdag/enroll"
	"cultuurdag/scheduler/purge"
)

const (
	// sweepEvery is how long the sweep waits at most.
	sweepEvery = time.Minute
	// patience is how long a step may make no progress before the sweep takes it
	// itself: a paused queue, an archived task or a missing worker never keeps
	// data alive.
	patience = 15 * time.Minute
	// handPause is how soon the sweep looks again at a step that another has in
	// hand: who was killed holds it for some seconds more.
	handPause = 5 * time.Second
)

// Sweep finds out which events are due for a step and has it taken. One runs in
// every instance.
type Sweep struct {
	runner *Runner
	client *asynq.Client
	kick   chan struct{}
	logger *slog.Logger

	taking sync.Map       // what takeOver and beside are at
	takers sync.WaitGroup // and what runs them
	soon   atomic.Bool    // later has been called
}

// NewSweep returns a sweep that hands steps to client, and to runner itself
// where nobody takes them.
func NewSweep(runner *Runner, client *asynq.Client) *Sweep {
	return &Sweep{runner: runner, client: client, kick: make(chan struct{}, 1), logger: runner.Logger}
}

// Kick makes the sweep run at once: something changed, or the clock was moved.
func (s *Sweep) Kick() {
	select {
	case s.kick <- struct{}{}:
	default: // one is on its way already
	}
}

// later makes the sweep run in a while. At once, a step that takes longer than
// its minute would be handed out and found in hand again without end.
func (s *Sweep) later() {
	if s.soon.CompareAndSwap(false, true) {
		time.AfterFunc(handPause, func() {
			s.soon.Store(false)
			s.Kick()
		})
	}
}

// Run sweeps until ctx ends: every minute, at the very moment when a step falls
// due, and whenever it is kicked.
func (s *Sweep) Run(ctx context.Context) {
	defer s.takers.Wait()
	for {
		wait, err := s.Once(ctx)
		if err != nil && ctx.Err() == nil {
			s.logger.Error("sweep", "err", err)
			wait = min(wait, 5*time.Second) // Redis may be back by then
		}
		select {
		case <-ctx.Done():
			return
		case <-s.kick:
		case <-time.After(wait):
		}
	}
}

// Once sweeps every event and returns how long to wait for the next one. One
// event's trouble is no other's: an event that cannot be read, or a step that
// hangs, holds up nobody else.
func (s *Sweep) Once(ctx context.Context) (time.Duration, error) {
	events, err := s.runner.Store.Events(ctx)
	if err != nil && len(events) == 0 {
		return sweepEvery, err
	}
	errs := []error{err}
	now, wait := s.runner.Clock.Now(), sweepEvery
	for _, e := range events {
		if step, _, ok := e.Due(now); ok {
			errs = append(errs, s.hand(ctx, e.ID, step))
		}
		if e.Erased > 0 && !e.Gone(now) {
			errs = append(errs, s.runner.Purger.LogErased(ctx, e.ID))
		}
		errs = append(errs, s.handMail(ctx, e), s.handProposals(ctx, e))
		if c := s.runner.Courier; c != nil && e.State == enroll.Purged && e.Letters != nil && !e.Letters.NotUntil.After(now) {
			s.beside(ctx, "letters:"+e.ID, func(ctx context.Context) error { return c.Deliver(ctx, e.ID) })
		}
		if next, ok := e.NextDue(now); ok {
			wait = min(wait, next.Sub(now)+time.Millisecond)
		}
	}
	// What a purge of another process destroyed is wiped from this one's memory too.
	errs = append(errs, s.alarm(ctx), s.runner.Store.TrimAudit(ctx), s.runner.Store.Keystore().Tidy())
	if slices.ContainsFunc(events, func(e enroll.Event) bool { return e.Erased > 0 }) {
		s.beside(ctx, "rewrite", func(ctx context.Context) error { return s.runner.Purger.RewriteErased(ctx, events) })
	}
	return wait, errors.Join(errs...)
}

// alarm has the organisers told of purges that are overdue.
func (s *Sweep) alarm(ctx context.Context) error {
	if s.runner.Courier == nil {
		return nil
	}
	all, err := s.runner.Purger.Status(ctx)
	if err != nil {
		return err
	}
	late := slices.DeleteFunc(all, func(p purge.Status) bool { return p.State != purge.Overdue })
	if len(late) > 0 {
		s.beside(ctx, "alarm", func(ctx context.Context) error { return s.runner.Courier.Alarm(ctx, late) })
	}
	return nil
}

// beside does what may take long beside the sweep, once at a time; the next sweep
// tries again what failed.
func (s *Sweep) beside(ctx context.Context, name string, do func(context.Context) error) {
	if _, busy := s.taking.LoadOrStore(name, true); busy {
		return
	}
	s.takers.Go(func() {
		defer s.taking.Delete(name)
		limited, cancel := context.WithTimeout(ctx, stepTimeout)
		defer cancel()
		if err := do(limited); err != nil && ctx.Err() == nil {
			s.logger.Error("sweep", "task", name, "err", err)
		}
	})
}

// hand gives the step to a worker, or takes it where it has been due in vain. A
// purge is also taken where Redis takes no task, because its memory is
// full: that must not keep the key.
func (s *Sweep) hand(ctx context.Context, event string, step enroll.Step) error {
	stuck, err := s.runner.Store.Stuck(ctx, event, step)
	if err == nil && stuck < patience {
		_, err = s.client.EnqueueContext(ctx, newTask(event, step), options(event, step, time.Now())...)
		if errors.Is(err, asynq.ErrTaskIDConflict) {
			return nil // in this minute's queue already
		}
	}
	if stuck >= patience || err != nil && step == enroll.StepPurge {
		s.takeOver(ctx, event, step)
	}
	return err
}

// takeOver takes the step itself, beside the sweep, once at a time.
func (s *Sweep) takeOver(ctx context.Context, event string, step enroll.Step) {
	s.beside(ctx, string(step)+":"+event, func(ctx context.Context) error {
		s.logger.Warn("step taken by the sweep itself", "event", event, "step", string(step))
		err := s.runner.runSafely(ctx, event, step)
		switch {
		case errors.Is(err, errInHand):
			s.later()
			return nil
		case err == nil:
			s.Kick()
		}
		return err
	})
}
