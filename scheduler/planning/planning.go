// Package planning works out how the places of an event are divided: what runs
// by itself after closing, the proposals that an organiser compares, and what
// comes of a change. It reads the store, has scheduler do the sums, and writes
// down how each plan came about, so that it can be worked out again.
package planning

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler"
)

// Planner works out plans of the events in Store. Both fields are required.
type Planner struct {
	Store *store.Store
	Clock *enroll.Clock
}

// Input is all that a plan depends on beside its seed. It names students by
// id alone.
type Input struct {
	Instance scheduler.Instance  `json:"instance"`          // with its costs
	Current  map[string][]string `json:"current,omitempty"` // of a what-if: where everybody was, as Solution.Places
}

// pack returns the JSON of an input, and the same compressed.
func (in Input) pack() (data, packed []byte, err error) {
	data, err = json.Marshal(in)
	if err != nil {
		return nil, nil, fmt.Errorf("input of a run as JSON: %w", err)
	}
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(data); err != nil {
		return nil, nil, fmt.Errorf("packing an input: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, nil, fmt.Errorf("packing an input: %w", err)
	}
	return data, buf.Bytes(), nil
}

// Input returns what a run was worked out from, or ErrNotFound where that is
// not kept any more.
func (p *Planner) Input(ctx context.Context, event, run string) (Input, error) {
	var in Input
	packed, err := p.Store.RunInput(ctx, event, run)
	if err != nil {
		return in, err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return in, fmt.Errorf("input of a run: %w", err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return in, fmt.Errorf("input of a run: %w", err)
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return in, fmt.Errorf("input of a run: %w", err)
	}
	return in, nil
}

// standing is an event as it stands.
type standing struct {
	event     enroll.Event
	revision  int64
	programme enroll.Programme
	students  []enroll.Student // by id
	choices   map[string]enroll.Choices
	wishes    map[string][]string
}

// read reads an event as it stands. What changes while it is read makes
// ApplyPlan say ErrConflict: the revision comes first.
func (p *Planner) read(ctx context.Context, event string) (s standing, err error) {
	if s.choices, s.revision, err = p.Store.Choices(ctx, event); err != nil {
		return s, err
	}
	if s.event, err = p.Store.Event(ctx, event); err != nil {
		return s, err
	}
	if s.wishes, err = p.Store.Wishes(ctx, event); err != nil {
		return s, err
	}
	if s.students, err = p.Store.Students(ctx, event); err != nil {
		return s, err
	}
	slices.SortFunc(s.students, func(a, b enroll.Student) int { return strings.Compare(a.ID, b.ID) })
	s.programme, err = p.Store.Programme(ctx, event)
	return s, err
}

// input returns what a plan by those costs is worked out from.
func (s standing) input(costs string) (Input, error) {
	named, err := scheduler.NamedCosts(costs)
	if err != nil {
		return Input{}, err
	}
	in := scheduler.NewInstance(s.event, s.programme, s.students, s.choices, s.wishes)
	in.Costs = &named
	return Input{Instance: in}, nil
}

// places are where everybody is now.
func (s standing) places() map[string][]string {
	places := make(map[string][]string, len(s.students))
	for _, st := range s.students {
		row := make([]string, len(s.programme.Rounds))
		for round, choice := range s.choices[st.ID] {
			if round <= len(row) {
				row[round-1] = choice.Workshop
			}
		}
		places[st.ID] = row
	}
	return places
}

// result is a plan with how it came about.
type result struct {
	plan   enroll.Plan
	report scheduler.Report
	moves  []scheduler.Move // of a what-if
	empty  []int            // places by round
	run    store.Run
	input  []byte // packed
}

// solve works a plan out.
func (p *Planner) solve(ctx context.Context, s standing, in Input, costs string, seed int64) (result, error) {
	var r result
	data, packed, err := in.pack()
	if err != nil {
		return r, err
	}
	o := scheduler.Options{Seed: seed, Costs: in.Instance.Costs}
	if in.Current == nil {
		r.plan, r.report, err = scheduler.Allocate(ctx, s.event, s.programme, s.students, s.choices, s.wishes, o)
	} else {
		var sol scheduler.Solution
		sol, r.moves, err = scheduler.Replan(ctx, in.Instance, in.Current, o)
		r.plan, r.report = sol.Plan(), sol.Report
	}
	if err != nil {
		return r, err
	}
	r.input, r.empty = packed, emptyPlaces(in.Instance, r.plan)
	mac, err := p.Store.InputMAC(s.event.ID, data)
	if err != nil {
		return r, err
	}
	r.run = store.Run{ID: crypto.NewID(), At: p.Clock.Now(), CostsName: costs, Seed: seed, Fingerprint: mac}
	if r.run.Costs, err = json.Marshal(in.Instance.Costs); err != nil {
		return r, fmt.Errorf("costs as JSON: %w", err)
	}
	r.run.Report, err = json.Marshal(anonymous(r.report))
	if err != nil {
		return r, fmt.Errorf("report as JSON: %w", err)
	}
	return r, nil
}

// anonymous is a report without what is about one student.
func anonymous(r scheduler.Report) scheduler.Report {
	r.Blocked, r.Shortages, r.Proof = []scheduler.Blocked{}, nil, nil
	return r
}

// emptyPlaces counts by round the places that nobody has, in sessions that are
// given.
func emptyPlaces(in scheduler.Instance, plan enroll.Plan) []int {
	empty := make([]int, in.Rounds)
	for _, w := range in.Workshops {
		for _, session := range w.Sessions {
			if !slices.Contains(plan.Cancelled, enroll.SessionKey{Workshop: w.ID, Round: session.Round}) {
				empty[session.Round-1] += session.Capacity
			}
		}
	}
	for _, row := range plan.Places {
		for i, w := range row {
			if w != "" {
				empty[i]--
			}
		}
	}
	return empty
}

// Allocate gives out the places of e by its own costs and seed, in the name of
// the account that asked for it, if any. ErrConflict where e, its students or
// their choices changed while it computed; then nothing is stored.
func (p *Planner) Allocate(ctx context.Context, e enroll.Event) error {
	s, err := p.read(ctx, e.ID)
	if err != nil {
		return err
	}
	s.event = e // whose version it has to be still
	if s.programme.Version == 0 {
		// Nobody made a programme: nobody can be placed, and the day goes on empty.
		return p.Store.ApplyPlan(ctx, e, s.revision, s.choices, store.Outcome{})
	}
	in, err := s.input(e.Costs)
	if err != nil {
		return err
	}
	r, err := p.solve(ctx, s, in, e.Costs, e.Seed)
	if err != nil {
		return err
	}
	r.run.Kind, r.run.Applied, r.run.By = store.RunAllocate, r.run.At, e.ReallocateBy
	r.plan.Cancelled = append(r.plan.Cancelled, s.programme.CalledOff()...)
	report, err := json.Marshal(r.report)
	if err != nil {
		return fmt.Errorf("report of the allocation: %w", err)
	}
	return p.Store.ApplyPlan(ctx, e, s.revision, s.choices, store.Outcome{Plan: r.plan, Report: report, Run: r.run, Input: r.input})
}

// Propose works out what is wanted of the event, and does nothing where nothing
// is; ErrBusy where another process is at it. It may be called twice, and again
// after a crash: it goes on with what is not there yet. An error means that it is
// to be tried again; what cannot be worked out has failed, and is noted so.
func (p *Planner) Propose(ctx context.Context, event string) error {
	release, err := p.Store.LeaseProposals(ctx, event)
	if err != nil {
		return err
	}
	defer release()
	var ask store.Ask
	err = enroll.ErrConflict
	for errors.Is(err, enroll.ErrConflict) { // somebody was erased meanwhile, or something else is wanted; the store counts how often
		var ok bool
		if ask, ok, err = p.Store.BeginProposals(ctx, event); gone(err) || err == nil && !ok {
			return nil
		}
		if err != nil {
			return err
		}
		err = p.propose(ctx, event, ask)
	}
	switch {
	case err == nil:
		err = p.Store.EndProposals(ctx, event, ask.ID, false)
	case gone(err):
		return nil
	case errors.Is(err, enroll.ErrStore), errors.Is(err, enroll.ErrClock), ctx.Err() != nil:
		return err
	default:
		err = errors.Join(err, p.Store.EndProposals(ctx, event, ask.ID, true))
	}
	return err
}

// gone reports whether the event's data are out of reach for good.
func gone(err error) bool {
	return errors.Is(err, enroll.ErrPurged) || errors.Is(err, enroll.ErrNotFound)
}

func (p *Planner) propose(ctx context.Context, event string, ask store.Ask) error {
	have, err := p.Store.Proposals(ctx, event)
	if err != nil {
		return err
	}
	s, err := p.read(ctx, event)
	if err != nil {
		return err
	}
	for _, kind := range ask.Kinds {
		if slices.ContainsFunc(have.All, func(o store.Proposal) bool { return o.Kind == kind }) {
			continue // made before a crash
		}
		if err := p.one(ctx, s, ask, kind); err != nil {
			return err
		}
	}
	return nil
}

// one works out the proposal of that kind and keeps it.
func (p *Planner) one(ctx context.Context, s standing, ask store.Ask, kind string) error {
	proposal := store.Proposal{Kind: kind, Costs: kind, Seed: ask.Seed, Change: ask.Change, Revision: s.revision}
	if kind == store.ProposalWhatIf {
		proposal.Costs = ask.Costs
	} else {
		proposal.Change = nil
	}
	in, programme, err := s.proposed(proposal)
	if err != nil {
		return err
	}
	r, err := p.solve(ctx, s, in, proposal.Costs, ask.Seed)
	if err != nil {
		return err
	}
	r.run.Kind, r.run.By = kind, ask.By
	proposal.ID, proposal.Fingerprint, proposal.MadeAt = r.run.ID, r.run.Fingerprint, r.run.At
	proposal.Cancelled = append([]enroll.SessionKey{}, slices.Concat(r.plan.Cancelled, programme.CalledOff())...) // [] in JSON, not null
	proposal.Empty = r.empty
	if proposal.Report, err = json.Marshal(r.report); err != nil {
		return fmt.Errorf("report as JSON: %w", err)
	}
	if kind == store.ProposalWhatIf {
		if proposal.Moves, err = json.Marshal(r.moves); err != nil {
			return fmt.Errorf("moves as JSON: %w", err)
		}
	}
	return p.Store.PutProposal(ctx, s.event.ID, ask.ID, s.event.Erased, proposal, r.plan.Places, r.run, r.input)
}

// proposed returns what a proposal is worked out from as the event stands, and
// the programme that it is for.
func (s standing) proposed(proposal store.Proposal) (Input, enroll.Programme, error) {
	in, err := s.input(proposal.Costs)
	if err != nil || proposal.Kind != store.ProposalWhatIf {
		return in, s.programme, err
	}
	var c Change
	if err := json.Unmarshal(proposal.Change, &c); err != nil {
		return in, s.programme, fmt.Errorf("change from JSON: %w", err)
	}
	programme, err := c.Apply(s.event, s.programme)
	if err != nil {
		return in, programme, err
	}
	if in.Instance, err = in.Instance.With(c.Change); err != nil {
		return in, programme, err
	}
	resize(&in.Instance, programme)
	in.Current = s.places()
	return in, programme, nil
}

// Fresh reports whether a proposal is still for the event as it stands: what it
// was worked out from has not changed since.
func (p *Planner) Fresh(ctx context.Context, event string, proposal store.Proposal) (bool, error) {
	if e, err := p.Store.Event(ctx, event); err != nil || e.Revision == proposal.Revision {
		return err == nil, err
	}
	s, err := p.read(ctx, event)
	if err != nil {
		return false, err
	}
	fresh, _, err := p.fresh(s, proposal)
	return fresh, err
}

func (p *Planner) fresh(s standing, proposal store.Proposal) (bool, enroll.Programme, error) {
	in, programme, err := s.proposed(proposal)
	if err != nil {
		return false, programme, nil // the change does not fit any more
	}
	data, _, err := in.pack()
	if err != nil {
		return false, programme, err
	}
	mac, err := p.Store.InputMAC(s.event.ID, data)
	return mac == proposal.Fingerprint, programme, err
}

// Apply carries out the proposal with that id, for the account by. ErrConflict
// where it is not there any more, or is for the event as it stood before;
// ErrState where enrolment is not closed. Said twice it changes nothing.
func (p *Planner) Apply(ctx context.Context, event, id, by string) error {
	last, err := p.Applied(ctx, event)
	if err != nil {
		return err
	}
	if last == id {
		return nil
	}
	all, err := p.Store.Proposals(ctx, event)
	if err != nil {
		return err
	}
	proposal, err := all.Proposal(id)
	if err != nil {
		return err
	}
	plan, err := p.Store.ProposedPlan(ctx, event, proposal)
	if err != nil {
		return err
	}
	s, err := p.read(ctx, event)
	if err != nil {
		return err
	}
	fresh, programme, err := p.fresh(s, proposal)
	if err != nil {
		return err
	}
	if !fresh { // guard: freshness
		return enroll.ErrConflict
	}
	run, err := p.run(ctx, event, id)
	if err != nil {
		return err
	}
	input, err := p.Store.RunInput(ctx, event, id)
	if err != nil {
		return err
	}
	run.Applied, run.By = p.Clock.Now(), by
	o := store.Outcome{Plan: plan, Report: proposal.Report, Run: run, Input: input}
	if proposal.Kind == store.ProposalWhatIf {
		o.Programme, o.Proposal = &programme, proposal.Kind
	}
	e := s.event
	e.Costs, e.Seed = proposal.Costs, proposal.Seed
	return p.Store.ApplyPlan(ctx, e, s.revision, s.choices, o)
}

// Applied returns the id of the run that gave out the places as they are; ""
// where none did.
func (p *Planner) Applied(ctx context.Context, event string) (string, error) {
	runs, err := p.Store.Runs(ctx, event)
	if err != nil {
		return "", err
	}
	for _, r := range runs {
		if !r.Applied.IsZero() {
			return r.ID, nil
		}
	}
	return "", nil
}

// run returns the run with that id, or ErrConflict: it is too long ago.
func (p *Planner) run(ctx context.Context, event, id string) (store.Run, error) {
	runs, err := p.Store.Runs(ctx, event)
	if err != nil {
		return store.Run{}, err
	}
	i := slices.IndexFunc(runs, func(r store.Run) bool { return r.ID == id })
	if i < 0 {
		return store.Run{}, enroll.ErrConflict
	}
	return runs[i], nil
}
