package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"cultuurdag/enroll"
)

// faults are the fields and codes of a refused JSON request.
func (r reply) faults(t *testing.T) map[string]string {
	t.Helper()
	var p struct{ Errors []fieldMessage }
	r.decode(t, &p)
	got := map[string]string{}
	for _, e := range p.Errors {
		got[e.Field] = e.Code
	}
	return got
}

func TestProgrammeFaults(t *testing.T) {
	s := newSite(t)
	v := s.organiser(t)
	path := "/events/" + s.event.ID + "/programme"
	var good enroll.Programme
	v.get(path).decode(t, &good)
	for name, c := range map[string]struct {
		change func(*enroll.Programme)
		field  string
		code   string
	}{
		"a room twice":         {func(p *enroll.Programme) { p.Workshops[1].Sessions[0].Room = " lokaal 0" }, "workshops[1].sessions[0].room", "room_twice"},
		"a teacher twice":      {func(p *enroll.Programme) { p.Workshops[1].Teacher = "docent 0" }, "workshops[1].teacher", "teacher_twice"},
		"rounds overlap":       {func(p *enroll.Programme) { p.Rounds[1].Start = p.Rounds[0].Start }, "rounds[1].start", "overlaps"},
		"on another day":       {func(p *enroll.Programme) { p.Rounds[2].Start = p.Rounds[2].Start.AddDate(0, 0, 1) }, "rounds[2].start", "off_day"},
		"no workshops":         {func(p *enroll.Programme) { p.Workshops = nil }, "workshops", "required"},
		"an id twice":          {func(p *enroll.Programme) { p.Workshops[1].ID = "w0" }, "workshops[1].id", "twice"},
		"minimum above places": {func(p *enroll.Programme) { p.Workshops[1].Sessions[1].Minimum = 3 }, "workshops[1].sessions[1].minimum", "out_of_range"},
	} {
		t.Run(name, func(t *testing.T) {
			p := good
			p.Rounds = append([]enroll.Round{}, good.Rounds...)
			p.Workshops = nil
			for _, w := range good.Workshops {
				w.Sessions = append([]enroll.Session{}, w.Sessions...)
				p.Workshops = append(p.Workshops, w)
			}
			c.change(&p)
			r := v.json("PUT", path, p)
			if r.status != http.StatusUnprocessableEntity || r.faults(t)[c.field] != c.code {
				t.Errorf("%d %s", r.status, r.body)
			}
		})
	}
	var after enroll.Programme
	v.get(path).decode(t, &after)
	if after.Version != good.Version {
		t.Error("a refused programme was stored")
	}
	if r := v.json("PUT", path, good); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := v.json("PUT", path, good); r.status != http.StatusConflict || r.problem(t) != "conflict" {
		t.Errorf("an older version: %d %s", r.status, r.body)
	}
}

// table is a programme as its form sends it.
func table(version string, cells ...string) url.Values {
	v := url.Values{"_method": {"PUT"}, "version": {version}}
	for i, times := range [][2]string{{"09:00", "10:15"}, {"10:45", "12:00"}, {"", ""}} {
		v.Set("rounds["+itoa(i)+"].start", times[0])
		v.Set("rounds["+itoa(i)+"].end", times[1])
	}
	for row := range 4 {
		at := "workshops[" + itoa(row) + "]."
		for _, f := range []string{"id", "title", "teacher", "description", "for"} {
			v.Set(at+f, "")
		}
		for r := range 3 {
			for _, f := range []string{"room", "capacity", "minimum"} {
				v.Set(at+"sessions["+itoa(r)+"]."+f, "")
			}
		}
	}
	for i := 0; i+1 < len(cells); i += 2 {
		v.Set(cells[i], cells[i+1])
	}
	return v
}

func (v *visitor) values(path string, values url.Values) reply {
	v.t.Helper()
	return v.do("POST", path, "application/x-www-form-urlencoded", strings.NewReader(values.Encode()))
}

