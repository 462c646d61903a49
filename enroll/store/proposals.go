package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"cultuurdag/enroll"
)

// The kinds of proposals: the plan by each of the named costs, and what comes
// of a change. There is one of each at most.
const (
	ProposalFair   = "fair"
	ProposalFirst  = "first"
	ProposalFloor  = "floor"
	ProposalWhatIf = "what_if"
)

// proposalKinds in the order in which they are worked out and shown.
var proposalKinds = []string{ProposalFair, ProposalFirst, ProposalFloor, ProposalWhatIf}

// proposalAttempts is how often proposals are begun: what stops the program
// each time must not do so for ever.
const proposalAttempts = 3

// Ask is what an organiser wants worked out.
type Ask struct {
	ID     string          `json:"id"` // random
	Kinds  []string        `json:"kinds"`
	Change json.RawMessage `json:"change,omitempty"` // of what_if: as planning.Change
	Costs  string          `json:"costs,omitempty"`  // of what_if: by name
	Seed   int64           `json:"seed"`
	By     string          `json:"by"` // account id
	At     time.Time       `json:"at"`
}

// Proposal is a plan that was worked out and is not applied. It names students
// by id alone, and goes with the purge, when one of its kind is asked for, or
// with DropProposal. Its ID is that of its Run.
type Proposal struct {
	ID          string              `json:"id"`
	Kind        string              `json:"kind"`
	Costs       string              `json:"costs"` // by name
	Seed        int64               `json:"seed"`
	Change      json.RawMessage     `json:"change,omitempty"`
	Fingerprint string              `json:"fingerprint"` // of what it was worked out from
	Revision    int64               `json:"revision"`    // of the event then
	Report      json.RawMessage     `json:"report"`      // as scheduler.Report
	Cancelled   []enroll.SessionKey `json:"cancelled"`
	Empty       []int               `json:"empty"`           // empty places by round, cancelled sessions left out
	Moves       json.RawMessage     `json:"moves,omitempty"` // of what_if: as []scheduler.Move
	MadeAt      time.Time           `json:"made_at"`
}

// Proposals is how an event's proposals stand.
type Proposals struct {
	State string // AllocationNone, Running, Done or Failed
	Ask   Ask    // the last one; zero where there was none
	All   []Proposal
}

// Proposal returns the one with that id, or ErrConflict: it was replaced.
func (p Proposals) Proposal(id string) (Proposal, error) {
	for _, one := range p.All {
		if one.ID == id && id != "" {
			return one, nil
		}
	}
	return Proposal{}, enroll.ErrConflict
}

// planOf is the field of a proposal's plan, beside that of the proposal.
func planOf(kind string) string { return kind + ":plan" }

// askScript: KEYS event, proposed; ARGV now, offset, JSON of the ask, its id, then the fields that go.
var askScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
if ev[3] == 'cancelled' then return {'wrong_state'} end
if redis.call('HGET', KEYS[2], 'state') == 'running' then return {'busy'} end
for i = 5, #ARGV do redis.call('HDEL', KEYS[2], ARGV[i]) end
redis.call('HSET', KEYS[2], 'ask', ARGV[3], 'asked', ARGV[4], 'state', 'running', 'attempts', '0')
return {''}
`)

// AskProposals wants proposals worked out, in place of earlier ones of those
// kinds. ErrBusy while others are.
func (s *Store) AskProposals(ctx context.Context, event string, ask Ask) error {
	data, err := json.Marshal(ask)
	if err != nil {
		return fmt.Errorf("ask as JSON: %w", err)
	}
	args := []any{data, ask.ID}
	for _, kind := range ask.Kinds {
		args = append(args, kind, planOf(kind))
	}
	k := keysOf(event)
	_, err = s.run(ctx, askScript, []string{k.event, k.proposed}, args...)
	return err
}

// beginScript: KEYS event, proposed; ARGV now, offset, most attempts;
// answers the JSON of the ask ("": nothing is wanted).
var beginScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
if redis.call('HGET', KEYS[2], 'state') ~= 'running' then return {'', ''} end
if redis.call('HINCRBY', KEYS[2], 'attempts', 1) > tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[2], 'state', 'failed')
  return {'', ''}
end
return {'', redis.call('HGET', KEYS[2], 'ask')}
`)

// BeginProposals returns what is wanted and not worked out yet; ok is false
// where nothing is. What was begun too often in vain has failed.
func (s *Store) BeginProposals(ctx context.Context, event string) (ask Ask, ok bool, err error) {
	k := keysOf(event)
	reply, err := s.run(ctx, beginScript, []string{k.event, k.proposed}, proposalAttempts)
	if err != nil || reply[0] == "" {
		return Ask{}, false, err
	}
	if err := json.Unmarshal([]byte(fmt.Sprint(reply[0])), &ask); err != nil {
		return Ask{}, false, fmt.Errorf("ask from JSON: %w", err)
	}
	return ask, true, nil
}

// ProposalsWanted reports whether something is wanted and not worked out yet.
func (s *Store) ProposalsWanted(ctx context.Context, event string) (bool, error) {
	p, err := s.Proposals(ctx, event)
	return p.State == AllocationRunning, err
}

