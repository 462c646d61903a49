package web

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// hooks are stand-ins for what cmd wires.
func hooks(cfg *Config) {
	at := time.Date(2026, 12, 5, 0, 1, 0, 0, enroll.Amsterdam)
	cfg.PurgeLog = func(context.Context) (any, error) {
		return []map[string]any{{"seq": 1, "at": at, "event": "e", "step": "started", "previous": "00", "hash": "ab"}}, nil
	}
	cfg.Checkpoint = func() ([]byte, error) { return []byte("a signed note\n"), nil }
	cfg.Certificate = func(context.Context, string, *locale.Locale) ([]byte, error) { return []byte("%PDF-1.7"), nil }
	cfg.Allocation = func(ctx context.Context, event string) (string, json.RawMessage, error) {
		a, err := cfg.Store.Allocation(ctx, event)
		return a.State, a.Report, err
	}
}

var bareKey = regexp.MustCompile(`\b(staff|label|hint|field|error|state|page|list|allocation)\.[a-z_]+[a-z_.]*`)

// Every page in every state of an event, in both languages: no message is
// missing, and no id stands on it twice.
func TestStaffPagesInEveryState(t *testing.T) {
	ids := regexp.MustCompile(` id="([^"]+)"`)
	addresses := regexp.MustCompile(`https?://\S+|href="[^"]*"|src="[^"]*"|example\.org|age-encryption\.org|cultuurdag\.example`)
	for name, at := range map[string]func(*site){
		"draft":  func(*site) {},
		"open":   (*site).open,
		"closed": (*site).close,
		"purging": func(s *site) {
			s.Clock.Move(s.event.PurgeDue())
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, hooks)
			s.organiser(t)
			if err := s.Store.Place(t.Context(), s.event.ID, s.students[0].ID, 1, "w0"); err != nil {
				t.Fatal(err)
			}
			at(s)
			v := s.browser(t).as("organisator@example.org")
			gone := name == "purging"
			for _, lang := range []string{"nl", "en"} {
				v.form("/language", "lang", lang)
				for path, personal := range map[string]bool{
					"/events": false, "/events/new": false, "/schools": false, "/schools/" + s.event.School: false, "/audit": false,
					"/purge-log": false, "/account/password": false, "/events/EVENT": false, "/events/EVENT/change": false,
					"/events/EVENT/programme": false, "/events/EVENT/purge": false,
					"/events/EVENT/class-lists": true, "/events/EVENT/students": true, "/events/EVENT/students/" + s.students[0].ID: true,
					"/events/EVENT/progress": true, "/events/EVENT/overviews": true,
					"/events/EVENT/allocation": true, "/events/EVENT/runs": true, "/events/EVENT/students/" + s.students[0].ID + "/swap/1": true,
				} {
					r := v.get(s.path(path))
					want := http.StatusOK
					if gone && personal {
						want = http.StatusGone
					}
					if r.status != want {
						t.Errorf("%s: %d %s", path, r.status, r.body)
						continue
					}
					if keys := bareKey.FindAllString(addresses.ReplaceAllString(r.body, ""), -1); keys != nil {
						t.Errorf("%s in %s: no message for %v", path, lang, keys)
					}
					var seen []string
					for _, m := range ids.FindAllStringSubmatch(r.body, -1) {
						if slices.Contains(seen, m[1]) {
							t.Errorf("%s: id %s stands on it twice", path, m[1])
						}
						seen = append(seen, m[1])
					}
					if strings.Contains(r.body, "style=") || strings.Contains(r.body, "onclick=") {
						t.Errorf("%s: the CSP forbids it", path)
					}
				}
			}
		})
	}
}

func TestAgendaThatIsEmpty(t *testing.T) {
	s := newSite(t)
	other := s.School(t, "Andere School")
	s.account(t, other.ID, "ander@example.org")
	s.browser(t).as("ander@example.org").get("/events").has(t, "Er staat nog niets in de agenda")
}

