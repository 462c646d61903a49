package purge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
)

// ErrNotVerified means that a purge is not complete because something is left of
// the event; the text says what, and names no one.
var ErrNotVerified = errors.New("something is left of the event")

// Purger destroys what events hold about their students. It is safe for
// concurrent use, also by several processes that share the log and the keystore.
type Purger struct {
	Store     *store.Store
	Log       *Log
	RedisDir  string           // Redis's data folder, "" where it cannot be seen
	Clock     *enroll.Clock    // the clock of Store
	Logger    *slog.Logger     // gets event ids and steps, nothing about a student
	Inspector *asynq.Inspector // to delete an event's tasks; nil: there are none

	// Certificate notes that the certificate of a completed purge has to be sent;
	// nil: nobody gets one. It is called once, twice where the program stops just
	// then, before the event is marked purged; where it fails, it is called again.
	Certificate func(ctx context.Context, event string) error

	troubles sync.Map                       // event -> store.Trouble: why its purge failed last
	searches store.Shared[string, searched] // of Redis's files, for tags

	// stop is where tests break a purge off: after a step was done, and after it
	// was logged.
	stop func(step Step, logged bool) error
}

// work is the purge of one event, as far as the log has it.
type work struct {
	event string
	again int            // the round
	done  map[Step]Entry // of this round
	first Entry          // StepStarted of the first round: counts, tag, canary
}

// workOf reads from an event's entries where its purge stands.
func workOf(event string, entries []Entry) work {
	w := work{event: event, done: map[Step]Entry{}}
	for _, e := range entries {
		if e.Event != event || !e.Step.OfPurge() {
			continue
		}
		if e.Step == StepStarted {
			if e.Again == 0 {
				w.first = e
			}
			w.again, w.done = e.Again, map[Step]Entry{}
		}
		w.done[e.Step] = e
	}
	return w
}

func (w work) has(step Step) bool { _, ok := w.done[step]; return ok }

// last returns the step that ends the round.
func (w work) last() Step {
	if w.again > 0 {
		return StepVerified
	}
	return StepCompleted
}

// next returns the step that the round has to take next; "" where it is finished.
func (w work) next() Step {
	if w.finished() {
		return ""
	}
	for _, step := range steps {
		if !w.has(step) {
			return step
		}
	}
	return ""
}

func (w work) finished() bool { return w.has(w.last()) }

// Run purges the event, or goes on where its purge was broken off; where it is
// complete it does nothing. It returns nil when the purge is complete.
//
// enroll.ErrState: its deadline has not come and nobody asked for an early
// purge. enroll.ErrClock: the clocks disagree; nothing was destroyed.
// enroll.ErrNotFound, enroll.ErrStore. ErrNotVerified: everything was done, and
// something is left. Every error leaves the purge to be resumed by another Run.
func (p *Purger) Run(ctx context.Context, event string) error {
	unlock, err := p.lock(ctx, event)
	if err != nil {
		p.noteTrouble(ctx, event, err)
		return err
	}
	if err = p.run(ctx, event); err != nil {
		p.noteTrouble(ctx, event, err)
	}
	return errors.Join(err, unlock())
}

// run is Run under the event's lock.
func (p *Purger) run(ctx context.Context, event string) error {
	entries, err := p.Log.Event(event)
	if err != nil {
		return err
	}
	w := workOf(event, entries)
	if w.finished() {
		return p.conclude(ctx, w)
	}
	if w.has(StepStarted) {
		if err := p.shutAgain(ctx, event); err != nil {
			return err
		}
	}
	return p.take(ctx, w)
}

// take takes the steps of the round that are not logged yet.
func (p *Purger) take(ctx context.Context, w work) error {
	do := map[Step]func(context.Context, work) (Entry, error){
		StepStarted:           p.start,
		StepKeyDestroyed:      p.destroyKey,
		StepCiphertextDeleted: p.deleteCiphertext,
		StepLogRewritten:      p.rewriteLog,
		StepVerified:          p.verify,
		StepCompleted:         p.complete,
	}
	for _, step := range steps {
		if !w.has(step) {
			entry, err := p.step(ctx, w, step, do[step])
			if err != nil {
				return fmt.Errorf("purge of event %s: %s: %w", w.event, step, err)
			}
			w.done[step] = entry
			if step == StepStarted && w.again == 0 {
				w.first = entry
			}
		}
		if step == w.last() {
			break
		}
	}
	return p.conclude(ctx, w)
}

// step does one step and then logs it.
func (p *Purger) step(ctx context.Context, w work, step Step, do func(context.Context, work) (Entry, error)) (Entry, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, err
	}
	begin := time.Now() // the machine's: a moved clock takes no time
	entry, err := do(ctx, w)
	if err != nil {
		return Entry{}, err
	}
	if err := p.reached(step, false); err != nil {
		return Entry{}, err
	}
	entry.Event, entry.Step, entry.Again, entry.At = w.event, step, w.again, p.Clock.Now()
	if step != StepCompleted {
		entry.Seconds = seconds(time.Since(begin))
	}
	entry, added, err := p.Log.AppendOnce(entry)
	if err != nil {
		return Entry{}, err
	}
	if added {
		p.Logger.InfoContext(ctx, "purge", "event", w.event, "step", step, "again", w.again, "entry", entry.Seq)
	}
	return entry, p.reached(step, true)
}

func (p *Purger) reached(step Step, logged bool) error {
	if p.stop == nil {
		return nil
	}
	return p.stop(step, logged)
}

// seconds rounds to milliseconds.
func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*1000) / 1000 }

// shutAgain shuts an event of which the log says that its purge began. An event
// that Redis does not know any more is shut well enough.
func (p *Purger) shutAgain(ctx context.Context, event string) error {
	if err := p.Store.ShutAgain(ctx, event); err != nil && !errors.Is(err, enroll.ErrNotFound) {
		return fmt.Errorf("purge of event %s: shutting it again: %w", event, err)
	}
	return nil
}
