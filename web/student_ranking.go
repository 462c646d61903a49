package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
)

// rankingView is a student's wishes in mode ranking, and what there is to wish.
type rankingView struct {
	Length    int        // how many there have to be
	List      []wishView // the wishes, the dearest first
	Workshops []wishView // all that are open to the student's class
	Closed    []string   // titles of those that are not
	Idle      []string   // titles of wishes that do not count now
}

// Missing returns how many wishes are still to be made.
func (r rankingView) Missing() int { return max(0, r.Length-len(r.List)) }

// Blank is the workshop that stands in the row from which the page's script
// makes others.
func (rankingView) Blank() wishView { return wishView{ID: "this-one"} }

// Titles writes the wishes on one line: 1. Graffiti 2. Theatersport.
func (r rankingView) Titles() (line string) {
	for _, w := range r.List {
		line += strconv.Itoa(w.Rank) + ". " + w.Title + " "
	}
	return line
}

// wishView is a workshop as one student may wish it.
type wishView struct {
	ID, Title  string
	Line, More string // the first sentence of the description, and the rest
	Teacher    string
	When       string // the rounds: 1, 2 en 3
	Rounds     int    // how many
	Rank       int    // its place among the wishes, from 1; 0: not wished
}

// Up and Down are the places beside its own.
func (w wishView) Up() int { return max(1, w.Rank-1) }

// Down is the place after its own.
func (w wishView) Down() int { return w.Rank + 1 }

// rankingOf returns what there is to rank; nil in mode first_come.
func rankingOf(view store.StudentView, l *locale.Locale) *rankingView {
	if view.Event.Mode != enroll.Ranking {
		return nil
	}
	r := &rankingView{Length: view.Event.RanksFor(view.Mask), List: make([]wishView, len(view.Wishes))}
	for i, w := range view.Programme.Workshops {
		if i >= len(view.Mask) || view.Mask[i] != '1' {
			r.Closed = append(r.Closed, w.Title)
			continue
		}
		var rounds []string
		for _, session := range w.Sessions {
			rounds = append(rounds, strconv.Itoa(session.Round))
		}
		slices.Sort(rounds)
		v := wishView{ID: w.ID, Title: w.Title, Teacher: w.Teacher, When: l.List(rounds), Rounds: len(rounds)}
		v.Line, v.More = firstSentence(w.Description)
		if at := slices.Index(view.Wishes, w.ID); at >= 0 {
			v.Rank = at + 1
			r.List[at] = v
		}
		r.Workshops = append(r.Workshops, v)
	}
	for _, id := range view.Idle {
		w, ok := view.Programme.Workshop(id)
		if !ok {
			w.Title = id // which is all that there still is of it
		}
		r.Idle = append(r.Idle, w.Title)
	}
	return r
}

// rank is PUT /student/ranking {workshops, programme}: the whole list at once.
func (s *Server) rank(c *gin.Context) error {
	var in struct {
		Workshops []string `json:"workshops" form:"workshops"`
		Programme int      `json:"programme" form:"programme"`
	}
	return s.change(c, &in, func(cookie string) (changed, error) {
		view, err := s.store.Rank(c.Request.Context(), cookie, in.Workshops, in.Programme)
		return changed{view: view, says: "student.saved"}, rankingProblem(view, err)
	})
}

// wish is PUT /student/ranking/:workshop {place, programme}: one step of making
// the list. Without a place the workshop comes last.
func (s *Server) wish(c *gin.Context) error {
	var in struct {
		Place     int `json:"place" form:"place"`
		Programme int `json:"programme" form:"programme"`
	}
	return s.change(c, &in, func(cookie string) (changed, error) {
		id := c.Param("workshop")
		view, err := s.store.Wish(c.Request.Context(), cookie, id, in.Place, in.Programme)
		at := "w-" // the card whose button was pressed
		if in.Place > 0 {
			at = "wish-"
		}
		return changed{view: view, says: "student.saved", at: at + fieldID(id)}, rankingProblem(view, err)
	})
}

// unwish is DELETE /student/ranking/:workshop {programme}.
func (s *Server) unwish(c *gin.Context) error {
	var in struct {
		Programme int    `json:"programme" form:"programme"`
		From      string `json:"-" form:"from"` // id of the element whose button was pressed
	}
	return s.change(c, &in, func(cookie string) (changed, error) {
		view, err := s.store.Unwish(c.Request.Context(), cookie, c.Param("workshop"), in.Programme)
		return changed{view: view, says: "student.saved", at: fieldID(in.From)}, rankingProblem(view, err)
	})
}

// rankingProblem puts what stands in the way of a ranking into its own words.
func rankingProblem(view store.StudentView, err error) error {
	for _, kind := range []struct {
		err    error
		status int
		says   string
	}{
		{enroll.ErrNoSession, http.StatusNotFound, "ranking_unknown"},
		{enroll.ErrRepeat, http.StatusConflict, "ranking_repeat"},
		{enroll.ErrTooFew, http.StatusUnprocessableEntity, "too_few"},
		{enroll.ErrTooMany, http.StatusUnprocessableEntity, "too_many"},
	} {
		if errors.Is(err, kind.err) {
			return &Problem{Status: kind.status, Code: kind.err.Error(), Says: kind.says, Args: []any{"n", view.Event.RanksFor(view.Mask)}}
		}
	}
	return err
}
