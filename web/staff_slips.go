package web

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/scheduler/overview"
)

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// Types of what is downloaded.
var downloadTypes = map[string]string{
	"pdf":  "application/pdf",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"csv":  "text/csv; charset=utf-8",
	"zip":  "application/zip",
}

// download sends a file under a name.
func download(c *gin.Context, name, format string, data []byte) error {
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	c.Data(http.StatusOK, downloadTypes[format], data)
	return nil
}

// overviewInput is what names and headings of lists are made from.
func (s *Server) overviewInput(c *gin.Context) (overview.Input, error) {
	school, err := s.store.School(c.Request.Context(), event(c).School)
	return overview.Input{
		Provider: s.cfg.Provider, School: school, Event: event(c), MadeAt: s.clock.Now(), Locale: localeOf(c),
	}, err
}

// slips is GET /events/:event/slips.pdf?class=&student=&changed= and slips.csv:
// of a class, of one student, or only those that are new, or have another code,
// since slips were last downloaded.
func (s *Server) slips(format string) handlerFunc {
	return func(c *gin.Context) error {
		ctx, id := c.Request.Context(), event(c).ID
		filter := studentFilter{ID: trim(c.Query("student")), Class: trim(c.Query("class"))}
		found, err := s.findStudents(c, filter)
		if err != nil {
			return err
		}
		if len(found.students) == 0 {
			if filter != (studentFilter{}) {
				return enroll.ErrNotFound
			}
			return enroll.ErrNotReady
		}
		codesOf := s.store.Codes
		changed, err := strconv.ParseBool(c.Query("changed"))
		if changed = changed && err == nil; changed {
			codesOf = s.store.ChangedSlips
		}
		codes, err := codesOf(ctx, id)
		if err != nil {
			return err
		}
		var list []overview.Slip
		made := map[string]crypto.Code{}
		for _, st := range found.students {
			if code, ok := codes[st.ID]; ok { // erased meanwhile: no slip
				list = append(list, overview.Slip{Student: st, Code: code.String()})
				made[st.ID] = code
			}
		}
		if changed && len(list) == 0 {
			return &Problem{Status: http.StatusConflict, Code: "no_changed_slips"}
		}
		in, err := s.overviewInput(c)
		if err != nil {
			return err
		}
		link := func(code string) string { return s.cfg.BaseURL + "/k#" + code }
		var data []byte
		if format == "pdf" {
			data, err = overview.Slips(in, list, link)
		} else {
			data, err = overview.SlipsCSV(list, link)
		}
		if err != nil {
			return fmt.Errorf("login slips: %T", err) // its text could name a student
		}
		if err := s.audit(c, "slips.download", id, itoa(len(list))); err != nil {
			return err
		}
		if err := s.store.MarkSlips(ctx, id, made); err != nil {
			return err
		}
		name := "slips"
		switch {
		case filter.ID != "":
			name = "slip" // of whom a file's name does not tell
		case filter.Class != "":
			name += "-" + filter.Class
		}
		if changed {
			name += "-new"
		}
		return download(c, overview.FileName(in, name, format), format, data)
	}
}
