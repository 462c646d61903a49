package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cultuurdag/enroll"
)

// A program is told what keeps a purge from going on, as a person is.
func TestPurgeTellsWhatKeepsIt(t *testing.T) {
	h := newHouse(t)
	i := h.serving("web")
	organiser := i.organiser()
	e := organiser.event(organiser.school(), enroll.Date{Year: 2026, Month: 12, Day: 4}, nil)
	stuck := filepath.Join(h.config.Keystore, e.ID+".age.tmp-1", "in the way")
	h.check(os.MkdirAll(stuck, 0o700))
	h.clock.Move(e.Due.Add(time.Second))
	if err := i.purger.Run(t.Context(), e.ID); err == nil {
		t.Fatal("it goes on")
	}
	var view purgeView
	organiser.do(http.MethodGet, "/events/"+e.ID+"/purge", nil, &view)
	if view.State != enroll.Purging || view.Trouble == nil || view.Trouble.Code != "keystore" {
		t.Errorf("%+v, trouble %+v", view, view.Trouble)
	}
	h.check(os.RemoveAll(filepath.Dir(stuck)))
	h.check(i.purger.Run(t.Context(), e.ID))
	view = purgeView{}
	organiser.do(http.MethodGet, "/events/"+e.ID+"/purge", nil, &view)
	if view.State != enroll.Purged || view.Trouble != nil {
		t.Errorf("once it is done: %+v, trouble %+v", view, view.Trouble)
	}
}

// A purge that was asked for is not put off by what comes after it, in whatever
// order: nothing opens an event again.
func TestEarlyPurgeIsNotTakenBack(t *testing.T) {
	h := newHouse(t)
	i := h.serving("web") // nobody takes the step: what was asked for holds all the same
	organiser := i.organiser()
	school := organiser.school()
	for _, cancelled := range []bool{false, true} {
		e := organiser.event(school, enroll.Date{Year: 2026, Month: 12, Day: 4}, nil)
		base := "/events/" + e.ID
		organiser.upload(e, classList(0, 3), "")
		if cancelled {
			organiser.do(http.MethodPost, base+"/cancel", nil)
		}
		organiser.do(http.MethodPost, base+"/purge", map[string]string{"title": "Cultuurdag"})
		for _, ask := range []struct {
			method, path string
			body         any
		}{
			{http.MethodPatch, "", map[string]string{"date": "2026-12-11"}},
			{http.MethodPatch, "", map[string]string{"title": "Anders"}},
			{http.MethodPost, "/cancel", nil},
			{http.MethodPost, "/open", nil},
			{http.MethodPost, "/close", nil},
			{http.MethodPost, "/allocate", map[string]string{}},
			{http.MethodPost, "/publish", nil},
			{http.MethodPost, "/class-lists", e.sealed(h, classList(0, 4))},
			{http.MethodGet, "/students", nil},
		} {
			if status, answer := organiser.ask(ask.method, base+ask.path, ask.body); status != http.StatusGone {
				t.Errorf("cancelled %t, %s %s: %d %s", cancelled, ask.method, ask.path, status, answer)
			}
		}
		organiser.do(http.MethodPost, base+"/purge", map[string]string{"title": "Cultuurdag"}) // a second click
		h.check(i.purger.Run(t.Context(), e.ID))
		if keys, err := i.store.PersonalKeys(t.Context(), e.ID); err != nil || len(keys) > 0 || i.state(e.ID) != enroll.Purged {
			t.Errorf("cancelled %t: left %v, %v", cancelled, keys, err)
		}
		organiser.do(http.MethodPost, base+"/purge", map[string]string{"title": "Cultuurdag"})
		if status, _ := organiser.ask(http.MethodPatch, base, map[string]string{"date": "2026-12-11"}); status != http.StatusGone {
			t.Errorf("cancelled %t, moved once it is purged: %d", cancelled, status)
		}
	}
}
