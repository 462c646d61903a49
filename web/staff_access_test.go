package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
)

// Every route of an event, by every method: a contact of another school is told
// that there is no such event, somebody signed out to sign in.
func TestEventsOfAnotherSchoolAreNotThere(t *testing.T) {
	s := newSite(t)
	other := s.School(t, "Andere School")
	s.account(t, other.ID, "ander@example.org")
	stranger, nobody := s.program(t).as("ander@example.org"), s.program(t)
	n := 0
	for _, r := range newServer(t).engine.Routes() {
		if !strings.HasPrefix(r.Path, "/events/:event") {
			continue
		}
		n++
		path := fillPath(s, r.Path)
		if got := stranger.json(r.Method, path, map[string]any{}); got.status != http.StatusNotFound || got.problem(t) != "not_found" {
			t.Errorf("%s %s: a stranger is answered %d %s", r.Method, r.Path, got.status, got.body)
		}
		if got := nobody.json(r.Method, path, map[string]any{}); got.status != http.StatusUnauthorized {
			t.Errorf("%s %s: nobody is answered %d", r.Method, r.Path, got.status)
		}
	}
	if n < 25 {
		t.Fatalf("only %d routes", n)
	}
	var list struct {
		Events []eventJSON `json:"events"`
	}
	stranger.get("/events").decode(t, &list)
	if list.Events == nil || len(list.Events) != 0 {
		t.Errorf("a stranger's events: %+v", list.Events)
	}
	if got := s.browser(t).as("ander@example.org").get("/events/" + s.event.ID); got.status != http.StatusNotFound {
		t.Errorf("page: %d", got.status)
	}
}

// fillPath puts things that exist into a route.
func fillPath(s *site, path string) string {
	return strings.NewReplacer(":event", s.event.ID, ":student", s.students[0].ID, ":round", "1", ":file", "rosters.pdf",
		":school", s.event.School, ":contact", "nobody", ":proposal", "none", ":run", "none").Replace(path)
}

func TestWhatOrganisersAloneMay(t *testing.T) {
	s := newSite(t)
	contact := s.contact(t)
	organisers := regexp.MustCompile(`^(/schools.*|/audit|/purge-log.*|/events/new|/events/:event/(change|programme|open|close|publish|cancel|allocate|allocation|costs|proposals.*|runs.*))$`)
	n := 0
	for _, r := range newServer(t).engine.Routes() {
		alone := organisers.MatchString(r.Path) || r.Path == "/events" && r.Method == "POST" || r.Path == "/events/:event" && r.Method == "PATCH"
		if !alone {
			continue
		}
		n++
		if got := contact.json(r.Method, fillPath(s, r.Path), map[string]any{}); got.status != http.StatusForbidden || got.problem(t) != "forbidden" {
			t.Errorf("%s %s: a contact is answered %d %s", r.Method, r.Path, got.status, got.body)
		}
	}
	if n < 26 {
		t.Errorf("only %d routes", n)
	}
}

// From local midnight on nothing about students comes out, whether or not
// anything was destroyed.
func TestNothingComesOutAfterTheDeadline(t *testing.T) {
	for name, shut := range map[string]func(*site, *visitor){
		"midnight": func(s *site, _ *visitor) { s.Clock.Move(s.event.PurgeDue()) },
		"purged early": func(s *site, v *visitor) {
			if r := v.json("POST", "/events/"+s.event.ID+"/purge", map[string]string{"title": " cultuurdag "}); r.status != http.StatusAccepted {
				t.Fatalf("%d %s", r.status, r.body)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			v := s.contact(t)
			shut(s, v)
			for _, path := range []string{"students", "students/" + s.students[0].ID, "slips.pdf", "slips.csv", "progress", "overviews", "overviews/rosters.pdf", "overviews/all.zip", "class-lists"} {
				if r := v.get("/events/" + s.event.ID + "/" + path); r.status != http.StatusGone || r.problem(t) != "purged" {
					t.Errorf("%s: %d %s", path, r.status, r.body)
				}
			}
			if r := v.json("POST", "/events/"+s.event.ID+"/students/search", map[string]string{"q": "a"}); r.status != http.StatusGone {
				t.Errorf("search: %d", r.status)
			}
			if r := v.upload("", s.encrypted(t, "x")); r.status != http.StatusGone {
				t.Errorf("upload: %d", r.status)
			}
			if r := v.json("PUT", "/events/"+s.event.ID+"/students/"+s.students[0].ID+"/choices/1", map[string]string{"workshop": "w0"}); r.status != http.StatusGone {
				t.Errorf("place: %d", r.status)
			}
			var e eventJSON
			v.get("/events/"+s.event.ID).decode(t, &e)
			if e.State != enroll.Purging || e.Students != 6 {
				t.Errorf("the event: %+v", e)
			}
			s.browser(t).as("contact@example.org").get("/events/"+s.event.ID).has(t, "wordt nu gewist")
		})
	}
}

// Everything that staff can do with students is written down, and no student
// stands in it, nor in the log of the program.
func TestAuditNamesNoStudent(t *testing.T) {
	s := newSite(t)
	organiser, contact := s.organiser(t), s.contact(t)
	one := s.students[0]
	for _, path := range []string{"students", "students?class=1A", "students/" + one.ID, "slips.pdf", "slips.csv?class=1A"} {
		if r := contact.get("/events/" + s.event.ID + "/" + path); r.status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, r.status, r.body)
		}
	}
	contact.json("POST", "/events/"+s.event.ID+"/students/search", map[string]string{"q": one.LastName})
	contact.json("PUT", "/events/"+s.event.ID+"/students/"+one.ID+"/choices/1", map[string]string{"workshop": "w0"})
	if r := contact.upload("?name=Zoe.csv", s.encrypted(t, goodList)); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if err := s.Store.PutFiles(t.Context(), s.event.ID, 1, 0, map[string][]byte{"rosters.pdf": []byte("%PDF")}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"rosters.pdf", "all.zip"} {
		if r := contact.get("/events/" + s.event.ID + "/overviews/" + path); r.status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, r.status, r.body)
		}
	}
	r := organiser.get("/audit?event=" + s.event.ID)
	for _, action := range []string{"students.read", "student.read", "slips.download", "students.search", "student.place", "list.upload", "overview.download"} {
		r.has(t, `"action":"`+action+`"`)
	}
	r.has(t, `"who":"contact@example.org"`, `"event":"`+s.event.ID+`"`)
	everybody := append(enrolltest.Students(6), enroll.Student{FirstName: "Zebedeus", LastName: "Uniekeman", Number: "999001"})
	for _, st := range everybody {
		r.lacks(t, st.Number)
		if len(st.LastName) > 4 {
			r.lacks(t, st.LastName)
		}
		for _, secret := range []string{st.Number, st.Name()} {
			if strings.Contains(s.log.String(), secret) {
				t.Errorf("the log has %q", secret)
			}
		}
	}
	r.lacks(t, one.ID)
	if strings.Contains(s.log.String(), "Zoe.csv") {
		t.Error("the log has the name of a file")
	}
	if r := organiser.get("/audit?event=elders"); r.body != `{"entries":[]}` {
		t.Errorf("another event: %s", r.body)
	}
}
