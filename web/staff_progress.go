package web

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// classProgress tells how far a class is.
type classProgress struct {
	Class    string `json:"class"`
	Students int    `json:"students"`
	Complete int    `json:"complete"`
	Partly   int    `json:"partly"`
	None     int    `json:"none"`
}

type sessionProgress struct {
	Workshop string `json:"workshop"`
	Round    int    `json:"round"`
	Capacity int    `json:"capacity"`
	Taken    int    `json:"taken"`
}

type progressJSON struct {
	Classes  []classProgress   `json:"classes"`
	Sessions []sessionProgress `json:"sessions"`
	Wishes   []wishProgress    `json:"wishes,omitempty"` // in mode ranking

	programme enroll.Programme
}

func (p progressJSON) total() classProgress {
	var t classProgress
	for _, c := range p.Classes {
		t.Students += c.Students
		t.Complete += c.Complete
		t.Partly += c.Partly
		t.None += c.None
	}
	return t
}

// progressOf counts who has chosen. Nobody is named in it.
func (s *Server) progressOf(ctx context.Context, e enroll.Event) (progressJSON, error) {
	p := progressJSON{Classes: []classProgress{}, Sessions: []sessionProgress{}}
	students, err := s.store.Students(ctx, e.ID)
	if err != nil {
		return p, err
	}
	has, err := s.readChosen(ctx, e)
	if err != nil {
		return p, err
	}
	p.programme, p.Wishes = has.programme, has.wishedMost(students)
	taken, err := s.store.Seats(ctx, e.ID)
	if err != nil {
		return p, err
	}
	byClass := map[string]*classProgress{}
	for _, st := range students {
		class := byClass[st.Class]
		if class == nil {
			class = &classProgress{Class: st.Class}
			byClass[st.Class] = class
		}
		class.Students++
		switch has.far(st) {
		case enroll.ProgressNone:
			class.None++
		case enroll.ProgressComplete:
			class.Complete++
		default:
			class.Partly++
		}
	}
	for _, name := range classesOf(students) {
		p.Classes = append(p.Classes, *byClass[name])
	}
	for _, w := range p.programme.Workshops {
		for _, session := range w.Sessions {
			key := enroll.SessionKey{Workshop: w.ID, Round: session.Round}
			p.Sessions = append(p.Sessions, sessionProgress{w.ID, session.Round, session.Capacity, taken[key]})
		}
	}
	return p, nil
}

// classesOf returns the classes that there are, in order.
func classesOf(students []enroll.Student) []string {
	var classes []string
	seen := map[string]bool{}
	for _, st := range students {
		if !seen[st.Class] {
			seen[st.Class] = true
			classes = append(classes, st.Class)
		}
	}
	locale.SortClasses(classes)
	return classes
}

// progressPage shows seats and classes as they fill.
type progressPage struct {
	eventPage
	Rounds    []enroll.Round
	Workshops []workshopProgress
	Seats     bool           // places are being taken, or were given out
	Wishes    []wishProgress // in mode ranking
	Classes   []classProgress
	Total     classProgress
}

type workshopProgress struct {
	Title string
	Cells []progressCell // by round
}

type progressCell struct {
	Given           bool
	Round           int
	Taken, Capacity int
	Low             bool // fewer than its minimum
	Cancelled       bool
}

// Full reports whether nobody else fits in.
func (c progressCell) Full() bool { return c.Taken >= c.Capacity }

// progress is GET /events/:event/progress.
func (s *Server) progress(c *gin.Context) error {
	p, err := s.progressOf(c.Request.Context(), event(c))
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, p)
	}
	base, err := s.eventPage(c, "live")
	if err != nil {
		return err
	}
	page := progressPage{eventPage: base, Rounds: p.programme.Rounds, Classes: p.Classes, Total: p.total()}
	page.Wide, page.Wishes = true, p.Wishes
	page.Seats = p.Wishes == nil || base.State == enroll.Allocated || base.State == enroll.Published
	page.Scripts = []string{"staff.js"}
	taken := map[enroll.SessionKey]int{}
	for _, session := range p.Sessions {
		taken[enroll.SessionKey{Workshop: session.Workshop, Round: session.Round}] = session.Taken
	}
	cancelled := map[enroll.SessionKey]bool{}
	for _, key := range base.Event.Cancelled {
		cancelled[key] = true
	}
	for _, w := range p.programme.Workshops {
		row := workshopProgress{Title: w.Title}
		for i := range p.programme.Rounds {
			session, given := w.Session(i + 1)
			key := enroll.SessionKey{Workshop: w.ID, Round: i + 1}
			row.Cells = append(row.Cells, progressCell{
				given, i + 1, taken[key], session.Capacity, given && taken[key] < session.Minimum, cancelled[key],
			})
		}
		page.Workshops = append(page.Workshops, row)
	}
	return s.render(c, http.StatusOK, "staff/progress", &page)
}
