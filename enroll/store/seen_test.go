package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
)

func TestWhatAStudentSawOfTheDay(t *testing.T) {
	ctx := context.Background()
	w, e, student, cookie := world(t)
	s := w.Store
	look := func() (enroll.Day, enroll.Day) {
		t.Helper()
		view, err := s.Student(ctx, cookie)
		if err != nil {
			t.Fatal(err)
		}
		return view.Seen, enroll.DayOf(view.Event, view.Programme, view.Choices)
	}
	saw := func(day enroll.Day, first bool) error {
		view, err := s.Student(ctx, cookie)
		if err != nil {
			t.Fatal(err)
		}
		return s.Saw(ctx, cookie, view, day, first)
	}
	_, before := look()
	if err := saw(before, true); !errors.Is(err, enroll.ErrState) {
		t.Errorf("before it is published: %v", err)
	}
	w.Clock.Move(e.CloseAt)
	if _, err := s.UpdateEvent(ctx, e.ID, func(e *enroll.Event) error { e.State = enroll.Published; return nil }); err != nil {
		t.Fatal(err)
	}
	if seen, _ := look(); seen != nil {
		t.Errorf("never looked, and saw %v", seen)
	}
	if err := saw(before, true); err != nil {
		t.Fatal(err)
	}
	if err := s.Place(ctx, e.ID, student, 1, "w1"); err != nil {
		t.Fatal(err)
	}
	_, after := look()
	if err := saw(after, true); err != nil { // another device: what was seen first stays
		t.Fatal(err)
	}
	seen, now := look()
	if seen.Version() != before.Version() || now.Since(seen)[0] == nil || now[0].Workshop != "w1" {
		t.Errorf("saw %v, and now it is %v", seen, now)
	}
	if err := saw(after, false); err != nil {
		t.Fatal(err)
	}
	if seen, now := look(); now.Since(seen)[0] != nil {
		t.Errorf("saw %v, and now it is %v", seen, now)
	}

	other, err := s.Student(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	other.Student.ID = "somebody"
	if err := s.Saw(ctx, cookie, other, after, false); !errors.Is(err, enroll.ErrSignedOut) {
		t.Errorf("for somebody else: %v", err)
	}

	kept, err := w.Redis.HGetAll(ctx, "cd:{"+e.ID+"}:p:seen").Result()
	if err != nil || len(kept) != 1 || strings.Contains(kept[student], "w1") || strings.Contains(kept[student], "Workshop") {
		t.Errorf("kept %q, %v", kept, err)
	}
	if err := s.EraseStudent(ctx, e.ID, student); err != nil {
		t.Fatal(err)
	}
	if n, err := w.Redis.Exists(ctx, "cd:{"+e.ID+"}:p:seen").Result(); n != 0 || err != nil {
		t.Errorf("after the student was erased: %d, %v", n, err)
	}
}

// The revision, by which calendars tell the newer file, is of the same moment
// as the places, though the rest of the event may come from the cache.
func TestAStudentsViewHasTheRevisionOfTheMoment(t *testing.T) {
	ctx := context.Background()
	w, e, student, cookie := world(t)
	revision := func() int64 {
		t.Helper()
		view, err := w.Store.Student(ctx, cookie)
		if err != nil {
			t.Fatal(err)
		}
		return view.Event.Revision
	}
	before := revision()
	if err := w.Store.Place(ctx, e.ID, student, 1, "w1"); err != nil {
		t.Fatal(err)
	}
	if after := revision(); after <= before {
		t.Errorf("revision %d, then %d", before, after)
	}
}

// Whose choice was called off hears so also where they look for the first time
// after it, and nothing of the places that were assigned meanwhile.
func TestChoiceThatWasCalledOffIsTold(t *testing.T) {
	ctx := context.Background()
	w, e, student, cookie := world(t)
	s := w.Store
	if err := s.Place(ctx, e.ID, student, 1, "w0"); err != nil {
		t.Fatal(err)
	}
	change := func(off, instead string) {
		t.Helper()
		choices, revision, err := s.Choices(ctx, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		now, err := s.UpdateEvent(ctx, e.ID, func(e *enroll.Event) error { e.State = enroll.Closed; return nil })
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Programme(ctx, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Workshops {
			p.Workshops[i].Sessions[0].Cancelled = p.Workshops[i].ID == off
		}
		plan := enroll.Plan{Places: map[string][]string{student: {instead, "w2"}}, Cancelled: p.CalledOff()}
		if err := s.ApplyPlan(ctx, now, revision, choices, store.Outcome{Plan: plan, Programme: &p}); err != nil {
			t.Fatal(err)
		}
	}
	change("w0", "w1")
	change("w1", "w2") // was never told of w1
	change("w0", "w1")
	if _, err := s.UpdateEvent(ctx, e.ID, func(e *enroll.Event) error { e.State = enroll.Published; return nil }); err != nil {
		t.Fatal(err)
	}
	view, err := s.Student(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	day := enroll.DayOf(view.Event, view.Programme, view.Choices)
	if err := s.Saw(ctx, cookie, view, day, true); err != nil { // the first look
		t.Fatal(err)
	}
	if view, err = s.Student(ctx, cookie); err != nil {
		t.Fatal(err)
	}
	if was := day.Since(view.Seen); was[0] == nil || was[0].Workshop != "w0" || day[0].Workshop != "w1" || was[1] != nil {
		t.Errorf("it was %v and is %v", was, day)
	}
}
