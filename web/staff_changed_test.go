package web

import (
	"archive/zip"
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/overview"
)

// lists makes every list of the event as it is now, as the worker does.
func (s *site) lists(t *testing.T) {
	t.Helper()
	ctx, id := t.Context(), s.event.ID
	choices, revision, err := s.Store.Choices(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	in := overview.Input{Choices: choices, MadeAt: s.Clock.Now(), Locale: locale.Dutch}
	if in.Event, err = s.Store.Event(ctx, id); err != nil {
		t.Fatal(err)
	}
	if in.School, err = s.Store.School(ctx, in.Event.School); err != nil {
		t.Fatal(err)
	}
	if in.Students, err = s.Store.Students(ctx, id); err != nil {
		t.Fatal(err)
	}
	if in.Programme, err = s.Store.Programme(ctx, id); err != nil {
		t.Fatal(err)
	}
	made, err := overview.Make(ctx, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range made {
		files[f.Name+"."+f.Format] = f.Data
	}
	if files[store.Snapshot], err = overview.Snapshot(in); err != nil {
		t.Fatal(err)
	}
	if err := s.Store.PutFiles(ctx, id, revision, 0, files); err != nil {
		t.Fatal(err)
	}
}

// put places a student by hand.
func (v *visitor) put(student enroll.Student, round int, workshop string) {
	v.t.Helper()
	if r := v.json("PUT", v.site.path("/events/EVENT/students/")+student.ID+"/choices/"+itoa(round), map[string]string{"workshop": workshop}); r.status != http.StatusOK {
		v.t.Fatalf("placing: %d %s", r.status, r.body)
	}
}

// The evening before, everything is printed. In the morning one student moves:
// only the sheets that this changed have to be printed again.
func TestTheMorningOfTheDay(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	page := s.browser(t).as("contact@example.org")
	path := s.path("/events/EVENT/overviews")
	me := s.students[0]
	v.put(me, 1, "w0")
	s.Clock.Move(s.event.CloseAt.Add(time.Hour)) // Wednesday, 13:00
	s.lists(t)

	page.get(path).has(t, "Zodra u een PDF of de ZIP ophaalt", "Nog niet afgedrukt.")
	if r := v.get(path + "/changed.pdf"); r.status != http.StatusConflict || r.problem(t) != "not_ready" {
		t.Errorf("nothing printed: %d", r.status)
	}
	v.get(path).lacks(t, "changed")
	v.get(path + "/rosters.csv") // looking something up prints nothing
	page.get(path+"/rosters").has(t, "Klas 1A", me.ListName(), "Ik heb deze lijst afgedrukt")
	page.get(path).has(t, "Nog niet afgedrukt.")

	zipped := v.get(path + "/all.zip")
	if names := zipNames(t, zipped.body); strings.Contains(names, "changed") || strings.Count(names, "2026-12-04-voorbeeld-college-") != 15 {
		t.Errorf("the ZIP holds %s", names)
	}
	page.get(path).has(t, "Niets gewijzigd sinds woensdag 2 december 2026 om 13:00", "Afgedrukt op")
	page.get(path+"/changed").has(t, "Niets gewijzigd sinds woensdag 2 december 2026 om 13:00")
	v.get(path).has(t, `"name":"changed","formats":["pdf","xlsx","csv"]`)

	s.Clock.Move(s.event.Date.At(7, 30))
	v.put(me, 1, "w1")
	page.get(path).has(t, "7 bladen op papier kloppen niet meer", "1 blad gewijzigd", "2 bladen gewijzigd", "Er is iets veranderd")
	stale := page.get(path + "/changed")
	stale.has(t, "Vervang op papier alleen deze bladen.", "Workshop 0", "1 eraf", "Workshop 1", "1 nieuw", me.ListName(), "De lijsten worden nog gemaakt")
	stale.lacks(t, "Workshop 2", "Ik heb deze bladen afgedrukt")
	s.lists(t)
	r := v.get(path + "/changed.pdf")
	if r.status != http.StatusOK || !strings.HasPrefix(r.body, "%PDF") || !strings.Contains(r.header.Get("Content-Disposition"), "2026-12-04-voorbeeld-college-changed.pdf") {
		t.Fatalf("%d %v", r.status, r.header)
	}
	var told struct{ Lists []changedListJSON }
	v.get(path+"/changed").decode(t, &told) // the PDF may be got again: it did not count as a print
	if len(told.Lists) != 5 || len(told.Lists[2].Sheets) != 2 || told.Lists[2].Sheets[0].What[0] != "1 eraf" {
		t.Errorf("told: %+v", told)
	}

	// Somebody else gets the attendance list, and it can still be compared with what hangs on the doors.
	if r := v.get(path + "/attendance.pdf"); r.status != http.StatusOK {
		t.Fatal(r.status)
	}
	page.get(path).has(t, "5 bladen op papier kloppen niet meer")
	changed := page.get(path + "/changed")
	changed.has(t, "Vergelijk met de afdruk van", "Roosters per klas")
	changed.lacks(t, `<h3><span class="badge"`)
	first := regexp.MustCompile(`<option value="(\d+)">woensdag`).FindStringSubmatch(changed.body)
	if first == nil {
		t.Fatalf("no choice of prints: %s", changed.body)
	}
	page.get(path+"/changed?since="+first[1]).has(t, `<h3><span class="badge"`, "changed.pdf?since="+first[1])

	if names := zipNames(t, v.get(path+"/all.zip").body); !strings.Contains(names, "college-changed.pdf") || !strings.Contains(names, "college-changed.xlsx") {
		t.Errorf("the ZIP holds %s", names)
	}
	page.get(path).has(t, "Niets gewijzigd sinds vrijdag 4 december 2026 om 07:30")
}

func zipNames(t *testing.T, body string) string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader([]byte(body)), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range r.File {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}

// Marked as printed is what the page showed: where the lists were made anew
// meanwhile, nothing is, and the page is to be looked at again.
func TestMarkedAsPrinted(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	path := s.path("/events/EVENT/overviews")
	v.put(s.students[0], 1, "w0")
	s.close()
	s.lists(t)
	page := s.browser(t).as("contact@example.org")
	revision := func() string {
		t.Helper()
		m := regexp.MustCompile(`name="revision" value="(\d+)"`).FindStringSubmatch(page.get(path + "/teachers").body)
		if m == nil {
			t.Fatal("no button")
		}
		return m[1]
	}
	old := revision()
	v.put(s.students[0], 1, "w1")
	page.get(path+"/teachers").lacks(t, "Ik heb deze lijst afgedrukt") // newer than the files
	s.lists(t)
	if r := page.form(path+"/printed", "revision", old, "list", "teachers"); r.status != http.StatusConflict {
		t.Errorf("a list that there is no more: %d", r.status)
	}
	for range 2 { // a second click
		if r := page.form(path+"/printed", "revision", revision(), "list", "teachers"); r.status != http.StatusSeeOther || r.header.Get("Location") != path {
			t.Errorf("%d %v", r.status, r.header)
		}
	}
	page.get(path).has(t, "Genoteerd: deze lijsten liggen op papier")
	v.put(s.students[0], 1, "w0")
	page.get(path).has(t, "2 bladen op papier kloppen niet meer")
	s.lists(t)
	r := page.get(path + "/changed")
	now := regexp.MustCompile(`name="revision" value="(\d+)"`).FindStringSubmatch(r.body)
	if now == nil {
		t.Fatal("no button")
	}
	if r := page.form(path+"/printed", "revision", now[1]); r.status != http.StatusSeeOther {
		t.Errorf("%d %s", r.status, r.body)
	}
	page.get(path).has(t, "Niets gewijzigd sinds", "Nog niet afgedrukt.") // of lists that were never printed
	if r := v.json("POST", path+"/printed", map[string]any{"revision": 1, "list": "codes"}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("no such list: %d", r.status)
	}
	s.Clock.Move(s.event.PurgeDue())
	for _, r := range []reply{v.get(path + "/changed"), v.get(path + "/changed.csv"), v.get(path + "/rosters"), v.json("POST", path+"/printed", map[string]any{"revision": 1})} {
		if r.status != http.StatusGone {
			t.Errorf("after the deadline: %d", r.status)
		}
	}
}

// A list on the screen: each sheet a table with a caption and headings, written
// down as looked at, and for nobody of another school.
func TestListsAsPages(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	path := s.path("/events/EVENT/overviews")
	page := s.browser(t).as("contact@example.org")
	if r := page.get(path + "/attendance"); r.status != http.StatusConflict {
		t.Errorf("no lists yet: %d", r.status)
	}
	v.put(s.students[0], 1, "w0")
	s.close()
	s.lists(t)
	for _, name := range overview.Names {
		r := page.get(path + "/" + name)
		r.has(t, "<caption", `<th scope="col"`, `<th scope="row">`, "Vernietig deze lijst na vrijdag 4 december 2026", s.students[0].LastName)
		r.lacks(t, "overview.", "lists.sheets", "&lt;no value")
		if cache := r.header.Get("Cache-Control"); !strings.Contains(cache, "no-store") {
			t.Errorf("%s: Cache-Control %q", name, cache)
		}
	}
	page.get(path+"/attendance").has(t, "Er is niemand ingedeeld.")
	v.get(path+"/attendance").has(t, `"sheets":[{"round":1,"title":"Workshop 0"`)
	s.organiser(t).get("/audit?event="+s.event.ID).has(t, `"action":"overview.read","event":"`+s.event.ID+`","detail":"attendance"`)

	s.account(t, s.School(t, "De Overkant").ID, "ander@example.org")
	for _, file := range []string{"/attendance", "/changed", "/changed.pdf"} {
		if r := s.program(t).as("ander@example.org").get(path + file); r.status != http.StatusNotFound {
			t.Errorf("%s for another school: %d", file, r.status)
		}
	}
}

// How far the lists are, that they failed, and a way out.
func TestHowFarTheListsAre(t *testing.T) {
	kicked := 0
	s := newSite(t, func(cfg *Config) { cfg.Kick = func() { kicked++ } })
	v := s.contact(t)
	page := s.browser(t).as("contact@example.org")
	ctx, path := t.Context(), s.path("/events/EVENT/overviews")
	if r := v.json("POST", path, map[string]any{}); r.status != http.StatusConflict || r.problem(t) != "wrong_state" {
		t.Errorf("before closing: %d", r.status)
	}
	s.close()
	page.get(path).has(t, "De lijsten worden gemaakt", `data-refresh="3"`, `<noscript><meta http-equiv="refresh" content="5"></noscript>`)
	if err := s.Store.Progress(ctx, s.event.ID, enroll.StepOverviews, 7, 15); err != nil {
		t.Fatal(err)
	}
	page.get(path).has(t, `<progress max="15" value="7"`, "7 van 15 bestanden klaar")
	v.get(path).has(t, `"making":{"done":7,"total":15}`)
	if err := s.Redis.HSet(ctx, "cd:{"+s.event.ID+"}:k:steps", "overviews", time.Now().Add(-5*time.Minute).UnixMilli()).Err(); err != nil {
		t.Fatal(err)
	}
	page.get(path).has(t, "Het duurt langer dan gewoon", "Probeer het nu opnieuw")
	if err := s.Store.Failed(ctx, s.event.ID, enroll.StepOverviews); err != nil {
		t.Fatal(err)
	}
	page.get(path).has(t, "Het maken van de lijsten is niet gelukt", "elke minuut opnieuw")
	kicked = 0
	if r := page.form(path); r.status != http.StatusSeeOther || kicked != 1 {
		t.Errorf("%d, kicked %d times", r.status, kicked)
	}
	page.get(path).has(t, "Er wordt opnieuw begonnen")
	s.lists(t)
	if err := s.Store.Done(ctx, s.event.ID, enroll.StepOverviews); err != nil {
		t.Fatal(err)
	}
	page.get(path).lacks(t, "niet gelukt", "<progress", "data-refresh")
}
