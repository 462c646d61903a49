package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
)

// What stands in the way of a seat, in the order in which it is looked at.
func TestSeatRules(t *testing.T) {
	ctx := context.Background()
	w := enrolltest.New(t)
	e := w.Event(t, w.School(t, "De Springplank"))
	p := enrolltest.Programme(e.Date, 4, 2, 1)
	p.Workshops[3].Years = []int{6} // nobody of the first thirty
	if _, err := w.Store.PutProgramme(ctx, e.ID, p); err != nil {
		t.Fatal(err)
	}
	students, codes := w.Enrol(t, e.ID, 3)
	cookies := make([]string, 3)
	for i, st := range students {
		cookie, err := w.Store.SignInStudent(ctx, codes[st.ID])
		if err != nil {
			t.Fatal(err)
		}
		cookies[i] = cookie
	}
	type step struct {
		name     string
		student  int
		round    int
		workshop string // "" frees the seat
		version  int
		want     error
		has      string // the student's workshops, by round
	}
	try := func(s step) {
		t.Helper()
		var err error
		var has string
		view, err := w.Store.Take(ctx, cookies[s.student], s.round, s.workshop, s.version)
		if s.workshop == "" {
			view, err = w.Store.Release(ctx, cookies[s.student], s.round, s.version)
		}
		if !errors.Is(err, s.want) || s.want == nil && err != nil {
			t.Errorf("%s: got %v, want %v", s.name, err, s.want)
		}
		for round := 1; round <= 2; round++ {
			has += fmt.Sprintf("%s ", view.Choices[round].Workshop)
		}
		if has != s.has {
			t.Errorf("%s: the student has %q, want %q", s.name, has, s.has)
		}
	}
	try(step{"a day too early", 0, 1, "w0", 0, enroll.ErrClosed, "  "})
	w.Clock.Move(e.OpenAt)
	for _, s := range []step{
		{"a seat", 0, 1, "w0", 0, nil, "w0  "},
		{"the same again", 0, 1, "w0", 0, nil, "w0  "},
		{"no such workshop", 0, 2, "w9", 0, enroll.ErrNoSession, "w0  "},
		{"no such round", 0, 3, "w1", 0, enroll.ErrNoSession, "w0  "},
		{"round nought", 0, 0, "w1", 0, enroll.ErrNoSession, "w0  "},
		{"no workshop named", 0, 2, "-", 0, enroll.ErrNoSession, "w0  "},
		{"not for this class", 0, 2, "w3", 0, enroll.ErrNotAllowed, "w0  "},
		{"the same workshop in another round", 0, 2, "w0", 0, enroll.ErrRepeat, "w0  "},
		{"taken by another", 1, 1, "w0", 0, enroll.ErrFull, "  "},
		{"another's programme", 1, 1, "w1", 7, enroll.ErrStale, "  "},
		{"this programme", 1, 1, "w1", 1, nil, "w1  "},
		{"a swap frees the old seat", 0, 1, "w2", 0, nil, "w2  "},
		{"which another takes", 1, 1, "w0", 0, nil, "w0  "},
		{"freeing", 1, 1, "", 0, nil, "  "},
		{"freeing twice", 1, 1, "", 0, nil, "  "},
		{"and again taken", 2, 1, "w0", 0, nil, "w0  "},
	} {
		try(s)
	}
	if err := w.Store.Place(ctx, e.ID, students[1].ID, 1, "w3"); err != nil {
		t.Fatalf("by hand, against the class: %v", err)
	}
	try(step{"pinned by hand: the student does not move it", 1, 1, "w1", 0, enroll.ErrNotAllowed, "w3  "})
	if err := w.Store.Place(ctx, e.ID, students[0].ID, 1, "w3"); !errors.Is(err, enroll.ErrFull) {
		t.Errorf("a full session by hand: %v", err)
	}
	w.Clock.Move(e.CloseAt)
	try(step{"closed, even where nothing would change", 0, 1, "w2", 0, enroll.ErrClosed, "w2  "})

	taken, err := w.Store.Seats(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]int{"w0:1": 1, "w1:1": 0, "w2:1": 1, "w3:1": 1} {
		k, _ := enroll.ParseSessionKey(key)
		if taken[k] != want {
			t.Errorf("%s: %d taken, want %d", key, taken[k], want)
		}
	}
}

