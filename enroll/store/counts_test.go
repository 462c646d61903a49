package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/store"
)

// What is kept is counted once, before the key goes, by workshop and year.
func TestCount(t *testing.T) {
	ctx := context.Background()
	w := enrolltest.New(t)
	e := w.Event(t, w.School(t, "De Springplank"))
	w.Programme(t, e, 3, 2, 80)
	students, _ := w.Enrol(t, e.ID, 60) // two years of thirty
	w.Clock.Move(e.OpenAt.Add(time.Minute))
	for i, st := range students {
		workshop := "w1" // all but three of the first year, and seven of the second
		if st.Year == 1 && st.Number > "120028" || st.Year == 2 && st.Number <= "120037" {
			workshop = "w2"
		}
		if err := w.Store.Place(ctx, e.ID, st.ID, 1, workshop); err != nil {
			t.Fatal(i, err)
		}
		if err := w.Store.Place(ctx, e.ID, st.ID, 2, "w0"); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err := w.Store.Kept(ctx, e.ID); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("before it was counted: %v", err)
	}
	if err := errors.Join(
		w.Store.PutDraft(ctx, e.ID, "anna", []byte("age")),
		w.Redis.HSet(ctx, "cd:{"+e.ID+"}:p:invited", "batch|"+students[0].ID, "sent").Err(),
	); err != nil {
		t.Fatal(err)
	}
	w.Clock.Move(e.PurgeDue().Add(time.Minute)) // the gate is shut
	c, err := w.Store.Count(ctx, e.ID)
	if err != nil || c.Participants == nil {
		t.Fatalf("%+v, %v", c, err)
	}
	if want := (store.Counts{Students: 60, Codes: 60, Places: 120, Invitations: 1, Drafts: 1, Participants: c.Participants}); c != want {
		t.Errorf("counted %+v", c)
	}
	told := map[string][]enroll.Participation{}
	for _, w := range c.Participants.Workshops {
		told[w.ID] = w.Counts
	}
	// Three in w2 could be computed from either total: w1 of that year, and the other year of both, are not told.
	if len(c.Participants.Years) != 2 || told["w2"][0] != enroll.Few || told["w0"][1] != 30 {
		t.Errorf("told %v of years %v", told, c.Participants.Years)
	}
	hidden := 0
	for _, n := range append(told["w1"], told["w2"]...) {
		if n < 0 {
			hidden++
		}
	}
	if hidden < 3 {
		t.Errorf("what is told gives away the small number: %v", told)
	}
	// The first count stays, also when nothing is left to count.
	if _, err := w.Store.DeletePersonal(ctx, e.ID); err != nil {
		t.Fatal(err)
	}
	if again, err := w.Store.Count(ctx, e.ID); err != nil || again.Students != 60 || again.Participants == nil {
		t.Errorf("counted again: %+v, %v", again, err)
	}
}

// A key that is gone already keeps nobody from counting the rest.
func TestCountWithoutAKey(t *testing.T) {
	w, e, _, _ := world(t)
	if err := w.Keystore.Destroy(e.ID); err != nil {
		t.Fatal(err)
	}
	if c, err := w.Store.Count(context.Background(), e.ID); err != nil || c.Students == 0 || c.Participants != nil {
		t.Errorf("%+v, %v", c, err)
	}
}
