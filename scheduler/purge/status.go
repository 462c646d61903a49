package purge

import (
	"context"
	"errors"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
)

// Late is how long after its deadline a purge that is not complete counts as
// overdue.
const Late = 20 * time.Minute

// State is where the purge of an event stands.
type State string

// The states of a purge.
const (
	Waiting State = "waiting" // its deadline has not come
	Due     State = "due"     // it has; nothing was done yet
	Running State = "running" // a step was done, and not all
	Overdue State = "overdue" // it should have been complete by now
	Done    State = "done"
)

// Status is where the purge of an event stands.
type Status struct {
	Event     string        `json:"event"`
	Title     string        `json:"title"`
	State     State         `json:"state"`
	Due       time.Time     `json:"due"`
	Since     time.Duration `json:"since,omitempty"` // how long it has been due and is not complete
	Next      Step          `json:"next,omitempty"`  // the step that it has to take next; none when done
	Completed time.Time     `json:"completed,omitzero"`
	Steps     []Entry       `json:"steps"` // of the log

	Trouble *store.Trouble `json:"trouble,omitempty"` // why it goes no further; nil: it does, or nothing is known
}

// Status returns where the purge of every event stands, in the order of
// store.Events. Done is said of what is complete in the log; whether the event
// was marked purged follows within a sweep. Where the log cannot be read, or one of
// the events, the others are told all the same, as far as the events know: that is
// just when somebody has to be warned.
func (p *Purger) Status(ctx context.Context) ([]Status, error) {
	events, err := p.Store.Events(ctx)
	if err != nil && len(events) == 0 {
		return nil, err
	}
	entries, errLog := p.Log.Entries()
	if err := errors.Join(err, errLog); err != nil {
		p.Logger.ErrorContext(ctx, "purge: how they stand is told without what cannot be read", "err", err)
	}
	of := byEvent(entries)
	all := make([]Status, len(events))
	for i, e := range events {
		if errLog != nil && e.State == enroll.Purged {
			all[i] = Status{Event: e.ID, Title: e.Title, State: Done, Due: e.PurgeDue(), Completed: e.PurgedAt}
			continue
		}
		all[i] = statusOf(e, of[e.ID], p.Clock.Now())
		if s := all[i].State; s != Waiting && s != Done {
			if all[i].Trouble, err = p.trouble(ctx, e.ID); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func statusOf(e enroll.Event, entries []Entry, now time.Time) Status {
	w := workOf(e.ID, entries)
	s := Status{Event: e.ID, Title: e.Title, State: Waiting, Due: e.PurgeDue(), Steps: entries}
	for _, entry := range entries {
		if entry.Step == StepCompleted {
			s.Completed = entry.At
		}
	}
	if w.finished() {
		s.State = Done
		return s
	}
	s.Next = w.next()
	switch {
	case len(w.done) > 0:
		s.State = Running
		if begun := w.done[StepStarted].At; begun.Before(s.Due) || w.again > 0 {
			s.Since = now.Sub(begun)
		} else {
			s.Since = now.Sub(s.Due)
		}
	case e.State == enroll.Purging || e.PurgeEarly || !now.Before(s.Due):
		s.State = Due
		_, since, _ := e.Due(now) // which is earlier where it was asked for
		s.Since = now.Sub(since)
	}
	if s.Since > Late {
		s.State = Overdue
	}
	return s
}