func TestStudentsArePlacedByHand(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	path := "/events/" + s.event.ID
	one := s.students[0]
	choices := path + "/students/" + one.ID + "/choices/"
	// w3 is for sixth-years alone, and enrolment has not opened: by hand it goes.
	for _, c := range []struct {
		round, workshop string
		status          int
		body            string
	}{
		{"1", "w3", 200, `{"round":1,"workshop":"w3"}`},
		{"1", "w3", 200, `{"round":1,"workshop":"w3"}`},
		{"2", "w3", 409, "repeat"},
		{"9", "w1", 404, "no_session"},
		{"2", "w9", 404, "no_session"},
		{"1", "", 200, `{"round":1,"workshop":null}`},
		{"1", "w1", 200, `{"round":1,"workshop":"w1"}`},
	} {
		r := v.json("PUT", choices+c.round, map[string]string{"workshop": c.workshop})
		if r.status != c.status || !strings.Contains(r.body, c.body) {
			t.Errorf("round %s, %q: %d %s", c.round, c.workshop, r.status, r.body)
		}
	}
	for _, st := range s.students[1:3] {
		v.json("PUT", path+"/students/"+st.ID+"/choices/2", map[string]string{"workshop": "w0"})
	}
	page := s.browser(t).as("contact@example.org")
	page.get(path+"/students/"+one.ID).has(t, "Workshop 0 – vol", "Met de hand geplaatst")
	r := page.form(choices+"2", "_method", "PUT", "workshop", "w0")
	if r.status != http.StatusConflict {
		t.Errorf("full: %d", r.status)
	}
	r.has(t, "geen plek meer", `role="alert"`)
	if r := page.form(choices+"2", "_method", "PUT", "workshop", "w2"); r.status != http.StatusSeeOther {
		t.Errorf("%d %s", r.status, r.body)
	}
	var p progressJSON
	v.get(path+"/progress").decode(t, &p)
	if len(p.Classes) != 1 || p.Classes[0] != (classProgress{"1A", 6, 0, 3, 3}) {
		t.Errorf("classes: %+v", p.Classes)
	}
	if !slices.Contains(p.Sessions, sessionProgress{"w0", 2, 2, 2}) || !slices.Contains(p.Sessions, sessionProgress{"w3", 3, 2, 0}) {
		t.Errorf("sessions: %+v", p.Sessions)
	}
	if r := v.json("PUT", path+"/students/niemand/choices/1", map[string]string{"workshop": "w0"}); r.status != http.StatusNotFound {
		t.Errorf("nobody: %d", r.status)
	}
}

func TestStudentsAreFound(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	path := "/events/" + s.event.ID + "/students"
	search := func(q, class string) []listedStudent {
		t.Helper()
		var got struct{ Students []listedStudent }
		v.json("POST", path+"/search", map[string]string{"q": q, "class": class}).decode(t, &got)
		return got.Students
	}
	for _, c := range []struct {
		q, class string
		n        int
	}{
		{"", "", 6}, {"", "1a", 6}, {"", "9Z", 0}, {"seyma", "", 1}, {"ZOE visser", "", 1}, {"120003", "", 1}, {"lukasz", "1A", 1}, {"niemand", "", 0},
	} {
		if got := search(c.q, c.class); len(got) != c.n {
			t.Errorf("%q in %q: %d, want %d", c.q, c.class, len(got), c.n)
		}
	}
	if st := search("seyma", "")[0]; st.FirstName != "Şeyma" || st.Infix != "van den" || st.LastName != "Berg" || st.Class != "1A" || st.Number != "120003" || st.ID == "" || st.Complete {
		t.Errorf("%+v", st)
	}
	page := s.browser(t).as("contact@example.org")
	r := page.form(path+"/search", "q", "seyma")
	r.has(t, "Berg, Şeyma van den", `value="seyma"`)
	r.lacks(t, "Visser")
}

