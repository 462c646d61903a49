package planning_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler"
	"cultuurdag/scheduler/planning"
)

// world is an event of six workshops in three rounds whose enrolment is open,
// with students of whom some chose.
type world struct {
	*enrolltest.World
	*planning.Planner
	event    enroll.Event
	students []enroll.Student
}

func newWorld(t *testing.T, students, capacity int) *world {
	t.Helper()
	w := &world{World: enrolltest.New(t)}
	w.Planner = &planning.Planner{Store: w.World.Store, Clock: w.World.Clock}
	w.event = w.Event(t, w.School(t, "De Springplank"))
	w.Programme(t, w.event, 6, 3, capacity)
	w.students, _ = w.Enrol(t, w.event.ID, students)
	slices.SortFunc(w.students, func(a, b enroll.Student) int { return strings.Compare(a.ID, b.ID) })
	return w
}

func (w *world) store() *store.Store { return w.World.Store }

// to brings the event into a state.
func (w *world) to(t *testing.T, state enroll.State) {
	t.Helper()
	e, err := w.store().UpdateEvent(t.Context(), w.event.ID, func(e *enroll.Event) error { e.State = state; return nil })
	if err != nil {
		t.Fatal(err)
	}
	w.event = e
}

// propose asks for proposals and works them out.
func (w *world) propose(t *testing.T, ask store.Ask) store.Proposals {
	t.Helper()
	ask.By = "anna"
	if err := w.store().AskProposals(t.Context(), w.event.ID, ask); err != nil {
		t.Fatal(err)
	}
	if err := w.Propose(t.Context(), w.event.ID); err != nil {
		t.Fatal(err)
	}
	all, err := w.store().Proposals(t.Context(), w.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if all.State != store.AllocationDone {
		t.Fatalf("proposals are %s", all.State)
	}
	return all
}

func (w *world) whatIf(t *testing.T, c planning.Change) store.Proposal {
	t.Helper()
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	all := w.propose(t, store.Ask{ID: "what if", Kinds: []string{store.ProposalWhatIf}, Change: data})
	return all.All[len(all.All)-1]
}

// places are where everybody is, by id.
func (w *world) places(t *testing.T) map[string][]string {
	t.Helper()
	choices, _, err := w.store().Choices(t.Context(), w.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	places := map[string][]string{}
	for _, st := range w.students {
		places[st.ID] = []string{"", "", ""}
		for round, c := range choices[st.ID] {
			places[st.ID][round-1] = c.Workshop
		}
	}
	return places
}

var previews = []string{store.ProposalFair, store.ProposalFirst, store.ProposalFloor}

func TestProposalIsAppliedOnce(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, 30, 6)
	w.to(t, enroll.Open)
	all := w.propose(t, store.Ask{ID: "a", Kinds: previews, Seed: 3})
	if len(all.All) != 3 {
		t.Fatalf("%d proposals", len(all.All))
	}
	first := all.All[1]
	if first.Kind != store.ProposalFirst || first.Seed != 3 || !slices.Equal(first.Empty, []int{6, 6, 6}) {
		t.Errorf("the second: %+v", first)
	}
	if err := w.Apply(ctx, w.event.ID, first.ID, "anna"); !errors.Is(err, enroll.ErrState) {
		t.Fatalf("while enrolment is open: %v", err)
	}
	w.to(t, enroll.Closed)
	if err := w.Apply(ctx, w.event.ID, "nothing", "anna"); !errors.Is(err, enroll.ErrConflict) {
		t.Errorf("one that is not there: %v", err)
	}
	if err := w.Apply(ctx, w.event.ID, first.ID, "anna"); err != nil {
		t.Fatal(err)
	}
	plan, err := w.store().ProposedPlan(ctx, w.event.ID, first)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.places(t); !reflect.DeepEqual(got, plan.Places) {
		t.Errorf("places are not those of the plan: %v", got)
	}
	e, err := w.store().Event(ctx, w.event.ID)
	if err != nil || e.State != enroll.Allocated || e.Costs != "first" || e.Seed != 3 {
		t.Errorf("the event: %+v, %v", e, err)
	}
	// The second click changes nothing, not even the revision.
	if err := w.Apply(ctx, w.event.ID, first.ID, "anna"); err != nil {
		t.Errorf("applied twice: %v", err)
	}
	again, err := w.store().Event(ctx, w.event.ID)
	if err != nil || again.Revision != e.Revision {
		t.Errorf("revision %d after the second click, %d before, %v", again.Revision, e.Revision, err)
	}
	// Another may still be chosen instead: nothing that counts has changed.
	if err := w.Apply(ctx, w.event.ID, all.All[2].ID, "anna"); err != nil {
		t.Errorf("another instead: %v", err)
	}
	runs, err := w.store().Runs(ctx, w.event.ID)
	if err != nil || len(runs) != 3 || runs[0].Kind != store.ProposalFloor || runs[0].Applied.IsZero() || runs[0].By != "anna" {
		t.Errorf("runs: %+v, %v", runs, err)
	}
	for _, r := range runs {
		for _, st := range w.students {
			if bytes.Contains(r.Report, []byte(st.ID)) {
				t.Error("the report of a run names a student")
			}
		}
	}
}

// A place by hand after a proposal was made: it is refused, whole.
func TestProposalThatIsStale(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, 30, 6)
	w.to(t, enroll.Closed)
	fair := w.propose(t, store.Ask{ID: "a", Kinds: previews}).All[0]
	if fresh, err := w.Fresh(ctx, w.event.ID, fair); err != nil || !fresh {
		t.Errorf("fresh: %v, %v", fresh, err)
	}
	st := w.students[0]
	if err := w.store().Place(ctx, w.event.ID, st.ID, 1, "w5"); err != nil {
		t.Fatal(err)
	}
	if fresh, err := w.Fresh(ctx, w.event.ID, fair); err != nil || fresh {
		t.Errorf("fresh after a change: %v, %v", fresh, err)
	}
	before := w.places(t)
	if err := w.Apply(ctx, w.event.ID, fair.ID, "anna"); !errors.Is(err, enroll.ErrConflict) {
		t.Errorf("applied all the same: %v", err)
	}
	if !reflect.DeepEqual(w.places(t), before) {
		t.Error("half of it was done")
	}
	// A pin is kept by what is worked out next.
	fair = w.propose(t, store.Ask{ID: "b", Kinds: previews}).All[0]
	if err := w.Apply(ctx, w.event.ID, fair.ID, "anna"); err != nil {
		t.Fatal(err)
	}
	choices, _, err := w.store().Choices(ctx, w.event.ID)
	if err != nil || choices[st.ID][1] != (enroll.Choice{Workshop: "w5", By: enroll.Pinned}) {
		t.Errorf("the pin became %v, %v", choices[st.ID][1], err)
	}
}

