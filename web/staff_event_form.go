package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
)

// eventForm is where an event is made or changed.
type eventForm struct {
	Page
	Event   enroll.Event // zero for a new one
	New     bool
	In      eventFields
	Schools []enroll.School
	State   enroll.State
	Trouble string // why it cannot be saved, where no field is to blame
}

func (s *Server) eventForm(c *gin.Context, e enroll.Event, in eventFields) (eventForm, error) {
	schools, err := s.store.Schools(c.Request.Context())
	l := localeOf(c)
	page := eventForm{
		Page: s.page(c, l.T("staff.form.change")), Event: e, In: in, Schools: schools, State: e.StateAt(s.clock.Now()),
	}
	page.Back = "/events/" + e.ID + "/change"
	if e.ID == "" {
		page.New, page.State, page.Title, page.Back = true, enroll.Draft, l.T("staff.form.new"), "/events/new"
	}
	return page, err
}

// newEvent is GET /events/new.
func (s *Server) newEvent(c *gin.Context) error {
	page, err := s.eventForm(c, enroll.Event{}, eventFields{School: c.Query("school"), Mode: string(enroll.FirstCome), RankLength: enroll.DefaultRankLength})
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "staff/event-form", &page)
}

// editEvent is GET /events/:event/change.
func (s *Server) editEvent(c *gin.Context) error {
	page, err := s.eventForm(c, event(c), fieldsOfEvent(event(c)))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "staff/event-form", &page)
}

// refuseEvent shows the form again with what was typed; other errors pass.
func (s *Server) refuseEvent(c *gin.Context, e enroll.Event, in eventInput, refused error) error {
	var fields enroll.FieldErrors
	if wantsJSON(c) || !errors.As(refused, &fields) && !errors.Is(refused, enroll.ErrState) {
		return refused
	}
	page, err := s.eventForm(c, e, in.over(fieldsOfEvent(e)))
	if err != nil {
		return err
	}
	status := http.StatusUnprocessableEntity
	page.fail(fields)
	if fields == nil {
		status, page.Trouble = http.StatusConflict, page.Locale.T("staff.form.wrong_state")
	}
	return s.render(c, status, "staff/event-form", &page)
}

// addEvent is POST /events.
func (s *Server) addEvent(c *gin.Context) error {
	var in eventInput
	if err := bind(c, &in); err != nil {
		return err
	}
	var e enroll.Event
	faults := in.into(&e)
	ctx := c.Request.Context()
	if e.School != "" {
		if _, err := s.store.School(ctx, e.School); errors.Is(err, enroll.ErrNotFound) {
			faults.Add("school", "unknown")
		} else if err != nil {
			return err
		}
	}
	if len(faults) > 0 {
		return s.refuseEvent(c, enroll.Event{}, in, merged(faults, e.Check(s.clock.Now())))
	}
	e, err := s.store.CreateEvent(ctx, e)
	if err != nil {
		return s.refuseEvent(c, enroll.Event{}, in, err)
	}
	if err := s.audit(c, "event.create", e.ID, ""); err != nil {
		return err
	}
	s.cfg.Kick()
	if wantsJSON(c) {
		return sendJSON(c, http.StatusCreated, gin.H{"id": e.ID, "code": e.Code, "recipient": e.Recipient, "purge_due": e.PurgeDue()})
	}
	s.flash(c, "staff.form.created")
	return see(c, "/events/"+e.ID)
}

// changeEvent is PATCH /events/:event. The rounds of the programme move along
// with the date, and have to lie within its days.
func (s *Server) changeEvent(c *gin.Context) error {
	var in eventInput
	if err := bind(c, &in); err != nil {
		return err
	}
	ctx, old := c.Request.Context(), event(c)
	if in.School != nil && *in.School != old.School {
		if _, err := s.store.School(ctx, *in.School); errors.Is(err, enroll.ErrNotFound) {
			return s.refuseEvent(c, old, in, enroll.FieldErrors{{Field: "school", Code: "unknown"}})
		} else if err != nil {
			return err
		}
	}
	e, err := s.update(c, func(e *enroll.Event) error {
		before := *e
		if faults := in.into(e); len(faults) > 0 {
			return merged(faults, checkChange(before, *e, s.clock.Now()))
		}
		if err := checkChange(before, *e, s.clock.Now()); err != nil {
			return err
		}
		return s.keepsRounds(ctx, before, *e)
	})
	if err != nil {
		return s.refuseEvent(c, old, in, err)
	}
	flash := "staff.saved"
	// Each time: where it was broken off before, this goes on with it.
	if moved, err := s.store.MoveRounds(c.Request.Context(), e.ID); err != nil {
		return err
	} else if moved {
		flash = "staff.form.moved"
	}
	if err := s.audit(c, "event.change", e.ID, ""); err != nil {
		return err
	}
	return s.changed(c, e.ID, flash)
}

// keepsRounds refuses new days of an event that leave a round outside them,
// once the rounds have moved along with the first day.
func (s *Server) keepsRounds(ctx context.Context, before, e enroll.Event) error {
	if before.Date == e.Date && before.LastDate == e.LastDate {
		return nil
	}
	p, err := s.store.Programme(ctx, e.ID)
	if err != nil {
		return err
	}
	days := before.Date.DaysUntil(e.Date)
	for _, r := range p.Rounds {
		if day := enroll.DateOf(r.Start).AddDays(days); day.Before(e.Date) || e.LastDate.Before(day) {
			return enroll.FieldErrors{{Field: "last_date", Code: "round_outside"}}
		}
	}
	return nil
}

// update changes the event of the route, which is not purged. Where its
// deadline has moved, that is written in the purge log: once, and only then.
func (s *Server) update(c *gin.Context, change func(*enroll.Event) error) (enroll.Event, error) {
	ctx := c.Request.Context()
	var from, to time.Time
	e, err := s.store.UpdateEvent(ctx, event(c).ID, func(e *enroll.Event) error { // once more after a conflict
		if e.Gone(s.clock.Now()) {
			return enroll.ErrPurged
		}
		from = e.PurgeDue()
		if err := change(e); err != nil {
			return err
		}
		to = e.PurgeDue()
		return nil
	})
	if err != nil || s.cfg.DeadlineChanged == nil || to.Equal(from) {
		return e, err
	}
	return e, s.cfg.DeadlineChanged(context.WithoutCancel(ctx), e.ID, from, to, account(c).ID)
}

// changed answers after a change of the event: the event as it is now, or its
// page. The sweep looks at it at once.
func (s *Server) changed(c *gin.Context, id, flash string) error {
	s.cfg.Kick()
	if wantsJSON(c) {
		e, err := s.store.Event(c.Request.Context(), id)
		if err != nil {
			return err
		}
		return sendJSON(c, http.StatusOK, s.eventJSON(e))
	}
	s.flash(c, flash)
	return see(c, "/events/"+id)
}
