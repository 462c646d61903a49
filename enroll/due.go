package enroll

import "time"

// Step is something that happens to an event by itself.
type Step string

// The steps, in the order in which an event goes through them.
const (
	StepOpen      Step = "open"
	StepClose     Step = "close"
	StepAllocate  Step = "allocate"
	StepOverviews Step = "overviews"
	StepPublish   Step = "publish"
	StepPurge     Step = "purge"
)

// Due returns the step that e has to take at the moment now, and since when
// it is due. One step at a time: a finished step makes the next one due.
func (e Event) Due(now time.Time) (step Step, since time.Time, ok bool) {
	if e.State == Purged {
		return "", time.Time{}, false
	}
	if e.State == Purging || e.PurgeEarly || !now.Before(e.PurgeDue()) {
		since := e.PurgeDue()
		if e.PurgeEarly && !e.PurgeAskedAt.IsZero() && e.PurgeAskedAt.Before(since) {
			since = e.PurgeAskedAt
		}
		if since.After(now) {
			since = now
		}
		return StepPurge, since, true
	}
	switch e.State {
	case Draft, Open:
		if !now.Before(e.CloseAt) {
			return StepClose, e.CloseAt, true
		}
		if e.State == Draft && !now.Before(e.OpenAt) {
			return StepOpen, e.OpenAt, true
		}
	case Closed:
		return StepAllocate, e.CloseAt, true
	case Allocated, Published:
		if e.Reallocate {
			return StepAllocate, e.AllocatedAt, true
		}
		publish := e.State == Allocated && !now.Before(e.publishAt())
		if e.Listed != e.Revision && !(publish && now.Sub(e.publishAt()) > listPatience) {
			return StepOverviews, e.AllocatedAt, true
		}
		if publish {
			return StepPublish, e.publishAt(), true
		}
	}
	return "", time.Time{}, false
}

// listPatience is how long publishing waits for lists that cannot be made.
const listPatience = 10 * time.Minute

func (e Event) publishAt() time.Time {
	if e.PublishAt.IsZero() {
		return e.AllocatedAt
	}
	return e.PublishAt
}

// NextDue returns the next moment after now at which a step falls due by the
// clock alone, so that a sweep can wait for exactly that moment.
func (e Event) NextDue(now time.Time) (time.Time, bool) {
	var next time.Time
	for _, t := range []time.Time{e.OpenAt, e.CloseAt, e.PublishAt, e.PurgeDue()} {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next, !next.IsZero() && e.State != Purged
}
