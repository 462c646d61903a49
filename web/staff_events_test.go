package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cultuurdag/enroll"
)

// input is a good event to enter.
func (s *site) input() map[string]any {
	return map[string]any{
		"school": s.event.School, "title": "Lentefeest", "date": "2026-12-11", "location": "De Hal", "location_contact": "Bo, 06 000",
		"notes": "Achterom", "mode": "first_come", "open_at": "2026-12-01T09:00:00+01:00", "close_at": "2026-12-09T12:00:00+01:00",
	}
}

func TestEventIsMadeAndChanged(t *testing.T) {
	type moved struct{ from, to time.Time }
	var deadlines []moved
	kicks := 0
	s := newSite(t, func(cfg *Config) {
		cfg.Kick = func() { kicks++ }
		cfg.DeadlineChanged = func(_ context.Context, _ string, from, to time.Time, by string) error {
			if by == "" {
				return fmt.Errorf("by nobody")
			}
			deadlines = append(deadlines, moved{from, to})
			return nil
		}
	})
	v := s.organiser(t)
	r := v.json("POST", "/events", s.input())
	if r.status != http.StatusCreated {
		t.Fatalf("%d %s", r.status, r.body)
	}
	var made struct {
		ID, Code, Recipient string
		PurgeDue            time.Time `json:"purge_due"`
	}
	r.decode(t, &made)
	if !strings.HasPrefix(made.Recipient, "age1") || len(made.Code) != 4 || !made.PurgeDue.Equal(time.Date(2026, 12, 12, 0, 0, 0, 0, enroll.Amsterdam)) {
		t.Fatalf("%+v", made)
	}
	path := "/events/" + made.ID
	if r := v.get(path + "/recipient"); r.body != made.Recipient+"\n" || !strings.HasPrefix(r.header.Get("Content-Type"), "text/plain") {
		t.Errorf("recipient: %q", r.body)
	}
	var e eventJSON
	v.get(path).decode(t, &e)
	if e.State != enroll.Draft || e.LastDate.String() != "2026-12-11" || e.School != s.event.School {
		t.Errorf("%+v", e)
	}

	// A programme, and then a day later: its rounds come along.
	programme := map[string]any{
		"rounds": []map[string]any{{"start": "2026-12-11T09:00:00+01:00", "end": "2026-12-11T10:30:00+01:00"}},
		"workshops": []map[string]any{{"id": "drummen", "title": "Drummen", "teacher": "Bo", "sessions": []map[string]any{
			{"round": 1, "room": "Aula", "capacity": 20, "minimum": 5}}}},
	}
	if r := v.json("PUT", path+"/programme", programme); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if r := v.json("PATCH", path, map[string]any{"date": "2026-12-14"}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	} else {
		r.decode(t, &e)
	}
	if e.Date.String() != "2026-12-14" || e.LastDate.String() != "2026-12-14" {
		t.Errorf("moved: %+v", e)
	}
	if len(deadlines) != 1 || !deadlines[0].from.Equal(made.PurgeDue) || !deadlines[0].to.Equal(e.PurgeDue) {
		t.Errorf("deadlines: %+v", deadlines)
	}
	var p enroll.Programme
	v.get(path+"/programme").decode(t, &p)
	if got := p.Rounds[0].Start.In(enroll.Amsterdam).Format(formMoment); got != "2026-12-14T09:00" {
		t.Errorf("round starts %s", got)
	}
	stored, err := s.Store.Event(t.Context(), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if stored.Location != "De Hal" || stored.LocationContact != "Bo, 06 000" || stored.Notes != "Achterom" {
		t.Errorf("what was left out changed: %+v", stored)
	}
	if kicks == 0 {
		t.Error("the sweep was not told")
	}
}

// Whatever is wrong is told at once, by field, and nothing is stored.
func TestEventsThatAreRefused(t *testing.T) {
	s := newSite(t)
	v := s.organiser(t)
	for name, c := range map[string]struct {
		change map[string]any
		fields []string
	}{
		"nothing":         {map[string]any{"title": "", "date": "", "open_at": "", "close_at": ""}, []string{"title", "date", "open_at"}},
		"dates":           {map[string]any{"date": "11-12-2026", "open_at": "morgen"}, []string{"date", "open_at"}},
		"yesterday":       {map[string]any{"date": "2026-11-29"}, []string{"date", "close_at"}},
		"closes first":    {map[string]any{"close_at": "2026-12-01T08:00"}, []string{"close_at"}},
		"closes after it": {map[string]any{"close_at": "2026-12-20T08:00"}, []string{"close_at"}},
		"no school":       {map[string]any{"school": "nergens"}, []string{"school"}},
		"mode":            {map[string]any{"mode": "loten"}, []string{"mode"}},
		"last day first":  {map[string]any{"last_date": "2026-12-10"}, []string{"last_date"}},
	} {
		t.Run(name, func(t *testing.T) {
			in := s.input()
			for k, val := range c.change {
				in[k] = val
			}
			r := v.json("POST", "/events", in)
			if r.status != http.StatusUnprocessableEntity || r.problem(t) != "bad_input" {
				t.Fatalf("%d %s", r.status, r.body)
			}
			var p struct{ Errors []fieldMessage }
			r.decode(t, &p)
			for _, f := range c.fields {
				if !slices.ContainsFunc(p.Errors, func(m fieldMessage) bool { return m.Field == f && m.Message != "" }) {
					t.Errorf("%s is not named: %s", f, r.body)
				}
			}
		})
	}
	events, err := s.Store.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 1 {
		t.Errorf("%d events", len(events))
	}
}

// A wrong entry keeps what was typed.
func TestEventForm(t *testing.T) {
	s := newSite(t)
	s.organiser(t)
	v := s.browser(t).as("organisator@example.org")
	v.get("/events/new").has(t, "Voorbeeld College", `name="open_at"`)
	r := v.form("/events", "school", s.event.School, "title", "Zomerfeest", "date", "2026-12-11", "mode", "first_come",
		"open_at", "2026-12-05T09:00", "close_at", "2026-12-04T09:00", "notes", "Denk aan de <sleutel>")
	if r.status != http.StatusUnprocessableEntity {
		t.Fatalf("%d", r.status)
	}
	r.has(t, `value="Zomerfeest"`, `value="2026-12-05T09:00"`, "Denk aan de &lt;sleutel&gt;", `href="#close_at"`, `aria-describedby="close_at-error"`)
	r = v.form("/events", "school", s.event.School, "title", "Zomerfeest", "date", "2026-12-11", "mode", "first_come",
		"open_at", "2026-12-05T09:00", "close_at", "2026-12-06T09:00", "last_date", "", "publish_at", "")
	if r.status != http.StatusSeeOther {
		t.Fatalf("%d %s", r.status, r.body)
	}
	path := r.header.Get("Location")
	v.get(path).has(t, "Zomerfeest", "Vul het programma in")
	v.get(path+"/change").has(t, `value="2026-12-05T09:00"`, `name="_method" value="PATCH"`)
	r = v.form(path, "_method", "PATCH", "title", "Winterfeest", "date", "2026-12-12", "last_date", "")
	if r.status != http.StatusSeeOther {
		t.Fatalf("%d %s", r.status, r.body)
	}
	v.get(path).has(t, "Winterfeest", "zaterdag 12 december 2026")
}

// What may be changed when.
func TestChangesByState(t *testing.T) {
	day := func(s *site) string { return s.event.Date.AddDays(1).String() }
	for _, c := range []struct {
		name   string
		at     func(*site)
		change func(*site) map[string]any
		status int
	}{
		{"draft: opening", nil, func(*site) map[string]any { return map[string]any{"open_at": "2026-12-01T10:00:00+01:00"} }, 200},
		{"draft: date", nil, func(s *site) map[string]any { return map[string]any{"date": day(s)} }, 200},
		{"draft: mail once there are students", nil, func(*site) map[string]any { return map[string]any{"invitations": true} }, 409},
		{"open: opening", (*site).open, func(*site) map[string]any { return map[string]any{"open_at": "2026-12-01T10:00:00+01:00"} }, 409},
		{"open: the same opening", (*site).open, func(s *site) map[string]any {
			return map[string]any{"open_at": s.event.OpenAt.Format(time.RFC3339), "title": "Anders"}
		}, 200},
		{"open: mode", (*site).open, func(*site) map[string]any { return map[string]any{"mode": "ranking"} }, 409},
		{"open: closing", (*site).open, func(*site) map[string]any { return map[string]any{"close_at": "2026-12-03T12:00:00+01:00"} }, 200},
		{"open: date", (*site).open, func(s *site) map[string]any { return map[string]any{"date": day(s)} }, 200},
		{"closed: open again", (*site).close, func(*site) map[string]any { return map[string]any{"close_at": "2026-12-03T12:00:00+01:00"} }, 409},
		{"closed: title and date", (*site).close, func(s *site) map[string]any { return map[string]any{"title": "Anders", "date": day(s)} }, 200},
		{"the day itself: title", func(s *site) { s.Clock.Move(s.event.Date.At(12, 0)) }, func(*site) map[string]any { return map[string]any{"title": "Anders"} }, 200},
		{"the day itself: yesterday", func(s *site) { s.Clock.Move(s.event.Date.At(12, 0)) }, func(s *site) map[string]any {
			return map[string]any{"date": s.event.Date.AddDays(-1).String()}
		}, 422},
		{"after it", func(s *site) { s.Clock.Move(s.event.PurgeDue()) }, func(*site) map[string]any { return map[string]any{"title": "Anders"} }, 410},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t)
			v := s.organiser(t)
			if c.at != nil {
				c.at(s)
			}
			if r := v.json("PATCH", "/events/"+s.event.ID, c.change(s)); r.status != c.status {
				t.Errorf("%d, want %d: %s", r.status, c.status, r.body)
			}
		})
	}
}

