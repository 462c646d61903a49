package web

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
)

// dayOf returns the day of the student whose view it is.
func dayOf(view store.StudentView) enroll.Day {
	return enroll.DayOf(view.Event, view.Programme, view.Choices)
}

// look keeps the day of a student who sees it for the first time. From then on
// the page says what has changed, until the student says to have seen that.
func (s *Server) look(c *gin.Context, view store.StudentView) error {
	if view.Event.StateAt(view.Now) != enroll.Published || view.Seen != nil {
		return nil
	}
	cookie, err := studentToken(c)
	if err != nil {
		return err
	}
	return s.store.Saw(c.Request.Context(), cookie, view, dayOf(view), true)
}

// sawSchedule is PUT /student/schedule/seen {day}: the student has seen that
// version of their day. One that has changed again meanwhile stays to be seen:
// ErrStale for a program, the page with the changes for a person.
func (s *Server) sawSchedule(c *gin.Context) error {
	var in struct {
		Day string `json:"day" form:"day"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	view, err := s.published(c)
	if err != nil {
		return err
	}
	day := dayOf(view)
	switch current := in.Day == day.Version(); {
	case current:
		cookie, err := studentToken(c)
		if err != nil {
			return err
		}
		if err := s.store.Saw(c.Request.Context(), cookie, view, day, false); err != nil {
			return err
		}
		view.Seen = day
	case wantsJSON(c):
		return enroll.ErrStale
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, scheduleJSONOf(view))
	}
	return see(c, "/student/schedule")
}

// changeView is what has changed in a round since the student last looked.
type changeView struct{ Was, Is string }

// changesOf returns these by round, nil where there are none.
func changesOf(l *locale.Locale, view store.StudentView) []*changeView {
	day := dayOf(view)
	changes := make([]*changeView, len(day))
	for i, was := range day.Since(view.Seen) {
		if was != nil {
			changes[i] = &changeView{Was: sideOf(l, *was, day[i]), Is: sideOf(l, day[i], *was)}
		}
	}
	return changes
}

// sideOf tells what of a round is not as it is in the other.
func sideOf(l *locale.Locale, r, other enroll.DayRound) string {
	var parts []string
	switch {
	case r.Workshop == "" && other.Workshop != "":
		parts = append(parts, l.T("day.no_place"))
	case r.Workshop != other.Workshop:
		parts = append(parts, r.Title)
	}
	if r.Room != other.Room && r.Workshop != "" {
		if r.Room == "" {
			parts = append(parts, l.T("day.no_room"))
		} else {
			parts = append(parts, r.Room)
		}
	}
	if !r.Start.Equal(other.Start) || !r.End.Equal(other.End) {
		hours := l.Clock(r.Start) + "–" + l.Clock(r.End)
		if enroll.DateOf(r.Start) != enroll.DateOf(other.Start) {
			hours = l.Date(r.Start) + " " + hours
		}
		parts = append(parts, hours)
	}
	switch same := r.Workshop == other.Workshop; {
	case r.Cancelled && !(same && other.Cancelled):
		parts = append(parts, l.T("day.cancelled"))
	case other.Cancelled && same && !r.Cancelled:
		parts = append(parts, l.T("day.runs"))
	}
	return strings.Join(parts, ", ")
}
