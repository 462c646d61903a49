package enroll

import (
	"strconv"
	"time"
)

// Mode is the way in which places are given out.
type Mode string

// The modes of an event.
const (
	FirstCome Mode = "first_come" // who chooses first, has the seat
	Ranking   Mode = "ranking"    // wishes, divided after closing
)

// State is where an event stands in its life.
type State string

// The states of an event, in the order of its life.
const (
	Draft     State = "draft"
	Open      State = "open"
	Closed    State = "closed"
	Allocated State = "allocated"
	Published State = "published"
	Purging   State = "purging"
	Purged    State = "purged"
	Cancelled State = "cancelled"
)

// Event is one culture day of one school. Nothing in it is about a student.
type Event struct {
	ID              string    `json:"id"`
	Code            string    `json:"code"` // the four public characters that begin every login code
	School          string    `json:"school"`
	Title           string    `json:"title"`
	Date            Date      `json:"date"`
	LastDate        Date      `json:"last_date"` // equals Date for a single day
	Location        string    `json:"location"`
	LocationContact string    `json:"location_contact"`
	Directions      string    `json:"directions,omitempty"` // where to go, see Way
	Notes           string    `json:"notes"`
	Mode            Mode      `json:"mode"`
	OpenAt          time.Time `json:"open_at"`
	CloseAt         time.Time `json:"close_at"`
	PublishAt       time.Time `json:"publish_at,omitzero"`   // zero: as soon as allocated
	RankLength      int       `json:"rank_length,omitempty"` // how many a student has to rank, see Ranks
	Invitations     bool      `json:"invitations,omitempty"` // only then are e-mail addresses kept

	Recipient string       `json:"recipient"`           // the age recipient for class lists
	Programme int          `json:"programme"`           // version of the programme; 0: none yet
	Students  int          `json:"students"`            // how many; kept after the purge
	Erased    int          `json:"erased,omitempty"`    // students who were erased before the purge, by hand or with a list
	Cancelled []SessionKey `json:"cancelled,omitempty"` // sessions that stayed below their minimum

	State       State     `json:"state"`
	Version     int       `json:"version"` // goes up at every change of the event itself
	CreatedAt   time.Time `json:"created_at"`
	CancelledAt time.Time `json:"cancelled_at,omitzero"`
	AllocatedAt time.Time `json:"allocated_at,omitzero"`
	PurgedAt    time.Time `json:"purged_at,omitzero"`
	PurgeEarly  bool      `json:"purge_early,omitempty"` // somebody asked for the purge before its day

	PurgeAskedAt time.Time `json:"purge_asked_at,omitzero"` // with PurgeEarly: when
	Letters      *Letters  `json:"-"`                       // the certificate's mail; nil: none has to go out (any more)

	Costs      string `json:"costs,omitempty"`      // which costs the allocation takes; "" is fair
	Seed       int64  `json:"seed,omitempty"`       // of the allocation
	Reallocate bool   `json:"reallocate,omitempty"` // the organiser asked to give out the places again

	ReallocateBy string `json:"reallocate_by,omitempty"` // account that asked to give out places; "" where it goes by itself

	// Revision counts changes of students, choices and programme; Listed is the
	// revision that the present overviews were made from (0: none were).
	Revision int64 `json:"revision"`
	Listed   int64 `json:"listed"`
}

// Letters is how far the mailing of a certificate has come.
type Letters struct {
	Attempts int       // that left somebody without
	NotUntil time.Time // before which it waits
}

// PurgeDue returns the moment from which everything about the students is
// gone: the first moment of the day after the last date. A cancelled event
// goes the day after it was cancelled, if that is earlier.
func (e Event) PurgeDue() time.Time {
	last := e.LastDate
	if last.IsZero() {
		last = e.Date
	}
	due := last.NextMidnight()
	if !e.CancelledAt.IsZero() {
		if d := DateOf(e.CancelledAt).NextMidnight(); d.Before(due) {
			due = d
		}
	}
	return due
}

// StateAt returns the state as a person sees it at the moment now: enrolment
// opens and closes, and the data are out of reach, at the very moment, whether
// or not a worker has written that down yet.
func (e Event) StateAt(now time.Time) State {
	switch {
	case e.State == Purged:
		return Purged
	case e.State == Purging || e.PurgeEarly || !now.Before(e.PurgeDue()):
		return Purging
	case e.State == Draft && !now.Before(e.CloseAt), e.State == Open && !now.Before(e.CloseAt):
		return Closed
	case e.State == Draft && !now.Before(e.OpenAt):
		return Open
	}
	return e.State
}

// Gone reports whether the students' data are out of reach at the moment now.
func (e Event) Gone(now time.Time) bool {
	s := e.StateAt(now)
	return s == Purging || s == Purged
}

// maxDays is how many days an event may last: a typing error in a year would
// keep children's data for as long.
const maxDays = 14

// maxYears is how far ahead an event may lie, for the same reason.
const maxYears = 2

// Check returns what is wrong with an event that somebody entered, one
// FieldError for each fault, and nil when nothing is.
func (e Event) Check(now time.Time) error {
	var errs FieldErrors
	errs.need("title", e.Title)
	errs.need("school", e.School)
	errs.text("location", e.Location, maxLine)
	errs.text("location_contact", e.LocationContact, maxLine)
	errs.text("directions", e.Directions, maxParagraph)
	errs.text("notes", e.Notes, maxParagraph)
	if e.Date.IsZero() {
		errs.Add("date", "required")
	} else if e.Date.Before(DateOf(now)) {
		errs.Add("date", "in_past")
	} else if DateOf(now.AddDate(maxYears, 0, 0)).Before(e.Date) {
		errs.Add("date", "too_far", strconv.Itoa(maxYears))
	}
	switch {
	case e.LastDate.IsZero(), e.Date.IsZero():
	case e.LastDate.Before(e.Date):
		errs.Add("last_date", "before_date")
	case e.Date.AddDays(maxDays - 1).Before(e.LastDate):
		errs.Add("last_date", "too_long", strconv.Itoa(maxDays))
	}
	if e.Mode != FirstCome && e.Mode != Ranking {
		errs.Add("mode", "unknown")
	}
	if e.RankLength < 0 || e.RankLength > MaxRankLength {
		errs.Add("rank_length", "out_of_range", strconv.Itoa(MaxRankLength))
	}
	switch {
	case e.OpenAt.IsZero():
		errs.Add("open_at", "required")
	case e.CloseAt.IsZero():
		errs.Add("close_at", "required")
	case e.OpenAt.Before(now.AddDate(-maxYears, 0, 0)):
		errs.Add("open_at", "in_past")
	case !e.CloseAt.After(e.OpenAt):
		errs.Add("close_at", "before_open")
	case e.ID == "" && !e.CloseAt.After(now):
		errs.Add("close_at", "in_past")
	case !e.Date.IsZero() && e.CloseAt.After(e.PurgeDue()):
		errs.Add("close_at", "after_date")
	}
	switch {
	case e.PublishAt.IsZero():
	case e.PublishAt.Before(e.CloseAt):
		errs.Add("publish_at", "before_close")
	case !e.Date.IsZero() && e.PublishAt.After(e.PurgeDue()):
		errs.Add("publish_at", "after_date")
	}
	return errs.OrNil()
}
