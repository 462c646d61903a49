package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cultuurdag/enroll"
)

// cut splits s around the last sep.
func cut(s string, sep byte) (before, after string) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i+1:]
}

// placeFrom reads "c:w4".
func placeFrom(s string) (enroll.Choice, bool) {
	by, workshop, ok := strings.Cut(s, ":")
	return enroll.Choice{Workshop: workshop, By: enroll.By(by)}, ok
}

// takenFrom reads the flat reply of HGETALL taken.
func takenFrom(flat []any) (map[enroll.SessionKey]int, error) {
	taken := make(map[enroll.SessionKey]int, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		key, err := enroll.ParseSessionKey(fmt.Sprint(flat[i]))
		if err != nil {
			return nil, err
		}
		n, err := strconv.Atoi(fmt.Sprint(flat[i+1]))
		if err != nil {
			return nil, fmt.Errorf("places taken in %v: %w", key, err)
		}
		taken[key] = n
	}
	return taken, nil
}

// seatsScript: KEYS event, taken; ARGV now, offset; answers HGETALL taken.
var seatsScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
return {'', redis.call('HGETALL', KEYS[2])}
`)

// Seats returns how many places are taken in each session; a session that
// nobody is in may be missing. One round trip.
func (s *Store) Seats(ctx context.Context, event string) (map[enroll.SessionKey]int, error) {
	k := keysOf(event)
	reply, err := s.run(ctx, seatsScript, []string{k.event, k.taken})
	if err != nil {
		return nil, err
	}
	return takenFrom(reply[0].([]any))
}

// choicesScript: KEYS event, places; ARGV now, offset; answers the revision and HGETALL places.
var choicesScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
return {'', ev[8] or '0', redis.call('HGETALL', KEYS[2])}
`)

// Choices returns every student's places by student id, and the revision of
// the event at which they were read. One round trip.
func (s *Store) Choices(ctx context.Context, event string) (map[string]enroll.Choices, int64, error) {
	k := keysOf(event)
	reply, err := s.run(ctx, choicesScript, []string{k.event, k.places})
	if err != nil {
		return nil, 0, err
	}
	revision, err := strconv.ParseInt(fmt.Sprint(reply[0]), 10, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("revision: %w", err)
	}
	choices := map[string]enroll.Choices{}
	flat := reply[1].([]any)
	for i := 0; i+1 < len(flat); i += 2 {
		student, round := cut(fmt.Sprint(flat[i]), ':')
		r, err := strconv.Atoi(round)
		if err != nil {
			return nil, 0, fmt.Errorf("round of a place: %w", err)
		}
		if choices[student] == nil {
			choices[student] = enroll.Choices{}
		}
		if c, ok := placeFrom(fmt.Sprint(flat[i+1])); ok {
			choices[student][r] = c
		}
	}
	return choices, revision, nil
}

// seatLua is the one place where seats change hands. It follows gateLua in
// scripts whose KEYS[2..5] are seats, masks, places and taken.
//
// seat(student, round, workshop, by, programme) moves the student's seat in
// that round to the workshop, or frees it where workshop is "". It answers ""
// or no_session, not_allowed, repeat, full, stale, in this order. Saying it
// twice changes nothing. by is how the place comes about: a student (c) cannot
// move a place that was pinned by hand (p).
const seatLua = `
local function seat(student, round, workshop, by, programme)
  local key = workshop .. ':' .. round
  local field = student .. ':' .. round
  local have = redis.call('HMGET', KEYS[4], student .. ':1', student .. ':2', student .. ':3', student .. ':4')
  local old = have[tonumber(round)]
  if workshop ~= '' then
    local session = redis.call('HGET', KEYS[2], key)
    if not session then return 'no_session' end
    local place, capacity = string.match(session, '^(%d+):(%d+)$')
    local mask = redis.call('HGET', KEYS[3], student)
    if not mask then return 'not_found' end
    if by == 'c' and string.sub(mask, tonumber(place), tonumber(place)) ~= '1' then return 'not_allowed' end
    if by == 'c' and old and string.sub(old, 1, 1) == 'p' and old ~= 'p:' .. workshop then return 'not_allowed' end
    for r = 1, 4 do
      if have[r] and r ~= tonumber(round) and string.sub(have[r], 3) == workshop then return 'repeat' end
    end
    local mine = old and string.sub(old, 3) == workshop
    if not mine and tonumber(redis.call('HGET', KEYS[5], key) or '0') >= tonumber(capacity) then return 'full' end -- guard: seats
    if programme ~= '0' and programme ~= ev[7] then return 'stale' end
    if mine and (string.sub(old, 1, 1) == by or by == 'c') then return '' end
    redis.call('HSET', KEYS[4], field, by .. ':' .. workshop)
    if not mine then redis.call('HINCRBY', KEYS[5], key, 1) end
    if mine then old = nil end
  else
    if redis.call('HEXISTS', KEYS[3], student) == 0 then return 'not_found' end
    if by == 'c' and old and string.sub(old, 1, 1) == 'p' then return 'not_allowed' end
    if programme ~= '0' and programme ~= ev[7] then return 'stale' end
    if not old then return '' end
    redis.call('HDEL', KEYS[4], field)
  end
  if old then redis.call('HINCRBY', KEYS[5], string.sub(old, 3) .. ':' .. round, -1) end
  redis.call('HINCRBY', KEYS[1], 'revision', 1)
  return ''
end
`