// putProposalScript: KEYS event, proposed, runs, inputs;
// ARGV now, offset, id of the ask, how many were erased, kind, JSON of the proposal, field and JSON of its plan,
// run id, JSON of the run, sealed input.
var putProposalScript = gated(recordLua + `
local shut = gate()
if shut ~= '' then return {shut} end
if redis.call('HGET', KEYS[2], 'state') ~= 'running' or redis.call('HGET', KEYS[2], 'asked') ~= ARGV[3] then return {'conflict'} end
if (redis.call('HGET', KEYS[1], 'erased') or '0') ~= ARGV[4] then return {'conflict'} end
redis.call('HSET', KEYS[2], ARGV[5], ARGV[6], ARGV[7], ARGV[8])
record(KEYS[3], KEYS[4], ARGV[9], ARGV[10], ARGV[11])
return {''}
`)

// PutProposal keeps a proposal, its plan and its run, with the input that the
// run had. erased is Event.Erased from before the students were read. ErrConflict
// where it is not wanted any more, or somebody was erased since, who may stand in
// it; nothing is stored.
func (s *Store) PutProposal(ctx context.Context, event, ask string, erased int, p Proposal, places map[string][]string, run Run, input []byte) error {
	data, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("proposal as JSON: %w", err)
	}
	plan, err := json.Marshal(places)
	if err != nil {
		return fmt.Errorf("plan as JSON: %w", err)
	}
	record, err := s.recordArgs(event, run, input)
	if err != nil {
		return err
	}
	k := keysOf(event)
	_, err = s.run(ctx, putProposalScript, []string{k.event, k.proposed, k.runs, k.inputs},
		append([]any{ask, erased, p.Kind, data, planOf(p.Kind), plan}, record...)...)
	return err
}

// endScript: KEYS event, proposed; ARGV now, offset, id of the ask, state.
var endScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
if redis.call('HGET', KEYS[2], 'state') == 'running' and redis.call('HGET', KEYS[2], 'asked') == ARGV[3] then
  redis.call('HSET', KEYS[2], 'state', ARGV[4])
end
return {''}
`)

// EndProposals notes that all of what was asked is there, or that it failed.
func (s *Store) EndProposals(ctx context.Context, event, ask string, failed bool) error {
	state := AllocationDone
	if failed {
		state = AllocationFailed
	}
	k := keysOf(event)
	_, err := s.run(ctx, endScript, []string{k.event, k.proposed}, ask, state)
	return err
}

// proposalsScript: KEYS event, proposed; ARGV now, offset, then fields; answers their values ("" for none).
var proposalsScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
local values = {''}
for i = 3, #ARGV do values[i - 1] = redis.call('HGET', KEYS[2], ARGV[i]) or '' end
return values
`)

// Proposals returns the proposals that there are, without their plans.
func (s *Store) Proposals(ctx context.Context, event string) (Proposals, error) {
	out := Proposals{State: AllocationNone}
	args := []any{"state", "ask"}
	for _, kind := range proposalKinds {
		args = append(args, kind)
	}
	k := keysOf(event)
	reply, err := s.run(ctx, proposalsScript, []string{k.event, k.proposed}, args...)
	if err != nil {
		return out, err
	}
	if reply[0] == "" {
		return out, nil
	}
	out.State = fmt.Sprint(reply[0])
	if err := json.Unmarshal([]byte(fmt.Sprint(reply[1])), &out.Ask); err != nil {
		return out, fmt.Errorf("ask from JSON: %w", err)
	}
	for _, text := range reply[2:] {
		if text == "" {
			continue
		}
		var p Proposal
		if err := json.Unmarshal([]byte(fmt.Sprint(text)), &p); err != nil {
			return out, fmt.Errorf("proposal from JSON: %w", err)
		}
		out.All = append(out.All, p)
	}
	return out, nil
}

// ProposedPlan returns the plan of a proposal. ErrConflict where it was
// replaced meanwhile.
func (s *Store) ProposedPlan(ctx context.Context, event string, p Proposal) (enroll.Plan, error) {
	plan := enroll.Plan{Cancelled: p.Cancelled}
	k := keysOf(event)
	reply, err := s.run(ctx, proposalsScript, []string{k.event, k.proposed}, p.Kind, planOf(p.Kind))
	if err != nil {
		return plan, err
	}
	var now Proposal
	if reply[0] == "" {
		return plan, enroll.ErrConflict
	}
	err = errors.Join(json.Unmarshal([]byte(fmt.Sprint(reply[0])), &now), json.Unmarshal([]byte(fmt.Sprint(reply[1])), &plan.Places))
	switch {
	case err != nil:
		return plan, fmt.Errorf("plan from JSON: %w", err)
	case now.ID != p.ID:
		return plan, enroll.ErrConflict
	}
	return plan, nil
}

// dropScript: KEYS event, proposed; ARGV now, offset, fields that go.
var dropScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
for i = 3, #ARGV do redis.call('HDEL', KEYS[2], ARGV[i]) end
return {''}
`)

// DropProposal forgets the proposal with that id. Said twice it changes nothing.
func (s *Store) DropProposal(ctx context.Context, event, id string) error {
	all, err := s.Proposals(ctx, event)
	if err != nil {
		return err
	}
	p, err := all.Proposal(id)
	if errors.Is(err, enroll.ErrConflict) {
		return nil
	}
	k := keysOf(event)
	_, err = s.run(ctx, dropScript, []string{k.event, k.proposed}, p.Kind, planOf(p.Kind))
	return err
}
