package web

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
)

// studentPage is a student's page, in each state of the event.
type studentPage struct {
	Page
	store.StudentView
	State   enroll.State
	Rounds  []roundView
	Missing []int          // the rounds in which nothing is chosen yet
	Ranking *rankingView   // nil in mode first_come
	Changed bool           // the day has, since the student last looked
	Trouble *choiceTrouble // what stood in the way of the last choice
}

// Complete reports whether nothing is left to choose: there is a place in every
// round, or the ranking is as long as it has to be.
func (p studentPage) Complete() bool {
	if p.Ranking != nil {
		return p.Ranking.Length > 0 && p.Ranking.Missing() == 0
	}
	return len(p.Rounds) > 0 && len(p.Missing) == 0
}

// Next returns the first round in which nothing is chosen yet; 0: none.
func (p studentPage) Next() int {
	if len(p.Missing) == 0 {
		return 0
	}
	return p.Missing[0]
}

// MissingWords writes the rounds that are missing: 1, 2 en 3.
func (p studentPage) MissingWords() string {
	words := make([]string, len(p.Missing))
	for i, n := range p.Missing {
		words[i] = strconv.Itoa(n)
	}
	return p.Locale.List(words)
}

// Day returns the version of the student's day that the page shows.
func (p studentPage) Day() string { return dayOf(p.StudentView).Version() }

// Way returns where everybody has to go.
func (p studentPage) Way() string { return p.Event.Way(p.Programme, "") }

// choiceTrouble says why a choice was not made, and what fits in its place.
type choiceTrouble struct {
	Title, Detail string
	Alternatives  []sessionView
}

// maxAlternatives is how many other workshops are offered for one just lost.
const maxAlternatives = 4

// studentErrors turns errors that a student gets on any page into the pages
// meant for that.
func (s *Server) studentErrors(h handlerFunc) gin.HandlerFunc {
	return s.handle(func(c *gin.Context) error {
		err := h(c)
		switch {
		case errors.Is(err, enroll.ErrPurged):
			if wantsJSON(c) {
				s.forget(c)
				return err
			}
			return s.farewell(c)
		case errors.Is(err, enroll.ErrSignedOut) && !wantsJSON(c):
			page := s.codePage(c)
			_, cookieErr := studentToken(c)
			page.SignedOut = cookieErr == nil
			if _, err := c.Request.Cookie(goneCookie); err == nil && !page.SignedOut {
				return s.farewell(c)
			}
			if page.SignedOut {
				s.setCookie(c, studentCookie, "", -1)
			}
			return s.render(c, http.StatusUnauthorized, "student/code", &page)
		}
		return err
	})
}

// view returns what the signed-in student's page shows.
func (s *Server) view(c *gin.Context) (store.StudentView, error) {
	cookie, err := studentToken(c)
	if err != nil {
		return store.StudentView{}, err
	}
	return s.store.Student(c.Request.Context(), cookie)
}

// student is GET /student.
func (s *Server) student(c *gin.Context) error {
	view, err := s.view(c)
	if err != nil {
		return err
	}
	if wantsJSON(c) { // the day is in /student/schedule
		return sendJSON(c, http.StatusOK, studentJSONOf(view))
	}
	if err := s.look(c, view); err != nil {
		return err
	}
	page := s.studentPage(c, view)
	return s.renderStudent(c, http.StatusOK, &page)
}

func (s *Server) studentPage(c *gin.Context, view store.StudentView) studentPage {
	page := studentPage{
		Page: s.page(c, ""), StudentView: view,
		State: view.Event.StateAt(view.Now), Rounds: roundsOf(unpublished(view)), Ranking: rankingOf(view, localeOf(c)),
	}
	page.AsStudent, page.Back, page.Scripts = true, "/student", []string{"student.js"}
	for _, r := range page.Rounds {
		if r.Choice == nil {
			page.Missing = append(page.Missing, r.Number)
		}
	}
	if page.State == enroll.Published {
		for i, change := range changesOf(page.Locale, view) {
			page.Rounds[i].Change = change
			page.Changed = page.Changed || change != nil
		}
	}
	return page
}

