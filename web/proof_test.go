package web

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/purge"
)

// purged is a site whose event is purged for real, after its students chose.
func purged(t *testing.T) *site {
	t.Helper()
	var log *purge.Log
	s := newSite(t, func(cfg *Config) {
		cfg.Completed = func(_ context.Context, event string) (purge.Entry, error) {
			entries, err := log.Event(event)
			if err != nil {
				return purge.Entry{}, err
			}
			for _, e := range entries {
				if e.Step == purge.StepCompleted {
					return e, nil
				}
			}
			return purge.Entry{}, enroll.ErrNotFound
		}
	})
	secret, _, err := crypto.GenerateLogKey("test")
	if err != nil {
		t.Fatal(err)
	}
	key, err := crypto.ParseLogKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	if log, err = purge.Open(filepath.Join(s.Dir, "purge.log"), key); err != nil {
		t.Fatal(err)
	}
	s.open()
	for i, st := range s.students { // two places a round
		if err := s.Store.Place(t.Context(), s.event.ID, st.ID, 1+i%3, "w1"); err != nil {
			t.Fatal(err)
		}
	}
	s.Clock.Move(s.event.PurgeDue().Add(time.Second))
	p := purge.Purger{Store: s.Store, Log: log, Clock: s.Clock, Logger: slog.New(slog.DiscardHandler), Certificate: s.Store.QueueLetters}
	if err := p.Run(t.Context(), s.event.ID); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatEverybodySeesAfterThePurge(t *testing.T) {
	s := purged(t)
	var out struct {
		Event string      `json:"event"`
		Entry publicEntry `json:"entry"`
	}
	s.program(t).get("/purged/"+s.event.ID).decode(t, &out)
	if out.Event != s.event.ID || out.Entry.Step != purge.StepCompleted || out.Entry.Seq != 6 || len(out.Entry.Hash) != 64 {
		t.Errorf("%+v", out)
	}
	page := s.browser(t).get("/purged/" + s.event.ID)
	page.has(t, out.Entry.Hash, `href="/deletion"`)
	page.lacks(t, "Voorbeeld College") // that and when, and nothing else

	for _, path := range []string{"/privacy", "/"} {
		s.browser(t).get(path).has(t, `href="/deletion"`)
	}
	reply := s.browser(t).get("/deletion")
	for _, part := range []string{"lead", "does.1", "not.backup", "not.downloads", "not.memory", "not.disk", "not.mail", "stays.text", "backups.1"} {
		reply.has(t, strings.ReplaceAll(locale.Dutch.T("proof.deletion."+part), "'", "&#39;"))
	}
}

// What is kept is shown to staff of the school, on the page and in JSON.
func TestKeptIsShown(t *testing.T) {
	s := purged(t)
	contact := s.contact(t)
	var e eventJSON
	contact.get("/events/"+s.event.ID).decode(t, &e)
	if e.Participants == nil || len(e.Participants.Workshops) != 4 || e.Participants.Workshops[0].Title != "Workshop 0" ||
		e.Participants.Workshops[0].Counts[0] != enroll.Few {
		t.Errorf("%+v", e.Participants)
	}
	contact.accept = "text/html"
	contact.get("/events/"+s.event.ID).has(t, "Deelnemers per workshop", "&lt;5", "Leerjaar 1")
	var list struct{ Events []map[string]any }
	contact.accept = "application/json"
	contact.get("/events").decode(t, &list)
	if _, ok := list.Events[0]["participants"]; ok {
		t.Error("a list of events tells of participants")
	}
}

// A second tab, or a page that was left open, is told that everything is gone,
// and not asked for a code; a new sign-in ends that.
func TestEveryTabIsToldFarewell(t *testing.T) {
	s := newSite(t)
	s.open()
	tab := s.browser(t).signIn(0)
	tab.get("/student").has(t, s.event.Title)
	s.Clock.Move(s.event.PurgeDue())
	farewell := locale.Dutch.T("student.purged.lead")
	first := tab.get("/student")
	if first.status != http.StatusGone || !strings.Contains(first.header.Get("Clear-Site-Data"), "storage") {
		t.Fatalf("%d %v", first.status, first.header)
	}
	first.has(t, farewell)
	for _, again := range []reply{tab.get("/student"), tab.get("/student/data"), tab.form("/student/choices/1", "_method", "PUT", "workshop", "w1")} {
		if again.status != http.StatusGone || !strings.Contains(again.body, farewell) {
			t.Errorf("another tab: %d %s", again.status, again.body)
		}
	}
	if never := s.browser(t).get("/student"); never.status != http.StatusUnauthorized {
		t.Errorf("a browser in which nobody was signed in: %d", never.status)
	}
	tab.get("/").has(t, `id="code"`) // the door stays open for another day
}

// Links on old slips say kindly that everything is gone, and the very same of
// every code that begins like this event's.
func TestOldSlipsConfirmNothing(t *testing.T) {
	s := newSite(t)
	s.Clock.Move(s.event.PurgeDue())
	real := s.codes[s.students[0].ID].String()
	invented := crypto.NewCode(s.event.Code).String()
	for _, accept := range []string{"text/html", "application/json"} {
		a := s.visitor(t, accept).json("POST", "/student/sign-in", map[string]any{"code": real})
		b := s.visitor(t, accept).json("POST", "/student/sign-in", map[string]any{"code": invented})
		if a.status != http.StatusGone || b.status != a.status || withoutNonce(a.body) != withoutNonce(b.body) {
			t.Errorf("%d and %d\n%s\n%s", a.status, b.status, a.body, b.body)
		}
	}
	page := s.browser(t).form("/student/sign-in", "code", real)
	page.has(t, locale.Dutch.T("student.purged.lead"))
	page.lacks(t, real)
}

// withoutNonce takes out what differs between any two answers.
func withoutNonce(page string) string {
	for {
		before, rest, ok := strings.Cut(page, `nonce="`)
		if !ok {
			return page
		}
		_, rest, _ = strings.Cut(rest, `"`)
		page = before + rest
	}
}

// A purge that is overdue stands on every page of an organiser, in red, with the
// reason and what to do, until it is done.
func TestOverdueStandsOnEveryPageOfAnOrganiser(t *testing.T) {
	var stands []purge.Status
	s := newSite(t, func(cfg *Config) {
		cfg.Purges = func(context.Context) ([]purge.Status, error) { return stands, nil }
	})
	organiser, contact := s.organiser(t), s.contact(t)
	organiser.accept, contact.accept = "text/html", "text/html"
	organiser.get("/events").lacks(t, `class="alarm"`)
	s.Clock.Move(s.event.PurgeDue().Add(time.Hour))
	stands = []purge.Status{{
		Event: s.event.ID, Title: s.event.Title, State: purge.Overdue, Due: s.event.PurgeDue(), Since: time.Hour, Next: purge.StepLogRewritten,
		Trouble: &store.Trouble{Code: "disk", Since: s.Clock.Now(), At: s.Clock.Now()},
	}}
	for _, path := range []string{"/events", "/schools", "/audit", "/purge-log", "/account/password", "/events/new", "/events/" + s.event.ID + "/purge"} {
		page := organiser.get(path)
		page.has(t, `class="alarm"`, "Er had al gewist moeten zijn", locale.Dutch.T("purge.trouble.disk"))
	}
	for _, path := range []string{"/purge-log", "/events/" + s.event.ID + "/purge"} {
		organiser.get(path).has(t, "60 minuten", locale.Dutch.T("purge.trouble.disk.next"), locale.Dutch.T("proof.next.log_rewritten"))
	}
	contact.get("/events").lacks(t, `class="alarm"`)
	s.browser(t).get("/").lacks(t, `class="alarm"`)
	stands = nil
	s.Clock.Move(s.Clock.Now().Add(overdueLife))
	organiser.get("/events").lacks(t, `class="alarm"`)
}

// Every trouble is told in words, with what to do about it.
func TestEveryTroubleIsTold(t *testing.T) {
	for _, code := range append([]string{"none"}, purge.Troubles...) {
		for _, l := range []*locale.Locale{locale.Dutch, locale.English} {
			if !l.Has("purge.trouble."+code) || !l.Has("purge.trouble."+code+".next") {
				t.Errorf("%s is not told in %s", code, l.Tag)
			}
		}
	}
}

// The dashboard says how the certificate's mail stands.
func TestLettersAreTold(t *testing.T) {
	s := purged(t)
	organiser := s.organiser(t)
	organiser.accept = "text/html"
	for account, state := range map[string]store.LetterState{"a": store.LetterSent, "b": store.LetterWaits, "c": store.LetterFailed} {
		if err := s.Store.SettleLetter(t.Context(), s.event.ID, account, state, 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/purge-log", "/events/" + s.event.ID + "/purge"} {
		organiser.get(path).has(t, "Bewijs gemaild aan 1 adres.", "Aan 1 adres lukte mailen nog niet.", "Aan 1 adres is het niet gelukt", "Nieuwe poging")
	}
}

// A contact purges early by typing the title: a slip keeps what was typed, a
// second click does no harm, and another school's contact finds nothing there.
func TestPurgeByHandForgivesSlips(t *testing.T) {
	s := newSite(t)
	path := "/events/" + s.event.ID + "/purge"
	s.account(t, s.School(t, "Elders").ID, "elders@example.org")
	if r := s.program(t).as("elders@example.org").json("POST", path, map[string]string{"title": s.event.Title}); r.status != http.StatusNotFound {
		t.Errorf("another school's contact: %d", r.status)
	}
	contact := s.contact(t)
	contact.accept = "text/html"
	wrong := contact.form(path, "title", "Cultuurdag?")
	if wrong.status != http.StatusUnprocessableEntity {
		t.Errorf("another title: %d", wrong.status)
	}
	wrong.has(t, `value="Cultuurdag?"`, `id="title-error"`)
	if e, err := s.Store.Event(t.Context(), s.event.ID); err != nil || e.PurgeEarly {
		t.Fatalf("another title purges: %+v, %v", e, err)
	}
	for range 2 {
		if r := contact.form(path, "title", "  cultuurdag "); r.status != http.StatusSeeOther || r.header.Get("Location") != path {
			t.Errorf("%d to %s", r.status, r.header.Get("Location"))
		}
	}
	e, err := s.Store.Event(t.Context(), s.event.ID)
	if err != nil || !e.PurgeEarly || e.PurgeAskedAt.IsZero() {
		t.Errorf("%+v, %v", e, err)
	}
	if _, since, ok := e.Due(s.Clock.Now().Add(time.Hour)); !ok || !since.Equal(e.PurgeAskedAt) {
		t.Errorf("an early purge is due since %v, not since it was asked for", since)
	}
}
