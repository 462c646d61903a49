package web

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"golang.org/x/text/unicode/norm"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// listedStudent is a student on a list.
type listedStudent struct {
	ID        string `json:"id"`
	Number    string `json:"number"`
	FirstName string `json:"first_name"`
	Infix     string `json:"infix"`
	LastName  string `json:"last_name"`
	Class     string `json:"class"`
	Complete  bool   `json:"complete"`
}

// manyStudents is how many a page shows at once before it asks for a class.
const manyStudents = 200

type studentsPage struct {
	eventPage
	Classes  []string
	Class    string          // shown alone; "" is all
	Chosen   enroll.Progress // only those who are that far; "" is all
	Query    string          // searched for
	Rounds   int
	Students []studentRow
	Found    int
	Changed  int  // of those found, how many have a slip that was not downloaded yet
	Ask      bool // there are too many for one page: choose a class or search

	Misplaced []misplaced // of those found, who has a place that is not for the class
}

// Hows are the ways to say how far somebody is, for the filter.
func (studentsPage) Hows() []enroll.Progress {
	return []enroll.Progress{enroll.ProgressNone, enroll.ProgressPartly, enroll.ProgressComplete}
}

// To returns the address of the list with that filter; empty is all.
func (p studentsPage) To(class string, chosen enroll.Progress) string {
	q := url.Values{}
	if class != "" {
		q.Set("class", class)
	}
	if chosen != "" {
		q.Set("chosen", string(chosen))
	}
	to := "/events/" + p.Event.ID + "/students"
	if len(q) > 0 {
		to += "?" + q.Encode()
	}
	return to
}

type studentRow struct {
	enroll.Student
	Places []studentPlace // by round
	Ranked ranked
}

type studentPlace struct {
	Round int
	Has   bool
	Title string // empty: no place
	By    enroll.By
}

// studentFilter says which students somebody asks for; what is empty is all.
type studentFilter struct {
	ID     string
	Class  string
	Query  string          // every word of it is in the name, number or class
	Chosen enroll.Progress // how far they are, or unfinished
}

func (f studentFilter) holds(st enroll.Student, far enroll.Progress) bool {
	switch {
	case f.ID != "" && st.ID != f.ID, f.Class != "" && !strings.EqualFold(st.Class, f.Class):
		return false
	case f.Chosen == unfinished && far == enroll.ProgressComplete, f.Chosen != "" && f.Chosen != unfinished && far != f.Chosen:
		return false
	case f.Query == "":
		return true
	}
	text := plainText(st.Name() + " " + st.Number + " " + st.Class)
	return !slices.ContainsFunc(strings.Fields(plainText(f.Query)), func(word string) bool { return !strings.Contains(text, word) })
}

// studentsFound is what somebody asked of the students of an event.
type studentsFound struct {
	chosen
	students []enroll.Student // in order
	classes  []string         // all that there are
}

// findStudents returns the students that the filter holds.
func (s *Server) findStudents(c *gin.Context, filter studentFilter) (studentsFound, error) {
	ctx, id := c.Request.Context(), event(c).ID
	var found studentsFound
	all, err := s.store.Students(ctx, id)
	if err != nil {
		return found, err
	}
	if found.chosen, err = s.readChosen(ctx, event(c)); err != nil {
		return found, err
	}
	found.classes = classesOf(all)
	found.students = slices.DeleteFunc(all, func(st enroll.Student) bool {
		return !filter.holds(st, found.far(st))
	})
	locale.SortStudents(found.students)
	return found, nil
}

// plainText is s in lower case without accents: searching Sanae finds Şanaë.
func plainText(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return strings.NewReplacer("ł", "l", "đ", "d", "ø", "o", "ı", "i", "’", "'").Replace(b.String())
}

func (f studentsFound) json() []listedStudent {
	list := make([]listedStudent, len(f.students))
	for i, st := range f.students {
		list[i] = listedStudent{st.ID, st.Number, st.FirstName, st.Infix, st.LastName, st.Class, f.complete(st)}
	}
	return list
}

