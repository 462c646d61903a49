package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
)

func TestProposalsAreAskedOnceAtATime(t *testing.T) {
	ctx := t.Context()
	w, e, _, _ := world(t)
	s := w.Store
	if p, err := s.Proposals(ctx, e.ID); err != nil || p.State != store.AllocationNone || len(p.All) != 0 {
		t.Fatalf("before: %+v, %v", p, err)
	}
	ask := func(id string) error {
		return s.AskProposals(ctx, e.ID, store.Ask{ID: id, Kinds: []string{store.ProposalFair, store.ProposalFirst}, Seed: 7})
	}
	if err := ask("a1"); err != nil {
		t.Fatal(err)
	}
	if err := ask("a2"); !errors.Is(err, enroll.ErrBusy) {
		t.Errorf("a second while the first is worked out: %v", err)
	}
	got, ok, err := s.BeginProposals(ctx, e.ID)
	if err != nil || !ok || got.ID != "a1" || got.Seed != 7 {
		t.Fatalf("begun: %+v %v %v", got, ok, err)
	}
	put := func(ask, id string) error {
		return s.PutProposal(ctx, e.ID, ask, 0, store.Proposal{ID: id, Kind: store.ProposalFair, Report: json.RawMessage(`{}`)},
			map[string][]string{"s1": {"w0", "w1"}}, store.Run{ID: id, Kind: store.ProposalFair}, []byte("input of "+id))
	}
	if err := put("a0", "stale"); !errors.Is(err, enroll.ErrConflict) {
		t.Errorf("one that nobody asked for: %v", err)
	}
	if err := put("a1", "p1"); err != nil {
		t.Fatal(err)
	}
	if wanted, err := s.ProposalsWanted(ctx, e.ID); err != nil || !wanted {
		t.Errorf("wanted: %v, %v", wanted, err)
	}
	if err := s.EndProposals(ctx, e.ID, "a0", true); err != nil {
		t.Fatal(err)
	}
	if err := s.EndProposals(ctx, e.ID, "a1", false); err != nil {
		t.Fatal(err)
	}
	all, err := s.Proposals(ctx, e.ID)
	if err != nil || all.State != store.AllocationDone || len(all.All) != 1 || all.All[0].ID != "p1" {
		t.Fatalf("done: %+v, %v", all, err)
	}
	if _, ok, err := s.BeginProposals(ctx, e.ID); err != nil || ok {
		t.Errorf("begun again though it is done: %v", err)
	}
	if err := put("a1", "late"); !errors.Is(err, enroll.ErrConflict) {
		t.Errorf("one that comes late: %v", err)
	}
	plan, err := s.ProposedPlan(ctx, e.ID, all.All[0])
	if err != nil || !slices.Equal(plan.Places["s1"], []string{"w0", "w1"}) {
		t.Errorf("plan: %v, %v", plan, err)
	}
	if input, err := s.RunInput(ctx, e.ID, "p1"); err != nil || string(input) != "input of p1" {
		t.Errorf("input: %q, %v", input, err)
	}
	// Of another kind: the first stays. Of the same: it goes.
	if err := s.AskProposals(ctx, e.ID, store.Ask{ID: "a3", Kinds: []string{store.ProposalWhatIf}}); err != nil {
		t.Fatal(err)
	}
	if all, err = s.Proposals(ctx, e.ID); err != nil || len(all.All) != 1 {
		t.Errorf("beside a what-if: %+v, %v", all, err)
	}
	if err := s.EndProposals(ctx, e.ID, "a3", true); err != nil {
		t.Fatal(err)
	}
	if err := ask("a4"); err != nil {
		t.Fatalf("after one that failed: %v", err)
	}
	if all, err = s.Proposals(ctx, e.ID); err != nil || len(all.All) != 0 {
		t.Errorf("asked anew: %+v, %v", all, err)
	}
	if _, err := s.ProposedPlan(ctx, e.ID, store.Proposal{ID: "p1", Kind: store.ProposalFair}); !errors.Is(err, enroll.ErrConflict) {
		t.Errorf("plan of one that was replaced: %v", err)
	}
}

// What stops the program each time must not do so for ever.
func TestProposalsFailAfterThreeAttempts(t *testing.T) {
	ctx := t.Context()
	w, e, _, _ := world(t)
	if err := w.Store.AskProposals(ctx, e.ID, store.Ask{ID: "a", Kinds: []string{store.ProposalFair}}); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 4; n++ {
		if _, ok, err := w.Store.BeginProposals(ctx, e.ID); err != nil || ok != (n <= 3) {
			t.Errorf("attempt %d: %v, %v", n, ok, err)
		}
	}
	if p, err := w.Store.Proposals(ctx, e.ID); err != nil || p.State != store.AllocationFailed {
		t.Errorf("then: %+v, %v", p, err)
	}
}

