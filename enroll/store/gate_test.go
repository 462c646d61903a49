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

// reads are all the ways to personal data. Each has to pass the gate.
func reads(w *enrolltest.World, event, student, cookie string) map[string]func() error {
	ctx, s := context.Background(), w.Store
	return map[string]func() error{
		"Gate":       func() error { return s.Gate(ctx, event) },
		"Students":   func() error { _, err := s.Students(ctx, event); return err },
		"Codes":      func() error { _, err := s.Codes(ctx, event); return err },
		"Choices":    func() error { _, _, err := s.Choices(ctx, event); return err },
		"Seats":      func() error { _, err := s.Seats(ctx, event); return err },
		"Files":      func() error { _, _, err := s.Files(ctx, event); return err },
		"File":       func() error { _, err := s.File(ctx, event, "rosters", "pdf"); return err },
		"Allocation": func() error { _, err := s.Allocation(ctx, event); return err },
		"Student":    func() error { _, err := s.Student(ctx, cookie); return err },
		"Take":       func() error { _, err := s.Take(ctx, cookie, 1, "w0", 0); return err },
		"Release":    func() error { _, err := s.Release(ctx, cookie, 1, 0); return err },
		"Wishes":     func() error { _, err := s.Wishes(ctx, event); return err },
		"Rank":       func() error { _, err := s.Rank(ctx, cookie, nil, 0); return err },
		"Wish":       func() error { _, err := s.Wish(ctx, cookie, "w0", 0, 0); return err },
		"Unwish":     func() error { _, err := s.Unwish(ctx, cookie, "w0", 0); return err },
		"Saw": func() error {
			view := store.StudentView{Event: enroll.Event{ID: event}, Student: enroll.Student{ID: student}}
			return s.Saw(ctx, cookie, view, enroll.Day{}, true)
		},
		"Place": func() error { return s.Place(ctx, event, student, 1, "w0") },
		"LockList": func() error {
			unlock, err := s.LockList(ctx, event)
			if err == nil {
				unlock()
			}
			return err
		},
		"ApplyList": func() error { _, err := s.ApplyList(ctx, event, enrolltest.Students(3), false, false); return err },
		"PutFiles":  func() error { return s.PutFiles(ctx, event, 1, 0, map[string][]byte{"rosters.pdf": []byte("x")}) },
		"PutProgramme": func() error {
			_, err := s.PutProgramme(ctx, event, enrolltest.Programme(enroll.Date{Year: 2026, Month: 12, Day: 4}, 3, 2, 20))
			return err
		},
		"PlaceOver": func() error { return s.PlaceOver(ctx, event, student, 1, "w0") },
		"Swap":      func() error { return s.Swap(ctx, event, 1, student, "w0", "nobody", "w1") },
		"AskProposals": func() error {
			return s.AskProposals(ctx, event, store.Ask{ID: "a", Kinds: []string{store.ProposalFair}})
		},
		"BeginProposals": func() error {
			_, _, err := s.BeginProposals(ctx, event)
			return err
		},
		"PutProposal": func() error {
			return s.PutProposal(ctx, event, "a", 0, store.Proposal{ID: "p", Kind: store.ProposalFair}, nil, store.Run{ID: "p"}, nil)
		},
		"EndProposals":    func() error { return s.EndProposals(ctx, event, "a", false) },
		"Proposals":       func() error { _, err := s.Proposals(ctx, event); return err },
		"ProposalsWanted": func() error { _, err := s.ProposalsWanted(ctx, event); return err },
		"ProposedPlan":    func() error { _, err := s.ProposedPlan(ctx, event, store.Proposal{ID: "p"}); return err },
		"DropProposal":    func() error { return s.DropProposal(ctx, event, "p") },
		"Runs":            func() error { _, err := s.Runs(ctx, event); return err },
		"RunInput":        func() error { _, err := s.RunInput(ctx, event, "p"); return err },
		"ApplyPlan": func() error {
			e, err := s.Event(ctx, event)
			if err != nil {
				return err
			}
			return s.ApplyPlan(ctx, e, e.Revision, nil, store.Outcome{Run: store.Run{ID: "p"}})
		},
		"FailAllocation": func() error { return s.FailAllocation(ctx, event) },
		"UpdateEvent": func() error {
			_, err := s.UpdateEvent(ctx, event, func(*enroll.Event) error { return nil })
			return err
		},
	}
}

// world returns an event with students, enrolment open, and the cookie of one
// who is signed in.
func world(t *testing.T) (w *enrolltest.World, e enroll.Event, student, cookie string) {
	t.Helper()
	w = enrolltest.New(t)
	e = w.Event(t, w.School(t, "De Springplank"))
	w.Programme(t, e, 3, 2, 20)
	students, codes := w.Enrol(t, e.ID, 10)
	w.Clock.Move(e.OpenAt)
	cookie, err := w.Store.SignInStudent(context.Background(), codes[students[0].ID])
	if err != nil {
		t.Fatal(err)
	}
	return w, e, students[0].ID, cookie
}