// open, close and cancel by hand; said twice, or too early, nothing happens.
func TestStepsByHand(t *testing.T) {
	s := newSite(t)
	v := s.organiser(t)
	state := func() enroll.State {
		t.Helper()
		var e eventJSON
		v.get("/events/"+s.event.ID).decode(t, &e)
		return e.State
	}
	for _, c := range []struct {
		step   string
		status int
		state  enroll.State
	}{
		{"close", 409, enroll.Draft},
		{"publish", 409, enroll.Draft},
		{"open", 200, enroll.Open},
		{"open", 200, enroll.Open},
		{"publish", 409, enroll.Open},
		{"close", 200, enroll.Closed},
		{"close", 200, enroll.Closed},
		{"open", 409, enroll.Closed},
		{"cancel", 200, enroll.Cancelled},
		{"cancel", 200, enroll.Cancelled},
		{"open", 409, enroll.Cancelled},
	} {
		if r := v.json("POST", "/events/"+s.event.ID+"/"+c.step, nil); r.status != c.status || state() != c.state {
			t.Errorf("%s: %d and %s, want %d and %s: %s", c.step, r.status, state(), c.status, c.state, r.body)
		}
	}
	var e eventJSON
	v.get("/events/"+s.event.ID).decode(t, &e)
	if want := enroll.DateOf(s.Clock.Now()).NextMidnight(); !e.PurgeDue.Equal(want) {
		t.Errorf("purged %v, want %v", e.PurgeDue, want)
	}
}