// Rows that are left empty are none, wherever they stand; faults are named by
// their place on the page, and what was typed stays.
func TestProgrammeForm(t *testing.T) {
	s := newSite(t)
	s.organiser(t)
	v := s.browser(t).as("organisator@example.org")
	path := "/events/" + s.event.ID + "/programme"
	v.get(path).lacks(t, "te weinig")
	s.Enrol(t, s.event.ID, 12)
	v.get(path).has(t, `name="workshops[3].sessions[2].room"`, `value="Lokaal 3"`, "Ronde 2: 4 plekken te weinig")

	first := table("0", "workshops[1].title", "Drummen", "workshops[1].teacher", "Bo", "workshops[1].for", "3A, 4; 3B",
		"workshops[1].sessions[1].room", "Aula", "workshops[1].sessions[1].capacity", "24", "workshops[1].sessions[1].minimum", "6",
		"workshops[3].title", "Breakdance", "workshops[3].sessions[0].room", "Gymzaal", "workshops[3].sessions[0].capacity", "20",
		"workshops[3].sessions[1].room", "aula", "workshops[3].sessions[1].capacity", "twintig")
	r := v.values(path, first)
	if r.status != http.StatusUnprocessableEntity {
		t.Fatalf("%d", r.status)
	}
	r.has(t, `id="workshops-3-sessions-1-capacity-error"`, `id="workshops-3-sessions-1-room-error"`, `value="twintig"`, `value="3A, 4; 3B"`,
		"Breakdance, Ronde 2, plekken: Dit is geen getal.", "Deze ruimte is in deze ronde al bezet")

	more := table("0", "workshops[0].title", "Bewaard", "add", "workshop")
	r = v.values(path, more)
	if r.status != http.StatusOK {
		t.Fatalf("%d", r.status)
	}
	r.has(t, `name="workshops[8].title"`, `value="Bewaard"`)
	more.Set("add", "round")
	v.values(path, more).has(t, `name="rounds[3].start"`, `name="workshops[0].sessions[3].room"`)

	first.Set("workshops[3].sessions[1].room", "Tuin")
	first.Set("workshops[3].sessions[1].capacity", "20")
	if r := v.values(path, first); r.status != http.StatusSeeOther {
		t.Fatalf("%d %s", r.status, r.body)
	}
	p, err := s.Store.Programme(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Rounds) != 2 || len(p.Workshops) != 2 {
		t.Fatalf("%+v", p)
	}
	drums, dance := p.Workshops[0], p.Workshops[1]
	if drums.Title != "Drummen" || len(drums.Sessions) != 1 || drums.Sessions[0] != (enroll.Session{Round: 2, Room: "Aula", Capacity: 24, Minimum: 6}) ||
		strings.Join(drums.Classes, " ") != "3A 3B" || len(drums.Years) != 1 || drums.Years[0] != 4 {
		t.Errorf("%+v", drums)
	}
	if dance.ID == "" || dance.ID == drums.ID || len(dance.Sessions) != 2 {
		t.Errorf("%+v", dance)
	}
	if got := p.Rounds[1].Start; !got.Equal(s.event.Date.At(10, 45)) {
		t.Errorf("the second round starts %v", got)
	}
	v.get(path).has(t, `value="10:45"`, `value="3A, 3B, 4"`)
	r = v.values(path, table("1", "workshops[0].title", "Te laat", "workshops[0].sessions[0].capacity", "9"))
	if r.status != http.StatusConflict {
		t.Errorf("an older version: %d", r.status)
	}
	r.has(t, `value="Te laat"`, "niet opgeslagen")
}

// A form without rows is refused as one whose rows are empty.
func TestProgrammeFormWithoutRows(t *testing.T) {
	s := newSite(t)
	s.organiser(t)
	r := s.browser(t).as("organisator@example.org").form("/events/"+s.event.ID+"/programme", "_method", "PUT")
	if r.status != http.StatusUnprocessableEntity {
		t.Fatalf("%d %s", r.status, r.body)
	}
	r.has(t, "workshops-0-title")
}