func TestDownloads(t *testing.T) {
	s := newSite(t, hooks)
	v := s.contact(t)
	path := "/events/" + s.event.ID
	r := v.get(path + "/slips.pdf?class=1A")
	if r.status != http.StatusOK || !strings.HasPrefix(r.body, "%PDF") || r.header.Get("Content-Type") != "application/pdf" ||
		!strings.Contains(r.header.Get("Content-Disposition"), "2026-12-04-voorbeeld-college-slips-1a.pdf") {
		t.Fatalf("%d %v", r.status, r.header)
	}
	r = v.get(path + "/slips.csv")
	r.has(t, s.codes[s.students[0].ID].String(), "Şeyma", "http://cultuurdag.example/k#")
	if r := v.get(path + "/slips.pdf?class=9Z"); r.status != http.StatusNotFound {
		t.Errorf("no such class: %d", r.status)
	}
	if r := v.get(path + "/overviews"); r.body != `{"overviews":[]}` {
		t.Errorf("nothing made: %s", r.body)
	}
	for file, status := range map[string]int{"rosters.pdf": 409, "all.zip": 409, "made.json": 404, "rosters.exe": 404, "made": 404, "x": 404} {
		if r := v.get(path + "/overviews/" + file); r.status != status {
			t.Errorf("%s: %d, want %d", file, r.status, status)
		}
	}
	e, err := s.Store.Event(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.PutFiles(t.Context(), s.event.ID, e.Revision, 0, map[string][]byte{"rosters.pdf": []byte("%PDF rosters"), "teachers.csv": []byte("docent")}); err != nil {
		t.Fatal(err)
	}
	v.get(path+"/overviews").has(t, `"name":"rosters","formats":["pdf"]`, `"name":"teachers","formats":["csv"]`)
	if r := v.get(path + "/overviews/rosters.pdf"); r.body != "%PDF rosters" {
		t.Errorf("%q", r.body)
	}
	if r := v.get(path + "/overviews/attendance.pdf"); r.status != http.StatusConflict || r.problem(t) != "not_ready" {
		t.Errorf("not made: %d", r.status)
	}
	if r := v.get(path + "/overviews/all.zip"); r.status != http.StatusOK || !strings.HasPrefix(r.body, "PK") {
		t.Errorf("zip: %d", r.status)
	}
	page := s.browser(t).as("contact@example.org")
	page.get(path+"/overviews").has(t, "Gemaakt op", "overviews/rosters.pdf", "Alles in één ZIP")
	v.json("PUT", path+"/students/"+s.students[0].ID+"/choices/1", map[string]string{"workshop": "w0"})
	page.get(path+"/overviews").has(t, "Er is iets veranderd sinds")
}

func TestPurgeByHand(t *testing.T) {
	s := newSite(t, hooks)
	v := s.contact(t)
	path := "/events/" + s.event.ID + "/purge"
	if r := v.json("POST", path, map[string]string{"title": "Iets anders"}); r.status != http.StatusUnprocessableEntity || r.faults(t)["title"] != "other_title" {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if r := v.get(path + "/certificate.pdf"); r.status != http.StatusConflict || r.problem(t) != "not_ready" {
		t.Errorf("certificate: %d", r.status)
	}
	page := s.browser(t).as("contact@example.org")
	page.form(path, "title", "Kultuurdag").has(t, `value="Kultuurdag"`, "Dit is niet de titel")
	v.get(path).has(t, `"state":"draft"`, `"steps":[]`)
	for range 2 { // the second click does nothing
		if r := page.form(path, "title", "Cultuurdag"); r.status != http.StatusSeeOther {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	e, err := s.Store.Event(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !e.PurgeEarly {
		t.Error("the purge is not due")
	}
	page.get(path).has(t, "Alles wordt nu gewist")
}

func TestPurgeLog(t *testing.T) {
	s := newSite(t, hooks)
	v := s.organiser(t)
	if r := v.get("/purge-log"); !strings.HasPrefix(r.body, `{"entries":[{"`) || !strings.Contains(r.body, `"step":"started"`) {
		t.Errorf("%s", r.body)
	}
	if r := v.get("/purge-log/checkpoint"); r.body != "a signed note\n" {
		t.Errorf("%s", r.body)
	}
	s.browser(t).as("organisator@example.org").get("/purge-log").has(t, "Begonnen: niemand kan er meer bij", "Nog te wissen")
}
