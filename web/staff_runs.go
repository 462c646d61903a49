package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll/store"
)

// runsPage tells how the plans of an event were worked out.
type runsPage struct {
	eventPage
	Runs []runRow
}

type runRow struct {
	store.Run
	Who string // e-mail; "" where it went by itself
}

// runs is GET /events/:event/runs: so that a complaint can be answered by
// working a plan out again.
func (s *Server) runs(c *gin.Context) error {
	ctx := c.Request.Context()
	runs, err := s.store.Runs(ctx, event(c).ID)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, gin.H{"runs": runs})
	}
	base, err := s.eventPage(c, "allocation")
	if err != nil {
		return err
	}
	page := runsPage{eventPage: base}
	page.Wide = true
	for _, r := range runs {
		row := runRow{Run: r}
		if r.By != "" {
			if a, err := s.store.Account(ctx, r.By); err == nil {
				row.Who = a.Email
			}
		}
		page.Runs = append(page.Runs, row)
	}
	return s.render(c, http.StatusOK, "staff/runs", &page)
}

// runInstance is GET /events/:event/runs/:run: what the run was worked out from,
// as `cultuurdag allocate` reads it. It names students by id alone.
func (s *Server) runInstance(c *gin.Context) error {
	in, err := s.planner().Input(c.Request.Context(), event(c).ID, c.Param("run"))
	if err != nil {
		return err
	}
	if err := s.audit(c, "run.download", event(c).ID, ""); err != nil {
		return err
	}
	c.Header("Content-Disposition", `attachment; filename="cultuurdag-`+event(c).Date.String()+`-instance.json"`)
	return sendJSON(c, http.StatusOK, in.Instance)
}
