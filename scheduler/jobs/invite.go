package jobs

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"

	"cultuurdag/enroll"
)

// QueueMail is the queue of invitations. It has workers of its own, one in each
// process: mail that goes slowly keeps no step waiting.
const QueueMail = "mail"

// typeInvite is the type of a task that sends a batch of invitations.
const typeInvite = typePrefix + "invite"

// inviteTimeout is how long a batch may take at one go; what is left then is
// handed out again.
const inviteTimeout = time.Hour

// newInvite returns the task that sends a batch. Its payload is the opaque ids of
// event and batch and nothing else: addresses never leave the sealed records.
func newInvite(event, batch string) *asynq.Task {
	return asynq.NewTask(typeInvite, []byte(event+" "+batch))
}

// inviteOptions are as options: the sweep is what tries again.
func inviteOptions(event, batch string, attempt time.Time) []asynq.Option {
	return []asynq.Option{
		asynq.TaskID(fmt.Sprintf("invite:%s:%s:%s", event, batch, strconv.FormatInt(attempt.Unix()/60, 10))),
		asynq.Queue(QueueMail),
		asynq.MaxRetry(0),
		asynq.Retention(0),
		asynq.Timeout(inviteTimeout),
	}
}

// handMail gives the batches of the event that are due to a worker.
func (s *Sweep) handMail(ctx context.Context, e enroll.Event) error {
	now := s.runner.Clock.Now()
	if s.runner.Postman == nil || !e.Invitations || e.Gone(now) {
		return nil
	}
	mailings, err := s.runner.Store.Mailings(ctx, e.ID)
	if unreachable(err) {
		return nil
	}
	errs := []error{err}
	for _, m := range mailings {
		if m.NotUntil.After(now) {
			continue
		}
		_, err := s.client.EnqueueContext(ctx, newInvite(e.ID, m.Batch), inviteOptions(e.ID, m.Batch, time.Now())...)
		if !errors.Is(err, asynq.ErrTaskIDConflict) { // in this minute's queue already
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// handleInvite sends the batch that the task names. A task never fails: what was
// not sent is noted with the batch, and the next sweep hands it out again.
func (w *Worker) handleInvite(ctx context.Context, task *asynq.Task) error {
	event, batch, _ := strings.Cut(string(task.Payload()), " ")
	if err := w.runner.Postman.Deliver(ctx, event, batch); err != nil {
		w.runner.Logger.Warn("invitations wait", "event", event, "batch", batch, "err", err)
	}
	return nil
}
