package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
	"cultuurdag/scheduler/purge"
)

// Worker takes steps, proposals and mail from asynq's queues. Each queue has a
// server of its own, so that none waits for another's work.
type Worker struct {
	servers []*asynq.Server
	cancel  func() // ends proposals, and the sending of mail after the one that is in hand
	runner  *Runner
	sweep   *Sweep
	running atomic.Int32 // steps
}

// NewWorker returns a worker on rdb, which it does not own; poll is how often an
// empty queue is looked at.
func NewWorker(rdb redis.UniversalClient, runner *Runner, sweep *Sweep, poll time.Duration) *Worker {
	background, cancel := context.WithCancel(context.Background())
	w := &Worker{cancel: cancel, runner: runner, sweep: sweep}
	serve := func(queue string, concurrency int, ctx context.Context) {
		w.servers = append(w.servers, asynq.NewServerFromRedisClient(rdb, asynq.Config{
			Concurrency:       concurrency,
			Queues:            map[string]int{queue: 1},
			BaseContext:       func() context.Context { return ctx },
			TaskCheckInterval: poll,
			Logger:            logger{runner.Logger},
			LogLevel:          asynq.WarnLevel,
		}))
	}
	serve(QueuePurge, purge.AtOnce, context.Background())
	serve(QueueSteps, 4, context.Background())
	serve(QueuePlans, 1, background)
	if runner.Postman != nil {
		serve(QueueMail, 1, background) // so that mailPace holds for the whole process
	}
	return w
}

// Start begins to take steps, and mail where there is some.
func (w *Worker) Start() error {
	mux := asynq.NewServeMux()
	mux.HandleFunc(typePrefix, w.handle)
	mux.HandleFunc(typeInvite, w.handleInvite) // the longer prefix is taken
	for i, server := range w.servers {
		if err := server.Start(mux); err != nil {
			w.cancel()
			shutDown(w.servers[:i])
			return err
		}
	}
	return nil
}

// Stop waits some seconds for running steps and hands the others back. A mail
// that is being handed over is finished; proposals are begun again by whoever
// runs next.
func (w *Worker) Stop() {
	w.cancel()
	shutDown(w.servers)
}

func shutDown(servers []*asynq.Server) {
	var group sync.WaitGroup
	for _, server := range servers {
		group.Go(server.Shutdown)
	}
	group.Wait()
}

// handle takes the step that the task names. A step that fails is tried again
// by the sweep; one that is finished makes the sweep look for the next.
func (w *Worker) handle(ctx context.Context, task *asynq.Task) error {
	step := enroll.Step(strings.TrimPrefix(task.Type(), typePrefix))
	w.running.Add(1)
	err := w.runner.Run(ctx, string(task.Payload()), step)
	last := w.running.Add(-1) == 0
	if errors.Is(err, errInHand) {
		w.sweep.later()
		return nil
	}
	if err != nil {
		w.runner.Logger.Error("step failed", "step", string(step), "err", err)
		return err
	}
	// Nothing falls due after a proposal. After a purge the mail does, which a night
	// with a hundred of them need not be swept for a hundred times.
	if step != stepPropose && (step != enroll.StepPurge || last) {
		w.sweep.Kick()
	}
	return nil
}

// logger lets asynq write to slog.
type logger struct{ *slog.Logger }

func (l logger) Debug(args ...any) { l.Logger.Debug(fmt.Sprint(args...)) }
func (l logger) Info(args ...any)  { l.Logger.Info(fmt.Sprint(args...)) }
func (l logger) Warn(args ...any)  { l.Logger.Warn(fmt.Sprint(args...)) }
func (l logger) Error(args ...any) { l.Logger.Error(fmt.Sprint(args...)) }
func (l logger) Fatal(args ...any) { l.Logger.Error(fmt.Sprint(args...)) }
