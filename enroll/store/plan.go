package store

import (
	"context"
	"encoding/json"
	"fmt"

	"cultuurdag/enroll"
)

// Outcome is a plan that is to be carried out.
type Outcome struct {
	Plan   enroll.Plan
	Report json.RawMessage // as scheduler.Report; kept beside the plan
	Run    Run             // how it was worked out; one without an ID is not noted
	Input  []byte          // what the run was worked out from

	Programme *enroll.Programme // that the plan is for; nil: the one that there is
	Proposal  string            // kind of the proposal that has had its day; ""
}

// planScript gives out the places of a plan.
//
//	KEYS  event, seats, places, taken, report, programme, masks, proposed, runs, inputs, seen
//	ARGV  now, offset, revision seen, version seen, JSON of the event, JSON of the report,
//	      JSON of the new programme ("": it stays), run id ("": none), JSON of the run, sealed input,
//	      kind of the proposal that goes, field of its plan,
//	      number of places, of taken sessions, of sessions of the new programme, of masks,
//	      then for each place its field and value, for each taken session its key and "taken:kept",
//	      for each session of the new programme its key and "place:capacity",
//	      then for each student the id and the mask, and for who loses a choice the id and
//	      the day as it was, sealed
//
// A session holds no more than it has places for; more only where they are
// places that were kept, which somebody gave by hand on purpose.
var planScript = gated(recordLua + `
local shut = gate()
if shut ~= '' then return {shut} end
if ev[3] ~= 'closed' and ev[3] ~= 'allocated' and ev[3] ~= 'published' then return {'wrong_state'} end
if (ev[8] or '0') ~= ARGV[3] or ev[6] ~= ARGV[4] then return {'conflict'} end
local places = 17
local taken = places + 2 * tonumber(ARGV[13])
local sessions = taken + 2 * tonumber(ARGV[14])
local masks = sessions + 2 * tonumber(ARGV[15])
local days = masks + 2 * tonumber(ARGV[16])
local capacity = {}
local has = redis.call('HGETALL', KEYS[2])
if ARGV[7] ~= '' then
  has = {}
  for i = sessions, masks - 1 do has[#has + 1] = ARGV[i] end
end
for i = 1, #has, 2 do capacity[has[i]] = tonumber(string.match(has[i + 1], ':(%d+)$')) end
for i = taken, sessions - 1, 2 do
  local n, kept = string.match(ARGV[i + 1], '^(%d+):(%d+)$')
  if not capacity[ARGV[i]] or tonumber(n) > math.max(capacity[ARGV[i]], tonumber(kept)) then return {'conflict'} end
end
redis.call('DEL', KEYS[3], KEYS[4])
for i = places, taken - 1, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
for i = taken, sessions - 1, 2 do redis.call('HSET', KEYS[4], ARGV[i], string.match(ARGV[i + 1], '^%d+')) end
if ARGV[7] ~= '' then
  redis.call('SET', KEYS[6], ARGV[7])
  redis.call('DEL', KEYS[2])
  for i = sessions, masks - 1, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
  for i = masks, days - 1, 2 do redis.call('HSET', KEYS[7], ARGV[i], ARGV[i + 1]) end
  for i = days, #ARGV, 2 do redis.call('HSETNX', KEYS[11], ARGV[i], ARGV[i + 1]) end
  redis.call('HINCRBY', KEYS[1], 'programme', 1)
end
if ARGV[8] ~= '' then record(KEYS[9], KEYS[10], ARGV[8], ARGV[9], ARGV[10]) end
if ARGV[11] ~= '' then redis.call('HDEL', KEYS[8], ARGV[11], ARGV[12]) end
if ev[3] == 'closed' then redis.call('HSET', KEYS[1], 'state', 'allocated') end
redis.call('HSET', KEYS[1], 'json', ARGV[5])
redis.call('SET', KEYS[5], ARGV[6])
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HINCRBY', KEYS[1], 'revision', 1)
return {''}
`)