func TestAllocate(t *testing.T) {
	var asked []string
	s := newSite(t, func(cfg *Config) {
		cfg.Allocate = func(_ context.Context, event string, seed int64, costs, _ string) error {
			asked = append(asked, fmt.Sprint(seed, costs))
			return nil
		}
		cfg.Allocation = func(context.Context, string) (string, json.RawMessage, error) {
			return "done", json.RawMessage(`{"unplaced":2,"proven":true}`), nil
		}
	})
	v := s.organiser(t)
	path := "/events/" + s.event.ID
	if r := v.json("POST", path+"/allocate", nil); r.status != http.StatusConflict || r.problem(t) != "wrong_state" {
		t.Errorf("draft: %d %s", r.status, r.body)
	}
	s.close()
	if r := v.json("POST", path+"/allocate", map[string]any{"costs": "duur"}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("costs: %d", r.status)
	}
	if r := v.json("POST", path+"/allocate", map[string]any{"costs": "first", "seed": 7}); r.status != http.StatusAccepted || !slices.Equal(asked, []string{"7first"}) {
		t.Errorf("%d %v", r.status, asked)
	}
	if r := v.get(path + "/allocation"); r.body != `{"proposals":[],"proposing":"none","report":{"unplaced":2,"proven":true},"state":"done"}` {
		t.Errorf("%s", r.body)
	}
	s.browser(t).as("organisator@example.org").get(path+"/allocation").has(t, "2 plekken konden niet", "Bewezen: beter kan niet")
}

