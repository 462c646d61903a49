package web

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// swapPage is where a student is swapped with another: first the workshop, then
// who sits there.
type swapPage struct {
	eventPage
	Student   enroll.Student
	Round     int
	Mine      enroll.Workshop
	Workshops []enroll.Workshop // the others that are given in the round
	Theirs    enroll.Workshop   // the one that was chosen; empty: none yet
	Others    []swapOption
	Trouble   *problemJSON
}

type swapOption struct {
	enroll.Student
	Repeat bool // one of the two would have a workshop twice
	NotFor bool // one of the two comes into a workshop that is not for the class
}

// showSwap is GET /events/:event/students/:student/swap/:round?workshop=.
func (s *Server) showSwap(c *gin.Context) error {
	page, err := s.swapPage(c, c.Query("workshop"))
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "staff/swap", &page)
}

func (s *Server) swapPage(c *gin.Context, workshop string) (swapPage, error) {
	var page swapPage
	ctx, id := c.Request.Context(), event(c).ID
	st, err := s.findStudent(c)
	if err != nil {
		return page, err
	}
	base, err := s.eventPage(c, "students")
	if err != nil {
		return page, err
	}
	page = swapPage{eventPage: base, Student: st, Round: atoi(c.Param("round"))}
	page.Title = page.Locale.T("allocation.swap.title") + " – " + base.Event.Title // no name in a browser's history
	page.Back = "/events/" + id + "/students/" + st.ID
	p, err := s.store.Programme(ctx, id)
	if err != nil {
		return page, err
	}
	choices, _, err := s.store.Choices(ctx, id)
	if err != nil {
		return page, err
	}
	var ok bool
	if page.Mine, ok = p.Workshop(choices[st.ID][page.Round].Workshop); !ok {
		return page, enroll.ErrNoSession
	}
	for _, w := range p.Workshops {
		if session, given := w.Session(page.Round); given && !session.Cancelled && w.ID != page.Mine.ID {
			page.Workshops = append(page.Workshops, w)
		}
	}
	if err := s.audit(c, "students.read", id, ""); err != nil {
		return page, err
	}
	if page.Theirs, ok = p.Workshop(workshop); !ok {
		return page, nil
	}
	all, err := s.store.Students(ctx, id)
	if err != nil {
		return page, err
	}
	locale.SortStudents(all)
	elsewhere := func(has enroll.Choices, workshop string) bool {
		for round, choice := range has {
			if round != page.Round && choice.Workshop == workshop {
				return true
			}
		}
		return false
	}
	for _, other := range all {
		if other.ID == st.ID || choices[other.ID][page.Round].Workshop != page.Theirs.ID {
			continue
		}
		page.Others = append(page.Others, swapOption{
			Student: other,
			Repeat:  elsewhere(choices[st.ID], page.Theirs.ID) || elsewhere(choices[other.ID], page.Mine.ID),
			NotFor:  !page.Theirs.OpenTo(st.Class, st.Year) || !page.Mine.OpenTo(other.Class, other.Year),
		})
	}
	return page, nil
}

// swap is POST /events/:event/students/:student/swap/:round {with, workshop,
// their_workshop}: the workshops are those in which the two were seen, so that
// saying it twice changes nothing.
func (s *Server) swap(c *gin.Context) error {
	var in struct {
		With   string `json:"with" form:"with"`
		Mine   string `json:"workshop" form:"workshop"`
		Theirs string `json:"their_workshop" form:"their_workshop"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	ctx, id, student := c.Request.Context(), event(c).ID, c.Param("student")
	if in.With == "" {
		return enroll.FieldErrors{{Field: "with", Code: "required"}}
	}
	if err := s.audit(c, "student.swap", id, ""); err != nil {
		return err
	}
	err := s.store.Swap(ctx, id, atoi(c.Param("round")), student, in.Mine, in.With, in.Theirs)
	if err == nil {
		s.cfg.Kick() // lists that were made are made again
		if wantsJSON(c) {
			c.Status(http.StatusNoContent)
			c.Writer.WriteHeaderNow()
			return nil
		}
		s.flash(c, "allocation.swapped")
		return see(c, "/events/"+id+"/students/"+student)
	}
	if wantsJSON(c) || !errors.Is(err, enroll.ErrConflict) && !errors.Is(err, enroll.ErrRepeat) {
		return err
	}
	page, pageErr := s.swapPage(c, in.Theirs)
	if pageErr != nil {
		return pageErr
	}
	p, _ := problemOf(err, page.Locale)
	p.Detail = page.Locale.T(map[bool]string{true: "allocation.swap.conflict", false: "staff.student.repeat"}[errors.Is(err, enroll.ErrConflict)])
	page.Trouble = &p
	return s.render(c, p.Status, "staff/swap", &page)
}