// At local midnight of the day after, every way to personal data is shut,
// though nothing has been destroyed and no worker runs.
func TestGateShutsAtMidnight(t *testing.T) {
	w, e, student, cookie := world(t)
	midnight := e.PurgeDue()
	if want := time.Date(2026, 12, 5, 0, 0, 0, 0, enroll.Amsterdam); !midnight.Equal(want) {
		t.Fatalf("the purge is due at %v, want %v", midnight, want)
	}
	w.Clock.Move(midnight.Add(-3 * time.Second))
	for name, read := range reads(w, e.ID, student, cookie) {
		if err := read(); errors.Is(err, enroll.ErrPurged) {
			t.Errorf("%s before midnight: %v", name, err)
		}
	}
	w.Clock.Move(midnight)
	for name, read := range reads(w, e.ID, student, cookie) {
		if err := read(); !errors.Is(err, enroll.ErrPurged) {
			t.Errorf("%s at midnight: %v, want ErrPurged", name, err)
		}
	}
}

// While the clocks of program and Redis differ by more than two minutes nobody
// gets in; once they agree everything is there again.
func TestGateNeedsBothClocks(t *testing.T) {
	w, e, student, cookie := world(t)
	for _, skew := range []time.Duration{time.Hour, -time.Hour, 24 * time.Hour, 3 * time.Minute, 365 * 24 * time.Hour} {
		w.Clock.SkewRedis(skew)
		for name, read := range reads(w, e.ID, student, cookie) {
			if err := read(); !errors.Is(err, enroll.ErrClock) {
				t.Errorf("%s with a skew of %v: %v, want ErrClock", name, skew, err)
			}
		}
		w.Clock.SkewRedis(-skew)
		if err := w.Store.Gate(context.Background(), e.ID); err != nil {
			t.Errorf("after a skew of %v: %v", skew, err)
		}
	}
	w.Clock.SkewRedis(time.Minute)
	if err := w.Store.Gate(context.Background(), e.ID); err != nil {
		t.Errorf("a skew of a minute: %v", err)
	}
}

// An event that was past its deadline by the time on which both clocks agreed
// stays shut when the clocks go back.
func TestGateNeverOpensAgain(t *testing.T) {
	w, e, student, cookie := world(t)
	w.Clock.Move(e.PurgeDue())
	if err := w.Store.Gate(context.Background(), e.ID); !errors.Is(err, enroll.ErrPurged) {
		t.Fatalf("at the deadline: %v", err)
	}
	w.Clock.Move(e.OpenAt)
	for name, read := range reads(w, e.ID, student, cookie) {
		if err := read(); !errors.Is(err, enroll.ErrPurged) {
			t.Errorf("%s with the clocks set back: %v, want ErrPurged", name, err)
		}
	}
}

// Where the program's clock alone says that the day is over, whoever signs in
// hears of the clocks, not of a purge that may be a year away.
func TestSignInHearsOfTheClocks(t *testing.T) {
	ctx := context.Background()
	w, e, student, _ := world(t)
	codes, err := w.Store.Codes(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Move(e.PurgeDue().Add(time.Hour))
	w.Clock.SkewRedis(-48 * time.Hour)
	if _, err := w.Store.SignInStudent(ctx, codes[student]); !errors.Is(err, enroll.ErrClock) {
		t.Errorf("with the program's clock ahead: %v, want ErrClock", err)
	}
	w.Clock.SkewRedis(48 * time.Hour)
	if _, err := w.Store.SignInStudent(ctx, codes[student]); !errors.Is(err, enroll.ErrPurged) {
		t.Errorf("once they agree: %v, want ErrPurged", err)
	}
}

// What was due by agreed time stays due when the clocks go back together: its
// purge does not wait until the day comes once more.
func TestOnceDueItStaysDue(t *testing.T) {
	ctx := context.Background()
	w, e, _, _ := world(t)
	w.Clock.Move(e.PurgeDue())
	if err := w.Store.Gate(ctx, e.ID); !errors.Is(err, enroll.ErrPurged) {
		t.Fatal(err)
	}
	w.Clock.Move(e.OpenAt.Add(-24 * time.Hour))
	again, err := w.Store.Event(ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	if step, _, ok := again.Due(w.Clock.Now()); again.State != enroll.Purging || !ok || step != enroll.StepPurge {
		t.Errorf("with the clocks set back it is %s, and %q is due", again.State, step)
	}
	if err := w.Store.Shut(ctx, e.ID, false); err != nil {
		t.Errorf("its purge: %v", err)
	}
}