func TestSchools(t *testing.T) {
	s := newSite(t)
	v := s.organiser(t)
	r := v.json("POST", "/schools", map[string]string{"name": "", "brin": "1", "city": "", "postcode": "x", "cjp_number": "???"})
	if r.status != http.StatusUnprocessableEntity {
		t.Fatalf("%d %s", r.status, r.body)
	}
	for _, f := range []string{"name", "brin", "city", "postcode", "cjp_number"} {
		r.has(t, `"field":"`+f+`"`)
	}
	r = v.json("POST", "/schools", map[string]string{"name": "Nieuwe School", "brin": "12ab", "city": "Zwolle", "address": "Laan 1", "postcode": "8000aa", "cjp_number": "77"})
	if r.status != http.StatusCreated {
		t.Fatalf("%d %s", r.status, r.body)
	}
	var made struct{ ID string }
	r.decode(t, &made)
	if r := v.json("PATCH", "/schools/"+made.ID, map[string]string{"city": "Assen"}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	school, err := s.Store.School(t.Context(), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := enroll.School{ID: made.ID, Name: "Nieuwe School", BRIN: "12AB", City: "Assen", Address: "Laan 1", Postcode: "8000 AA", CJPNumber: "77"}
	if school != want {
		t.Errorf("got %+v", school)
	}
	v.get("/schools").has(t, `"Nieuwe School"`, `"contacts":[]`)
	page := s.browser(t).as("organisator@example.org")
	page.form("/schools/"+made.ID+"/contacts", "contact_name", "", "email", "geen adres", "phone", "06").has(t, `id="contact_name-error"`, `id="email-error"`, `value="06"`)

	// The link is shown once, on the page that follows.
	var contact struct {
		Contacts []contactJSON `json:"contacts"`
	}
	for _, path := range []string{"/contacts", "/contacts/CONTACT/invitation"} {
		v.get("/schools/"+made.ID).decode(t, &contact)
		if len(contact.Contacts) > 0 {
			path = strings.Replace(path, "CONTACT", contact.Contacts[0].ID, 1)
		}
		r := page.form("/schools/"+made.ID+path, "contact_name", "Bo", "email", "bo@example.org")
		if r.status != http.StatusSeeOther || r.header.Get("Location") != "/schools/"+made.ID {
			t.Fatalf("%s: %d to %q", path, r.status, r.header.Get("Location"))
		}
		page.get("/schools/"+s.event.School).lacks(t, "/invitation#")
		page.get("/schools/"+made.ID).has(t, "http://cultuurdag.example/invitation#", "Bo")
		page.get("/schools/"+made.ID).lacks(t, "/invitation#")
	}

	// A school that there is not is not found, and leads nowhere.
	nowhere := "/schools/nergens%0d%0a/contacts/" + contact.Contacts[0].ID
	if r := page.form(nowhere, "_method", "DELETE"); r.status != http.StatusNotFound || r.header.Get("Location") != "" {
		t.Errorf("%s: %d to %q", nowhere, r.status, r.header.Get("Location"))
	}
	for click := 1; click <= 2; click++ { // the second does no harm
		r := page.form("/schools/"+made.ID+"/contacts/"+contact.Contacts[0].ID, "_method", "DELETE")
		if r.status != http.StatusSeeOther || r.header.Get("Location") != "/schools/"+made.ID {
			t.Errorf("click %d: %d to %q", click, r.status, r.header.Get("Location"))
		}
	}
	seen := map[string]string{}
	entries, err := s.Store.AuditLog(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		seen[e.Action] = e.Detail
	}
	for _, action := range []string{"contact.add", "contact.invite", "contact.remove"} {
		if seen[action] != made.ID {
			t.Errorf("%s is noted with %q", action, seen[action])
		}
	}
}

// Days of an event that would leave a round of its programme outside are
// refused; rounds that move along are not.
func TestNoRoundOutsideTheEvent(t *testing.T) {
	s := newSite(t)
	v := s.organiser(t)
	path := "/events/" + s.event.ID
	day := func(n int) string { return s.event.Date.AddDays(n).String() }
	if r := v.json("PATCH", path, map[string]any{"last_date": day(1)}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	var p enroll.Programme
	v.get(path+"/programme").decode(t, &p)
	last := &p.Rounds[len(p.Rounds)-1]
	last.Start, last.End = last.Start.AddDate(0, 0, 1), last.End.AddDate(0, 0, 1)
	if r := v.json("PUT", path+"/programme", p); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	for _, change := range []map[string]any{
		{"last_date": day(0)},
		{"date": day(1), "last_date": day(1)},
	} {
		if r := v.json("PATCH", path, change); r.status != http.StatusUnprocessableEntity || r.faults(t)["last_date"] != "round_outside" {
			t.Errorf("%v: %d %s", change, r.status, r.body)
		}
	}
	if r := v.json("PATCH", path, map[string]any{"date": day(1)}); r.status != http.StatusOK {
		t.Errorf("both days later: %d %s", r.status, r.body)
	}
}

// The purge log tells of a deadline that moved once, however often somebody
// else got in between, and of none that did not.
func TestAMovedDeadlineIsLoggedOnce(t *testing.T) {
	var s *site
	logged := 0
	s = newSite(t, func(cfg *Config) {
		cfg.DeadlineChanged = func(ctx context.Context, event string, _, to time.Time, _ string) error {
			logged++
			if logged > 1 {
				return nil
			}
			e, err := s.Store.UpdateEvent(ctx, event, func(e *enroll.Event) error { // somebody else
				e.Notes = "Achterom"
				return nil
			})
			if err == nil && !e.PurgeDue().Equal(to) {
				err = fmt.Errorf("logged %v, due %v", to, e.PurgeDue())
			}
			return err
		}
	})
	v := s.organiser(t)
	move := func(days, status int) {
		t.Helper()
		if r := v.json("PATCH", "/events/"+s.event.ID, map[string]any{"date": s.event.Date.AddDays(days).String()}); r.status != status {
			t.Errorf("%d %s", r.status, r.body)
		}
	}
	move(1, http.StatusOK)
	move(1, http.StatusOK) // the same
	if logged != 1 {
		t.Errorf("logged %d times", logged)
	}
	s.Clock.SkewRedis(3 * time.Minute)
	move(2, http.StatusServiceUnavailable)
	if logged != 1 {
		t.Error("a deadline that did not move was logged")
	}
}

// After the purge nothing of an event can be changed any more.
func TestNothingIsChangedAfterThePurge(t *testing.T) {
	s := newSite(t, func(cfg *Config) {
		cfg.Allocate = func(context.Context, string, int64, string, string) error { return nil }
	})
	v := s.organiser(t)
	path := "/events/" + s.event.ID
	var p enroll.Programme
	v.get(path+"/programme").decode(t, &p)
	s.Clock.Move(s.event.PurgeDue())
	for _, step := range []string{"open", "close", "publish", "cancel", "allocate"} {
		if r := v.json("POST", path+"/"+step, nil); r.status != http.StatusGone || r.problem(t) != "purged" {
			t.Errorf("%s: %d %s", step, r.status, r.body)
		}
	}
	if r := v.json("PUT", path+"/programme", p); r.status != http.StatusGone || r.problem(t) != "purged" {
		t.Errorf("programme: %d %s", r.status, r.body)
	}
}

// Nobody is given a place on a day that does not take place.
func TestNoPlacesInACancelledEvent(t *testing.T) {
	s := newSite(t)
	v := s.organiser(t)
	path := "/events/" + s.event.ID
	if r := v.json("POST", path+"/cancel", nil); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	r := v.json("PUT", path+"/students/"+s.students[0].ID+"/choices/1", map[string]string{"workshop": "w0"})
	if r.status != http.StatusConflict || r.problem(t) != "wrong_state" {
		t.Errorf("%d %s", r.status, r.body)
	}
}