// renderStudent shows the page that belongs to the state of the event.
func (s *Server) renderStudent(c *gin.Context, status int, page *studentPage) error {
	name := "closed"
	switch page.State {
	case enroll.Draft:
		name = "before"
	case enroll.Open:
		ready := "student.ready.title"
		name = "choose"
		if page.Ranking != nil {
			name, ready, page.Scripts = "rank", "ranking.done.title", []string{"rank.js"}
		}
		if page.Complete() {
			page.Title = page.Locale.T(ready)
		}
	case enroll.Published:
		name = "schedule"
	case enroll.Cancelled:
		name = "cancelled"
	}
	if page.Title == "" {
		page.Title = page.Locale.T("student." + name + ".title")
	}
	return s.render(c, status, "student/"+name, page)
}

// choose is PUT /student/choices/:round {workshop, programme}.
func (s *Server) choose(c *gin.Context) error {
	var in struct {
		Workshop  string `json:"workshop" form:"workshop"`
		Programme int    `json:"programme" form:"programme"`
	}
	return s.change(c, &in, func(cookie string) (changed, error) {
		round := roundOf(c)
		view, err := s.store.Take(c.Request.Context(), cookie, round, in.Workshop, in.Programme)
		return changed{view: view, says: "student.saved", lost: lostSeat(round, in.Workshop)}, err
	})
}

// release is DELETE /student/choices/:round {programme}.
func (s *Server) release(c *gin.Context) error {
	var in struct {
		Programme int `json:"programme" form:"programme"`
	}
	return s.change(c, &in, func(cookie string) (changed, error) {
		view, err := s.store.Release(c.Request.Context(), cookie, roundOf(c), in.Programme)
		return changed{view: view, says: "student.released"}, err
	})
}

// roundOf returns the round in the address; 0, where there is no session, for
// what is no number: the store says so in its turn.
func roundOf(c *gin.Context) int {
	round, err := strconv.Atoi(c.Param("round"))
	if err != nil {
		return 0
	}
	return round
}

// changed is what came of a student's change: how things stand now, and what
// the page says of it.
type changed struct {
	view store.StudentView
	says string                             // key of the message when it is saved
	at   string                             // id of the element that a browser without scripts goes to; "" is the top
	lost func(page *studentPage, err error) // says more where it was not done; nil: nothing more
}

// change reads the body into the struct that in points to, does what is asked
// for, and answers: a program gets JSON, a form is sent on, and a script that
// asks for HTML gets the page as it is now.
func (s *Server) change(c *gin.Context, in any, do func(cookie string) (changed, error)) error {
	cookie, err := studentToken(c)
	if err != nil {
		return err
	}
	if err := bind(c, in); err != nil {
		return err
	}
	did, err := do(cookie)
	switch {
	case err != nil && (wantsJSON(c) || did.view.Event.ID == ""):
		return err
	case err != nil:
		return s.refuse(c, did, err)
	case wantsJSON(c):
		return sendJSON(c, http.StatusOK, studentJSONOf(did.view))
	case c.Request.PostForm.Get("_method") != "":
		s.flash(c, did.says)
		if did.at != "" {
			return see(c, "/student#"+did.at)
		}
		return see(c, "/student")
	}
	page := s.studentPage(c, did.view)
	page.Flash = page.Locale.T(did.says)
	return s.renderStudent(c, http.StatusOK, &page)
}

// refuse shows the page as things stand, and why it is not as was asked for.
func (s *Server) refuse(c *gin.Context, did changed, err error) error {
	p, _ := problemOf(err, localeOf(c))
	if p.Status >= http.StatusInternalServerError {
		return err
	}
	page := s.studentPage(c, did.view)
	page.Trouble = &choiceTrouble{Title: p.Title, Detail: p.Detail}
	if did.lost != nil {
		did.lost(&page, err)
	}
	return s.renderStudent(c, p.Status, &page)
}

// lostSeat says of a session that is full what is left in its round.
func lostSeat(round int, workshop string) func(*studentPage, error) {
	return func(page *studentPage, err error) {
		w, known := page.Programme.Workshop(workshop)
		if !errors.Is(err, enroll.ErrFull) || !known {
			return
		}
		page.Trouble.Title = page.Locale.T("student.lost.title", "workshop", w.Title, "round", round)
		page.Trouble.Detail = page.Locale.T("student.lost.none")
		for _, v := range page.Rounds[round-1].Sessions {
			if v.Free() && len(page.Trouble.Alternatives) < maxAlternatives {
				page.Trouble.Alternatives = append(page.Trouble.Alternatives, v)
				page.Trouble.Detail = page.Locale.T("student.lost.detail", "round", round)
			}
		}
	}
}
