package purge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hibiken/asynq"
)

// destroyKey is the step after which no name can be read again.
func (p *Purger) destroyKey(_ context.Context, w work) (Entry, error) {
	return Entry{}, p.Store.Keystore().Destroy(w.event)
}

// deleteCiphertext deletes what the event has in Redis: its personal keys and
// its tasks.
func (p *Purger) deleteCiphertext(ctx context.Context, w work) (Entry, error) {
	keys, err := p.Store.DeletePersonal(ctx, w.event)
	if err != nil {
		return Entry{}, err
	}
	tasks, err := p.deleteTasks(w.event)
	if err != nil {
		return Entry{}, err
	}
	return Entry{Counts: map[string]int{"keys": keys, "tasks": tasks}}, nil
}

// deleteTasks deletes every task of the event, but those that run now: one of
// them is this purge. It returns how many went. A task of an event has the
// event's id, which is random, in its payload or in its own id.
func (p *Purger) deleteTasks(event string) (int, error) {
	if p.Inspector == nil {
		return 0, nil
	}
	queues, err := p.Inspector.Queues()
	if err != nil {
		return 0, fmt.Errorf("listing queues: %w", err)
	}
	n := 0
	for _, queue := range queues {
		for _, list := range []func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error){
			p.Inspector.ListPendingTasks, p.Inspector.ListScheduledTasks, p.Inspector.ListRetryTasks,
			p.Inspector.ListArchivedTasks, p.Inspector.ListCompletedTasks,
		} {
			tasks, err := tasksOf(event, queue, list)
			if err != nil {
				return n, err
			}
			for _, id := range tasks {
				deleted, err := p.deleteTask(queue, id)
				if err != nil {
					return n, err
				}
				n += deleted
			}
		}
	}
	return n, nil
}

// tasksOf returns the ids of the event's tasks on one list of a queue. The list
// is read whole before anything is deleted, as deleting moves its pages.
func tasksOf(event, queue string, list func(string, ...asynq.ListOption) ([]*asynq.TaskInfo, error)) ([]string, error) {
	const size = 500
	var ids []string
	for page := 1; ; page++ {
		tasks, err := list(queue, asynq.PageSize(size), asynq.Page(page))
		if errors.Is(err, asynq.ErrQueueNotFound) {
			return ids, nil
		}
		if err != nil {
			return nil, fmt.Errorf("listing tasks: %w", err)
		}
		for _, t := range tasks {
			if bytes.Contains(t.Payload, []byte(event)) || strings.Contains(t.ID, event) {
				ids = append(ids, t.ID)
			}
		}
		if len(tasks) < size {
			return ids, nil
		}
	}
}

// deleteTask deletes a task, unless it went or was begun meanwhile.
func (p *Purger) deleteTask(queue, id string) (int, error) {
	err := p.Inspector.DeleteTask(queue, id)
	if err == nil {
		return 1, nil
	}
	if errors.Is(err, asynq.ErrTaskNotFound) || errors.Is(err, asynq.ErrQueueNotFound) {
		return 0, nil
	}
	if t, gone := p.Inspector.GetTaskInfo(queue, id); errors.Is(gone, asynq.ErrTaskNotFound) || gone == nil && t.State == asynq.TaskStateActive {
		return 0, nil
	}
	return 0, fmt.Errorf("deleting a task: %w", err)
}
