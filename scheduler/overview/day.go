package overview

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// day is an event as the lists see it: everything sorted and looked up once.
type day struct {
	Input
	l        *locale.Locale
	rounds   int
	students []*person  // as Dutch names sort
	classes  []class    // 2A before 10A
	sessions []*session // by round, then title; then students without a place
	teachers []teacher
}

// person is a student with a place, or none, in each round.
type person struct {
	enroll.Student
	places []*session // index 0 is round 1; a session of no workshop where there is no place
}

func (p *person) nameOnPaper() string { return onPaper(p.ListName(), p.Student) }

type class struct {
	name     string
	students []*person
}

// session is a workshop in a round with those who are in it, or, with an empty
// workshop, those who have no place in the round.
type session struct {
	enroll.Session
	workshop  enroll.Workshop
	cancelled bool
	students  []*person
}

func (s *session) none() bool { return s.workshop.ID == "" }

type teacher struct {
	name     string // "" where the programme names none
	sessions []*session
}

func newDay(in Input) *day {
	d := &day{Input: in, l: in.Locale, rounds: len(in.Programme.Rounds)}
	if d.l == nil {
		d.l = locale.Dutch
	}
	order := collate.New(language.Dutch, collate.IgnoreCase, collate.Numeric)
	byText := func(a, b string) int { return cmp.Or(order.CompareString(a, b), strings.Compare(a, b)) }

	at := map[enroll.SessionKey]*session{}
	for _, w := range in.Programme.Workshops {
		for _, s := range w.Sessions {
			if s.Round < 1 || s.Round > d.rounds {
				continue
			}
			key := enroll.SessionKey{Workshop: w.ID, Round: s.Round}
			x := &session{Session: s, workshop: w,
				cancelled: slices.Contains(in.Cancelled, key) || slices.Contains(in.Event.Cancelled, key)}
			at[key] = x
			d.sessions = append(d.sessions, x)
		}
	}
	slices.SortStableFunc(d.sessions, func(a, b *session) int {
		return cmp.Or(cmp.Compare(a.Round, b.Round), byText(a.workshop.Title, b.workshop.Title), cmp.Compare(a.workshop.ID, b.workshop.ID))
	})
	nowhere := make([]*session, d.rounds)
	for i := range nowhere {
		nowhere[i] = &session{Session: enroll.Session{Round: i + 1}}
	}

	sorted := slices.Clone(in.Students)
	locale.SortStudents(sorted)
	byClass := map[string][]*person{}
	for _, s := range sorted {
		p := &person{Student: s, places: make([]*session, d.rounds)}
		for i := range p.places {
			place, ok := at[enroll.SessionKey{Workshop: in.Choices[s.ID][i+1].Workshop, Round: i + 1}]
			if !ok {
				place = nowhere[i]
			}
			p.places[i] = place
			place.students = append(place.students, p)
		}
		d.students = append(d.students, p)
		byClass[s.Class] = append(byClass[s.Class], p)
	}
	names := make([]string, 0, len(byClass))
	for name := range byClass {
		names = append(names, name)
	}
	slices.Sort(names)
	locale.SortClasses(names)
	for _, name := range names {
		d.classes = append(d.classes, class{name, byClass[name]})
	}

	byTeacher := map[string]int{}
	for _, s := range d.sessions {
		name := strings.Join(strings.Fields(s.workshop.Teacher), " ")
		key := strings.ToLower(name)
		i, ok := byTeacher[key]
		if !ok {
			i = len(d.teachers)
			byTeacher[key] = i
			d.teachers = append(d.teachers, teacher{name: name})
		}
		d.teachers[i].sessions = append(d.teachers[i].sessions, s)
	}
	slices.SortStableFunc(d.teachers, func(a, b teacher) int {
		if (a.name == "") != (b.name == "") {
			return strings.Compare(b.name, a.name) // nobody comes last
		}
		return byText(a.name, b.name)
	})
	// Whoever has no place is on no session's list, and must be missed by nobody.
	for _, s := range nowhere {
		if len(s.students) > 0 {
			d.sessions = append(d.sessions, s)
		}
	}
	return d
}

// t returns the message overview.KEY.
func (d *day) t(key string, args ...any) string { return d.l.T("overview."+key, args...) }

// date writes the date or dates of the event.
func (d *day) date() string {
	e := d.Event
	if e.LastDate.IsZero() || e.LastDate == e.Date {
		return d.l.Day(e.Date)
	}
	return d.l.Day(e.Date) + " – " + d.l.Day(e.LastDate)
}

// last is the last date of the event.
func (d *day) last() enroll.Date {
	if d.Event.LastDate.IsZero() {
		return d.Event.Date
	}
	return d.Event.LastDate
}

// time writes when a round is: 09:00–10:15, with its day where the event has
// several.
func (d *day) time(round int) string {
	r := d.Programme.Rounds[round-1]
	s := d.l.Clock(r.Start) + "–" + d.l.Clock(r.End)
	if d.last() != d.Event.Date {
		layout := "2-1 "
		if d.l.Tag == "en" {
			layout = "2 Jan "
		}
		s = r.Start.In(enroll.Amsterdam).Format(layout) + s
	}
	return s
}

// short writes a moment in few characters: 2-12 14:05.
func (d *day) short(at time.Time) string {
	layout := "2-1 15:04"
	if d.l.Tag == "en" {
		layout = "2 Jan 15:04"
	}
	return at.In(enroll.Amsterdam).Format(layout)
}

func (d *day) roundName(round int) string { return d.t("round", "round", round) }

// title is what a place is called: the workshop, or that there is none.
func (d *day) title(s *session) string {
	if s.none() {
		return d.t("no_place")
	}
	return s.workshop.Title
}

// titleAndState is the title, with beside it that the session is cancelled.
func (d *day) titleAndState(s *session) string {
	if s.cancelled {
		return d.title(s) + " (" + d.t("cancelled") + ")"
	}
	return d.title(s)
}

func (d *day) className(name string) string {
	if name == "" {
		return d.t("no_class")
	}
	return d.t("class_name", "class", name)
}

func (d *day) teacherName(name string) string {
	if name == "" {
		return d.t("no_teacher")
	}
	return name
}

// note says what is special about a session, and is "" for most.
func (d *day) note(s *session) string {
	switch {
	case s.none():
		return d.t("note_no_place")
	case s.cancelled:
		return d.t("note_cancelled")
	case len(s.students) == 0:
		return d.t("note_empty")
	}
	return ""
}

// count writes 24 leerlingen.
func (d *day) count(n int) string { return d.t("students", "n", n) }
