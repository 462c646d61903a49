package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/store"
)

// rankingWorld is world in mode ranking: five workshops, the last for the sixth
// year alone, of which a student ranks three.
func rankingWorld(t *testing.T) (w *enrolltest.World, e enroll.Event, student enroll.Student, cookie string) {
	t.Helper()
	w = enrolltest.New(t)
	e = w.RankingEvent(t, w.School(t, "De Springplank"), 3)
	p := enrolltest.Programme(e.Date, 5, 2, 20)
	p.Workshops[4].Years = []int{6}
	p.Workshops[3].Sessions = p.Workshops[3].Sessions[1:] // in round 2 alone
	if _, err := w.Store.PutProgramme(t.Context(), e.ID, p); err != nil {
		t.Fatal(err)
	}
	students, codes := w.Enrol(t, e.ID, 10)
	w.Clock.Move(e.OpenAt)
	cookie, err := w.Store.SignInStudent(t.Context(), codes[students[0].ID])
	if err != nil {
		t.Fatal(err)
	}
	return w, e, students[0], cookie
}

// What stands in the way of wishes, in the order in which it is looked at.
func TestWishRules(t *testing.T) {
	ctx := context.Background()
	w, e, student, cookie := rankingWorld(t)
	all := func(version int, ids ...string) func() (store.StudentView, error) {
		return func() (store.StudentView, error) { return w.Store.Rank(ctx, cookie, ids, version) }
	}
	put := func(id string, place, version int) func() (store.StudentView, error) {
		return func() (store.StudentView, error) { return w.Store.Wish(ctx, cookie, id, place, version) }
	}
	drop := func(id string, version int) func() (store.StudentView, error) {
		return func() (store.StudentView, error) { return w.Store.Unwish(ctx, cookie, id, version) }
	}
	revision := func() int64 {
		_, r, err := w.Store.Choices(ctx, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	type step struct {
		name string
		do   func() (store.StudentView, error)
		want error
		has  string
	}
	try := func(s step) {
		t.Helper()
		before, r := held(t, w, e.ID, student.ID), revision()
		view, err := s.do()
		if !errors.Is(err, s.want) || s.want == nil && err != nil {
			t.Errorf("%s: got %v, want %v", s.name, err, s.want)
		}
		after := held(t, w, e.ID, student.ID)
		if after != s.has || strings.Join(view.Wishes, ",") != s.has {
			t.Errorf("%s: the student wishes %q, and sees %q, want %q", s.name, after, view.Wishes, s.has)
		}
		if changed := revision() != r; changed != (before != after) {
			t.Errorf("%s: %q became %q, and the revision went up: %v", s.name, before, after, changed)
		}
	}
	w.Clock.Move(e.OpenAt.Add(-time.Second))
	try(step{"a moment too early", all(0, "w9", "w9"), enroll.ErrClosed, ""})
	w.Clock.Move(e.OpenAt)
	for _, s := range []step{
		{"a ranking", all(0, "w2", "w0", "w3"), nil, "w2,w0,w3"},
		{"the same again", all(0, "w2", "w0", "w3"), nil, "w2,w0,w3"},
		{"unknown, before all else", all(7, "w4", "w9", "w0", "w0"), enroll.ErrNoSession, "w2,w0,w3"},
		{"not for the class, before twice", all(7, "w0", "w0", "w4", "w1"), enroll.ErrNotAllowed, "w2,w0,w3"},
		{"twice, before too many", all(7, "w0", "w1", "w0", "w2"), enroll.ErrRepeat, "w2,w0,w3"},
		{"twice, before too few", all(7, "w0", "w0"), enroll.ErrRepeat, "w2,w0,w3"},
		{"too few, before stale", all(7, "w0", "w1"), enroll.ErrTooFew, "w2,w0,w3"},
		{"too many, before stale", all(7, "w0", "w1", "w2", "w3"), enroll.ErrTooMany, "w2,w0,w3"},
		{"another's programme", all(7, "w0", "w1", "w2"), enroll.ErrStale, "w2,w0,w3"},
		{"an id that is none", all(0, "w0,w1", "w2", "w3"), enroll.ErrNoSession, "w2,w0,w3"},
		{"a session for a workshop", all(0, "w0:1", "w2", "w3"), enroll.ErrNoSession, "w2,w0,w3"},
		{"an empty id", all(0, "", "w2", "w3"), enroll.ErrNoSession, "w2,w0,w3"},
		{"this programme", all(1, "w0", "w1", "w2"), nil, "w0,w1,w2"},
		{"all taken back", all(0), nil, ""},
		{"and again", all(0), nil, ""},

		{"step by step: the first", put("w1", 0, 0), nil, "w1"},
		{"the second", put("w3", 0, 0), nil, "w1,w3"},
		{"the second once more", put("w3", 0, 0), nil, "w1,w3"},
		{"one before them", put("w0", 1, 0), nil, "w0,w1,w3"},
		{"one too many", put("w2", 1, 7), enroll.ErrTooMany, "w0,w1,w3"},
		{"unknown, before too many", put("w9", 1, 0), enroll.ErrNoSession, "w0,w1,w3"},
		{"not for the class, before too many", put("w4", 1, 0), enroll.ErrNotAllowed, "w0,w1,w3"},
		{"up", put("w3", 2, 1), nil, "w0,w3,w1"},
		{"up, said twice", put("w3", 2, 1), nil, "w0,w3,w1"},
		{"to the top", put("w1", 1, 1), nil, "w1,w0,w3"},
		{"down", put("w1", 2, 1), nil, "w0,w1,w3"},
		{"beyond the end", put("w0", 99, 1), nil, "w1,w3,w0"},
		{"moved over another's programme", put("w0", 1, 7), enroll.ErrStale, "w1,w3,w0"},
		{"off, over another's programme", drop("w3", 7), enroll.ErrStale, "w1,w3,w0"},
		{"off", drop("w3", 1), nil, "w1,w0"},
		{"off twice", drop("w3", 1), nil, "w1,w0"},
		{"off: never there", drop("w9", 0), nil, "w1,w0"},
		{"a place below nought", put("w2", -3, 0), nil, "w1,w0,w2"},
	} {
		try(s)
	}
	if _, err := w.Store.Take(ctx, cookie, 1, "w9", 0); !errors.Is(err, enroll.ErrMode) {
		t.Errorf("a seat in mode ranking: %v", err)
	}
	if _, err := w.Store.Release(ctx, cookie, 1, 0); !errors.Is(err, enroll.ErrMode) {
		t.Errorf("freeing a seat in mode ranking: %v", err)
	}
	if err := w.Store.Place(ctx, e.ID, student.ID, 1, "w4"); err != nil {
		t.Errorf("by hand in mode ranking: %v", err)
	}
	w.Clock.Move(e.CloseAt)
	try(step{"closed, even where nothing would change", put("w2", 0, 0), enroll.ErrClosed, "w1,w0,w2"})
}

// held returns the student's wishes as they are held.
func held(t *testing.T, w *enrolltest.World, event, student string) string {
	t.Helper()
	wishes, err := w.Store.Wishes(context.Background(), event)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(wishes[student], ",")
}

// In the other mode there is nothing to rank.
func TestNoWishesInFirstCome(t *testing.T) {
	ctx := context.Background()
	w, e, student, cookie := world(t)
	if _, err := w.Store.Rank(ctx, cookie, []string{"w9"}, 0); !errors.Is(err, enroll.ErrMode) {
		t.Errorf("a ranking: %v", err)
	}
	if view, err := w.Store.Wish(ctx, cookie, "w1", 0, 0); !errors.Is(err, enroll.ErrMode) || view.Student.ID != student {
		t.Errorf("a wish: %v, of %q", err, view.Student.ID)
	}
	if has := held(t, w, e.ID, student); has != "" {
		t.Errorf("held: %q", has)
	}
}

// Where fewer workshops are open to the class than the event asks for, all of
// them are the whole ranking.
func TestRankingOfFewWorkshops(t *testing.T) {
	ctx := context.Background()
	w, e, student, cookie := rankingWorld(t)
	p, err := w.Store.Programme(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	p.Workshops[0].Years, p.Workshops[1].Years = []int{6}, []int{6}
	if _, err := w.Store.PutProgramme(ctx, e.ID, p); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.Rank(ctx, cookie, []string{"w3"}, 0); !errors.Is(err, enroll.ErrTooFew) {
		t.Errorf("one of two: %v", err)
	}
	view, err := w.Store.Rank(ctx, cookie, []string{"w3", "w2"}, 0)
	if err != nil || view.Event.RanksFor(view.Mask) != 2 {
		t.Errorf("both: %v, of %d", err, view.Event.RanksFor(view.Mask))
	}
	if has := held(t, w, e.ID, student.ID); has != "w3,w2" {
		t.Errorf("held: %q", has)
	}
}

// Wishes follow the programme and the class without getting lost, and go with
// the student.
func TestWishesFollow(t *testing.T) {
	ctx := context.Background()
	w, e, student, cookie := rankingWorld(t)
	if _, err := w.Store.Rank(ctx, cookie, []string{"w2", "w0", "w3"}, 0); err != nil {
		t.Fatal(err)
	}
	sees := func(what string, want ...string) {
		t.Helper()
		view, err := w.Store.Student(ctx, cookie)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(view.Wishes, want) {
			t.Errorf("%s: %v, want %v", what, view.Wishes, want)
		}
	}
	before, err := w.Store.Programme(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	put := func(p enroll.Programme) {
		t.Helper()
		p.Version = 0
		if _, err := w.Store.PutProgramme(ctx, e.ID, p); err != nil {
			t.Fatal(err)
		}
	}
	without := before
	without.Workshops = append(slices.Clone(before.Workshops[1:3]), before.Workshops[4], before.Workshops[3])
	put(without)
	sees("the second wish is taken out, and the others stand in another order", "w2", "w3")
	put(before)
	sees("and comes back", "w2", "w0", "w3")

	student.Class, student.Year = "6Z", 6
	other := before
	other.Workshops = slices.Clone(before.Workshops)
	other.Workshops[3].Classes = []string{"1A"}
	put(other)
	if err := w.Store.UpdateStudent(ctx, e.ID, student); err != nil {
		t.Fatal(err)
	}
	sees("another class", "w2", "w0")
	if _, err := w.Store.Wish(ctx, cookie, "w4", 1, 0); err != nil {
		t.Fatal(err)
	}
	if has := held(t, w, e.ID, student.ID); has != "w4,w2,w0" {
		t.Errorf("a new list holds %q", has)
	}

	if err := w.Store.EraseStudent(ctx, e.ID, student.ID); err != nil {
		t.Fatal(err)
	}
	if wishes, err := w.Store.Wishes(ctx, e.ID); err != nil || len(wishes) > 0 {
		t.Errorf("of a student who was erased: %v, %v", wishes, err)
	}
}

// The purge takes wishes with it, and counted them before.
func TestPurgeTakesWishes(t *testing.T) {
	ctx := context.Background()
	w, e, _, cookie := rankingWorld(t)
	if _, err := w.Store.Rank(ctx, cookie, []string{"w2", "w0", "w3"}, 0); err != nil {
		t.Fatal(err)
	}
	if counts, err := w.Store.Count(ctx, e.ID); err != nil || counts.Wishes != 1 {
		t.Errorf("counted %d lists of wishes, %v", counts.Wishes, err)
	}
	if _, err := w.Store.DeletePersonal(ctx, e.ID); err != nil {
		t.Fatal(err)
	}
	if left, err := w.Store.PersonalKeys(ctx, e.ID); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
