package web

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
)

// allocate is POST /events/:event/allocate {costs?, seed?}.
func (s *Server) allocate(c *gin.Context) error {
	var in struct {
		Costs string `json:"costs" form:"costs"`
		Seed  int64  `json:"seed" form:"seed"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	switch in.Costs {
	case "", "fair", "first", "floor":
	default:
		return enroll.FieldErrors{{Field: "costs", Code: "unknown"}}
	}
	switch event(c).StateAt(s.clock.Now()) {
	case enroll.Closed, enroll.Allocated, enroll.Published:
	default:
		return enroll.ErrState
	}
	if s.cfg.Allocate == nil {
		return enroll.ErrNotReady
	}
	if err := s.cfg.Allocate(c.Request.Context(), event(c).ID, in.Seed, in.Costs); err != nil {
		return err
	}
	if err := s.audit(c, "event.allocate", event(c).ID, ""); err != nil {
		return err
	}
	if wantsJSON(c) {
		c.Status(http.StatusAccepted)
		c.Writer.WriteHeaderNow()
		return nil
	}
	s.flash(c, "staff.allocation.started")
	return see(c, "/events/"+event(c).ID+"/allocation")
}

// allocationPage shows how the giving out of places stands.
type allocationPage struct {
	eventPage
	Allocation string // none, running, done or failed
	Report     *allocationReport
}

// allocationReport is what the page shows of a report.
type allocationReport struct {
	Unplaced int     `json:"unplaced"`
	Proven   bool    `json:"proven"`
	Seed     int64   `json:"seed"`
	Seconds  float64 `json:"seconds"`
}

// allocation is GET /events/:event/allocation.
func (s *Server) allocation(c *gin.Context) error {
	state, report := "none", json.RawMessage(nil)
	if s.cfg.Allocation != nil {
		var err error
		if state, report, err = s.cfg.Allocation(c.Request.Context(), event(c).ID); err != nil {
			return err
		}
	}
	if wantsJSON(c) {
		answer := gin.H{"state": state}
		if len(report) > 0 {
			answer["report"] = report
		}
		return sendJSON(c, http.StatusOK, answer)
	}
	base, err := s.eventPage(c, "allocation")
	if err != nil {
		return err
	}
	page := allocationPage{eventPage: base, Allocation: state}
	if len(report) > 0 {
		page.Report = &allocationReport{}
		if err := json.Unmarshal(report, page.Report); err != nil {
			return fmt.Errorf("report of an allocation: %w", err)
		}
	}
	if state == "running" {
		page.Refresh = 3
	}
	return s.render(c, http.StatusOK, "staff/allocation", &page)
}