// A hundred runs are kept, each once, with what they were worked out from.
func TestRunsAreKeptForAWhile(t *testing.T) {
	ctx := t.Context()
	w, e, _, _ := world(t)
	for n := range 105 {
		id := fmt.Sprintf("r%d", n%103) // two come again
		if err := w.Store.AskProposals(ctx, e.ID, store.Ask{ID: id, Kinds: []string{store.ProposalFair}}); err != nil {
			t.Fatal(err)
		}
		err := w.Store.PutProposal(ctx, e.ID, id, 0, store.Proposal{ID: id, Kind: store.ProposalFair}, nil, store.Run{ID: id, Seed: int64(n)}, []byte(id))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Store.EndProposals(ctx, e.ID, id, false); err != nil {
			t.Fatal(err)
		}
	}
	runs, err := w.Store.Runs(ctx, e.ID)
	if err != nil || len(runs) != 100 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	if runs[0].ID != "r1" || runs[0].Seed != 104 || runs[99].ID != "r5" {
		t.Errorf("from %s with seed %d to %s", runs[0].ID, runs[0].Seed, runs[99].ID)
	}
	if _, err := w.Store.RunInput(ctx, e.ID, "r4"); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("the input of a run that went: %v", err)
	}
	if _, err := w.Store.RunInput(ctx, e.ID, "r5"); err != nil {
		t.Errorf("the input of the oldest run: %v", err)
	}
}

// A student who is erased goes from proposals and inputs too.
func TestErasedStudentsLeaveProposals(t *testing.T) {
	ctx := t.Context()
	w, e, student, _ := world(t)
	if err := w.Store.AskProposals(ctx, e.ID, store.Ask{ID: "a", Kinds: []string{store.ProposalFair}}); err != nil {
		t.Fatal(err)
	}
	err := w.Store.PutProposal(ctx, e.ID, "a", 0, store.Proposal{ID: "p", Kind: store.ProposalFair},
		map[string][]string{student: {"w0", "w1"}}, store.Run{ID: "p"}, []byte(student))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Store.EraseStudent(ctx, e.ID, student); err != nil {
		t.Fatal(err)
	}
	all, err := w.Redis.HGetAll(ctx, "cd:{"+e.ID+"}:p:proposed").Result()
	if err != nil || len(all) == 0 || strings.Contains(fmt.Sprint(all), student) {
		t.Errorf("the plan names them: %v, %v", all, err)
	}
	if _, err := w.Store.RunInput(ctx, e.ID, "p"); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("input: %v", err)
	}
}