func (f studentsFound) rows() []studentRow {
	rows := make([]studentRow, len(f.students))
	for i, st := range f.students {
		rows[i] = studentRow{st, placesOf(f.programme, f.choices[st.ID]), f.ranked(st)}
	}
	return rows
}

func placesOf(p enroll.Programme, choices enroll.Choices) []studentPlace {
	places := make([]studentPlace, len(p.Rounds))
	for i := range p.Rounds {
		places[i].Round = i + 1
		if choice, ok := choices[i+1]; ok {
			w, _ := p.Workshop(choice.Workshop)
			places[i].Has, places[i].Title, places[i].By = true, w.Title, choice.By
		}
	}
	return places
}

// students is GET /events/:event/students?class=&chosen=.
func (s *Server) students(c *gin.Context) error {
	return s.listStudents(c, "students.read", studentFilter{Class: trim(c.Query("class")), Chosen: enroll.Progress(trim(c.Query("chosen")))})
}

// searchStudents is POST /events/:event/students/search {q, class?, chosen?}: a
// name has no business in an address.
func (s *Server) searchStudents(c *gin.Context) error {
	var in struct {
		Q      string `json:"q" form:"q"`
		Class  string `json:"class" form:"class"`
		Chosen string `json:"chosen" form:"chosen"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	return s.listStudents(c, "students.search", studentFilter{Class: trim(in.Class), Query: trim(in.Q), Chosen: enroll.Progress(trim(in.Chosen))})
}

func (s *Server) listStudents(c *gin.Context, action string, filter studentFilter) error {
	found, err := s.findStudents(c, filter)
	if err != nil {
		return err
	}
	ask := !wantsJSON(c) && filter.Class == "" && filter.Query == "" && len(found.students) > manyStudents
	wrong := findMisplaced(found.programme, found.students, found.choices)
	if !ask || len(wrong) > 0 {
		if err := s.audit(c, action, event(c).ID, itoa(len(found.students))); err != nil {
			return err
		}
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, gin.H{"students": found.json()})
	}
	base, err := s.eventPage(c, "students")
	if err != nil {
		return err
	}
	page := studentsPage{
		eventPage: base, Classes: found.classes, Class: filter.Class, Chosen: filter.Chosen, Query: filter.Query,
		Rounds: len(found.programme.Rounds), Found: len(found.students), Ask: ask,
	}
	page.Back = page.To(page.Class, page.Chosen)
	page.Wide, page.Misplaced = true, wrong
	changed, err := s.store.ChangedSlips(c.Request.Context(), base.Event.ID)
	if err != nil {
		return err
	}
	for _, st := range found.students {
		if _, ok := changed[st.ID]; ok {
			page.Changed++
		}
	}
	if !ask {
		page.Students = found.rows()
	}
	return s.render(c, http.StatusOK, "staff/students", &page)
}

// studentOnePage is one student, to correct, to place by hand, or to give a code.
type studentOnePage struct {
	eventPage
	Student enroll.Student
	Code    string // just made, shown once
	Rounds  []placeRound
	Ranked  ranked
	Wishes  []string // titles, the dearest first
	Trouble *problemJSON

	OverRound      int // what was typed to place beyond the seats
	OverIn, Reason string
}

// ReasonField is the input of the reason for a place beyond the seats of a round.
func (p *studentOnePage) ReasonField(round int) textField {
	reason := ""
	if round == p.OverRound {
		reason = p.Reason
	}
	form := fmt.Sprintf("over-%d", round)
	f := p.Text(form+".reason", reason, "text", "off")
	f.Label = p.Locale.T("label.reason")
	f.Attrs = template.HTMLAttr(strings.Replace(string(f.Attrs), `name="`+form+`.`, `name="`, 1)) // escaped by Field
	return f
}

type placeRound struct {
	studentPlace
	Number     int
	Start, End time.Time
	Wish       int // which of the student's wishes the place is, from 1; 0: none
	Options    []placeOption
}

type placeOption struct {
	ID, Title string
	Left      int
	Chosen    bool
	Full      bool // and not the student's own
	Closed    bool // not open to the student's class
	Elsewhere bool // has it in another round
}

// placeGroup is options that one rule holds for.
type placeGroup struct {
	Name    string // allocation.group.NAME
	Options []placeOption
}

// Groups puts the options of a round in groups: what can be had, what is full,
// what the student has already, what is not for the class.
func (r placeRound) Groups() []placeGroup {
	groups := []placeGroup{{Name: "free"}, {Name: "full"}, {Name: "closed"}, {Name: "repeat"}}
	for _, o := range r.Options {
		at := 0
		switch {
		case o.Chosen:
		case o.Elsewhere:
			at = 3
		case o.Full:
			at = 1
		case o.Closed:
			at = 2
		}
		groups[at].Options = append(groups[at].Options, o)
	}
	return slices.DeleteFunc(groups, func(g placeGroup) bool { return len(g.Options) == 0 })
}

// Full returns the options that are full and could be had all the same.
func (r placeRound) Full() []placeOption {
	return slices.DeleteFunc(slices.Clone(r.Options), func(o placeOption) bool { return !o.Full || o.Elsewhere })
}

// studentOne is GET /events/:event/students/:student.
func (s *Server) studentOne(c *gin.Context) error {
	page, err := s.studentOnePage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "staff/student", &page)
}

func (s *Server) studentOnePage(c *gin.Context) (studentOnePage, error) {
	var page studentOnePage
	ctx := c.Request.Context()
	st, err := s.findStudent(c)
	if err != nil {
		return page, err
	}
	if err := s.audit(c, "student.read", event(c).ID, ""); err != nil {
		return page, err
	}
	has, err := s.readChosen(ctx, event(c))
	if err != nil {
		return page, err
	}
	taken, err := s.store.Seats(ctx, event(c).ID)
	if err != nil {
		return page, err
	}
	base, err := s.eventPage(c, "students")
	if err != nil {
		return page, err
	}
	page = studentOnePage{eventPage: base, Student: st}
	page.Title = page.Locale.T("staff.student.title") + " – " + base.Event.Title // no name in a browser's history
	page.Back = "/events/" + base.Event.ID + "/students/" + page.Student.ID
	page.Rounds = placeRounds(base.Event, has.programme, page.Student, has.choices[page.Student.ID], taken)
	page.Ranked, page.Wishes = has.ranked(page.Student), has.wishedTitles(page.Student)
	for i := range page.Rounds {
		page.Rounds[i].Wish = slices.Index(page.Wishes, page.Rounds[i].Title) + 1
	}
	return page, nil
}

func placeRounds(e enroll.Event, p enroll.Programme, st enroll.Student, has enroll.Choices, taken map[enroll.SessionKey]int) []placeRound {
	var rounds []placeRound
	for i, place := range placesOf(p, has) {
		r := placeRound{studentPlace: place, Number: i + 1, Start: p.Rounds[i].Start, End: p.Rounds[i].End}
		for _, w := range p.Workshops {
			session, given := w.Session(i + 1)
			if !given || session.Cancelled || slices.Contains(e.Cancelled, enroll.SessionKey{Workshop: w.ID, Round: i + 1}) && has[i+1].Workshop != w.ID {
				continue
			}
			o := placeOption{ID: w.ID, Title: w.Title, Chosen: has[i+1].Workshop == w.ID, Closed: !w.OpenTo(st.Class, st.Year)}
			o.Left = session.Capacity - taken[enroll.SessionKey{Workshop: w.ID, Round: i + 1}]
			o.Full = o.Left <= 0 && !o.Chosen
			for other, choice := range has {
				o.Elsewhere = o.Elsewhere || other != i+1 && choice.Workshop == w.ID
			}
			r.Options = append(r.Options, o)
		}
		rounds = append(rounds, r)
	}
	return rounds
}

// longestReason is how long the reason for a place beyond the seats may be.
const longestReason = 200

// place is PUT /events/:event/students/:student/choices/:round {workshop, over?,
// reason?}: by hand, whatever the class; an empty workshop takes the place away.
// With over an organiser has a place in a session that is full, for a reason
// that goes into the audit log.
func (s *Server) place(c *gin.Context) error {
	var in struct {
		Workshop string `json:"workshop" form:"workshop"`
		Over     bool   `json:"over" form:"over"`
		Reason   string `json:"reason" form:"reason"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	in.Reason = trim(in.Reason)
	ctx, id, student := c.Request.Context(), event(c).ID, c.Param("student")
	round := atoi(c.Param("round"))
	if event(c).State == enroll.Cancelled {
		return enroll.ErrState
	}
	var err error
	if in.Over {
		err = s.placeOver(c, student, round, in.Workshop, in.Reason)
	} else {
		if err := s.audit(c, "student.place", id, ""); err != nil {
			return err
		}
		err = s.store.Place(ctx, id, student, round, in.Workshop)
	}
	var fields enroll.FieldErrors
	switch {
	case err == nil:
		s.cfg.Kick() // lists that were made are made again
	case wantsJSON(c), !errors.As(err, &fields) && !errors.Is(err, enroll.ErrFull) && !errors.Is(err, enroll.ErrRepeat) && !errors.Is(err, enroll.ErrNoSession):
		return err
	}
	if wantsJSON(c) {
		choices, _, err := s.store.Choices(ctx, id)
		if err != nil {
			return err
		}
		answer := gin.H{"round": round, "workshop": nil}
		if choice, ok := choices[student][round]; ok {
			answer["workshop"] = choice.Workshop
		}
		return sendJSON(c, http.StatusOK, answer)
	}
	if err == nil {
		s.flash(c, map[bool]string{true: "allocation.over.done", false: "staff.student.placed"}[in.Over])
		return see(c, "/events/"+id+"/students/"+student)
	}
	page, pageErr := s.studentOnePage(c)
	if pageErr != nil {
		return pageErr
	}
	p, _ := problemOf(err, page.Locale)
	if fields != nil {
		for i := range fields { // each round has a form of its own
			fields[i].Field = fmt.Sprintf("over-%d.%s", round, fields[i].Field)
		}
		page.fail(fields)
		page.OverIn, page.OverRound, page.Reason = in.Workshop, round, in.Reason
		return s.render(c, p.Status, "staff/student", &page)
	}
	p.Detail = page.Locale.T("staff.student." + p.Code)
	page.Trouble = &p
	return s.render(c, p.Status, "staff/student", &page)
}

// placeOver puts a student in a session that may be full, by an organiser, who
// says why.
func (s *Server) placeOver(c *gin.Context, student string, round int, workshop, reason string) error {
	if account(c).Role != enroll.Organiser {
		return enroll.ErrForbidden
	}
	var errs enroll.FieldErrors
	if reason == "" {
		errs.Add("reason", "required")
	} else if utf8.RuneCountInString(reason) > longestReason {
		errs.Add("reason", "too_much", strconv.Itoa(longestReason))
	}
	if workshop == "" {
		errs.Add("workshop", "required")
	}
	if len(errs) > 0 {
		return errs
	}
	students, err := s.store.Students(c.Request.Context(), event(c).ID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(students, func(st enroll.Student) bool { return st.ID == student })
	if i < 0 {
		return enroll.ErrNotFound
	}
	if mentions(reason, students[i]) {
		errs.Add("reason", "names_student")
		return errs
	}
	if err := s.audit(c, "student.place.over", event(c).ID, reason); err != nil {
		return err
	}
	return s.store.PlaceOver(c.Request.Context(), event(c).ID, student, round, workshop)
}

// mentions reports whether a text has the student's first name, last name or
// number in it, as words: what outlives the purge must not.
func mentions(text string, st enroll.Student) bool {
	words := func(text string) string {
		return " " + strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
		}), " ") + " "
	}
	in := words(text)
	return slices.ContainsFunc([]string{st.FirstName, st.LastName, st.Number}, func(what string) bool {
		one := words(what)
		return strings.TrimSpace(one) != "" && strings.Contains(in, one)
	})
}