// What a run was worked out from gives the same places when it is read as a
// file and divided with the same seed.
func TestRunIsWorkedOutAgain(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, 33, 7)
	if err := w.store().Place(ctx, w.event.ID, w.students[4].ID, 2, "w3"); err != nil {
		t.Fatal(err)
	}
	w.to(t, enroll.Closed)
	if err := w.Allocate(ctx, w.event); err != nil {
		t.Fatal(err)
	}
	runs, err := w.store().Runs(ctx, w.event.ID)
	if err != nil || len(runs) != 1 || runs[0].Kind != store.RunAllocate || runs[0].By != "" {
		t.Fatalf("runs: %+v, %v", runs, err)
	}
	in, err := w.Input(ctx, w.event.ID, runs[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	file, err := json.Marshal(in.Instance)
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range w.students {
		for _, name := range []string{st.Number, st.LastName} {
			if bytes.Contains(file, []byte(`"`+name+`"`)) {
				t.Errorf("the file has %q", name)
			}
		}
	}
	read, err := scheduler.ReadInstance(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	again, err := scheduler.Solve(ctx, read, scheduler.Options{Seed: runs[0].Seed})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again.Places, w.places(t)) {
		t.Errorf("other places than then:\n%v\n%v", again.Places, w.places(t))
	}
}

// What if a workshop is off, and it is taken: they alone move who have to, the
// programme says so, and the cancelled sessions of the event follow.
// Who asked for the places to be given out again is noted with that run alone.
func TestRunThatSomebodyAskedFor(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, 12, 4)
	w.to(t, enroll.Closed)
	for _, by := range []string{"", "anna", ""} {
		e, err := w.store().UpdateEvent(ctx, w.event.ID, func(e *enroll.Event) error {
			e.Reallocate, e.ReallocateBy = by != "", cmp.Or(by, e.ReallocateBy)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Allocate(ctx, e); err != nil {
			t.Fatal(err)
		}
		runs, err := w.store().Runs(ctx, w.event.ID)
		if err != nil || runs[0].By != by {
			t.Errorf("asked for by %q: %+v, %v", by, runs, err)
		}
	}
}

func TestWhatIfAWorkshopIsOff(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, 30, 8)
	w.to(t, enroll.Closed)
	if err := w.Allocate(ctx, w.event); err != nil {
		t.Fatal(err)
	}
	before := w.places(t)
	off := 0
	for _, row := range before {
		for _, id := range row {
			if id == "w2" {
				off++
			}
		}
	}
	p := w.whatIf(t, planning.Change{Change: scheduler.Change{Kind: scheduler.Cancel, Workshop: "w2"}})
	var moves []scheduler.Move
	if err := json.Unmarshal(p.Moves, &moves); err != nil {
		t.Fatal(err)
	}
	if off == 0 || len(moves) != off {
		t.Errorf("%d moves for %d students", len(moves), off)
	}
	programme, err := w.store().Programme(ctx, w.event.ID)
	if err != nil || len(programme.CalledOff()) > 0 {
		t.Fatalf("before it is taken: %v, %v", programme.CalledOff(), err)
	}
	for range 2 {
		if err := w.Apply(ctx, w.event.ID, p.ID, "anna"); err != nil {
			t.Fatal(err)
		}
	}
	want := []enroll.SessionKey{{Workshop: "w2", Round: 1}, {Workshop: "w2", Round: 2}, {Workshop: "w2", Round: 3}}
	if programme, err = w.store().Programme(ctx, w.event.ID); err != nil || !slices.Equal(programme.CalledOff(), want) {
		t.Errorf("called off: %v, %v", programme.CalledOff(), err)
	}
	e, err := w.store().Event(ctx, w.event.ID)
	if err != nil || !slices.Equal(e.Cancelled, want) {
		t.Errorf("cancelled: %v, %v", e.Cancelled, err)
	}
	after := w.places(t)
	for id, row := range before {
		for i, was := range row {
			if now := after[id][i]; was != now && was != "w2" || now == "w2" {
				t.Errorf("from %s to %s", was, now)
			}
		}
	}
	// It stays off when places are given out again.
	if err := w.Allocate(ctx, e); err != nil {
		t.Fatal(err)
	}
	if e, err = w.store().Event(ctx, w.event.ID); err != nil || !slices.Equal(e.Cancelled, want) {
		t.Errorf("cancelled, after places were given out again: %v, %v", e.Cancelled, err)
	}
}

// Half a room, one workshop more, one more place: what the programme becomes.
func TestChangesOfTheProgramme(t *testing.T) {
	day := enroll.Date{Year: 2026, Month: 12, Day: 4}
	p := enrolltest.Programme(day, 2, 2, 9)
	p.Workshops[1].Years = []int{6}
	capacity := func(p enroll.Programme) map[string]int {
		got := map[string]int{}
		for _, w := range p.Workshops {
			for _, s := range w.Sessions {
				if !s.Cancelled {
					got[enroll.SessionKey{Workshop: w.ID, Round: s.Round}.String()] = s.Capacity
				}
			}
		}
		return got
	}
	for _, test := range []struct {
		name   string
		change planning.Change
		want   map[string]int
	}{
		{"half", planning.Change{Change: scheduler.Change{Kind: scheduler.Halve, Workshop: "w0", Round: 2}}, map[string]int{"w0:1": 9, "w0:2": 4, "w1:1": 9, "w1:2": 9}},
		{"off in one", planning.Change{Change: scheduler.Change{Kind: scheduler.Cancel, Workshop: "w1", Round: 1}}, map[string]int{"w0:1": 9, "w0:2": 9, "w1:2": 9}},
		{"more", planning.Change{Change: scheduler.Change{Kind: scheduler.Enlarge, Workshop: "w1", Places: 3}}, map[string]int{"w0:1": 9, "w0:2": 9, "w1:1": 12, "w1:2": 12}},
		{"one more", planning.Change{Room: "Aula", Change: scheduler.Change{Kind: scheduler.Add, New: &scheduler.Workshop{
			ID: "n1", Title: "Koor", Sessions: []scheduler.Session{{Round: 2, Capacity: 30}}}}},
			map[string]int{"w0:1": 9, "w0:2": 9, "w1:1": 9, "w1:2": 9, "n1:2": 30}},
	} {
		got, err := test.change.Apply(enroll.Event{}, p)
		if err != nil || !maps.Equal(capacity(got), test.want) {
			t.Errorf("%s: %v, %v", test.name, capacity(got), err)
		}
	}
	open, err := planning.Change{Change: scheduler.Change{Kind: scheduler.Admit, Workshop: "w1", Classes: []string{"1A"}}}.Apply(enroll.Event{}, p)
	if err != nil || !open.Workshops[1].OpenTo("1A", 1) || open.Workshops[1].OpenTo("1B", 1) {
		t.Errorf("opened to a class: %v, %v", open.Workshops[1], err)
	}
	for _, c := range []planning.Change{
		{}, {Change: scheduler.Change{Kind: scheduler.Cancel, Workshop: "w9"}}, {Change: scheduler.Change{Kind: scheduler.Resize, Workshop: "w0", Places: 9999}},
		{Room: "Lokaal 0", Change: scheduler.Change{Kind: scheduler.Add, New: &scheduler.Workshop{ID: "n1", Title: "Koor", Sessions: []scheduler.Session{{Round: 2, Capacity: 30}}}}},
	} {
		if _, err := c.Apply(enroll.Event{}, p); err == nil {
			t.Errorf("%+v went", c)
		}
	}
}

// A session into which somebody put more than fit keeps them, and halving it
// moves only those who have to.
func TestPlacesBeyondTheSeats(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, 24, 4)
	for _, st := range w.students[:6] {
		if err := w.store().PlaceOver(ctx, w.event.ID, st.ID, 1, "w0"); err != nil {
			t.Fatal(err)
		}
	}
	w.to(t, enroll.Closed)
	if err := w.Allocate(ctx, w.event); err != nil {
		t.Fatal(err)
	}
	for _, st := range w.students[:6] {
		if got := w.places(t)[st.ID][0]; got != "w0" {
			t.Errorf("a place that was given by hand became %q", got)
		}
	}
	p := w.whatIf(t, planning.Change{Change: scheduler.Change{Kind: scheduler.Halve, Workshop: "w0", Round: 1}})
	if err := w.Apply(ctx, w.event.ID, p.ID, "anna"); err != nil {
		t.Fatal(err)
	}
	programme, err := w.store().Programme(ctx, w.event.ID)
	if err != nil || programme.Workshops[0].Sessions[0].Capacity != 2 {
		t.Errorf("capacity: %+v, %v", programme.Workshops[0].Sessions[0], err)
	}
}

