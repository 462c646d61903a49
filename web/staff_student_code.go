package web

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// newCode is POST /events/:event/students/:student/code: the old code and
// whoever signed in with it end. A page shows the new one this once; the slip
// has it too.
func (s *Server) newCode(c *gin.Context) error {
	if _, err := s.findStudent(c); err != nil {
		return err
	}
	if err := s.audit(c, "student.code", event(c).ID, ""); err != nil {
		return err
	}
	code, err := s.store.NewCode(c.Request.Context(), event(c).ID, c.Param("student"))
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, gin.H{"code": code.String()})
	}
	page, err := s.studentOnePage(c)
	if err != nil {
		return err
	}
	page.Code = code.String()
	return s.render(c, http.StatusOK, "staff/student", &page)
}