// Only the right code signs in, and only for as long as the session lasts.
func TestStudentSession(t *testing.T) {
	ctx := context.Background()
	w, e, _, cookie := world(t)
	if _, err := w.Store.SignInStudent(ctx, crypto.NewCode(e.Code)); !errors.Is(err, enroll.ErrWrongCode) {
		t.Errorf("a code of this event that nobody has: %v", err)
	}
	if _, err := w.Store.SignInStudent(ctx, crypto.NewCode("ZZZZ")); !errors.Is(err, enroll.ErrWrongCode) {
		t.Errorf("a code of no event: %v", err)
	}
	for _, bad := range []string{"", "x", e.ID + ".", e.ID + "." + crypto.NewToken(), "nothing." + crypto.NewToken()} {
		if _, err := w.Store.Student(ctx, bad); !errors.Is(err, enroll.ErrSignedOut) {
			t.Errorf("cookie %q: %v", bad, err)
		}
		if _, err := w.Store.Take(ctx, bad, 1, "w0", 0); !errors.Is(err, enroll.ErrSignedOut) {
			t.Errorf("cookie %q takes a seat: %v", bad, err)
		}
	}
	if _, err := w.Store.Student(ctx, cookie); err != nil {
		t.Errorf("signed in: %v", err)
	}
	if err := w.Store.SignOutStudent(ctx, cookie); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.Student(ctx, cookie); !errors.Is(err, enroll.ErrSignedOut) {
		t.Errorf("signed out: %v", err)
	}
}

