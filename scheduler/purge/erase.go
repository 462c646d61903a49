package purge

import (
	"context"
	"time"

	"cultuurdag/enroll"
)

// rewriteEvery is how often Redis's files are written anew for students who were
// erased: one rewrite serves all of them, of every event.
const rewriteEvery = time.Hour

// LogErased brings the log up to the number of students whom the store counts as
// erased from the event before its purge. Whoever erased them, and even where
// the program stopped just then, it is logged by the next call; twice is once.
func (p *Purger) LogErased(ctx context.Context, event string) error {
	unlock, err := p.lock(ctx, event)
	if err != nil {
		return err
	}
	err = p.logErased(ctx, event)
	if unlockErr := unlock(); err == nil {
		err = unlockErr
	}
	return err
}

// logErased is LogErased under the event's lock.
func (p *Purger) logErased(ctx context.Context, event string) error {
	e, err := p.Store.Event(ctx, event)
	if err != nil {
		return err
	}
	entries, err := p.Log.Event(event)
	if err != nil {
		return err
	}
	n := e.Erased - erasedIn(entries).logged
	if n <= 0 {
		return nil
	}
	_, err = p.Log.Append(Entry{Event: event, Step: StepStudentErased, At: p.Clock.Now(), Counts: map[string]int{"students": n}})
	if err == nil {
		p.Logger.InfoContext(ctx, "students erased", "event", event, "students", n)
	}
	return err
}

// erased is how far the erasing of single students of one event has come.
type erased struct {
	logged    int       // students
	rewritten int       // of those, gone from Redis's files too
	last      time.Time // when the files were written anew for the event; zero: never
}

func erasedIn(entries []Entry) (n erased) {
	for _, e := range entries {
		switch e.Step {
		case StepStudentErased:
			n.logged += e.Counts["students"]
		case StepErasureRewritten:
			n.rewritten, n.last = e.Counts["students"], e.At
		}
	}
	return n
}

// RewriteErased has Redis write its files anew, once an hour at most, where the
// log has students who were erased since the last time. Events that are being
// purged are left to their purge.
func (p *Purger) RewriteErased(ctx context.Context, events []enroll.Event) error {
	unlock, err := p.lock(ctx, "erased") // no event has such an id
	if err != nil {
		return err
	}
	err = p.rewriteErased(ctx, events)
	if unlockErr := unlock(); err == nil {
		err = unlockErr
	}
	return err
}

func (p *Purger) rewriteErased(ctx context.Context, events []enroll.Event) error {
	all, err := p.Log.Entries()
	if err != nil {
		return err
	}
	byEvent := byEvent(all)
	now, due := p.Clock.Now(), map[string]int{}
	for _, e := range events {
		n := erasedIn(byEvent[e.ID])
		if now.Sub(n.last) < rewriteEvery {
			return nil
		}
		if n.logged > n.rewritten && !e.Gone(now) {
			due[e.ID] = n.logged
		}
	}
	if len(due) == 0 {
		return nil
	}
	entry, err := p.rewriteLog(ctx, work{})
	if err != nil {
		return err
	}
	for event, n := range due {
		counts := map[string]int{"students": n}
		if removed, ok := entry.Counts["snapshots"]; ok {
			counts["snapshots"] = removed
		}
		if _, err := p.Log.Append(Entry{Event: event, Step: StepErasureRewritten, At: p.Clock.Now(), Counts: counts, Note: entry.Note}); err != nil {
			return err
		}
	}
	return nil
}

// byEvent sorts entries by what they are of.
func byEvent(entries []Entry) map[string][]Entry {
	sorted := map[string][]Entry{}
	for _, e := range entries {
		sorted[e.Event] = append(sorted[e.Event], e)
	}
	return sorted
}
