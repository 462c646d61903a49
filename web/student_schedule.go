package web

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/overview"
)

// scheduleJSON is GET /student/schedule.
type scheduleJSON struct {
	Event      string          `json:"event"`
	Title      string          `json:"title"`
	Date       enroll.Date     `json:"date"`
	LastDate   enroll.Date     `json:"last_date"`
	Location   string          `json:"location"`
	Directions string          `json:"directions"` // to everybody; those to a room are with its rounds
	Day        string          `json:"day"`        // its version, for PUT /student/schedule/seen
	Changed    bool            `json:"changed"`    // since the student last looked: see was
	Rounds     []scheduleRound `json:"rounds"`
}

type scheduleRound struct {
	Round      int              `json:"round"`
	Start      time.Time        `json:"start"`
	End        time.Time        `json:"end"`
	Workshop   *string          `json:"workshop"` // null: no place in this round
	Title      string           `json:"title"`
	Room       string           `json:"room"`
	Teacher    string           `json:"teacher"`
	Assigned   bool             `json:"assigned"` // by the organiser, not by the student
	Cancelled  bool             `json:"cancelled"`
	Directions string           `json:"directions"` // to the room
	Wish       int              `json:"wish"`       // which of the student's wishes it is; 0: none
	Was        *enroll.DayRound `json:"was"`        // how it was when the student last looked; null: the same
}

// schedule is GET /student/schedule, the student's own day; ErrNotReady before
// it is published.
func (s *Server) schedule(c *gin.Context) error {
	view, err := s.published(c)
	if err != nil {
		return err
	}
	if err := s.look(c, view); err != nil {
		return err
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, scheduleJSONOf(view))
	}
	page := s.studentPage(c, view)
	return s.renderStudent(c, http.StatusOK, &page)
}

func scheduleJSONOf(view store.StudentView) scheduleJSON {
	e, day := view.Event, dayOf(view)
	out := scheduleJSON{
		Event: e.ID, Title: e.Title, Date: e.Date, LastDate: e.LastDate, Location: e.Location,
		Directions: e.Way(view.Programme, ""), Day: day.Version(), Rounds: []scheduleRound{},
	}
	was := day.Since(view.Seen)
	for i, r := range roundsOf(view) {
		round := scheduleRound{Round: r.Number, Start: r.Start, End: r.End, Was: was[i]}
		if v := r.Choice; v != nil {
			round.Workshop, round.Title, round.Room, round.Teacher = &v.Workshop, v.Title, v.Room, v.Teacher
			round.Assigned, round.Cancelled, round.Directions, round.Wish = v.By != enroll.Chosen, v.Cancelled, v.Way, v.Wish
		}
		out.Changed = out.Changed || round.Was != nil
		out.Rounds = append(out.Rounds, round)
	}
	return out
}

// scheduleCalendar is GET /student/schedule.ics, the same for a calendar:
// ErrNotReady also for who has no place yet.
func (s *Server) scheduleCalendar(c *gin.Context) error {
	view, err := s.published(c)
	if err != nil {
		return err
	}
	id := view.Student.ID
	data, err := overview.Calendar(overview.Input{
		Event: view.Event, Programme: view.Programme, Choices: map[string]enroll.Choices{id: view.Choices},
		MadeAt: view.Now, Locale: localeOf(c),
	}, id)
	if err != nil {
		return err
	}
	if data == nil {
		return enroll.ErrNotReady
	}
	c.Header("Content-Disposition", `attachment; filename="cultuurdag-`+view.Event.Date.String()+`.ics"`)
	c.Data(http.StatusOK, "text/calendar; charset=utf-8", data)
	return nil
}

// published is view, but ErrNotReady before the day is published.
func (s *Server) published(c *gin.Context) (store.StudentView, error) {
	view, err := s.view(c)
	if err == nil && view.Event.StateAt(view.Now) != enroll.Published {
		err = enroll.ErrNotReady
	}
	return view, err
}
