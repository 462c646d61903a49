package web

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
)

// studentErasePage asks once more before one student is erased.
type studentErasePage struct {
	eventPage
	Student enroll.Student
	Places  int // that come free
	Wishes  int
}

// confirmErase is GET /events/:event/students/:student/erase.
func (s *Server) confirmErase(c *gin.Context) error {
	st, err := s.findStudent(c)
	if err != nil {
		return err
	}
	if err := s.audit(c, "student.read", event(c).ID, ""); err != nil {
		return err
	}
	has, err := s.readChosen(c.Request.Context(), event(c))
	if err != nil {
		return err
	}
	base, err := s.eventPage(c, "students")
	if err != nil {
		return err
	}
	page := studentErasePage{eventPage: base, Student: st, Places: len(has.choices[st.ID]), Wishes: len(has.wishes[st.ID])}
	page.Title = page.Locale.T("students.erase.title") + " – " + base.Event.Title // no name in a browser's history
	return s.render(c, http.StatusOK, "staff/student-erase", &page)
}

// eraseStudent is DELETE /events/:event/students/:student. It is written down
// before it is done: of who is gone nothing else is left to tell.
func (s *Server) eraseStudent(c *gin.Context) error {
	e, list := event(c), "/events/"+event(c).ID+"/students"
	_, err := s.findStudent(c)
	if err == nil {
		if err := s.audit(c, "student.erase", e.ID, ""); err != nil {
			return err
		}
		err = s.store.EraseStudent(c.Request.Context(), e.ID, c.Param("student"))
	}
	switch {
	case errors.Is(err, enroll.ErrNotFound) && !wantsJSON(c): // a second click
		return s.done(c, list, "students.erased")
	case err != nil:
		return err
	}
	s.cfg.Kick() // lists that were made are made again
	return s.done(c, list, "students.erased")
}
