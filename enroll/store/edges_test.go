package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/store"
)

// A purge that somebody asks for early shuts the gate at once, before any
// worker comes by.
func TestEarlyPurgeShutsAtOnce(t *testing.T) {
	ctx := context.Background()
	w, e, student, cookie := world(t)
	if _, err := w.Store.UpdateEvent(ctx, e.ID, func(e *enroll.Event) error { e.PurgeEarly = true; return nil }); err != nil {
		t.Fatal(err)
	}
	for name, read := range reads(w, e.ID, student, cookie) {
		if err := read(); !errors.Is(err, enroll.ErrPurged) {
			t.Errorf("%s: %v, want ErrPurged", name, err)
		}
	}
}

// What would become part of a key's name is looked at before it does.
func TestCookiesThatAreNone(t *testing.T) {
	w, e, _, _ := world(t)
	for _, cookie := range []string{".x", "}.x", "{a}.x", e.ID + "}.x", strings.Repeat("a", 5000) + ".x", "A.x", "..", e.ID + "." + strings.Repeat("x", 5000)} {
		if _, err := w.Store.Student(context.Background(), cookie); !errors.Is(err, enroll.ErrSignedOut) {
			t.Errorf("cookie %.20q: %v, want ErrSignedOut", cookie, err)
		}
	}
}

// A student has so many login sessions; one more ends the oldest.
func TestOldestSessionEnds(t *testing.T) {
	ctx := context.Background()
	w, e, student, first := world(t)
	codes, err := w.Store.Codes(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	var last string
	for range 5 {
		if last, err = w.Store.SignInStudent(ctx, codes[student]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Store.Student(ctx, first); !errors.Is(err, enroll.ErrSignedOut) {
		t.Errorf("the oldest of six sessions: %v", err)
	}
	if _, err := w.Store.Student(ctx, last); err != nil {
		t.Errorf("the newest: %v", err)
	}
}

// A change of what lists print makes them due again; another change does not.
func TestChangeOfWhatIsPrinted(t *testing.T) {
	ctx := context.Background()
	w, e, _, _ := world(t)
	before, err := w.Store.Event(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	after, err := w.Store.UpdateEvent(ctx, e.ID, func(e *enroll.Event) error { e.Seed = 7; return nil })
	if err != nil || after.Revision != before.Revision {
		t.Errorf("a seed: revision %d became %d, %v", before.Revision, after.Revision, err)
	}
	after, err = w.Store.UpdateEvent(ctx, e.ID, func(e *enroll.Event) error { e.Location = "Theater"; return nil })
	if err != nil || after.Revision == before.Revision {
		t.Errorf("a location: revision %d stayed, %v", before.Revision, err)
	}
}

// A plan is stored only over the event that it was made from.
func TestPlanOfAnEarlierEvent(t *testing.T) {
	ctx := context.Background()
	w, e, student, _ := world(t)
	if _, err := w.Store.UpdateEvent(ctx, e.ID, func(e *enroll.Event) error { e.State = enroll.Closed; return nil }); err != nil {
		t.Fatal(err)
	}
	seen, err := w.Store.Event(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	choices, revision, err := w.Store.Choices(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	plan := enroll.Plan{Places: map[string][]string{student: {"w0", "w1"}}}
	if _, err := w.Store.UpdateEvent(ctx, e.ID, func(e *enroll.Event) error { e.Seed = 2; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.ApplyPlan(ctx, seen, revision, choices, store.Outcome{Plan: plan}); !errors.Is(err, enroll.ErrConflict) {
		t.Errorf("over a later event: %v", err)
	}
	now, err := w.Store.Event(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Store.ApplyPlan(ctx, now, revision-1, choices, store.Outcome{Plan: plan}); !errors.Is(err, enroll.ErrConflict) {
		t.Errorf("over later choices: %v", err)
	}
	if err := w.Store.ApplyPlan(ctx, now, revision, choices, store.Outcome{Plan: plan}); err != nil {
		t.Errorf("over what it was made from: %v", err)
	}
}

// Accounts: an address belongs to one; what is removed does not come back.
func TestAccounts(t *testing.T) {
	ctx := context.Background()
	w := enrolltest.New(t)
	a, err := w.Store.AddAccount(ctx, enroll.Account{Role: enroll.Organiser, Email: "Roos@Example.org "})
	if err != nil || a.Email != "roos@example.org" {
		t.Fatalf("%q, %v", a.Email, err)
	}
	if _, err := w.Store.AddAccount(ctx, enroll.Account{Role: enroll.Organiser, Email: "roos@example.org"}); !errors.Is(err, enroll.ErrEmailTaken) {
		t.Errorf("the same address: %v", err)
	}
	token, err := w.Store.NewAPIToken(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	invitation, err := w.Store.NewInvitation(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.UseInvitation(ctx, invitation); err != nil {
		t.Errorf("an invitation: %v", err)
	}
	if _, err := w.Store.UseInvitation(ctx, invitation); !errors.Is(err, enroll.ErrInvitationGone) {
		t.Errorf("an invitation, twice: %v", err)
	}
	// Of two links that are out, the other one ends when a password is set.
	other, err := w.Store.NewInvitation(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.SetPassword(ctx, a.ID, "x"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.UseInvitation(ctx, other); !errors.Is(err, enroll.ErrInvitationGone) {
		t.Errorf("a link from before the password: %v", err)
	}
	if err := w.Store.RemoveAccount(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.SetPassword(ctx, a.ID, "x"); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("a password for a removed account: %v", err)
	}
	if _, err := w.Store.AccountByAPIToken(ctx, token); !errors.Is(err, enroll.ErrSignedOut) {
		t.Errorf("the token of a removed account: %v", err)
	}
	// The program stopped between the two writes of AddAccount: the address is not lost.
	if err := w.Redis.HSet(ctx, "cd:emails", "half@example.org", crypto.NewID()).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.AddAccount(ctx, enroll.Account{Role: enroll.Organiser, Email: "half@example.org"}); err != nil {
		t.Errorf("an address that was left half done: %v", err)
	}
}

// The rounds follow the event's date, once, however often they are told to, and
// also where the program stopped between the two.
func TestRoundsFollowTheDate(t *testing.T) {
	ctx := context.Background()
	w, e, _, _ := world(t)
	before, err := w.Store.Programme(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if moved, err := w.Store.MoveRounds(ctx, e.ID); moved || err != nil {
		t.Errorf("a date that stayed: moved %v, %v", moved, err)
	}
	if _, err := w.Store.UpdateEvent(ctx, e.ID, func(e *enroll.Event) error {
		e.Date, e.LastDate = e.Date.AddDays(120), e.Date.AddDays(120) // into summer time
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		moved, err := w.Store.MoveRounds(ctx, e.ID)
		if err != nil || moved != (i == 0) {
			t.Errorf("time %d: moved %v, %v", i+1, moved, err)
		}
	}
	after, err := w.Store.Programme(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range after.Rounds {
		was := before.Rounds[i]
		if enroll.DateOf(r.Start) != enroll.DateOf(was.Start).AddDays(120) || r.Start.Hour() != was.Start.Hour() || r.End.Hour() != was.End.Hour() {
			t.Errorf("round %d: from %v to %v", i+1, was.Start, r.Start)
		}
	}
}
