package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/store"
)

// printed is an event whose lists are made anew at each revision.
type printed struct {
	*enrolltest.World
	id string
}

func newPrinted(t *testing.T) *printed {
	t.Helper()
	w := enrolltest.New(t)
	return &printed{w, w.Event(t, w.School(t, "Voorbeeld College")).ID}
}

// make makes lists from that revision, which say what.
func (p *printed) make(t *testing.T, revision int64, what string) {
	t.Helper()
	if err := p.Store.PutFiles(t.Context(), p.id, revision, 0, map[string][]byte{
		"rosters.pdf": []byte("%PDF rosters"), "rosters.csv": []byte("rooster"), "teachers.pdf": []byte("%PDF teachers"), store.Snapshot: []byte(what),
	}); err != nil {
		t.Fatal(err)
	}
}

func (p *printed) get(t *testing.T, name, format string) {
	t.Helper()
	if _, err := p.Store.File(t.Context(), p.id, name, format); err != nil {
		t.Fatal(err)
	}
}

// prints tells what was printed, newest first: revision, lists and when.
func (p *printed) prints(t *testing.T) string {
	t.Helper()
	prints, err := p.Store.Prints(t.Context(), p.id)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, x := range prints {
		for _, list := range []string{"rosters", "teachers"} {
			if at, ok := x.Lists[list]; ok {
				all = append(all, fmt.Sprintf("%d %s %s", x.Revision, list, at.Format("15:04")))
			}
		}
	}
	return strings.Join(all, ", ")
}

func (p *printed) says(t *testing.T, want string) {
	t.Helper()
	if got := p.prints(t); got != want {
		t.Errorf("printed: %q, want %q", got, want)
	}
}

// The PDF is what is printed; who looks something up in a table prints nothing.
func TestAPDFIsPrinted(t *testing.T) {
	p := newPrinted(t)
	p.make(t, 3, "drie")
	if files, _, err := p.Store.Files(t.Context(), p.id); err != nil || len(files) != 2 {
		t.Fatalf("%v, %v: the snapshot is no file", files, err)
	}
	p.get(t, "rosters", "csv")
	p.says(t, "")
	p.get(t, "rosters", "pdf")
	p.Clock.Move(p.Clock.Now().Add(time.Hour))
	p.get(t, "rosters", "pdf") // the same paper once more
	p.get(t, "teachers", "pdf")
	p.says(t, "3 rosters 08:00, 3 teachers 09:00")
	p.make(t, 4, "vier")
	p.says(t, "3 rosters 08:00, 3 teachers 09:00")
	p.get(t, "rosters", "pdf")
	p.says(t, "4 rosters 09:00, 3 rosters 08:00, 3 teachers 09:00")
	for revision, want := range map[int64]string{3: "drie", 4: "vier"} {
		if got, err := p.Store.PrintSnapshot(t.Context(), p.id, revision); err != nil || string(got) != want {
			t.Errorf("snapshot of %d: %q, %v", revision, got, err)
		}
	}
	if _, err := p.Store.PrintSnapshot(t.Context(), p.id, 5); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("no print, and %v", err)
	}
}

// What is marked by hand is what the page showed, or nothing.
func TestMarkedAsPrintedAsSeen(t *testing.T) {
	p := newPrinted(t)
	if err := p.Store.MarkPrinted(t.Context(), p.id, 0, "rosters"); !errors.Is(err, enroll.ErrConflict) {
		t.Errorf("no lists, and %v", err)
	}
	p.make(t, 3, "drie")
	p.make(t, 4, "vier")
	if err := p.Store.MarkPrinted(t.Context(), p.id, 3, "rosters"); !errors.Is(err, enroll.ErrConflict) {
		t.Errorf("made anew meanwhile, and %v", err)
	}
	p.says(t, "")
	if err := p.Store.MarkPrinted(t.Context(), p.id, 4, "rosters", "teachers"); err != nil {
		t.Fatal(err)
	}
	p.says(t, "4 rosters 08:00, 4 teachers 08:00")
}

// Many prints do not pile up, and the last print of a list is never lost: what
// changed since would not be told.
func TestTheLastPrintOfEachListIsKept(t *testing.T) {
	p := newPrinted(t)
	p.make(t, 1, "een")
	p.get(t, "teachers", "pdf")
	for n := int64(2); n <= 30; n++ {
		p.make(t, n, fmt.Sprint(n))
		p.get(t, "rosters", "pdf")
	}
	prints, err := p.Store.Prints(t.Context(), p.id)
	if err != nil || len(prints) != 8 {
		t.Fatalf("%d prints, %v", len(prints), err)
	}
	if first, last := prints[0], prints[7]; first.Revision != 30 || last.Revision != 1 || last.Lists["teachers"].IsZero() {
		t.Errorf("from %v to %v", first, last)
	}
	fields, err := p.Redis.HLen(t.Context(), "cd:{"+p.id+"}:p:prints").Result()
	if err != nil || fields != 17 { // two each, and how the lists are now
		t.Errorf("%d fields, %v", fields, err)
	}
}

