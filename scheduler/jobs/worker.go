package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
)

// Worker takes steps, proposals and mail from asynq's queues.
type Worker struct {
	server *asynq.Server
	plans  *asynq.Server
	mail   *asynq.Server // nil: no mail is sent
	cancel func()        // ends proposals, and the sending of mail after the one that is in hand
	runner *Runner
	sweep  *Sweep
}

// NewWorker returns a worker on rdb, which it does not own; poll is how often an
// empty queue is looked at.
func NewWorker(rdb redis.UniversalClient, runner *Runner, sweep *Sweep, poll time.Duration) *Worker {
	server := asynq.NewServerFromRedisClient(rdb, asynq.Config{
		Concurrency:       4,
		Queues:            map[string]int{QueuePurge: 6, QueueSteps: 4},
		TaskCheckInterval: poll,
		Logger:            logger{runner.Logger},
		LogLevel:          asynq.WarnLevel,
	})
	background, cancel := context.WithCancel(context.Background())
	plans := asynq.NewServerFromRedisClient(rdb, asynq.Config{
		Concurrency:       1,
		Queues:            map[string]int{QueuePlans: 1},
		BaseContext:       func() context.Context { return background },
		TaskCheckInterval: poll,
		Logger:            logger{runner.Logger},
		LogLevel:          asynq.WarnLevel,
	})
	w := &Worker{server: server, plans: plans, cancel: cancel, runner: runner, sweep: sweep}
	if runner.Postman != nil {
		w.mail = asynq.NewServerFromRedisClient(rdb, asynq.Config{
			Concurrency:       1, // so that mailPace holds for the whole process
			Queues:            map[string]int{QueueMail: 1},
			BaseContext:       func() context.Context { return background },
			TaskCheckInterval: poll,
			Logger:            logger{runner.Logger},
			LogLevel:          asynq.WarnLevel,
		})
	}
	return w
}

// Start begins to take steps, and mail where there is some.
func (w *Worker) Start() error {
	mux := asynq.NewServeMux()
	mux.HandleFunc(typePrefix, w.handle)
	if err := w.server.Start(mux); err != nil {
		return err
	}
	if err := w.plans.Start(mux); err != nil {
		w.server.Shutdown()
		return err
	}
	if w.mail == nil {
		return nil
	}
	mux = asynq.NewServeMux()
	mux.HandleFunc(typeInvite, w.handleInvite)
	if err := w.mail.Start(mux); err != nil {
		w.plans.Shutdown()
		w.server.Shutdown()
		return err
	}
	return nil
}

// Stop waits some seconds for running steps and hands the others back. A mail
// that is being handed over is finished; proposals are begun again by whoever
// runs next.
func (w *Worker) Stop() {
	w.cancel()
	if w.mail != nil {
		w.mail.Shutdown()
	}
	w.plans.Shutdown()
	w.server.Shutdown()
}

// handle takes the step that the task names. A step that fails is tried again
// by the sweep; one that is finished makes the sweep look for the next.
func (w *Worker) handle(ctx context.Context, task *asynq.Task) error {
	step := enroll.Step(strings.TrimPrefix(task.Type(), typePrefix))
	if err := w.runner.Run(ctx, string(task.Payload()), step); err != nil {
		w.runner.Logger.Error("step failed", "step", string(step), "err", err)
		return err
	}
	if step != stepPropose { // after which nothing falls due
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
