package store_test

import (
	"context"
	"errors"
	"testing"

	"cultuurdag/enroll"
)

// One student added, corrected, given another code, and erased.
func TestOneStudent(t *testing.T) {
	ctx := context.Background()
	w, e, student, cookie := world(t)
	if _, err := w.Store.Take(ctx, cookie, 1, "w1", 0); err != nil {
		t.Fatal(err)
	}
	view, err := w.Store.Student(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	var faults enroll.FieldErrors
	twin := enroll.Student{Number: view.Student.Number, FirstName: "Nieuw", LastName: "Hier", Class: "1A", Year: 1}
	if _, err := w.Store.AddStudent(ctx, e.ID, twin); !errors.As(err, &faults) || faults[0].Code != "number_taken" {
		t.Errorf("a number that another has: %v", err)
	}
	if _, err := w.Store.AddStudent(ctx, e.ID, enroll.Student{}); !errors.As(err, &faults) || len(faults) != 4 {
		t.Errorf("nothing entered: %v", err)
	}
	twin.Number, twin.Email = "990001", "nieuw@example.org"
	added, err := w.Store.AddStudent(ctx, e.ID, twin)
	if err != nil {
		t.Fatal(err)
	}
	if added.Email != "" {
		t.Error("an e-mail address is kept, though the event sends no invitations")
	}
	codes, err := w.Store.Codes(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.SignInStudent(ctx, codes[added.ID]); err != nil {
		t.Errorf("the new student signs in: %v", err)
	}

	corrected := view.Student
	corrected.LastName, corrected.Class = "Anders", "2B"
	if err := w.Store.UpdateStudent(ctx, e.ID, corrected); err != nil {
		t.Fatal(err)
	}
	if view, err = w.Store.Student(ctx, cookie); err != nil || view.Student.LastName != "Anders" || view.Choices[1].Workshop != "w1" {
		t.Errorf("corrected: %s, %v, %v", view.Student.LastName, view.Choices, err)
	}

	code, err := w.Store.NewCode(ctx, e.ID, student)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.Student(ctx, cookie); !errors.Is(err, enroll.ErrSignedOut) {
		t.Errorf("a session of the old code: %v", err)
	}
	if _, err := w.Store.SignInStudent(ctx, codes[student]); !errors.Is(err, enroll.ErrWrongCode) {
		t.Errorf("the old code: %v", err)
	}
	if cookie, err = w.Store.SignInStudent(ctx, code); err != nil {
		t.Fatalf("the new code: %v", err)
	}

	if err := w.Store.EraseStudent(ctx, e.ID, student); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.Student(ctx, cookie); !errors.Is(err, enroll.ErrSignedOut) {
		t.Errorf("the session of an erased student: %v", err)
	}
	seats, err := w.Store.Seats(ctx, e.ID)
	if err != nil || seats[enroll.SessionKey{Workshop: "w1", Round: 1}] != 0 {
		t.Errorf("the seat of an erased student: %v, %v", seats, err)
	}
	if err := w.Store.EraseStudent(ctx, e.ID, student); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("erased twice: %v", err)
	}
	if err := w.Store.UpdateStudent(ctx, e.ID, corrected); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("an erased student corrected: %v", err)
	}
}

// A list that somebody looks at is kept sealed, for them alone, until dropped.
func TestDraft(t *testing.T) {
	ctx := context.Background()
	w, e, _, _ := world(t)
	if err := w.Store.PutDraft(ctx, e.ID, "anna", []byte("age")); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Store.Draft(ctx, e.ID, "anna"); err != nil || string(got) != "age" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := w.Store.Draft(ctx, e.ID, "bram"); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("another's draft: %v", err)
	}
	keys, err := w.Redis.Keys(ctx, "cd:*draft*").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("%v, %v", keys, err)
	}
	if left := w.Redis.TTL(ctx, keys[0]).Val(); left <= 0 || left.Hours() > 1 {
		t.Errorf("it goes in %v", left)
	}
	if err := w.Store.DropDraft(ctx, e.ID, "anna"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.Draft(ctx, e.ID, "anna"); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("dropped: %v", err)
	}
	w.Clock.Move(e.PurgeDue())
	if err := w.Store.PutDraft(ctx, e.ID, "anna", []byte("age")); !errors.Is(err, enroll.ErrPurged) {
		t.Errorf("after the deadline: %v", err)
	}
}