// What was printed is personal: sealed, shut at the deadline, gone by the purge.
func TestPrintsArePersonal(t *testing.T) {
	p := newPrinted(t)
	p.make(t, 3, "kenmerk van wie waar was")
	p.get(t, "rosters", "pdf")
	all, err := p.Redis.HGetAll(t.Context(), "cd:{"+p.id+"}:p:prints").Result()
	if err != nil || len(all) != 3 || strings.Contains(fmt.Sprint(all), "kenmerk") {
		t.Fatalf("kept as %q, %v", all, err)
	}
	e, err := p.Store.Event(t.Context(), p.id)
	if err != nil {
		t.Fatal(err)
	}
	p.Clock.Move(e.PurgeDue())
	_, prints := p.Store.Prints(t.Context(), p.id)
	_, snapshot := p.Store.PrintSnapshot(t.Context(), p.id, 3)
	mark := p.Store.MarkPrinted(t.Context(), p.id, 3, "rosters")
	for name, err := range map[string]error{"Prints": prints, "PrintSnapshot": snapshot, "MarkPrinted": mark} {
		if !errors.Is(err, enroll.ErrPurged) {
			t.Errorf("%s after the deadline: %v", name, err)
		}
	}
}

func TestHowAStepStands(t *testing.T) {
	p := newPrinted(t)
	ctx, step := t.Context(), enroll.StepOverviews
	state := func() store.StepState {
		t.Helper()
		s, err := p.Store.StepState(ctx, p.id, step)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := state(); s != (store.StepState{}) {
		t.Errorf("before it began: %+v", s)
	}
	if _, err := p.Store.Stuck(ctx, p.id, step); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{p.Store.Progress(ctx, p.id, step, 7, 15), p.Store.Failed(ctx, p.id, step)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if s := state(); s.Trying <= 0 || s.Done != 7 || s.Total != 15 || !s.Failed {
		t.Errorf("half way: %+v", s)
	}
	if err := p.Store.Done(ctx, p.id, step); err != nil {
		t.Fatal(err)
	}
	if s := state(); s != (store.StepState{}) {
		t.Errorf("when it is done: %+v", s)
	}
}

// Who is erased stands on the old sheets as somebody, and as nobody that could
// be told from another.
func TestErasedStudentsLeaveThePrints(t *testing.T) {
	p := newPrinted(t)
	p.Programme(t, enroll.Event{ID: p.id, Date: enroll.Date{Year: 2026, Month: time.December, Day: 4}}, 4, 3, 2)
	students, _ := p.Enrol(t, p.id, 3)
	gone, stays := students[0].ID, students[1].ID
	said := fmt.Sprintf(`{"students":{%q:{},%q:{}}}`, gone, stays)
	p.make(t, 3, said)
	p.get(t, "rosters", "pdf")
	p.make(t, 4, said)
	if err := p.Store.EraseStudent(t.Context(), p.id, gone); err != nil {
		t.Fatal(err)
	}
	if err := p.Store.MarkPrinted(t.Context(), p.id, 4, "rosters"); err != nil {
		t.Fatal(err)
	}
	if data, err := p.Store.PrintSnapshot(t.Context(), p.id, 4); err != nil || strings.Contains(string(data), gone) {
		t.Errorf("the lists as they were say %s, %v", data, err)
	}
	data, err := p.Store.PrintSnapshot(t.Context(), p.id, 3)
	if err != nil || strings.Contains(string(data), gone) || !strings.Contains(string(data), stays) || len(data) != len(said) {
		t.Errorf("the print says %s, %v", data, err)
	}
}

// between calls a function once, just before the script that erases.
type between struct{ call func() }

func (b *between) DialHook(next redis.DialHook) redis.DialHook { return next }

func (b *between) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (b *between) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if text := fmt.Sprint(cmd.Args()...); b.call != nil && strings.Contains(text, ":p:logins") && strings.Contains(text, ":p:inputs") {
			call := b.call
			b.call = nil
			call()
		}
		return next(ctx, cmd)
	}
}

// Lists that are stored in the very middle of an erasure are blotted too.
func TestListsStoredDuringAnErasure(t *testing.T) {
	p := newPrinted(t)
	p.Programme(t, enroll.Event{ID: p.id, Date: enroll.Date{Year: 2026, Month: time.December, Day: 4}}, 4, 3, 2)
	students, _ := p.Enrol(t, p.id, 3)
	gone := students[0].ID
	hook := &between{call: func() { p.make(t, 4, fmt.Sprintf(`{"students":{%q:{}}}`, gone)) }}
	p.Redis.AddHook(hook)
	if err := p.Store.EraseStudent(t.Context(), p.id, gone); err != nil || hook.call != nil {
		t.Fatalf("nothing came between: %v", err)
	}
	if err := p.Store.MarkPrinted(t.Context(), p.id, 4, "rosters"); err != nil {
		t.Fatal(err)
	}
	if data, err := p.Store.PrintSnapshot(t.Context(), p.id, 4); err != nil || strings.Contains(string(data), gone) {
		t.Errorf("the lists say %s, %v", data, err)
	}
}
