package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
)

// programmePage is where the programme is filled in.
type programmePage struct {
	eventPage
	Form    programmeForm
	Short   []shortRound
	Several bool // the event lasts several days
	Given   bool // places are given out: which workshops, when and for whom stays as it is
	Fixed   bool // the event does not go on: all of it does
	Stale   bool // somebody else changed it meanwhile
}

// CalledOff reports whether the session in that row and cell is not given.
func (p programmePage) CalledOff(row, cell int) bool {
	return slices.Contains(p.Event.Cancelled, enroll.SessionKey{Workshop: p.Form.Rows[row].ID, Round: cell + 1})
}

func (s *Server) programmePage(c *gin.Context, form programmeForm) (programmePage, error) {
	base, err := s.eventPage(c, "programme")
	page := programmePage{eventPage: base, Form: form, Several: base.Event.LastDate != base.Event.Date}
	page.Wide = true
	page.Back = "/events/" + base.Event.ID + "/programme"
	switch base.State {
	case enroll.Draft, enroll.Open, enroll.Closed:
	case enroll.Allocated, enroll.Published:
		page.Given = true
	default:
		page.Fixed = true
	}
	return page, err
}

// programme is GET /events/:event/programme.
func (s *Server) programme(c *gin.Context) error {
	p, err := s.store.Programme(c.Request.Context(), event(c).ID)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		if p.Rounds == nil {
			p.Rounds = []enroll.Round{}
		}
		if p.Workshops == nil {
			p.Workshops = []enroll.Workshop{}
		}
		return sendJSON(c, http.StatusOK, p)
	}
	page, err := s.programmePage(c, formOfProgramme(p, event(c)))
	if err != nil {
		return err
	}
	page.Short = shortRounds(p, page.Event.Students)
	return s.render(c, http.StatusOK, "staff/programme", &page)
}

// putProgramme is PUT /events/:event/programme.
func (s *Server) putProgramme(c *gin.Context) error {
	if !sentJSON(c) {
		return s.programmeFromForm(c)
	}
	var p enroll.Programme
	if err := bind(c, &p); err != nil {
		return err
	}
	p, err := s.saveProgramme(c, p)
	if err != nil {
		return err
	}
	return sendJSON(c, http.StatusOK, p)
}

func (s *Server) saveProgramme(c *gin.Context, p enroll.Programme) (enroll.Programme, error) {
	faults := roundsOffDay(p, event(c))
	if len(faults) > 0 {
		return p, merged(faults, p.Check())
	}
	p, err := s.store.PutProgramme(c.Request.Context(), event(c).ID, p)
	if err != nil {
		return p, err
	}
	if err := s.audit(c, "programme.change", event(c).ID, ""); err != nil {
		return p, err
	}
	s.cfg.Kick()
	return p, nil
}

// roundsOffDay names the rounds that are not on a day of the event.
func roundsOffDay(p enroll.Programme, e enroll.Event) enroll.FieldErrors {
	var errs enroll.FieldErrors
	for i, r := range p.Rounds {
		if day := enroll.DateOf(r.Start); !r.Start.IsZero() && (day.Before(e.Date) || e.LastDate.Before(day)) {
			errs.Add(fmt.Sprintf("rounds[%d].start", i), "off_day")
		}
	}
	return errs
}

func (s *Server) programmeFromForm(c *gin.Context) error {
	if err := readForm(c); err != nil {
		return err
	}
	form := readProgrammeForm(c.Request.PostForm)
	if more := c.Request.PostForm.Get("add"); more != "" {
		return s.moreRows(c, form, more)
	}
	was, err := s.store.Programme(c.Request.Context(), event(c).ID)
	if err != nil {
		return err
	}
	p, faults := form.programme(event(c), was)
	if len(faults) > 0 {
		err = merged(faults, form.inForm(p.Check()))
	} else if p, err = s.saveProgramme(c, p); err != nil {
		err = form.inForm(err)
	}
	if err == nil {
		s.flash(c, "staff.saved")
		return see(c, "/events/"+event(c).ID+"/programme")
	}
	var fields enroll.FieldErrors
	stale := errors.Is(err, enroll.ErrConflict)
	if !stale && !errors.As(err, &fields) {
		return err
	}
	page, pageErr := s.programmePage(c, form)
	if pageErr != nil {
		return pageErr
	}
	page.Stale = stale
	page.fail(fields)
	page.nameRows()
	status := http.StatusUnprocessableEntity
	if stale {
		status = http.StatusConflict
	}
	return s.render(c, status, "staff/programme", &page)
}

// moreRows shows the form again with room for more; nothing is stored.
func (s *Server) moreRows(c *gin.Context, form programmeForm, more string) error {
	switch more {
	case "round":
		form.addRound()
	default:
		form.addWorkshops(5)
	}
	page, err := s.programmePage(c, form)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "staff/programme", &page)
}
