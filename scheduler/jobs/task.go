// Package jobs makes happen what happens by itself: a sweep finds the step that
// an event has to take, asynq carries it to a worker, and a handler does it.
//
// The stored event is the truth; asynq only carries work out. Handlers may run
// twice, late, or for a step that is no longer due: each looks for itself.
package jobs

import (
	"fmt"
	"strconv"
	"time"

	"github.com/hibiken/asynq"

	"cultuurdag/enroll"
)

// The queues of steps. A purge never waits behind other work.
const (
	QueuePurge = "purge"
	QueueSteps = "steps"
)

// stepTimeout is how long a step may take.
const stepTimeout = 10 * time.Minute

// typePrefix begins the type of every task: event:open, event:purge …
const typePrefix = "event:"

// newTask returns the task that takes the step. Its payload is the opaque id of
// the event and nothing else: payloads stay readable in Redis.
func newTask(event string, step enroll.Step) *asynq.Task {
	return asynq.NewTask(typePrefix+string(step), []byte(event))
}

// options of a task. The id carries the minute, by the machine's clock: one
// task per event, step and minute, however many instances sweep, and a task
// that asynq archived blocks its id no longer than that (asynq #492, #842,
// #1055). The sweep is what tries again, so that asynq need not.
func options(event string, step enroll.Step, attempt time.Time) []asynq.Option {
	queue := QueueSteps
	switch step {
	case enroll.StepPurge:
		queue = QueuePurge
	case stepPropose:
		queue = QueuePlans
	}
	minute := strconv.FormatInt(attempt.Unix()/60, 10)
	return []asynq.Option{
		asynq.TaskID(fmt.Sprintf("%s:%s:%s", step, event, minute)),
		asynq.Queue(queue),
		asynq.MaxRetry(0),
		asynq.Retention(0),
		asynq.Timeout(stepTimeout),
	}
}
