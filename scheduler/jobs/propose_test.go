package jobs

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"cultuurdag/enroll/store"
)

func (d *day) proposals(t *testing.T) store.Proposals {
	t.Helper()
	p, err := d.Store.Proposals(context.WithoutCancel(t.Context()), d.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (d *day) ask(t *testing.T) {
	t.Helper()
	err := d.Store.AskProposals(t.Context(), d.event.ID, store.Ask{ID: "ask", Kinds: []string{store.ProposalFair, store.ProposalFirst, store.ProposalFloor}})
	if err != nil {
		t.Fatal(err)
	}
}

// What an organiser asks for is worked out by a worker, though no step is due.
func TestProposalsAreWorkedOut(t *testing.T) {
	d := newDay(t, 30)
	d.ask(t)
	d.work(t)
	deadline := time.Now().Add(20 * time.Second)
	for d.proposals(t).State == store.AllocationRunning {
		if time.Now().After(deadline) {
			t.Fatal("nobody works them out")
		}
		<-time.After(10 * time.Millisecond)
	}
	if p := d.proposals(t); p.State != store.AllocationDone || len(p.All) != 3 {
		t.Errorf("%+v", p)
	}
}

// A task that asynq lost is handed out again; one that nobody takes is taken by
// the sweep. The payload is the event's id and nothing else, in a queue of its
// own, so that no purge waits for it.
func TestProposalsThatAreLost(t *testing.T) {
	ctx := t.Context()
	d := newDay(t, 30)
	if _, err := d.sweep.Once(ctx); err != nil {
		t.Fatal(err)
	}
	inspector := asynq.NewInspectorFromRedisClient(d.Redis)
	if queues, err := inspector.Queues(); err != nil || len(queues) > 0 {
		t.Fatalf("before anything is asked: %v, %v", queues, err)
	}
	d.ask(t)
	for range 2 { // the second time it is there already
		if _, err := d.sweep.Once(ctx); err != nil {
			t.Fatal(err)
		}
	}
	tasks, err := inspector.ListPendingTasks(QueuePlans)
	if err != nil || len(tasks) != 1 || string(tasks[0].Payload) != d.event.ID || tasks[0].Type != "event:propose" {
		t.Fatalf("queued: %v, %v", tasks, err)
	}
	if err := inspector.DeleteTask(QueuePlans, tasks[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.sweep.Once(ctx); err != nil {
		t.Fatal(err)
	}
	if tasks, err := inspector.ListPendingTasks(QueuePlans); err != nil || len(tasks) != 1 {
		t.Fatalf("after it was lost: %v, %v", tasks, err)
	}
	steps := fmt.Sprintf("cd:{%s}:k:steps", d.event.ID)
	if err := d.Redis.HSet(ctx, steps, "propose", time.Now().Add(-patience).UnixMilli()).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.sweep.Once(ctx); err != nil {
		t.Fatal(err)
	}
	d.sweep.takers.Wait()
	if p := d.proposals(t); p.State != store.AllocationDone || len(p.All) != 3 {
		t.Errorf("a quarter of an hour later: %+v", p)
	}
	// Late, when all is done: nothing happens.
	if err := d.runner.Run(ctx, d.event.ID, stepPropose); err != nil {
		t.Error(err)
	}
}

// While another works them out nobody else does; and the purge goes first.
func TestProposalsKeepNothingWaiting(t *testing.T) {
	ctx := t.Context()
	d := newDay(t, 10)
	d.ask(t)
	release, err := d.Store.LeaseProposals(ctx, d.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.runner.Run(ctx, d.event.ID, stepPropose); !errors.Is(err, errInHand) || len(d.proposals(t).All) > 0 {
		t.Errorf("worked out twice: %v", err)
	}
	d.Clock.Move(d.event.PurgeDue())
	if err := d.runner.Run(ctx, d.event.ID, "purge"); err != nil {
		t.Errorf("the purge waits: %v", err)
	}
	release()
	if err := d.runner.Run(ctx, d.event.ID, stepPropose); err != nil {
		t.Errorf("after the purge: %v", err)
	}
	if keys, err := d.Store.PersonalKeys(ctx, d.event.ID); err != nil || len(keys) > 0 {
		t.Errorf("left: %v, %v", keys, err)
	}
}
