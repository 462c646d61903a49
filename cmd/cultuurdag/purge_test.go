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
