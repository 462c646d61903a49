package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
)

// The checks of a choice come in the order of the contract: what is asked is
// wrong in every later way too, and the first one answers.
func TestAChoiceIsCheckedInOrder(t *testing.T) {
	s := newSite(t)
	anna := s.program(t)
	choose := func(v *visitor, round, workshop string) reply {
		return v.json("PUT", "/student/choices/"+round, map[string]any{"workshop": workshop, "programme": 99})
	}
	expect := func(r reply, status int, code string) {
		t.Helper()
		if got := r.problem(t); r.status != status || got != code {
			t.Errorf("got %d %s, want %d %s", r.status, got, status, code)
		}
	}
	expect(choose(anna, "9", "nix"), 401, "signed_out")
	anna.signIn(0)
	expect(choose(anna, "9", "nix"), 403, "closed")
	s.open()
	expect(choose(anna, "9", "w0"), 404, "no_session")
	expect(choose(anna, "1", "nix"), 404, "no_session")
	expect(choose(anna, "one", "w0"), 404, "no_session")
	expect(choose(anna, "1", "w3"), 403, "not_allowed")
	expect(choose(anna, "1", "w0"), 409, "stale")

	take := func(v *visitor, round, workshop string) reply {
		return v.json("PUT", "/student/choices/"+round, map[string]any{"workshop": workshop})
	}
	for i := 1; i <= 2; i++ {
		if r := take(s.program(t).signIn(i), "2", "w0"); r.status != 200 {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	if r := take(anna, "1", "w0"); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	expect(take(anna, "2", "w0"), 409, "repeat")
	expect(take(s.program(t).signIn(3), "2", "w0"), 409, "full")
	s.close()
	expect(take(anna, "1", "w0"), 403, "closed") // even where nothing would change
	s.Clock.Move(s.event.PurgeDue())
	expect(choose(anna, "9", "nix"), 410, "purged")
}

func TestAProgramReadsAndChanges(t *testing.T) {
	s := newSite(t)
	s.open()
	anna := s.program(t).signIn(0)
	read := func(r reply) studentJSON {
		t.Helper()
		if r.status != 200 {
			t.Fatalf("%d %s", r.status, r.body)
		}
		var got studentJSON
		r.decode(t, &got)
		return got
	}
	got := read(anna.get("/student"))
	if got.Event != s.event.ID || got.Student.FirstName != s.students[0].FirstName || got.State != enroll.Open ||
		!got.ClosesAt.Equal(s.event.CloseAt) || got.Programme != 1 || len(got.Rounds) != 3 || len(got.Rounds[0].Sessions) != 4 {
		t.Fatalf("got %+v", got)
	}
	if got.Rounds[0].Choice != nil || got.Rounds[0].Sessions[3].Allowed || !got.Rounds[0].Sessions[0].Allowed {
		t.Errorf("round 1: %+v", got.Rounds[0])
	}
	got = read(anna.json("PUT", "/student/choices/2", map[string]any{"workshop": "w1", "programme": got.Programme}))
	if got.Rounds[1].Choice == nil || *got.Rounds[1].Choice != "w1" || got.Rounds[1].Sessions[1].Left != 1 {
		t.Errorf("after choosing: %+v", got.Rounds[1])
	}
	got = read(anna.do("DELETE", "/student/choices/2", "", nil))
	if got.Rounds[1].Choice != nil || got.Rounds[1].Sessions[1].Left != 2 {
		t.Errorf("after letting go: %+v", got.Rounds[1])
	}
	if code := anna.get("/student/schedule").problem(t); code != "not_ready" {
		t.Errorf("schedule before its time: %s", code)
	}
	if code := anna.get("/student/schedule.ics").problem(t); code != "not_ready" {
		t.Errorf("calendar before its time: %s", code)
	}
}

// A student chooses without any script: forms, and a page after each.
func TestChoosingWithoutScript(t *testing.T) {
	s := newSite(t)
	anna := s.browser(t)
	anna.get("/").has(t, `action="/student/sign-in"`, "Kies je workshops")
	anna.signIn(0)
	anna.get("/student").has(t, "Nog niet open", "dinsdag 1 december 2026 om 09:00", "Workshop 1")

	s.open()
	page := anna.get("/student")
	page.has(t, s.students[0].FirstName, "Nog kiezen: ronde 1, 2 en 3", "nog 2 plekken", "1 workshop is niet voor jouw klas")
	page.lacks(t, "disabled", "style=", "onclick")

	put := func(round, workshop string) reply {
		return anna.form("/student/choices/"+round, "_method", "PUT", "programme", "1", "workshop", workshop)
	}
	if r := put("1", "w0"); r.status != http.StatusSeeOther || r.header.Get("Location") != "/student" {
		t.Fatalf("%d %s", r.status, r.header.Get("Location"))
	}
	anna.get("/student").has(t, "Opgeslagen.", "Nog kiezen: ronde 2 en 3", "Laat los", "Doe je al in ronde 1")
	anna.get("/student").lacks(t, "Opgeslagen.")
	put("2", "w1")
	put("3", "w2")
	anna.get("/student").has(t, "Je bent klaar", "Wisselen kan tot woensdag 2 december 2026 om 12:00")

	if r := anna.form("/student/choices/3", "_method", "DELETE"); r.status != http.StatusSeeOther {
		t.Fatalf("letting go: %d", r.status)
	}
	anna.get("/student").has(t, "Nog kiezen: ronde 3")

	s.close()
	anna.get("/student").has(t, "De inschrijving is gesloten", "Je krijgt een plek die over is")
	if r := put("3", "w2"); r.status != http.StatusForbidden {
		t.Errorf("choosing after closing: %d", r.status)
	} else {
		r.has(t, "Er is niets veranderd")
	}
}

func TestTheSeatThatIsJustLost(t *testing.T) {
	s := newSite(t)
	s.open()
	for i := 1; i <= 2; i++ {
		s.program(t).signIn(i).json("PUT", "/student/choices/2", map[string]any{"workshop": "w0"})
	}
	anna := s.browser(t).signIn(0)
	r := anna.form("/student/choices/2", "_method", "PUT", "workshop", "w0")
	if r.status != http.StatusConflict {
		t.Fatalf("%d", r.status)
	}
	r.has(t, "Net vol: Workshop 0 in ronde 2", `role="alert"`, `form="choose-2" name="workshop" value="w1"`, `form="choose-2" name="workshop" value="w2"`)
	r.lacks(t, `form="choose-2" name="workshop" value="w3"`)
}

// What the allocation gave shows once it is published.
func TestMyDay(t *testing.T) {
	s := newSite(t)
	s.open()
	anna := s.browser(t).signIn(0)
	anna.form("/student/choices/1", "_method", "PUT", "workshop", "w0")
	s.close()
	setState := func(state enroll.State) {
		t.Helper()
		if _, err := s.Store.UpdateEvent(t.Context(), s.event.ID, func(e *enroll.Event) error {
			e.State = state
			e.Cancelled = []enroll.SessionKey{{Workshop: "w0", Round: 1}}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	setState(enroll.Closed)
	id := s.students[0].ID
	choices, revision, err := s.Store.Choices(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Store.Event(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Store.ApplyPlan(t.Context(), e, revision, choices,
		store.Outcome{Plan: enroll.Plan{Places: map[string][]string{id: {"w0", "w2", ""}}}}); err != nil {
		t.Fatal(err)
	}
	anna.get("/student").lacks(t, "Workshop 2")
	setState(enroll.Published)
	anna.get("/student/schedule").has(t, "Mijn dag", s.students[0].LastName, "Workshop 2", "Lokaal 2", "Docent 2",
		"Door de organisatie ingedeeld", "Deze workshop gaat niet door", "Voor deze ronde is er nog geen plek")
	var got scheduleJSON
	s.program(t).signIn(0).get("/student/schedule").decode(t, &got)
	if len(got.Rounds) != 3 || *got.Rounds[1].Workshop != "w2" || !got.Rounds[1].Assigned || got.Rounds[1].Room != "Lokaal 2" ||
		!got.Rounds[0].Cancelled || got.Rounds[0].Assigned || got.Rounds[2].Workshop != nil {
		t.Errorf("got %+v", got)
	}

	anna.get("/student/schedule").has(t, `href="/student/schedule.ics"`)
	r := anna.get("/student/schedule.ics")
	if r.status != http.StatusOK || r.header.Get("Content-Type") != "text/calendar; charset=utf-8" ||
		r.header.Get("Content-Disposition") != `attachment; filename="cultuurdag-2026-12-04.ics"` || !strings.Contains(r.header.Get("Cache-Control"), "no-store") {
		t.Errorf("%d %v", r.status, r.header)
	}
	r.has(t, "BEGIN:VEVENT\r\n", "SUMMARY:Workshop 0\r\n", "STATUS:CANCELLED\r\n", "SUMMARY:Workshop 2\r\n", "LOCATION:Lokaal 2", "STATUS:CONFIRMED\r\n")
	r.lacks(t, s.students[0].FirstName, s.students[0].LastName, "Workshop 1")
	if code := s.program(t).signIn(1).get("/student/schedule.ics").problem(t); code != "not_ready" {
		t.Errorf("a calendar without a place: %s", code)
	}
}

// publish gives the first student w0 and w2 and publishes the day.
func (s *site) publish(t *testing.T) {
	t.Helper()
	s.close()
	s.set(t, func(e *enroll.Event) { e.State = enroll.Closed })
	choices, revision, err := s.Store.Choices(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Store.Event(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	plan := enroll.Plan{Places: map[string][]string{s.students[0].ID: {"w0", "w2", ""}}}
	if err := s.Store.ApplyPlan(t.Context(), e, revision, choices, store.Outcome{Plan: plan}); err != nil {
		t.Fatal(err)
	}
	s.set(t, func(e *enroll.Event) { e.State = enroll.Published })
}

func (s *site) set(t *testing.T, change func(*enroll.Event)) {
	t.Helper()
	if _, err := s.Store.UpdateEvent(t.Context(), s.event.ID, func(e *enroll.Event) error { change(e); return nil }); err != nil {
		t.Fatal(err)
	}
}

var seenField = regexp.MustCompile(`name="day" value="([0-9a-f]+)"`)

// What has changed since the student last looked stays marked until they say
// to have seen it, in every browser of theirs.
func TestMyDayHasChanged(t *testing.T) {
	s := newSite(t)
	s.publish(t)
	id, anna := s.students[0].ID, s.browser(t).signIn(0)
	place := func(round int, workshop string) {
		t.Helper()
		if err := s.Store.Place(t.Context(), s.event.ID, id, round, workshop); err != nil {
			t.Fatal(err)
		}
	}
	day := func() reply {
		t.Helper()
		return anna.get("/student/schedule")
	}
	for range 2 {
		anna.get("/student").lacks(t, "gewijzigd", "Gewijzigd") // the first look, and a reload
	}
	place(1, "w1")
	place(3, "w3")
	for range 2 {
		day().has(t, "Je dag is gewijzigd", "Eerst: Workshop 0, Lokaal 0", "Nu: Workshop 1, Lokaal 1", "Eerst: geen plek", "Nu: Workshop 3, Lokaal 3")
	}
	seen := seenField.FindStringSubmatch(day().body)
	if seen == nil {
		t.Fatal("nothing to say that it was seen")
	}

	// It changes once more, just before the button is pressed.
	s.set(t, func(e *enroll.Event) { e.Cancelled = []enroll.SessionKey{{Workshop: "w2", Round: 2}} })
	if r := anna.form("/student/schedule/seen", "_method", "PUT", "day", seen[1]); r.status != http.StatusSeeOther || r.header.Get("Location") != "/student/schedule" {
		t.Fatalf("%d %s", r.status, r.header.Get("Location"))
	}
	page := day()
	page.has(t, "Eerst: gaat door", "Nu: gaat niet door", "Nu: Workshop 1, Lokaal 1")
	var got scheduleJSON
	program := s.program(t).signIn(0)
	program.get("/student/schedule").decode(t, &got)
	if w := got.Rounds[0].Was; !got.Changed || w == nil || w.Workshop != "w0" || w.Room != "Lokaal 0" || got.Rounds[1].Was.Cancelled || got.Rounds[2].Was.Workshop != "" {
		t.Errorf("got %+v", got)
	}
	if code := program.json("PUT", "/student/schedule/seen", map[string]any{"day": seen[1]}).problem(t); code != "stale" {
		t.Errorf("an earlier version was seen: %s", code)
	}

	seen = seenField.FindStringSubmatch(page.body)
	for range 2 { // a second click
		anna.form("/student/schedule/seen", "_method", "PUT", "day", seen[1])
	}
	day().lacks(t, "gewijzigd", "Gewijzigd", "Eerst:")
	s.browser(t).signIn(0).get("/student").lacks(t, "Gewijzigd")
	anna.get("/student/data").has(t, "Wat je van je dag zag", "2. 11:00–12:30 Workshop 2, Lokaal 2, gaat niet door")

	place(1, "w0")
	place(1, "w1") // there and back is no change
	day().lacks(t, "Gewijzigd")

	date := s.event.Date.AddDays(1)
	s.set(t, func(e *enroll.Event) { e.Date, e.LastDate = date, date })
	if _, err := s.Store.MoveRounds(t.Context(), s.event.ID); err != nil {
		t.Fatal(err)
	}
	day().has(t, "Eerst: vrijdag 4 december 2026 09:00–10:30", "Nu: zaterdag 5 december 2026 09:00–10:30")
}

// In mode ranking each place says which wish it is.
func TestMyDayNamesWishes(t *testing.T) {
	s := newSite(t)
	s.set(t, func(e *enroll.Event) { e.Mode, e.RankLength = enroll.Ranking, 3 })
	s.open()
	anna := s.program(t).signIn(0)
	if r := anna.json("PUT", "/student/ranking", map[string]any{"workshops": []string{"w1", "w2", "w0"}}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	s.publish(t) // w0, then w2
	var got scheduleJSON
	anna.get("/student/schedule").decode(t, &got)
	if got.Rounds[0].Wish != 3 || got.Rounds[1].Wish != 2 || got.Rounds[2].Wish != 0 {
		t.Errorf("got %+v", got)
	}
	page := s.browser(t).signIn(0).get("/student/schedule")
	page.has(t, "Je 3e keus", "Je 2e keus")
	page.lacks(t, "Door de organisatie ingedeeld")
}

func TestTheWayOnMyDay(t *testing.T) {
	s := newSite(t)
	s.set(t, func(e *enroll.Event) {
		e.Directions = "Ingang aan de Kade.\nLokaal 0: trap op <links>\nLokaal 1: kelder"
	})
	s.publish(t)
	anna := s.browser(t).signIn(0)
	anna.get("/student/schedule").has(t, "Waar moet je zijn?", "Ingang aan de Kade.", "trap op &lt;links&gt;")
	anna.get("/student/schedule").lacks(t, "kelder")
	var got scheduleJSON
	s.program(t).signIn(0).get("/student/schedule").decode(t, &got)
	if got.Directions != "Ingang aan de Kade." || got.Rounds[0].Directions != "trap op <links>" || got.Rounds[1].Directions != "" {
		t.Errorf("got %+v", got)
	}
	anna.get("/student/schedule.ics").has(t, "trap op <links>\\nIngang aan de Kade.")
}

func TestMyData(t *testing.T) {
	s := newSite(t)
	s.open()
	anna := s.browser(t).signIn(0)
	anna.form("/student/choices/1", "_method", "PUT", "workshop", "w0")
	me := s.students[0]
	anna.get("/student/data").has(t, me.Number, me.Class, "Voorbeeld College", "Workshop 0", "zaterdag 5 december 2026 om 00:00")
	r := anna.get("/student/data?download")
	var got dataJSON
	r.decode(t, &got)
	if got.Student.Number != me.Number || got.Student.LastName != me.LastName || len(got.Choices) != 1 || !got.KeptUntil.Equal(s.event.PurgeDue()) {
		t.Errorf("got %+v", got)
	}
	if r.header.Get("Content-Disposition") == "" {
		t.Error("the file is not offered as a file")
	}
}

// A student sees their own page alone, whatever cookie is made up.
func TestNobodyElsesPage(t *testing.T) {
	s := newSite(t)
	anna := s.program(t).signIn(0)
	for _, cookie := range []string{"", "x", ".", s.event.ID, s.event.ID + ".", s.event.ID + "." + s.students[1].ID, "{x}.y"} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/student", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "application/json")
		req.Header.Set("Cookie", "student="+cookie)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("cookie %q: %d", cookie, resp.StatusCode)
		}
	}
	for i := range 5 {
		body := anna.get("/student").body + anna.get("/student/data").body
		if other := s.students[i+1]; strings.Contains(body, other.Number) {
			t.Errorf("student 0 sees student %d", i+1)
		}
	}
}

func TestSigningOut(t *testing.T) {
	s := newSite(t)
	anna := s.browser(t).signIn(0)
	if r := anna.get("/student"); r.status != 200 {
		t.Fatalf("%d", r.status)
	}
	u := s.Server.URL
	req, err := http.NewRequestWithContext(t.Context(), "GET", u, nil)
	if err != nil {
		t.Fatal(err)
	}
	old := anna.client.Jar.Cookies(req.URL)
	if r := anna.form("/student/sign-out"); r.status != http.StatusSeeOther {
		t.Fatalf("%d", r.status)
	}
	anna.get("/").has(t, "Je bent uitgelogd.")
	anna.client.Jar.SetCookies(req.URL, old)
	r := anna.get("/student")
	if r.status != http.StatusUnauthorized {
		t.Errorf("the old cookie still works: %d", r.status)
	}
	r.has(t, "Typ je code om verder te gaan", `action="/student/sign-in"`)
}

func TestAfterThePurgeEverythingIsGone(t *testing.T) {
	s := newSite(t)
	s.open()
	anna := s.browser(t).signIn(0)
	paths := []string{"/student", "/student/schedule", "/student/schedule.ics", "/student/data", "/student/live"}
	programs := make([]*visitor, len(paths))
	for i := range paths {
		programs[i] = s.program(t).signIn(1)
	}
	s.Clock.Move(s.event.PurgeDue())
	for i, path := range paths {
		if code := programs[i].get(path).problem(t); code != "purged" {
			t.Errorf("%s: %s", path, code)
		}
	}
	r := anna.get("/student")
	if r.status != http.StatusGone || r.header.Get("Clear-Site-Data") != `"cache", "storage"` || !strings.Contains(strings.Join(r.header.Values("Set-Cookie"), "\n"), "student=;") {
		t.Errorf("%d, Clear-Site-Data %q", r.status, r.header.Get("Clear-Site-Data"))
	}
	r.has(t, "Het doek is gevallen")
	r.lacks(t, s.students[0].FirstName)
	if r := s.browser(t).form("/student/sign-in", "code", s.codes[s.students[0].ID].String()); r.status != http.StatusGone {
		t.Errorf("signing in: %d", r.status)
	}
}