// What cannot be worked out has failed, and says so; after another change it
// can be asked again.
func TestWhatIfThatCannotBe(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, 12, 4)
	w.to(t, enroll.Closed)
	data, err := json.Marshal(planning.Change{Change: scheduler.Change{Kind: scheduler.Cancel, Workshop: "w9"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store().AskProposals(ctx, w.event.ID, store.Ask{ID: "a", Kinds: []string{store.ProposalWhatIf}, Change: data}); err != nil {
		t.Fatal(err)
	}
	if err := w.Propose(ctx, w.event.ID); err == nil {
		t.Error("worked out")
	}
	if all, err := w.store().Proposals(ctx, w.event.ID); err != nil || all.State != store.AllocationFailed {
		t.Errorf("%+v, %v", all, err)
	}
	if all := w.propose(t, store.Ask{ID: "b", Kinds: previews}); len(all.All) != 3 {
		t.Errorf("asked again: %+v", all)
	}
}

// Killed after the first of three: the next goes on where it stopped.
func TestProposalsGoOnAfterACrash(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t, 12, 4)
	w.to(t, enroll.Closed)
	if err := w.store().AskProposals(ctx, w.event.ID, store.Ask{ID: "a", Kinds: previews}); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := w.store().BeginProposals(ctx, w.event.ID); err != nil || !ok {
		t.Fatal(err)
	}
	made := store.Proposal{ID: "before", Kind: store.ProposalFair, Report: json.RawMessage(`{}`)}
	if err := w.store().PutProposal(ctx, w.event.ID, "a", 0, made, nil, store.Run{ID: "before"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Propose(ctx, w.event.ID); err != nil {
		t.Fatal(err)
	}
	all, err := w.store().Proposals(ctx, w.event.ID)
	if err != nil || all.State != store.AllocationDone || len(all.All) != 3 || all.All[0].ID != "before" {
		t.Errorf("%+v, %v", all, err)
	}
}