// After places were given out a teacher falls ill and a room is locked: that is
// put right on the same page, and everybody gets to know.
func TestProgrammeOfGivenPlaces(t *testing.T) {
	s := newSite(t)
	prints := s.organiser(t)
	s.publish(t)
	anna := s.browser(t).signIn(0)
	anna.get("/student").has(t, "Lokaal 0")
	s.lists(t)
	v := s.browser(t).as("organisator@example.org")
	e, err := s.Store.Event(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if r := prints.json("POST", s.path("/events/EVENT/overviews/printed"), map[string]any{"revision": e.Listed, "list": "attendance"}); r.status != http.StatusNoContent {
		t.Fatalf("printing: %d %s", r.status, r.body)
	}
	path := s.path("/events/EVENT/programme")
	page := v.get(path)
	page.has(t, "De plekken zijn verdeeld.", `value="Lokaal 0"`, "<button>Opslaan")
	page.lacks(t, `name="add"`, `name="workshops[4].title"`, "gaat niet door")
	s.set(t, func(e *enroll.Event) { e.Cancelled = []enroll.SessionKey{{Workshop: "w3", Round: 2}} })
	v.get(path).has(t, "gaat niet door")

	form := func() url.Values {
		p, err := s.Store.Programme(t.Context(), s.event.ID)
		if err != nil {
			t.Fatal(err)
		}
		f := formOfProgramme(p, e)
		values := url.Values{"_method": {"PUT"}, "version": {itoa(f.Version)}}
		for i, r := range f.Rounds {
			values.Set("rounds["+itoa(i)+"].start", r.Start)
			values.Set("rounds["+itoa(i)+"].end", r.End)
		}
		for i, row := range f.Rows {
			at := "workshops[" + itoa(i) + "]."
			for name, text := range map[string]string{"id": row.ID, "title": row.Title, "teacher": row.Teacher, "description": row.Description, "for": row.For} {
				values.Set(at+name, text)
			}
			for j, c := range row.Cells {
				for name, text := range map[string]string{"room": c.Room, "capacity": c.Capacity, "minimum": c.Minimum} {
					values.Set(at+"sessions["+itoa(j)+"]."+name, text)
				}
			}
		}
		return values
	}
	values := form()
	values.Set("workshops[0].teacher", "Vervanger")
	values.Set("workshops[0].sessions[0].room", "Zolder")
	if r := v.values(path, values); r.status != http.StatusSeeOther {
		t.Fatalf("%d %s", r.status, r.body)
	}
	v.get(path).has(t, `value="Zolder"`, `value="Vervanger"`)
	anna.get("/student").has(t, "Je dag is gewijzigd", "Eerst: Lokaal 0", "Nu: Zolder", "Vervanger")
	if r := anna.get("/student/schedule.ics"); !strings.Contains(string(r.body), "LOCATION:Zolder") {
		t.Errorf("the calendar: %s", r.body)
	}
	if e, err = s.Store.Event(t.Context(), s.event.ID); err != nil || e.Listed == e.Revision {
		t.Errorf("lists would not be made again: %d, %d, %v", e.Listed, e.Revision, err)
	}
	if r := prints.get(s.path("/events/EVENT/overviews/changed")); !strings.Contains(string(r.body), "Lokaal 0") {
		t.Errorf("what changed since the print: %s", r.body)
	}

	for field, c := range map[string]struct{ name, text string }{
		"workshops-0-for":                 {"workshops[0].for", "6"},
		"workshops-0-title":               {"workshops[4].title", "Erbij"},
		"workshops-3-sessions-0-capacity": {"workshops[3].sessions[2].", ""},
	} {
		values := form()
		if strings.HasSuffix(c.name, ".") {
			for _, name := range []string{"room", "capacity", "minimum"} {
				values.Set(c.name+name, "")
			}
		} else {
			values.Set(c.name, c.text)
		}
		if c.name == "workshops[4].title" {
			values.Set("workshops[4].sessions[0].capacity", "9")
		}
		r := v.values(path, values)
		if r.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", c.name, r.status)
		}
		r.has(t, `id="`+field+`-error"`, "ligt daarmee vast")
	}
}

// What the form cannot say stays: that a session was called off, and that 4 is a
// class.
func TestProgrammeFormKeepsWhatItCannotSay(t *testing.T) {
	s := newSite(t)
	p, err := s.Store.Programme(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	p.Workshops[0].Classes, p.Workshops[1].Sessions[1].Cancelled = []string{"4"}, true
	again, faults := formOfProgramme(p, s.event).programme(s.event, p)
	if len(faults) > 0 || again.Keeps(p) != nil {
		t.Errorf("%v, %v", faults, again.Keeps(p))
	}
}
