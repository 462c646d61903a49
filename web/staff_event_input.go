package web

import (
	"cmp"
	"slices"
	"time"

	"cultuurdag/enroll"
)

// eventInput is an event as it is entered: what is nil was left out. Dates and
// times are texts, so that a form that is refused shows what was typed.
type eventInput struct {
	School          *string `json:"school" form:"school"`
	Title           *string `json:"title" form:"title"`
	Date            *string `json:"date" form:"date"`
	LastDate        *string `json:"last_date" form:"last_date"`
	Location        *string `json:"location" form:"location"`
	LocationContact *string `json:"location_contact" form:"location_contact"`
	Directions      *string `json:"directions" form:"directions"`
	Notes           *string `json:"notes" form:"notes"`
	Mode            *string `json:"mode" form:"mode"`
	OpenAt          *string `json:"open_at" form:"open_at"`
	CloseAt         *string `json:"close_at" form:"close_at"`
	PublishAt       *string `json:"publish_at" form:"publish_at"`
	RankLength      *int    `json:"rank_length" form:"rank_length"`
	Invitations     *bool   `json:"invitations" form:"invitations"`
}

// eventFields is eventInput with an empty text for what was left out, for a form.
type eventFields struct {
	School, Title, Date, LastDate, Location, LocationContact, Directions, Notes, Mode, OpenAt, CloseAt, PublishAt string
	Invitations                                                                                                   bool
	RankLength                                                                                                    int
}

func fieldsOfEvent(e enroll.Event) eventFields {
	f := eventFields{
		e.School, e.Title, e.Date.String(), e.LastDate.String(), e.Location, e.LocationContact, e.Directions, e.Notes, string(e.Mode),
		formatMoment(e.OpenAt), formatMoment(e.CloseAt), formatMoment(e.PublishAt), e.Invitations, cmp.Or(e.RankLength, enroll.DefaultRankLength),
	}
	if e.LastDate == e.Date {
		f.LastDate = ""
	}
	return f
}

// over puts what was entered over f.
func (in eventInput) over(f eventFields) eventFields {
	for _, x := range []struct {
		to   *string
		from *string
	}{
		{&f.School, in.School}, {&f.Title, in.Title}, {&f.Date, in.Date}, {&f.LastDate, in.LastDate},
		{&f.Location, in.Location}, {&f.LocationContact, in.LocationContact}, {&f.Directions, in.Directions}, {&f.Notes, in.Notes}, {&f.Mode, in.Mode},
		{&f.OpenAt, in.OpenAt}, {&f.CloseAt, in.CloseAt}, {&f.PublishAt, in.PublishAt},
	} {
		if x.from != nil {
			*x.to = *x.from
		}
	}
	if in.Invitations != nil {
		f.Invitations = *in.Invitations
	}
	if in.RankLength != nil {
		f.RankLength = *in.RankLength
	}
	return f
}

// into puts what was entered into e. Where the last date is left out, an event
// that moves keeps its length. It returns faults in the writing alone.
func (in eventInput) into(e *enroll.Event) enroll.FieldErrors {
	var errs enroll.FieldErrors
	date := func(field string, from *string, to *enroll.Date) {
		if from == nil {
			return
		}
		d := enroll.Date{}
		if trim(*from) != "" {
			var err error
			if d, err = enroll.ParseDate(trim(*from)); err != nil {
				errs.Add(field, "bad_date")
				return
			}
		}
		*to = d
	}
	moment := func(field string, from *string, to *time.Time) {
		if from == nil {
			return
		}
		if trim(*from) == "" {
			*to = time.Time{}
			return
		}
		t, ok := parseMoment(trim(*from))
		switch {
		case !ok:
			errs.Add(field, "bad_moment")
		case formatMoment(t) == formatMoment(*to) && len(trim(*from)) == len(formMoment):
			// A form has no seconds; what it did not change stays as it was.
		default:
			*to = t
		}
	}
	text := func(from *string, to *string) {
		if from != nil {
			*to = trim(*from)
		}
	}
	text(in.School, &e.School)
	text(in.Title, &e.Title)
	text(in.Location, &e.Location)
	text(in.LocationContact, &e.LocationContact)
	text(in.Directions, &e.Directions)
	text(in.Notes, &e.Notes)
	if in.Mode != nil {
		e.Mode = enroll.Mode(*in.Mode)
	}
	before, length := e.Date, 0
	if !e.Date.IsZero() && !e.LastDate.IsZero() {
		length = e.Date.DaysUntil(e.LastDate)
	}
	date("date", in.Date, &e.Date)
	switch {
	case in.LastDate != nil && trim(*in.LastDate) != "":
		date("last_date", in.LastDate, &e.LastDate)
	case in.LastDate != nil:
		e.LastDate = e.Date
	case e.Date != before && !e.Date.IsZero():
		e.LastDate = e.Date.AddDays(length)
	}
	moment("open_at", in.OpenAt, &e.OpenAt)
	moment("close_at", in.CloseAt, &e.CloseAt)
	moment("publish_at", in.PublishAt, &e.PublishAt)
	if in.RankLength != nil {
		e.RankLength = *in.RankLength
	}
	if in.Invitations != nil {
		e.Invitations = *in.Invitations
	}
	return errs
}

// merged returns the faults of writing and of meaning together, one a field.
func merged(errs enroll.FieldErrors, more error) error {
	if fields, ok := more.(enroll.FieldErrors); ok {
		for _, f := range fields {
			if !slices.ContainsFunc(errs, func(e enroll.FieldError) bool { return e.Field == f.Field }) {
				errs = append(errs, f)
			}
		}
		return errs.OrNil()
	}
	if more != nil {
		return more
	}
	return errs.OrNil()
}

// checkChange holds a change of an event to what its state allows. ErrState, or
// what is wrong with it as FieldErrors.
func checkChange(old, e enroll.Event, now time.Time) error {
	state := old.StateAt(now)
	draft := state == enroll.Draft
	switch {
	case state == enroll.Purging || state == enroll.Purged:
		return enroll.ErrPurged
	case state == enroll.Cancelled,
		!draft && (e.OpenAt != old.OpenAt && !e.OpenAt.Equal(old.OpenAt)),
		!draft && (e.Mode != old.Mode || e.RankLength != old.RankLength),
		(!draft || old.Students > 0) && e.School != old.School,
		old.Students > 0 && e.Invitations != old.Invitations,
		state == enroll.Published && !e.PublishAt.Equal(old.PublishAt),
		// Once it has closed nothing opens enrolment again: saying so would be a lie.
		!draft && state != enroll.Open && !e.CloseAt.Equal(old.CloseAt) && e.CloseAt.After(now):
		return enroll.ErrState
	}
	var errs enroll.FieldErrors
	if fields, ok := e.Check(now).(enroll.FieldErrors); ok {
		for _, f := range fields {
			if f.Field == "date" && f.Code == "in_past" && e.Date == old.Date {
				continue // the first of several days may be over
			}
			errs = append(errs, f)
		}
	}
	if !e.PurgeDue().After(now) && len(errs) == 0 {
		errs.Add("last_date", "in_past")
	}
	return errs.OrNil()
}