// A second list adds and changes students without touching anybody's choices,
// and takes away nobody unless it is told to replace.
func TestSecondList(t *testing.T) {
	ctx := context.Background()
	w, e, student, cookie := world(t)
	if _, err := w.Store.Take(ctx, cookie, 1, "w1", 0); err != nil {
		t.Fatal(err)
	}
	before, err := w.Store.Codes(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	list := enrolltest.Students(12)[:11] // one more than there are
	view, err := w.Store.Student(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if list[i].Number == view.Student.Number {
			list[i].Class = "6Z"
		}
	}
	list = append(list[:0:0], list...)
	dropped := 0
	for i := range list { // and one of the old ones is not on it
		if list[i].Number != view.Student.Number {
			list = append(list[:i], list[i+1:]...)
			dropped++
			break
		}
	}
	for _, dry := range []bool{true, false} {
		got, err := w.Store.ApplyList(ctx, e.ID, list, false, dry)
		if err != nil {
			t.Fatal(err)
		}
		if got.Students != 10 || got.Added != 1 || got.Changed != 1 || got.Unchanged != 8 || got.Missing != 1 || got.Removed != 0 {
			t.Errorf("dry run %v: %+v", dry, got)
		}
		now, err := w.Store.Event(ctx, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]int{true: 10, false: 11}[dry]; now.Students != want {
			t.Errorf("dry run %v: %d students, want %d", dry, now.Students, want)
		}
	}
	view, err = w.Store.Student(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	if view.Student.Class != "6Z" || view.Choices[1].Workshop != "w1" || view.Student.ID != student {
		t.Errorf("the changed student: class %s, choices %v", view.Student.Class, view.Choices)
	}
	after, err := w.Store.Codes(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	for id, code := range before {
		if after[id] != code {
			t.Error("a known student has another code")
		}
	}

	// Replacing takes away everybody who is not on the list, seat and session too.
	only := []enroll.Student{{Number: "900001", FirstName: "Nieuw", LastName: "Hier", Class: "1A", Year: 1}}
	got, err := w.Store.ApplyList(ctx, e.ID, only, true, false)
	if err != nil {
		t.Fatal(err)
	}
	if got.Added != 1 || got.Removed != 11 || got.Missing != 0 {
		t.Errorf("replace: %+v", got)
	}
	if _, err := w.Store.Student(ctx, cookie); !errors.Is(err, enroll.ErrSignedOut) {
		t.Errorf("the session of a student who was taken away: %v", err)
	}
	if _, err := w.Store.SignInStudent(ctx, before[student]); !errors.Is(err, enroll.ErrWrongCode) {
		t.Errorf("the code of a student who was taken away: %v", err)
	}
	seats, err := w.Store.Seats(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if n := seats[enroll.SessionKey{Workshop: "w1", Round: 1}]; n != 0 {
		t.Errorf("the seat of a student who was taken away is still taken (%d)", n)
	}
}

// A programme may change while students choose, but never under their feet.
func TestProgrammeKeepsSeats(t *testing.T) {
	ctx := context.Background()
	w, e, _, cookie := world(t)
	if _, err := w.Store.Take(ctx, cookie, 1, "w1", 0); err != nil {
		t.Fatal(err)
	}
	p, err := w.Store.Programme(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	without := p
	without.Workshops = []enroll.Workshop{p.Workshops[0], p.Workshops[2]}
	var faults enroll.FieldErrors
	if _, err := w.Store.PutProgramme(ctx, e.ID, without); !errors.As(err, &faults) || faults[0].Code != "over_full" {
		t.Errorf("a workshop that somebody is in was taken out: %v", err)
	}
	old := p
	p.Workshops = []enroll.Workshop{p.Workshops[2], p.Workshops[1]}
	p.Workshops[1].Years = []int{6}
	if p, err = w.Store.PutProgramme(ctx, e.ID, p); err != nil || p.Version != 2 {
		t.Fatalf("another order: version %d, %v", p.Version, err)
	}
	if _, err := w.Store.PutProgramme(ctx, e.ID, old); !errors.Is(err, enroll.ErrConflict) {
		t.Errorf("over a later version: %v", err)
	}
	view, err := w.Store.Student(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	if view.Mask != "10" || view.Choices[1].Workshop != "w1" || view.Programme.Version != 2 {
		t.Errorf("mask %s, choices %v, version %d", view.Mask, view.Choices, view.Programme.Version)
	}
	if _, err := w.Store.Take(ctx, cookie, 1, "w2", 2); err != nil {
		t.Errorf("with the new programme: %v", err)
	}
	if _, err := w.Store.Take(ctx, cookie, 1, "w1", 2); !errors.Is(err, enroll.ErrNotAllowed) {
		t.Errorf("not for the class any more: %v", err)
	}
}

// One list is read at a time, and the lock is given back.
func TestOneListAtATime(t *testing.T) {
	ctx := context.Background()
	w, e, _, _ := world(t)
	unlock, err := w.Store.LockList(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.LockList(ctx, e.ID); !errors.Is(err, enroll.ErrBusy) {
		t.Errorf("a second list: %v", err)
	}
	unlock()
	if unlock, err = w.Store.LockList(ctx, e.ID); err != nil {
		t.Errorf("after the first: %v", err)
	} else {
		unlock()
	}
}

// A limit lets so many through and says when to come again.
func TestRateLimit(t *testing.T) {
	ctx := context.Background()
	w := enrolltest.New(t)
	for i := range 3 {
		if err := w.Store.Allowed(ctx, "b", "who", 3, time.Minute); err != nil {
			t.Errorf("looking, after %d: %v", i, err)
		}
		if err := w.Store.Allow(ctx, "b", "who", 3, time.Minute); err != nil {
			t.Errorf("number %d: %v", i+1, err)
		}
	}
	var retry *enroll.RetryError
	if err := w.Store.Allowed(ctx, "b", "who", 3, time.Minute); !errors.As(err, &retry) || retry.After > time.Minute {
		t.Errorf("looking, after all: %v", err)
	}
	if err := w.Store.Allow(ctx, "b", "who", 3, time.Minute); !errors.As(err, &retry) {
		t.Errorf("one too many: %v", err)
	}
	if err := w.Store.Allow(ctx, "b", "another", 3, time.Minute); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}
