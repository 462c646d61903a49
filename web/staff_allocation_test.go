package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler"
	"cultuurdag/scheduler/planning"
)

// planned is a site with an event in mode ranking: eight workshops in three
// rounds, where who is in class 1 may go to the first five alone, and whoever is
// in class 2 has room enough in the others. What is asked
// for is worked out when work is called, or at once where busy is false.
type planned struct {
	*site
	busy    bool
	planner *planning.Planner
}

func newPlanned(t *testing.T, students, capacity int) *planned {
	t.Helper()
	p := &planned{}
	p.site = newSite(t, func(cfg *Config) {
		p.planner = &planning.Planner{Store: cfg.Store, Clock: cfg.Clock}
		cfg.Allocation = func(ctx context.Context, event string) (string, json.RawMessage, error) {
			a, err := cfg.Store.Allocation(ctx, event)
			return a.State, a.Report, err
		}
		cfg.Kick = func() {
			if !p.busy {
				p.work(t)
			}
		}
	})
	p.event = p.RankingEvent(t, p.School(t, "Het Toneel"), 3)
	programme := enrolltest.Programme(p.event.Date, 8, 3, capacity)
	for i, title := range []string{"Breakdance", "Graffiti", "Podcast", "Toneel", "Percussie", "Fotografie", "Slam poetry", "Stop-motion"} {
		programme.Workshops[i].Title = title
		if i >= 5 {
			programme.Workshops[i].Years = []int{2}
			for j := range programme.Workshops[i].Sessions {
				programme.Workshops[i].Sessions[j].Capacity = 20
			}
		}
	}
	if _, err := p.Store.PutProgramme(t.Context(), p.event.ID, programme); err != nil {
		t.Fatal(err)
	}
	p.students, p.codes = p.Enrol(t, p.event.ID, students)
	slices.SortFunc(p.students, func(a, b enroll.Student) int { return strings.Compare(a.Number, b.Number) })
	p.open()
	for i, st := range p.students {
		if i%7 == 6 {
			continue // some never choose
		}
		cookie, err := p.Store.SignInStudent(t.Context(), p.codes[st.ID])
		if err != nil {
			t.Fatal(err)
		}
		wishes := []string{"w0", fmt.Sprintf("w%d", 1+i%3), "w4"}
		if _, err := p.Store.Rank(t.Context(), cookie, wishes, 0); err != nil {
			t.Fatal(err)
		}
	}
	p.to(t, enroll.Open)
	return p
}

// work works out what is wanted.
func (p *planned) work(t *testing.T) {
	t.Helper()
	if err := p.planner.Propose(t.Context(), p.event.ID); err != nil {
		t.Error(err)
	}
}

func (p *planned) to(t *testing.T, state enroll.State) {
	t.Helper()
	if state == enroll.Closed {
		p.close()
	}
	e, err := p.Store.UpdateEvent(t.Context(), p.event.ID, func(e *enroll.Event) error { e.State = state; return nil })
	if err != nil {
		t.Fatal(err)
	}
	p.event = e
}

// stands is what GET allocation answers.
type stands struct {
	State     string
	Proposing string
	Proposals []store.Proposal
	Report    *scheduler.Report
}

func (p *planned) stands(t *testing.T, v *visitor) stands {
	t.Helper()
	var s stands
	v.get(p.path("/events/EVENT/allocation")).decode(t, &s)
	return s
}

// moved is what the page says of who moves; at least so many do.
func moved(t *testing.T, s stands, least int) string {
	t.Helper()
	var moves []scheduler.Move
	if err := json.Unmarshal(s.Proposals[len(s.Proposals)-1].Moves, &moves); err != nil {
		t.Fatal(err)
	}
	who := map[string]bool{}
	for _, m := range moves {
		who[m.Student] = true
	}
	if len(who) < least {
		t.Errorf("%d students move, %d have to", len(who), least)
	}
	return fmt.Sprintf("%d leerlingen verhuizen", len(who))
}

