package store_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// A slip is new until it was downloaded, and again with another code.
func TestChangedSlips(t *testing.T) {
	ctx := context.Background()
	w, e, student, _ := world(t)
	changed := func(want ...string) {
		t.Helper()
		codes, err := w.Store.ChangedSlips(ctx, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		if got := slices.Sorted(maps.Keys(codes)); !slices.Equal(got, want) {
			t.Errorf("changed: %v, want %v", got, want)
		}
	}
	mark := func(codes map[string]crypto.Code) {
		t.Helper()
		if err := w.Store.MarkSlips(ctx, e.ID, codes); err != nil {
			t.Fatal(err)
		}
	}
	all, err := w.Store.Codes(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	changed(slices.Collect(maps.Keys(all))...)
	mark(all)
	changed()

	if _, err := w.Store.NewCode(ctx, e.ID, student); err != nil {
		t.Fatal(err)
	}
	added, err := w.Store.AddStudent(ctx, e.ID, enroll.Student{Number: "990001", FirstName: "Nieuw", LastName: "Hier", Class: "1A", Year: 1})
	if err != nil {
		t.Fatal(err)
	}
	changed(student, added.ID)
	mark(map[string]crypto.Code{student: all[student]}) // a slip that was made before the new code
	changed(student, added.ID)
	codes, err := w.Store.ChangedSlips(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	mark(codes)
	changed()

	// Of a student who is erased nothing is kept, also where a slip comes late.
	if err := w.Store.EraseStudent(ctx, e.ID, student); err != nil {
		t.Fatal(err)
	}
	mark(codes)
	changed()
	keys, err := w.Store.PersonalKeys(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(keys, func(key string) bool { return strings.HasSuffix(key, ":printed") })
	if i < 0 {
		t.Fatalf("no key for slips among %v", keys)
	}
	if left := w.Redis.HKeys(ctx, keys[i]).Val(); slices.Contains(left, student) || !slices.Contains(left, added.ID) {
		t.Errorf("kept: %v", left)
	}

	if _, err := w.Store.DeletePersonal(ctx, e.ID); err != nil {
		t.Fatal(err)
	}
	if n := w.Redis.Exists(ctx, keys[i]).Val(); n != 0 {
		t.Error("the purge leaves which slips were made")
	}
	w.Clock.Move(e.PurgeDue())
	if _, err := w.Store.ChangedSlips(ctx, e.ID); !errors.Is(err, enroll.ErrPurged) {
		t.Errorf("after the deadline: %v", err)
	}
	if err := w.Store.MarkSlips(ctx, e.ID, codes); !errors.Is(err, enroll.ErrPurged) {
		t.Errorf("marked after the deadline: %v", err)
	}
}
