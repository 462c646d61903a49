package jobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/scheduler/purge"
)

// day is a world with an event and a runner; nothing sweeps yet.
type day struct {
	*enrolltest.World
	event     enroll.Event
	programme enroll.Programme
	students  []enroll.Student
	codes     map[string]crypto.Code
	runner    *Runner
	sweep     *Sweep
	client    *asynq.Client
}

func newDay(t *testing.T, students int) *day {
	t.Helper()
	w := enrolltest.New(t)
	d := &day{World: w}
	d.event = w.Event(t, w.School(t, "De Springplank"))
	d.programme = w.Programme(t, d.event, 6, 3, max(students/5, 1))
	d.students, d.codes = w.Enrol(t, d.event.ID, students)
	secret, _, err := crypto.GenerateLogKey("test")
	if err != nil {
		t.Fatal(err)
	}
	key, err := crypto.ParseLogKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	log, err := purge.Open(filepath.Join(w.Dir, "purge.log"), key)
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	purger := &purge.Purger{
		Store: w.Store, Log: log, RedisDir: w.Server.Dir, Clock: w.Clock, Logger: logger,
		Inspector: asynq.NewInspectorFromRedisClient(w.Redis),
	}
	d.runner = &Runner{Store: w.Store, Clock: w.Clock, Purger: purger, Logger: logger}
	d.client = asynq.NewClientFromRedisClient(w.Redis)
	d.sweep = NewSweep(d.runner, d.client)
	return d
}

// work sweeps and works until the test ends.
func (d *day) work(t *testing.T) {
	t.Helper()
	worker := NewWorker(d.Redis, d.runner, d.sweep, 10*time.Millisecond)
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { d.sweep.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done; worker.Stop() })
}