// From a forecast while enrolment is open to a choice after it has closed.
func TestPreviewsAreComparedAndOneIsChosen(t *testing.T) {
	p := newPlanned(t, 40, 6)
	v := p.organiser(t)
	page := p.browser(t).as("organisator@example.org")
	path := p.path("/events/EVENT")
	page.get(path+"/allocation").has(t, "voorspelling", "Uitrekenen", "Wat als")

	p.busy = true
	for range 2 { // the second click does no harm
		if r := page.form(path + "/proposals"); r.status != http.StatusSeeOther {
			t.Fatalf("asked: %d %s", r.status, r.body)
		}
	}
	if r := v.json("POST", path+"/proposals", nil); r.status != http.StatusConflict || r.problem(t) != "proposing" {
		t.Errorf("a program asks while it runs: %d %s", r.status, r.body)
	}
	r := page.get(path + "/allocation")
	r.has(t, "Er wordt gerekend", "0 van 3 klaar")
	r.lacks(t, "Opnieuw uitrekenen")
	if r.header.Get("Refresh") == "" {
		t.Error("the page does not come back by itself")
	}
	p.work(t)
	r = page.get(path + "/allocation")
	r.has(t, "Eerlijk", "Meeste eerste keuzes", "Niemand ver achteraan", `role="img"`, "<desc>Wens 1: ", "Bewezen: beter kan niet", "Een plek erbij helpt het meest bij",
		"leerlingen met één wens", "lege plekken", "Zo wordt er na het sluiten verdeeld", "Na het sluiten zo verdelen")
	r.lacks(t, "Er wordt gerekend", ">Kiezen")
	all := p.stands(t, v)
	if all.Proposing != store.AllocationDone || len(all.Proposals) != 3 {
		t.Fatalf("%+v", all)
	}
	first := all.Proposals[1]
	if r := v.json("POST", path+"/proposals/"+first.ID+"/apply", nil); r.status != http.StatusConflict || r.problem(t) != "wrong_state" {
		t.Errorf("chosen while enrolment is open: %d %s", r.status, r.body)
	}
	if r := page.form(path+"/costs", "_method", "PUT", "costs", "floor", "seed", "5"); r.status != http.StatusSeeOther {
		t.Errorf("costs: %d %s", r.status, r.body)
	}
	if r := v.json("PUT", path+"/costs", map[string]any{"costs": "duur"}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("costs that there are not: %d", r.status)
	}
	if e, err := p.Store.Event(t.Context(), p.event.ID); err != nil || e.Costs != "floor" || e.Seed != 5 {
		t.Errorf("kept: %s %d %v", e.Costs, e.Seed, err)
	}

	p.to(t, enroll.Closed)
	page.get(path+"/allocation").has(t, ">Kiezen")
	for range 2 {
		if r := page.form(path + "/proposals/" + first.ID + "/apply"); r.status != http.StatusSeeOther {
			t.Fatalf("chosen: %d %s", r.status, r.body)
		}
	}
	e, err := p.Store.Event(t.Context(), p.event.ID)
	if err != nil || e.State != enroll.Allocated || e.Costs != "first" || e.Seed != 0 {
		t.Errorf("chosen: %s %s %d %v", e.State, e.Costs, e.Seed, err)
	}
	page.get(path+"/allocation").has(t, "De verdeling is doorgevoerd", "Dit is hoe het nu is")

	// One more place by hand, and the others are stale: nothing of them is done.
	student := p.students[0].ID
	choices, _, err := p.Store.Choices(t.Context(), p.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Store.Place(t.Context(), p.event.ID, student, 1, choices[student][1].Workshop); err != nil {
		t.Fatal(err)
	}
	r = page.form(path + "/proposals/" + all.Proposals[2].ID + "/apply")
	if r.status != http.StatusConflict {
		t.Errorf("one that is stale: %d", r.status)
	}
	r.has(t, "Er is niets doorgevoerd", "Reken opnieuw")
	if now, err := p.Store.Event(t.Context(), p.event.ID); err != nil || now.Costs != "first" {
		t.Errorf("half of it was done: %s, %v", now.Costs, err)
	}
	v.get("/audit?event="+p.event.ID).has(t, "event.propose", "event.apply", "event.costs")
}

// A complaint: the input of the run, downloaded, gives the same places.
func TestRunCanBeDoneAgain(t *testing.T) {
	p := newPlanned(t, 40, 6)
	v := p.organiser(t)
	path := p.path("/events/EVENT")
	p.to(t, enroll.Closed)
	v.json("POST", path+"/proposals", map[string]any{"seed": 11})
	fair := p.stands(t, v).Proposals[0]
	if r := v.json("POST", path+"/proposals/"+fair.ID+"/apply", nil); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	var runs struct{ Runs []store.Run }
	r := v.get(path + "/runs")
	r.decode(t, &runs)
	if len(runs.Runs) != 3 || runs.Runs[0].ID != fair.ID || runs.Runs[0].Applied.IsZero() || runs.Runs[0].Seed != 11 || len(runs.Runs[0].Fingerprint) != 32 {
		t.Fatalf("%s", r.body)
	}
	for _, st := range p.students {
		r.lacks(t, st.ID)
	}
	file := v.get(path + "/runs/" + fair.ID)
	in, err := scheduler.ReadInstance(strings.NewReader(file.body))
	if err != nil {
		t.Fatal(err)
	}
	again, err := scheduler.Solve(t.Context(), in, scheduler.Options{Seed: runs.Runs[0].Seed})
	if err != nil {
		t.Fatal(err)
	}
	choices, _, err := p.Store.Choices(t.Context(), p.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	for id, row := range again.Places {
		for i, workshop := range row {
			if choices[id][i+1].Workshop != workshop {
				t.Fatalf("another place than the student has: %q, not %q", workshop, choices[id][i+1].Workshop)
			}
		}
	}
	if r := v.get(path + "/runs/none"); r.status != http.StatusNotFound {
		t.Errorf("one that is not there: %d", r.status)
	}
	p.browser(t).as("organisator@example.org").get(path+"/runs").has(t, runs.Runs[0].Fingerprint, "doorgevoerd", "organisator@example.org")
}

// Not everybody fits: the page says who, where and what helps, and what helps
// can be tried and taken.
func TestShortageIsSaidAndMended(t *testing.T) {
	p := newPlanned(t, 40, 4) // 30 in class 1, for whom there are 20 places a round
	v := p.organiser(t)
	page := p.browser(t).as("organisator@example.org")
	path := p.path("/events/EVENT")
	p.to(t, enroll.Closed)
	page.form(path + "/proposals")
	r := page.get(path + "/allocation")
	r.has(t, "30 plekken konden niet worden gegeven", "Ronde 1: 30 leerlingen uit klas 1 kunnen alleen nog naar Breakdance, Graffiti, Podcast, Toneel of Percussie, samen 20 plaatsen.",
		"Wat helpt", "10 plaatsen erbij: Breakdance in ronde 1", "Lost 10 plekken op")
	english := p.browser(t).as("organisator@example.org")
	english.form("/language", "lang", "en")
	english.get(path+"/allocation").has(t, "Round 1: 30 students of class 1 can only go to Breakdance, Graffiti, Podcast, Toneel or Percussie, 20 places together.", "10 places more: Breakdance in round 1")

	fair := p.stands(t, v).Proposals[0]
	if r := page.form(path + "/proposals/" + fair.ID + "/apply"); r.status != http.StatusSeeOther {
		t.Fatalf("%d", r.status)
	}
	page.form(path+"/proposals", "kind", "places", "workshop", "w0", "round", "1", "places", "10")
	r = page.get(path + "/allocation")
	r.has(t, "10 plaatsen erbij: Breakdance in ronde 1", moved(t, p.stands(t, v), 10), "geen plek", "20 plekken konden niet worden gegeven", "Doorvoeren", "Laat maar")
	what := p.stands(t, v).Proposals
	id := what[len(what)-1].ID
	for range 2 {
		if r := page.form(path + "/proposals/" + id + "/apply"); r.status != http.StatusSeeOther {
			t.Fatalf("taken: %d %s", r.status, r.body)
		}
	}
	programme, err := p.Store.Programme(t.Context(), p.event.ID)
	if err != nil || programme.Workshops[0].Sessions[0].Capacity != 14 {
		t.Errorf("capacity %d, %v", programme.Workshops[0].Sessions[0].Capacity, err)
	}
	page.get(path+"/allocation").lacks(t, "Doorvoeren")
}

// Wrong entries keep what was typed and say what is wrong, by its field.
func TestWhatIfWithWrongEntries(t *testing.T) {
	p := newPlanned(t, 12, 6)
	v := p.organiser(t)
	page := p.browser(t).as("organisator@example.org")
	path := p.path("/events/EVENT/proposals")
	r := page.form(path, "kind", "add", "title", "", "places", "dertig", "room", "Aula", "for", "1A", "round", "2")
	if r.status != http.StatusUnprocessableEntity {
		t.Fatalf("%d", r.status)
	}
	r.has(t, `href="#add-places"`, `value="dertig"`, `value="Aula"`, `value="1A"`, "Dit is geen getal")
	page.form(path, "kind", "halve", "workshop", "w0", "places", "-3").has(t, `href="#halve-places"`, `value="-3"`)
	page.form(path, "kind", "cancel", "workshop", "").has(t, `href="#cancel-workshop"`)
	page.form(path, "kind", "add", "title", "Koor", "places", "30", "room", "Lokaal 2", "round", "1").has(t, `href="#add-room"`, `value="Koor"`)
	for _, test := range []struct {
		change map[string]any
		field  string
	}{
		{map[string]any{"kind": "verf", "workshop": "w0"}, "kind"},
		{map[string]any{"kind": "cancel", "workshop": "w99"}, "workshop"},
		{map[string]any{"kind": "cancel", "workshop": "w0", "round": 4}, "round"},
		{map[string]any{"kind": "capacity", "workshop": "w0", "places": 0}, "places"},
		{map[string]any{"kind": "capacity", "workshop": "w0", "places": 90000}, "places"},
		{map[string]any{"kind": "add"}, ""},
	} {
		r := v.json("POST", path, map[string]any{"change": test.change})
		if r.status != http.StatusUnprocessableEntity || test.field != "" && r.faults(t)[test.field] == "" {
			t.Errorf("%v: %d %s", test.change, r.status, r.body)
		}
	}
	if s := p.stands(t, v); s.Proposing != store.AllocationNone {
		t.Errorf("something is %s", s.Proposing)
	}
}

// A workshop is off: who was in it moves, nobody else; it is left, asked again
// and taken.
func TestWhatIfAWorkshopIsOff(t *testing.T) {
	p := newPlanned(t, 40, 8)
	v := p.organiser(t)
	page := p.browser(t).as("organisator@example.org")
	path := p.path("/events/EVENT")
	p.to(t, enroll.Closed)
	page.form(path + "/proposals")
	page.form(path + "/proposals/" + p.stands(t, v).Proposals[0].ID + "/apply")
	ask := func() string {
		t.Helper()
		if r := page.form(path+"/proposals", "kind", "cancel", "workshop", "w0", "round", "2"); r.status != http.StatusSeeOther {
			t.Fatalf("%d %s", r.status, r.body)
		}
		all := p.stands(t, v).Proposals
		return all[len(all)-1].ID
	}
	id := ask()
	r := page.get(path + "/allocation")
	r.has(t, "Breakdance in ronde 2 gaat niet door", moved(t, p.stands(t, v), 8), "Bewezen: met minder verhuizingen kan het niet")
	if n := len(regexp.MustCompile(`<td>Breakdance</td>`).FindAllString(r.body, -1)); n != 8 {
		t.Errorf("%d of 8 leave Breakdance", n)
	}
	for range 2 {
		if r := page.form(path+"/proposals/"+id, "_method", "DELETE"); r.status != http.StatusSeeOther {
			t.Errorf("left: %d", r.status)
		}
	}
	page.get(path+"/allocation").lacks(t, "Breakdance in ronde 2 gaat niet door", "Doorvoeren")
	if r := page.form(path + "/proposals/" + id + "/apply"); r.status != http.StatusConflict {
		t.Errorf("taken after it was left: %d", r.status)
	}
	if r := page.form(path + "/proposals/" + ask() + "/apply"); r.status != http.StatusSeeOther {
		t.Fatalf("taken: %d %s", r.status, r.body)
	}
	page.get(path+"/allocation").has(t, "Gaat niet door:", "Breakdance in ronde 2")
	page.get(path+"/progress").has(t, "gaat niet door")
	student := p.students[6].ID // who never chose
	if r := v.json("PUT", path+"/students/"+student+"/choices/2", map[string]string{"workshop": "w0"}); r.status != http.StatusNotFound {
		t.Errorf("placed in it by hand: %d %s", r.status, r.body)
	}
}

// Beyond the seats, by an organiser alone, with a reason, which is kept.
func TestPlaceBeyondTheSeats(t *testing.T) {
	s := newSite(t)
	contact, v := s.contact(t), s.organiser(t)
	page := s.browser(t).as("organisator@example.org")
	path := s.path("/events/EVENT/students/")
	for _, st := range s.students[:2] {
		v.json("PUT", path+st.ID+"/choices/1", map[string]string{"workshop": "w0"})
	}
	choices := path + s.students[2].ID + "/choices/1"
	over := map[string]any{"workshop": "w0", "over": true, "reason": "Rolstoel: alleen daar is een lift"}
	if r := contact.json("PUT", choices, over); r.status != http.StatusForbidden {
		t.Errorf("a contact: %d", r.status)
	}
	if r := v.json("PUT", choices, map[string]any{"workshop": "w0", "over": true, "reason": " "}); r.status != http.StatusUnprocessableEntity || r.faults(t)["reason"] != "required" {
		t.Errorf("without a reason: %d %s", r.status, r.body)
	}
	// It is kept for two years, and the student is forgotten before that.
	for _, named := range []string{strings.ToUpper(s.students[2].FirstName) + " kan daar alleen heen", "nr. " + s.students[2].Number, "familie " + s.students[2].LastName + "!"} {
		r := v.json("PUT", choices, map[string]any{"workshop": "w0", "over": true, "reason": named})
		if r.status != http.StatusUnprocessableEntity || r.faults(t)["reason"] != "names_student" {
			t.Errorf("%q: %d %s", named, r.status, r.body)
		}
		v.get("/audit?event="+s.event.ID).lacks(t, named)
	}
	page.get(path+s.students[2].ID).has(t, "Toch plaatsen waar het vol is", `<optgroup label="Vol">`, "geen namen")
	s.browser(t).as("contact@example.org").get(path+s.students[2].ID).lacks(t, "Toch plaatsen")
	page.form(choices, "_method", "PUT", "workshop", "w0", "over", "true", "reason", strings.Repeat("a", 201)).
		has(t, `href="#over-1-reason"`, strings.Repeat("a", 201))
	if r := page.form(choices, "_method", "PUT", "workshop", "w0", "over", "true", "reason", "Rolstoel: alleen daar is een lift"); r.status != http.StatusSeeOther {
		t.Fatalf("%d %s", r.status, r.body)
	}
	taken, err := s.Store.Seats(t.Context(), s.event.ID)
	if err != nil || taken[enroll.SessionKey{Workshop: "w0", Round: 1}] != 3 {
		t.Errorf("taken: %v, %v", taken, err)
	}
	r := v.get("/audit?event=" + s.event.ID)
	r.has(t, "student.place.over", "Rolstoel: alleen daar is een lift")
	r.lacks(t, s.students[2].ID, s.students[2].LastName)
}

func TestStudentsSwap(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	page := s.browser(t).as("contact@example.org")
	path := s.path("/events/EVENT/students/")
	one, other, third := s.students[0], s.students[1], s.students[2]
	for student, places := range map[string][]string{one.ID: {"w0", "w2"}, other.ID: {"w1", "w0"}, third.ID: {"w1", ""}} {
		for i, workshop := range places {
			if r := v.json("PUT", fmt.Sprintf("%s%s/choices/%d", path, student, i+1), map[string]string{"workshop": workshop}); r.status != http.StatusOK {
				t.Fatal(r.body)
			}
		}
	}
	page.get(path+one.ID).has(t, "/swap/1")
	if r := page.get(path + one.ID + "/swap/3"); r.status != http.StatusNotFound {
		t.Errorf("without a place: %d", r.status)
	}
	r := page.get(path + one.ID + "/swap/1?workshop=w1")
	r.has(t, other.ListName(), "heeft die workshop al", `value="`+third.ID+`"`)
	r.lacks(t, `value="`+other.ID+`"`)
	swap := []string{"with", third.ID, "workshop", "w0", "their_workshop", "w1"}
	for range 2 {
		if r := page.form(path+one.ID+"/swap/1", swap...); r.status != http.StatusSeeOther {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	choices, _, err := s.Store.Choices(t.Context(), s.event.ID)
	if err != nil || choices[one.ID][1].Workshop != "w1" || choices[third.ID][1].Workshop != "w0" {
		t.Errorf("%v %v %v", choices[one.ID], choices[third.ID], err)
	}
	r = page.form(path+one.ID+"/swap/1", "with", other.ID, "workshop", "w0", "their_workshop", "w1")
	if r.status != http.StatusConflict {
		t.Errorf("after somebody moved: %d", r.status)
	}
	r.has(t, "intussen ergens anders")
	if r := v.json("POST", path+one.ID+"/swap/1", map[string]string{"with": "", "workshop": "w1"}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("with nobody: %d", r.status)
	}
	if r := v.json("POST", path+one.ID+"/swap/2", map[string]string{"with": other.ID, "workshop": "w2", "their_workshop": "w0"}); r.status != http.StatusNoContent {
		t.Errorf("a program: %d %s", r.status, r.body)
	}
}

// In mode first_come nobody wishes: one proposal, without charts.
func TestProposalWithoutWishes(t *testing.T) {
	var planner *planning.Planner
	event := ""
	s := newSite(t, func(cfg *Config) {
		planner = &planning.Planner{Store: cfg.Store, Clock: cfg.Clock}
		cfg.Kick = func() {
			if err := planner.Propose(t.Context(), event); err != nil {
				t.Error(err)
			}
		}
	})
	event = s.event.ID
	v := s.organiser(t)
	page := s.browser(t).as("organisator@example.org")
	path := s.path("/events/EVENT")
	if r := v.json("POST", path+"/proposals", nil); r.status != http.StatusConflict {
		t.Errorf("before enrolment opens: %d", r.status)
	}
	s.open()
	page.form(path + "/proposals")
	r := page.get(path + "/allocation")
	r.has(t, "De verdeling", "lege plekken")
	r.lacks(t, `class="chart"`, "Meeste eerste keuzes", "leerlingen zonder één wens", "Na het sluiten zo verdelen")
	var got stands
	v.get(path+"/allocation").decode(t, &got)
	if len(got.Proposals) != 1 {
		t.Errorf("%d proposals", len(got.Proposals))
	}
	if fair := got.Proposals[0]; !slices.Equal(fair.Empty, []int{2, 2, 2}) { // of eight, where w3 is for nobody
		t.Errorf("empty: %v", fair.Empty)
	}
}

// Who asks for something else while sums are done hears that it is not among
// them; a second click says nothing.
func TestProposalsAskedWhileOthersAreMade(t *testing.T) {
	p := newPlanned(t, 12, 6)
	p.organiser(t)
	page := p.browser(t).as("organisator@example.org")
	path := p.path("/events/EVENT")
	p.busy = true
	page.form(path + "/proposals")
	page.form(path + "/proposals")
	page.get(path+"/allocation").lacks(t, "Er werd al gerekend")
	page.form(path+"/proposals", "kind", "cancel", "workshop", "w0")
	page.get(path+"/allocation").has(t, "Er werd al gerekend", "Er wordt gerekend")
}
