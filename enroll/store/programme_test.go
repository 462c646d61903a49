package store_test

import (
	"context"
	"errors"
	"testing"

	"cultuurdag/enroll"
)

// A teacher falls ill, a room is locked: places that were given out stay.
func TestProgrammeChangesAroundPlaces(t *testing.T) {
	ctx := context.Background()
	w, e, student, cookie := world(t)
	s := w.Store
	w.Clock.Move(e.CloseAt)
	for _, state := range []enroll.State{enroll.Allocated, enroll.Published} {
		if _, err := s.UpdateEvent(ctx, e.ID, func(e *enroll.Event) error { e.State = state; return nil }); err != nil {
			t.Fatal(err)
		}
		if err := s.Place(ctx, e.ID, student, 1, "w1"); err != nil {
			t.Fatal(err)
		}
		before, err := s.Event(ctx, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Programme(ctx, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		old := p.Version
		p.Workshops[1].Teacher, p.Workshops[1].Sessions[0].Room = "Vervanger "+string(state), "Zolder "+string(state)
		p.Workshops[1].Sessions[0].Capacity = 1
		if p, err = s.PutProgramme(ctx, e.ID, p); err != nil || p.Version != old+1 {
			t.Fatalf("%s: version %d after %d, %v", state, p.Version, old, err)
		}
		after, err := s.Event(ctx, e.ID)
		if err != nil || after.State != state || after.Revision == before.Revision {
			t.Errorf("%s: state %s, revision %d after %d: lists would not be made again; %v", state, after.State, after.Revision, before.Revision, err)
		}
		view, err := s.Student(ctx, cookie)
		if err != nil {
			t.Fatal(err)
		}
		if got := enroll.DayOf(view.Event, view.Programme, view.Choices)[0]; got.Workshop != "w1" || got.Room != "Zolder "+string(state) {
			t.Errorf("%s: the student is at %+v", state, got)
		}
		stale := p
		stale.Version = old
		if _, err := s.PutProgramme(ctx, e.ID, stale); !errors.Is(err, enroll.ErrConflict) {
			t.Errorf("%s: over a later version: %v", state, err)
		}
		p.Workshops[1].Years = []int{6}
		var faults enroll.FieldErrors
		if _, err := s.PutProgramme(ctx, e.ID, p); !errors.As(err, &faults) || faults[0].Code != "given_out" {
			t.Errorf("%s: for others: %v", state, err)
		}
	}
	if _, err := s.UpdateEvent(ctx, e.ID, func(e *enroll.Event) error { e.State = enroll.Cancelled; return nil }); err != nil {
		t.Fatal(err)
	}
	p, err := s.Programme(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutProgramme(ctx, e.ID, p); !errors.Is(err, enroll.ErrState) {
		t.Errorf("of a day that does not go on: %v", err)
	}
}

// More are in a session than it would have places for.
func TestProgrammeKeepsSeatsOfGivenPlaces(t *testing.T) {
	ctx := context.Background()
	w, e, student, _ := world(t)
	s := w.Store
	students, err := s.Students(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Move(e.CloseAt)
	seen, err := s.Event(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.UpdateEvent(ctx, e.ID, func(e *enroll.Event) error { e.State = enroll.Published; return nil }); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{student, students[1].ID, students[0].ID} {
		if err := s.Place(ctx, e.ID, id, 1, "w1"); err != nil {
			t.Fatal(err)
		}
	}
	p, err := s.Programme(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	p.Workshops[1].Sessions[0].Capacity = 1
	var faults enroll.FieldErrors
	if _, err := s.PutProgramme(ctx, e.ID, p); !errors.As(err, &faults) || faults[0].Code != "over_full" {
		t.Errorf("one place for two: %v", err)
	}
	p.Workshops = p.Workshops[1:]
	if err := s.PutProgrammeSeen(ctx, seen, p); !errors.Is(err, enroll.ErrState) { // they were given out meanwhile
		t.Errorf("a workshop less: %v", err)
	}
}