func (d *day) state(t *testing.T) enroll.State {
	t.Helper()
	e, err := d.Store.Event(t.Context(), d.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	return e.State
}

// until waits for the event to reach the state: workers tell nobody else.
func (d *day) until(t *testing.T, want enroll.State) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for d.state(t) != want {
		if time.Now().After(deadline) {
			t.Fatalf("the event is %s, not %s", d.state(t), want)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// The whole life happens by itself, as the clock moves.
func TestLifeByItself(t *testing.T) {
	ctx := t.Context()
	d := newDay(t, 60)
	d.work(t)
	if d.state(t) != enroll.Draft {
		t.Fatalf("a day before, the event is %s", d.state(t))
	}
	d.Clock.Move(d.event.OpenAt)
	d.sweep.Kick()
	d.until(t, enroll.Open)

	cookie, err := d.Store.SignInStudent(ctx, d.codes[d.students[0].ID])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Store.Take(ctx, cookie, 2, "w3", 0); err != nil {
		t.Fatal(err)
	}
	if err := d.Store.Place(ctx, d.event.ID, d.students[1].ID, 1, "w5"); err != nil {
		t.Fatal(err)
	}

	d.Clock.Move(d.event.CloseAt)
	d.sweep.Kick()
	d.until(t, enroll.Published) // by way of closed and allocated, as publish_at was left out
	choices, _, err := d.Store.Choices(ctx, d.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := choices[d.students[0].ID][2]; got != (enroll.Choice{Workshop: "w3", By: enroll.Chosen}) {
		t.Errorf("what a student chose became %v", got)
	}
	if got := choices[d.students[1].ID][1]; got != (enroll.Choice{Workshop: "w5", By: enroll.Pinned}) {
		t.Errorf("what was pinned became %v", got)
	}
	counts := map[enroll.SessionKey]int{}
	for _, st := range d.students {
		if !choices[st.ID].Complete(3) {
			t.Errorf("a student has places in %d of 3 rounds", len(choices[st.ID]))
		}
		seen := map[string]bool{}
		for round, c := range choices[st.ID] {
			counts[enroll.SessionKey{Workshop: c.Workshop, Round: round}]++
			if seen[c.Workshop] {
				t.Errorf("a student is in %s twice", c.Workshop)
			}
			seen[c.Workshop] = true
		}
	}
	for key, n := range counts {
		if n > 12 {
			t.Errorf("session %v holds %d of 12", key, n)
		}
	}
	files, stale, err := d.Store.Files(ctx, d.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 5 || stale {
		t.Errorf("overviews %v, stale %v", files, stale)
	}

	d.Clock.Move(d.event.PurgeDue())
	d.sweep.Kick()
	d.until(t, enroll.Purged)
	if keys, err := d.Store.PersonalKeys(ctx, d.event.ID); err != nil || len(keys) > 0 {
		t.Errorf("left after the purge: %v, %v", keys, err)
	}
	if has, err := d.Keystore.Has(d.event.ID); err != nil || has {
		t.Errorf("the key file is there after the purge: %v, %v", has, err)
	}
}

// A change after the lists were made has them made again.
func TestListsAreMadeAgain(t *testing.T) {
	ctx := t.Context()
	d := newDay(t, 20)
	d.work(t)
	d.Clock.Move(d.event.CloseAt)
	d.sweep.Kick()
	d.until(t, enroll.Published)
	if err := d.Store.Place(ctx, d.event.ID, d.students[0].ID, 1, ""); err != nil {
		t.Fatal(err)
	}
	d.sweep.Kick()
	deadline := time.Now().Add(10 * time.Second)
	for {
		_, stale, err := d.Store.Files(ctx, d.event.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !stale {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the lists stay as they were")
		}
		<-time.After(10 * time.Millisecond)
	}
}

// Where no worker takes the purge for a quarter of an hour, the sweep does it.
func TestSweepTakesWhatNobodyTakes(t *testing.T) {
	ctx := t.Context()
	d := newDay(t, 10)
	d.Clock.Move(d.event.PurgeDue())
	if _, err := d.sweep.Once(ctx); err != nil {
		t.Fatal(err)
	}
	if s := d.state(t); s != enroll.Draft {
		t.Fatalf("with a task queued and no worker the event is %s", s)
	}
	tasks, err := asynq.NewInspectorFromRedisClient(d.Redis).ListPendingTasks(QueuePurge)
	if err != nil || len(tasks) != 1 || string(tasks[0].Payload) != d.event.ID {
		t.Fatalf("queued: %v, %v", tasks, err)
	}
	steps := fmt.Sprintf("cd:{%s}:k:steps", d.event.ID)
	if err := d.Redis.HSet(ctx, steps, "purge", time.Now().Add(-patience).UnixMilli()).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.sweep.Once(ctx); err != nil {
		t.Fatal(err)
	}
	d.sweep.takers.Wait()
	if s := d.state(t); s != enroll.Purged {
		t.Errorf("after a quarter of an hour the event is %s", s)
	}
}

// A step that is not due does nothing: tasks may come late, twice, or for an
// event that was moved.
func TestStepsThatAreNotDue(t *testing.T) {
	d := newDay(t, 10)
	for _, step := range []enroll.Step{enroll.StepOpen, enroll.StepClose, enroll.StepAllocate, enroll.StepOverviews, enroll.StepPublish, enroll.StepPurge} {
		if err := d.runner.Run(t.Context(), d.event.ID, step); err != nil {
			t.Errorf("%s: %v", step, err)
		}
		if s := d.state(t); s != enroll.Draft {
			t.Fatalf("%s, a day before opening, made the event %s", step, s)
		}
	}
}

// One event's trouble is no other's: with a key that is gone, the next event
// still opens.
func TestTroubleStaysWithItsEvent(t *testing.T) {
	d := newDay(t, 10)
	other := d.Event(t, d.School(t, "De Overkant"))
	if err := d.Keystore.Destroy(d.event.ID); err != nil {
		t.Fatal(err)
	}
	d.work(t)
	d.Clock.Move(d.event.CloseAt)
	d.sweep.Kick()
	d.event = other
	d.until(t, enroll.Published)
}

// While the clocks disagree a purge that nobody takes is tried once a sweep,
// not again and again, and other events go on.
func TestTroubleDoesNotSpin(t *testing.T) {
	ctx := t.Context()
	d := newDay(t, 10)
	d.Clock.Move(d.event.PurgeDue())
	d.Clock.SkewRedis(-time.Hour)
	steps := fmt.Sprintf("cd:{%s}:k:steps", d.event.ID)
	if err := d.Redis.HSet(ctx, steps, "purge", time.Now().Add(-patience).UnixMilli()).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.sweep.Once(ctx); err != nil {
		t.Fatal(err)
	}
	d.sweep.takers.Wait()
	select {
	case <-d.sweep.kick:
		t.Error("a step that failed kicks the sweep: it would spin")
	default:
	}
	if has, err := d.Keystore.Has(d.event.ID); err != nil || !has {
		t.Errorf("the key is gone though the clocks disagree: %v", err)
	}
}

// Somebody who gives the places out again while they are given out gets the
// later of the two.
func TestPlacesGivenOutAgain(t *testing.T) {
	ctx := t.Context()
	d := newDay(t, 30)
	d.Clock.Move(d.event.CloseAt)
	for _, step := range []enroll.Step{enroll.StepClose, enroll.StepAllocate} {
		if err := d.runner.Run(ctx, d.event.ID, step); err != nil {
			t.Fatal(err)
		}
	}
	early, err := d.Store.Event(ctx, d.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Store.UpdateEvent(ctx, d.event.ID, func(e *enroll.Event) error { e.Seed, e.Reallocate = 2, true; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := d.runner.allocate(ctx, early); err != nil { // a worker that is late
		t.Fatal(err)
	}
	report, err := d.Store.Allocation(ctx, d.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(report.Report), `"seed":2`) {
		t.Errorf("the plan is that of another seed: %s", report.Report)
	}
	e, err := d.Store.Event(ctx, d.event.ID)
	if err != nil || e.Reallocate {
		t.Errorf("the places are due to be given out again: %v", err)
	}
}

// A step that another has in hand, for longer than a minute, is not handed out
// and found in hand again without end.
func TestStepInHandIsNotKicked(t *testing.T) {
	ctx := t.Context()
	d := newDay(t, 1)
	d.Clock.Move(d.event.OpenAt)
	worker := NewWorker(d.Redis, d.runner, d.sweep, time.Second)
	defer worker.cancel()
	release, err := d.Store.Lease(ctx, d.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.handle(ctx, newTask(d.event.ID, enroll.StepOpen)); err != nil {
		t.Fatal(err)
	}
	d.sweep.takeOver(ctx, d.event.ID, enroll.StepOpen)
	d.sweep.takers.Wait()
	if len(d.sweep.kick) > 0 || !d.sweep.soon.Load() {
		t.Errorf("in hand: kicked %d times, later %t", len(d.sweep.kick), d.sweep.soon.Load())
	}
	release()
	if err := worker.handle(ctx, newTask(d.event.ID, enroll.StepOpen)); err != nil {
		t.Fatal(err)
	}
	if len(d.sweep.kick) != 1 || d.state(t) != enroll.Open {
		t.Errorf("taken: kicked %d times, the event is %s", len(d.sweep.kick), d.state(t))
	}
}

// While the clocks differ there is nothing to do, and nothing that failed: others
// tell of it. Invitations and proposals that are wanted wait.
func TestSweepWhileTheClocksDiffer(t *testing.T) {
	ctx := t.Context()
	d := newDay(t, 10)
	d.runner.Postman = &Postman{}
	d.ask(t)
	if _, err := d.Store.UpdateEvent(ctx, d.event.ID, func(e *enroll.Event) error { e.Invitations = true; return nil }); err != nil {
		t.Fatal(err)
	}
	d.Clock.SkewRedis(time.Hour)
	if err := d.Store.Gate(ctx, d.event.ID); !errors.Is(err, enroll.ErrClock) {
		t.Fatalf("the clocks do not differ: %v", err)
	}
	if _, err := d.sweep.Once(ctx); err != nil {
		t.Error(err)
	}
}

// A sweep wipes from the memory of its process the key that another destroyed.
func TestSweepWipesDestroyedKeys(t *testing.T) {
	d := newDay(t, 1)
	keys, err := d.Keystore.Keys(d.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	other, err := crypto.OpenKeystore(d.Keystore.Dir(), d.Master)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Destroy(d.event.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.sweep.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if keys.SealRecord("student", "s", 1, nil) != nil {
		t.Error("it is in memory still")
	}
}

// A step that hangs, and keeps its lease alive, holds a purge up for as long as the
// sweep is patient, and writes nothing any more.
func TestPurgeDoesNotWaitForWhatHangs(t *testing.T) {
	ctx := t.Context()
	d := newDay(t, 10)
	release, err := d.Store.Lease(ctx, d.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	d.Clock.Move(d.event.PurgeDue())
	if err := d.runner.Run(ctx, d.event.ID, enroll.StepPurge); !errors.Is(err, errInHand) {
		t.Fatalf("while another step is taken: %v", err)
	}
	steps := fmt.Sprintf("cd:{%s}:k:steps", d.event.ID)
	if err := d.Redis.HSet(ctx, steps, "purge", time.Now().Add(-patience).UnixMilli()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := d.runner.Run(ctx, d.event.ID, enroll.StepPurge); err != nil || d.state(t) != enroll.Purged {
		t.Errorf("it waits: %v", err)
	}
	if err := d.Store.PutFiles(ctx, d.event.ID, 1, 0, map[string][]byte{"rosters.pdf": nil}); !errors.Is(err, enroll.ErrPurged) {
		t.Errorf("what hung comes back: %v", err)
	}
	if keys, err := d.Store.PersonalKeys(ctx, d.event.ID); err != nil || len(keys) > 0 {
		t.Errorf("left: %v, %v", keys, err)
	}
}