// A proposal that was being worked out when a student was erased is not kept: it
// names them, and so does what it was worked out from.
func TestProposalsBegunBeforeAnErasure(t *testing.T) {
	ctx := t.Context()
	w, e, student, _ := world(t)
	if err := w.Store.AskProposals(ctx, e.ID, store.Ask{ID: "a", Kinds: []string{store.ProposalFair}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.EraseStudent(ctx, e.ID, student); err != nil {
		t.Fatal(err)
	}
	put := func(erased int) error {
		return w.Store.PutProposal(ctx, e.ID, "a", erased, store.Proposal{ID: "p", Kind: store.ProposalFair},
			map[string][]string{student: {"w0", "w1"}}, store.Run{ID: "p"}, []byte(student))
	}
	if err := put(e.Erased); !errors.Is(err, enroll.ErrConflict) {
		t.Errorf("%v", err)
	}
	if all, err := w.Redis.HGetAll(ctx, "cd:{"+e.ID+"}:p:proposed").Result(); err != nil || strings.Contains(fmt.Sprint(all), student) {
		t.Errorf("the plan names them: %v, %v", all, err)
	}
	if _, err := w.Store.RunInput(ctx, e.ID, "p"); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("input: %v", err)
	}
	if err := put(e.Erased + 1); err != nil {
		t.Errorf("one that was begun after it: %v", err)
	}
}

// A plan for a changed programme is carried out whole or not at all.
func TestPlanWithAChangedProgramme(t *testing.T) {
	ctx := t.Context()
	w, e, student, _ := world(t)
	if err := w.Store.Place(ctx, e.ID, student, 1, "w0"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.UpdateEvent(ctx, e.ID, func(e *enroll.Event) error { e.State = enroll.Closed; return nil }); err != nil {
		t.Fatal(err)
	}
	e, err := w.Store.Event(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	choices, revision, err := w.Store.Choices(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	p, err := w.Store.Programme(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	p.Workshops[0].Sessions[0].Cancelled = true
	p.Workshops[1].Sessions[0].Capacity = 1
	off := []enroll.SessionKey{{Workshop: "w0", Round: 1}}
	outcome := func(workshop string) store.Outcome {
		return store.Outcome{Plan: enroll.Plan{Places: map[string][]string{student: {workshop, "w2"}}, Cancelled: off}, Programme: &p}
	}
	if err := w.Store.ApplyPlan(ctx, e, revision, choices, outcome("w0")); !errors.Is(err, enroll.ErrConflict) {
		t.Errorf("a plan with a place in a session that is called off: %v", err)
	}
	if now, err := w.Store.Programme(ctx, e.ID); err != nil || now.Version != p.Version || now.Workshops[0].Sessions[0].Cancelled {
		t.Fatalf("the programme changed though the plan was refused: %+v, %v", now, err)
	}
	if err := w.Store.ApplyPlan(ctx, e, revision, choices, outcome("w1")); err != nil {
		t.Fatal(err)
	}
	now, err := w.Store.Event(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if now.Programme != p.Version+1 || now.State != enroll.Allocated || !slices.Equal(now.Cancelled, off) {
		t.Errorf("the event: %+v", now)
	}
	if changed, err := w.Store.Programme(ctx, e.ID); err != nil || !changed.Workshops[0].Sessions[0].Cancelled || changed.Version != now.Programme {
		t.Errorf("the programme: %+v, %v", changed, err)
	}
	// The seats follow: one place, which is taken; and none where it is called off.
	students, err := w.Store.Students(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	other := students[slices.IndexFunc(students, func(s enroll.Student) bool { return s.ID != student })].ID
	if err := w.Store.Place(ctx, e.ID, other, 1, "w1"); !errors.Is(err, enroll.ErrFull) {
		t.Errorf("into a full session: %v", err)
	}
	if err := w.Store.Place(ctx, e.ID, other, 1, "w0"); !errors.Is(err, enroll.ErrNoSession) {
		t.Errorf("into a session that is called off: %v", err)
	}
	// Beyond its places by hand; and the next plan keeps that.
	if err := w.Store.PlaceOver(ctx, e.ID, other, 1, "w1"); err != nil {
		t.Fatal(err)
	}
	taken, err := w.Store.Seats(ctx, e.ID)
	if err != nil || taken[enroll.SessionKey{Workshop: "w1", Round: 1}] != 2 {
		t.Errorf("taken: %v, %v", taken, err)
	}
	if choices, revision, err = w.Store.Choices(ctx, e.ID); err != nil {
		t.Fatal(err)
	}
	both := enroll.Plan{Places: map[string][]string{student: {"w1", "w2"}, other: {"w1", "w2"}}}
	if err := w.Store.ApplyPlan(ctx, now, revision, choices, store.Outcome{Plan: both}); !errors.Is(err, enroll.ErrConflict) {
		t.Errorf("two in one place, of which one was given by hand: %v", err)
	}
	if err := w.Store.Place(ctx, e.ID, student, 1, "w1"); err != nil {
		t.Fatal(err)
	}
	if choices, revision, err = w.Store.Choices(ctx, e.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.ApplyPlan(ctx, now, revision, choices, store.Outcome{Plan: both}); err != nil {
		t.Errorf("two in one place, both given by hand: %v", err)
	}
}

func TestTwoStudentsSwap(t *testing.T) {
	ctx := t.Context()
	w, e, _, _ := world(t)
	w.Programme(t, e, 4, 2, 1) // one place each: a swap needs none that is free
	students, err := w.Store.Students(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := students[0].ID, students[1].ID, students[2].ID
	for student, places := range map[string][]string{a: {"w0", "w2"}, b: {"w1", "w3"}, c: {"w2", "w0"}} {
		for i, workshop := range places {
			if err := w.Store.Place(ctx, e.ID, student, i+1, workshop); err != nil {
				t.Fatal(err)
			}
		}
	}
	before, err := w.Store.Seats(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	swap := func(round int, x, inX, y, inY string) error { return w.Store.Swap(ctx, e.ID, round, x, inX, y, inY) }
	for range 2 { // the second click changes nothing
		if err := swap(1, a, "w0", b, "w1"); err != nil {
			t.Fatal(err)
		}
	}
	choices, _, err := w.Store.Choices(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if choices[a][1] != (enroll.Choice{Workshop: "w1", By: enroll.Pinned}) || choices[b][1] != (enroll.Choice{Workshop: "w0", By: enroll.Pinned}) {
		t.Errorf("after the swap: %v, %v", choices[a], choices[b])
	}
	for _, test := range []struct {
		name string
		err  error
		want error
	}{
		{"one has it in another round", swap(1, a, "w1", c, "w2"), enroll.ErrRepeat},
		{"one is somewhere else by now", swap(1, a, "w0", c, "w2"), enroll.ErrConflict},
		{"with oneself", swap(1, a, "w1", a, "w1"), enroll.ErrNoSession},
		{"with nobody", swap(1, a, "w1", "nobody", "w2"), enroll.ErrNotFound},
		{"in no round", swap(5, a, "w1", b, "w0"), enroll.ErrNoSession},
	} {
		if !errors.Is(test.err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, test.err, test.want)
		}
	}
	after, err := w.Store.Seats(ctx, e.ID)
	if err != nil || fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("seats were %v and are %v, %v", before, after, err)
	}
}