// placeScript: KEYS event, seats, masks, places, taken;
// ARGV now, offset, student, round, workshop.
var placeScript = gated(seatLua + `
local shut = gate()
if shut ~= '' then return {shut} end
return {seat(ARGV[3], ARGV[4], ARGV[5], 'p', '0')}
`)

// Place puts a student in a session by hand, whatever the class and whether or
// not enrolment is open; the place is pinned: neither the student nor the
// allocation moves it. An empty workshop takes the place away. ErrNotFound,
// ErrNoSession (also where it was cancelled), ErrRepeat or ErrFull. Two round
// trips.
func (s *Store) Place(ctx context.Context, event, student string, round int, workshop string) error {
	if round < 1 || round > enroll.MaxRounds {
		return enroll.ErrNoSession
	}
	e, err := s.Event(ctx, event)
	if err != nil {
		return err
	}
	if e.State == enroll.Cancelled {
		return enroll.ErrState
	}
	if slices.Contains(e.Cancelled, enroll.SessionKey{Workshop: workshop, Round: round}) {
		return enroll.ErrNoSession
	}
	k := keysOf(event)
	_, err = s.run(ctx, placeScript, []string{k.event, k.seats, k.masks, k.places, k.taken}, student, round, workshop)
	return err
}

// planScript gives out the places of a plan.
//
//	KEYS  event, seats, places, taken, report
//	ARGV  now, offset, revision seen, version seen, JSON of the event, number of places, JSON of the report,
//	      then for each place its field and value, then for each session its key and number taken
var planScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
if ev[3] ~= 'closed' and ev[3] ~= 'allocated' and ev[3] ~= 'published' then return {'wrong_state'} end
if (ev[8] or '0') ~= ARGV[3] or ev[6] ~= ARGV[4] then return {'conflict'} end
local n = tonumber(ARGV[6])
for i = 8 + 2 * n, #ARGV, 2 do
  local session = redis.call('HGET', KEYS[2], ARGV[i])
  if not session or tonumber(string.match(session, ':(%d+)$')) < tonumber(ARGV[i + 1]) then return {'conflict'} end
end
redis.call('DEL', KEYS[3], KEYS[4])
for i = 8, 7 + 2 * n, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
for i = 8 + 2 * n, #ARGV, 2 do redis.call('HSET', KEYS[4], ARGV[i], ARGV[i + 1]) end
if ev[3] == 'closed' then redis.call('HSET', KEYS[1], 'state', 'allocated') end
redis.call('HSET', KEYS[1], 'json', ARGV[5])
redis.call('SET', KEYS[5], ARGV[7])
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HINCRBY', KEYS[1], 'revision', 1)
return {''}
`)

// ApplyPlan gives everybody the place that the plan has for them and marks the
// event allocated. Places that were chosen or pinned keep their mark. e, choices
// and revision are what the plan was made from: ErrConflict says that something
// changed since, and that nothing was stored. report is kept beside the plan.
func (s *Store) ApplyPlan(ctx context.Context, e enroll.Event, revision int64, choices map[string]enroll.Choices, plan enroll.Plan, report json.RawMessage) error {
	var places []any
	taken := map[enroll.SessionKey]int{}
	for student, workshops := range plan.Places {
		for i, workshop := range workshops {
			if workshop == "" {
				continue
			}
			by := enroll.Assigned
			if c := choices[student][i+1]; c.Workshop == workshop && c.By != "" {
				by = c.By
			}
			places = append(places, fmt.Sprintf("%s:%d", student, i+1), string(by)+":"+workshop)
			taken[enroll.SessionKey{Workshop: workshop, Round: i + 1}]++
		}
	}
	e.AllocatedAt, e.Cancelled, e.Reallocate = s.clock.Now(), plan.Cancelled, false
	seen := e.Version
	e.Version++
	data, err := marshalEvent(e)
	if err != nil {
		return err
	}
	done, err := json.Marshal(AllocationState{State: AllocationDone, Report: report})
	if err != nil {
		return fmt.Errorf("report as JSON: %w", err)
	}
	args := append([]any{revision, seen, data, len(places) / 2, done}, places...)
	for key, n := range taken {
		args = append(args, key.String(), n)
	}
	k := keysOf(e.ID)
	_, err = s.run(ctx, planScript, []string{k.event, k.seats, k.places, k.taken, k.report}, args...)
	return err
}