// ApplyPlan gives everybody the place that the plan has for them, with a changed
// programme where there is one, and marks the event allocated. Places that were
// chosen or pinned keep their mark. e, choices and revision are what the plan was
// made from, e with the costs and seed that it was made by: ErrConflict says that
// something changed since, ErrState that enrolment is not closed, and both that
// nothing was stored. A student who loses a choice to a changed programme is told
// so once the day is published, also where they never looked before.
func (s *Store) ApplyPlan(ctx context.Context, e enroll.Event, revision int64, choices map[string]enroll.Choices, o Outcome) error {
	var places, taken, sessions, masks, days []any
	count, kept := map[enroll.SessionKey]int{}, map[enroll.SessionKey]int{}
	for student, workshops := range o.Plan.Places {
		for i, workshop := range workshops {
			if workshop == "" {
				continue
			}
			key, by := enroll.SessionKey{Workshop: workshop, Round: i + 1}, enroll.Assigned
			if c := choices[student][i+1]; c.Workshop == workshop && c.By != "" {
				by = c.By
			}
			places = append(places, fmt.Sprintf("%s:%d", student, i+1), string(by)+":"+workshop)
			count[key]++
			if by != enroll.Assigned {
				kept[key]++
			}
		}
	}
	for key, n := range count {
		taken = append(taken, key.String(), fmt.Sprintf("%d:%d", n, kept[key]))
	}
	programme := ""
	if o.Programme != nil {
		students, _, err := s.readStudents(ctx, e.ID)
		if err != nil {
			return err
		}
		p := *o.Programme
		p.Version++
		data, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("programme as JSON: %w", err)
		}
		programme, sessions, masks = string(data), sessionArgs(p), maskArgs(p, students)
		if days, err = s.releasedArgs(ctx, e, choices, o.Plan); err != nil {
			return err
		}
	}
	record := []any{"", "", ""}
	if o.Run.ID != "" {
		var err error
		if record, err = s.recordArgs(e.ID, o.Run, o.Input); err != nil {
			return err
		}
	}
	e.AllocatedAt, e.Cancelled, e.Reallocate, e.ReallocateBy = s.clock.Now(), o.Plan.Cancelled, false, ""
	seen := e.Version
	e.Version++
	data, err := marshalEvent(e)
	if err != nil {
		return err
	}
	done, err := json.Marshal(AllocationState{State: AllocationDone, Report: o.Report})
	if err != nil {
		return fmt.Errorf("report as JSON: %w", err)
	}
	args := append([]any{revision, seen, data, done, programme}, record...)
	args = append(args, o.Proposal, planOf(o.Proposal), len(places)/2, len(taken)/2, len(sessions)/2, len(masks)/2)
	for _, more := range [][]any{places, taken, sessions, masks, days} {
		args = append(args, more...)
	}
	k := keysOf(e.ID)
	_, err = s.run(ctx, planScript, []string{k.event, k.seats, k.places, k.taken, k.report, k.programme, k.masks, k.proposed, k.runs, k.inputs, k.seen}, args...)
	return err
}

// releasedArgs are, for each student who has to give up a place that was chosen
// or pinned, the id and, sealed, the day as they know it.
func (s *Store) releasedArgs(ctx context.Context, e enroll.Event, choices map[string]enroll.Choices, plan enroll.Plan) ([]any, error) {
	before, err := s.Programme(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	keys, err := s.keysFor(e.ID)
	if err != nil {
		return nil, err
	}
	var args []any
	for student, workshops := range plan.Places {
		released := false
		for i, workshop := range workshops {
			c := choices[student][i+1]
			released = released || c.Workshop != workshop && (c.By == enroll.Chosen || c.By == enroll.Pinned)
		}
		if !released {
			continue
		}
		sealed, err := sealSeen(keys, student, enroll.DayChosen(e, before, choices[student]))
		if err != nil {
			return nil, err
		}
		args = append(args, student, sealed)
	}
	return args, nil
}
