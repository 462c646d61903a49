package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
)

// newRankingSite is newSite in mode ranking: students rank two of the three
// workshops that are open to them.
func newRankingSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t)
	var err error
	if s.event, err = s.Store.UpdateEvent(t.Context(), s.event.ID, func(e *enroll.Event) error {
		e.Mode, e.RankLength = enroll.Ranking, 2
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (v *visitor) rank(programme int, workshops ...string) reply {
	v.t.Helper()
	return v.json("PUT", "/student/ranking", map[string]any{"workshops": append([]string{}, workshops...), "programme": programme})
}

// The checks of a ranking come in the order of the contract, as those of a
// choice do: what is sent is wrong in every later way too.
func TestARankingIsCheckedInOrder(t *testing.T) {
	s := newRankingSite(t)
	anna := s.program(t)
	expect := func(r reply, status int, code string) {
		t.Helper()
		if got := r.problem(t); r.status != status || got != code {
			t.Errorf("got %d %s, want %d %s", r.status, got, status, code)
		}
	}
	expect(anna.rank(99, "nix", "w3", "w3"), 401, "signed_out")
	anna.signIn(0)
	expect(anna.rank(99, "nix", "w3", "w3"), 403, "closed")
	s.open()
	expect(anna.json("PUT", "/student/choices/1", map[string]any{"workshop": "nix"}), 409, "wrong_mode")
	expect(anna.json("DELETE", "/student/choices/1", nil), 409, "wrong_mode")
	expect(anna.rank(99, "w3", "w3", "nix"), 404, "no_session")
	expect(anna.rank(99, "w3", "w0", "w0"), 403, "not_allowed")
	expect(anna.rank(99, "w0", "w1", "w0"), 409, "repeat")
	expect(anna.rank(99, "w0"), 422, "too_few")
	expect(anna.rank(99, "w0", "w1", "w2"), 422, "too_many")
	expect(anna.rank(99, "w0", "w1"), 409, "stale")
	expect(anna.json("PUT", "/student/ranking/nix", nil), 404, "no_session")
	expect(anna.json("PUT", "/student/ranking/w3", nil), 403, "not_allowed")
	if r := anna.rank(0, "w0", "w1"); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	expect(anna.json("PUT", "/student/ranking/w2", nil), 422, "too_many")
	if r := anna.rank(0, "w0"); !strings.Contains(r.body, "2 workshops") {
		t.Errorf("too few does not say how many: %s", r.body)
	}
	for _, body := range []any{map[string]any{"workshops": "w0"}, map[string]any{"workshops": []int{1, 2}}, []string{"w0", "w1"}} {
		expect(anna.json("PUT", "/student/ranking", body), 400, "bad_request")
	}
	s.close()
	expect(anna.rank(0, "w0", "w1"), 403, "closed") // even where nothing would change
	s.Clock.Move(s.event.PurgeDue())
	expect(anna.rank(99, "nix"), 410, "purged")

	first := newSite(t)
	first.open()
	expect(first.program(t).signIn(0).rank(99, "nix"), 409, "wrong_mode")
}

func TestAProgramRanks(t *testing.T) {
	s := newRankingSite(t)
	s.open()
	anna := s.program(t).signIn(0)
	check := func(r reply, want ...string) {
		t.Helper()
		var state studentJSON
		r.decode(t, &state)
		if r.status != 200 || !slices.Equal(state.Ranking, want) || state.Ranking == nil || state.RankLength == nil || *state.RankLength != 2 || state.Mode != enroll.Ranking {
			t.Errorf("%d: %v of %v in %s, want %v", r.status, state.Ranking, state.RankLength, state.Mode, want)
		}
		if len(state.Rounds) != 3 || len(state.Rounds[0].Sessions) != 4 {
			t.Errorf("%d rounds", len(state.Rounds))
		}
	}
	check(anna.get("/student"))
	check(anna.rank(1, "w2", "w0"), "w2", "w0")
	check(anna.rank(1, "w2", "w0"), "w2", "w0")
	check(anna.get("/student"), "w2", "w0")
	check(anna.json("PUT", "/student/ranking/w0", map[string]any{"place": 1}), "w0", "w2")
	check(anna.json("DELETE", "/student/ranking/w0", nil), "w2")
	check(anna.json("PUT", "/student/ranking/w1", nil), "w2", "w1")
	check(anna.rank(0))
	check(s.program(t).signIn(1).get("/student"))

	// In the other mode the answer says nothing of it.
	first := newSite(t).program(t).signIn(0).get("/student")
	first.has(t, `"mode":"first_come"`)
	first.lacks(t, `"ranking"`, `rank_length`)
}

// Each step of a ranking is one round trip to Redis, and so is the page.
func TestAWishCostsOneRoundTrip(t *testing.T) {
	s := newRankingSite(t)
	s.open()
	v := s.program(t).signIn(0)
	v.rank(0, "w0", "w1") // loads scripts, event and school
	v.get("/student")
	count := &roundTrips{}
	s.Redis.(*redis.Client).AddHook(count)
	for _, call := range []struct {
		method, path string
		body         map[string]any
	}{
		{"PUT", "/student/ranking", map[string]any{"workshops": []string{"w1", "w2"}}},
		{"PUT", "/student/ranking/w2", map[string]any{"place": 1}},
		{"DELETE", "/student/ranking/w2", nil},
		{"PUT", "/student/ranking/w0", nil},
		{"GET", "/student", nil},
	} {
		count.n.Store(0)
		if r := v.json(call.method, call.path, call.body); r.status != http.StatusOK {
			t.Fatalf("%s %s: %d %s", call.method, call.path, r.status, r.body)
		}
		if n := count.n.Load(); n != 1 {
			t.Errorf("%s %s: %d round trips, want 1", call.method, call.path, n)
		}
	}
}

// A form goes the same way as JSON, back to where its button stood; what is
// not done is said, and nothing is lost.
func TestRankingByForm(t *testing.T) {
	s := newRankingSite(t)
	anna := s.browser(t).signIn(0)
	anna.get("/student").has(t, "op volgorde zetten")
	anna.get("/student").lacks(t, "Wie het eerst kiest, heeft de plek")
	s.open()
	put := func(workshop, place string) reply {
		return anna.form("/student/ranking/"+workshop, "_method", "PUT", "programme", "1", "place", place)
	}
	page := anna.get("/student")
	page.has(t, "Nog 2 te kiezen", "Nog leeg", "Workshop 0", "niet voor jouw klas")
	page.lacks(t, `id="w-w3"`)
	for _, step := range []struct {
		reply reply
		to    string
	}{
		{put("w1", ""), "/student#w-w1"},
		{put("w0", ""), "/student#w-w0"},
		{put("w0", "1"), "/student#wish-w0"},
		{anna.form("/student/ranking/w1", "_method", "DELETE", "from", "list"), "/student#list"},
		{anna.form("/student/ranking/w0", "_method", "DELETE", "from", "w-w0"), "/student#w-w0"},
		{put("w2", ""), "/student#w-w2"},
	} {
		if to := step.reply.header.Get("Location"); step.reply.status != http.StatusSeeOther || to != step.to {
			t.Errorf("%d to %s, want %s", step.reply.status, to, step.to)
		}
	}
	anna.get("/student").has(t, "Opgeslagen.", "Nog 1 te kiezen", "Je 1e keus", "1 van 2 gekozen")
	put("w1", "")
	anna.get("/student").has(t, "Je lijst is klaar", "is-full")

	full := put("w0", "")
	full.has(t, "Je lijst is vol", "Er passen 2 workshops op", `id="trouble"`, "1. Workshop 2 2. Workshop 1")
	stale := anna.form("/student/ranking/w1", "_method", "PUT", "programme", "9", "place", "1")
	stale.has(t, "Het programma is veranderd", "1. Workshop 2 2. Workshop 1")
	if full.status != 422 || stale.status != 409 {
		t.Errorf("full %d, stale %d", full.status, stale.status)
	}

	// What the school decided is said.
	if err := s.Store.Place(t.Context(), s.event.ID, s.students[0].ID, 2, "w3"); err != nil {
		t.Fatal(err)
	}
	anna.get("/student").has(t, "Ronde 2 staat al vast: je school heeft je bij Workshop 3 geplaatst")
	anna.get("/student/data").has(t, "Jouw lijst", "1. Workshop 2")
	s.close()
	shut := put("w0", "1")
	shut.has(t, "Kiezen kan nu niet", "Dit was jouw lijst", "Workshop 2", "Ronde 2 staat al vast")
	s.browser(t).signIn(1).get("/student").has(t, "Je hebt niets gekozen")
}

// Where nothing is open to a class there is nothing to fill in.
func TestRankingOfNothing(t *testing.T) {
	s := newRankingSite(t)
	s.open()
	if r := s.program(t).signIn(0).rank(0, "w2", "w0"); r.status != 200 {
		t.Fatal(r.status, r.body)
	}
	p, err := s.Store.Programme(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Workshops {
		p.Workshops[i].Years = []int{6}
	}
	if _, err := s.Store.PutProgramme(t.Context(), s.event.ID, p); err != nil {
		t.Fatal(err)
	}
	page := s.browser(t).signIn(0).get("/student")
	page.has(t, "geen workshop voor jouw klas")
	page.lacks(t, "Je lijst is klaar", "<button form=", "Nog 0")
	s.program(t).signIn(0).get("/student").has(t, `"ranking":[]`, `"rank_length":0`)
	// What is held is told all the same.
	s.browser(t).signIn(0).get("/student/data").has(t, "Workshop 2 (telt nu niet mee)")
	s.program(t).signIn(0).get("/student/data").has(t, `"does_not_count": true`)
}

// Staff see who has ranked, and what is wished.
func TestStaffSeeRankings(t *testing.T) {
	s := newRankingSite(t)
	wim, roos := s.contact(t), s.organiser(t)
	s.open()
	s.program(t).signIn(0).rank(0, "w2", "w0")
	s.program(t).signIn(1).rank(0, "w2", "w1")
	s.program(t).signIn(2).json("PUT", "/student/ranking/w0", nil)

	wim.accept = "application/json"
	progress := wim.get(s.path("/events/EVENT/progress"))
	progress.has(t, `"students":6,"complete":2,"partly":1,"none":3`, `{"workshop":"w2","first":2,"wished":2}`, `{"workshop":"w0","first":1,"wished":2}`)
	if n := strings.Count(wim.get(s.path("/events/EVENT/students")).body, `"complete":true`); n != 2 {
		t.Errorf("%d students are complete, want 2", n)
	}
	unfinished := wim.get(s.path("/events/EVENT/unfinished"))
	unfinished.has(t, s.students[2].ID, `"ranked":1,"rank_length":2`, `"ranked":0`)
	unfinished.lacks(t, s.students[0].ID)
	if csv := wim.get(s.path("/events/EVENT/unfinished.csv")); strings.Count(csv.body, "0/2") != 3 || strings.Count(csv.body, "1/2") != 1 {
		t.Errorf("the list for mentors: %s", csv.body)
	}

	wim.accept = "text/html"
	wim.get(s.path("/events/EVENT/progress")).has(t, "2 van 6 leerlingen zijn klaar", "Eerste keus", "Op een lijst")
	wim.get(s.path("/events/EVENT/progress")).lacks(t, "<h2>Plekken</h2>")
	wim.get(s.path("/events/EVENT/students?class=1A")).has(t, ">1 van 2</td>")
	wim.get(s.path("/events/EVENT/unfinished")).has(t, "<td>1 van 2</td>", "<td>0 van 2</td>")
	wim.get(s.path("/events/EVENT/students/"+s.students[0].ID)).has(t, "<li>Workshop 2</li><li>Workshop 0</li>")
	wim.get(s.path("/events/EVENT/students/"+s.students[2].ID)).has(t, "Nog niet klaar: 1 van 2.")
	wim.get(s.path("/events/EVENT/students/"+s.students[3].ID)).has(t, "Nog geen wensen.")
	wim.get(s.path("/events/EVENT/students/"+s.students[0].ID+"/erase")).has(t, "de lijst met 2 wensen")

	// Who was placed by hand everywhere has nothing left to rank.
	for round, workshop := range map[int]string{1: "w0", 2: "w1", 3: "w2"} {
		if err := s.Store.Place(t.Context(), s.event.ID, s.students[3].ID, round, workshop); err != nil {
			t.Fatal(err)
		}
	}
	wim.accept = "application/json"
	wim.get(s.path("/events/EVENT/progress")).has(t, `"complete":3,"partly":1,"none":2`)
	roos.accept = "application/json"
	if got := roos.json("PATCH", s.path("/events/EVENT"), map[string]any{"rank_length": 3}); got.status != 409 {
		t.Errorf("the length of a ranking was changed while students rank: %d", got.status)
	}
}

// The form of an event offers the mode, and keeps what was typed.
func TestEventFormHasTheMode(t *testing.T) {
	s := newSite(t)
	roos := s.organiser(t)
	roos.accept = "text/html"
	roos.get("/events/new").has(t, "Hoe kiezen leerlingen?", `value="first_come" checked`, `name="rank_length"`, `value="5"`)
	path := s.path("/events/EVENT")
	refused := roos.form(path, "_method", "PATCH", "mode", "ranking", "rank_length", "21")
	if refused.status != 422 {
		t.Errorf("a list of 21: %d", refused.status)
	}
	refused.has(t, `value="ranking" checked`, `value="21"`, `id="rank_length-error"`)
	if r := roos.form(path, "_method", "PATCH", "mode", "ranking", "rank_length", "4"); r.status != http.StatusSeeOther {
		t.Fatalf("%d %s", r.status, r.body)
	}
	e, err := s.Store.Event(t.Context(), s.event.ID)
	if err != nil || e.Mode != enroll.Ranking || e.RankLength != 4 {
		t.Errorf("mode %s, %d, %v", e.Mode, e.RankLength, err)
	}
	roos.get(path+"/change").has(t, `value="ranking" checked`, `value="4"`)
	s.open()
	open := roos.get(path + "/change")
	open.lacks(t, `name="mode"`) // it cannot be changed any more
	if r := roos.form(path, "_method", "PATCH", "title", "Andere titel"); r.status != http.StatusSeeOther {
		t.Errorf("another title: %d", r.status)
	}
}
