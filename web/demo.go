package web

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// demoBar is the bar at the foot of each page that moves the clock.
type demoBar struct {
	Now   time.Time
	Moves []demoButton
}

type demoButton struct {
	DemoMove
	Past bool // the clock is there already or beyond
}

func (s *Server) demoBar(c *gin.Context) *demoBar {
	if !s.cfg.Demo {
		return nil
	}
	bar := &demoBar{Now: s.clock.Now()}
	for _, move := range s.cfg.DemoMoves(c.Request.Context()) {
		bar.Moves = append(bar.Moves, demoButton{move, !move.At.After(bar.Now)})
	}
	return bar
}

// moveClock is POST /demo/clock {now}. The clock moves forward only.
func (s *Server) moveClock(c *gin.Context) error {
	var in struct {
		Now  string `json:"now" form:"now"`
		Back string `json:"back" form:"back"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	to, err := time.Parse(time.RFC3339, in.Now)
	if err != nil {
		return errBadRequest
	}
	if to.Before(s.clock.Now()) {
		return errBackwards
	}
	if err := s.cfg.MoveClock(c.Request.Context(), to); err != nil {
		return err
	}
	if wantsJSON(c) {
		c.Status(http.StatusNoContent)
		return nil
	}
	return see(c, localPath(in.Back, "/"))
}
