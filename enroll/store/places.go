package store

import (
	"context"
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
// seat(student, round, workshop, by, programme, over) moves the student's seat
// in that round to the workshop, or frees it where workshop is "". It answers ""
// or no_session, not_allowed, repeat, full, stale, in this order. Saying it
// twice changes nothing. by is how the place comes about: a student (c) cannot
// move a place that was pinned by hand (p). over takes a seat beyond those that
// there are.
const seatLua = `
local function seat(student, round, workshop, by, programme, over)
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
    if not mine and not over and tonumber(redis.call('HGET', KEYS[5], key) or '0') >= tonumber(capacity) then return 'full' end -- guard: seats
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
// ARGV now, offset, student, round, workshop, over (1: also where it is full).
var placeScript = gated(seatLua + `
local shut = gate()
if shut ~= '' then return {shut} end
return {seat(ARGV[3], ARGV[4], ARGV[5], 'p', '0', ARGV[6] == '1')}
`)

// Place puts a student in a session by hand, whatever the class and whether or
// not enrolment is open; the place is pinned: neither the student nor the
// allocation moves it. An empty workshop takes the place away. ErrNotFound,
// ErrNoSession (also where it was cancelled), ErrRepeat or ErrFull. Two round
// trips.
func (s *Store) Place(ctx context.Context, event, student string, round int, workshop string) error {
	return s.place(ctx, event, student, round, workshop, false)
}

// PlaceOver is Place where a session that is full takes one student more.
func (s *Store) PlaceOver(ctx context.Context, event, student string, round int, workshop string) error {
	return s.place(ctx, event, student, round, workshop, true)
}

func (s *Store) place(ctx context.Context, event, student string, round int, workshop string, over bool) error {
	if err := s.byHand(ctx, event, round, workshop); err != nil {
		return err
	}
	k := keysOf(event)
	_, err := s.run(ctx, placeScript, []string{k.event, k.seats, k.masks, k.places, k.taken}, student, round, workshop, flag(over))
	return err
}

// byHand returns why nobody is placed in that session by hand: there is no such
// round, it was cancelled, or the whole day was.
func (s *Store) byHand(ctx context.Context, event string, round int, workshop string) error {
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
	return nil
}

// swapScript: KEYS event, seats, masks, places, taken;
// ARGV now, offset, round, student, their workshop, the other student, theirs.
// Seats stay as many as they are, so that a full session is no hindrance.
var swapScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
local round, a, wa, b, wb = ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if redis.call('HEXISTS', KEYS[3], a) == 0 or redis.call('HEXISTS', KEYS[3], b) == 0 then return {'not_found'} end
local function has(student, r) return string.sub(redis.call('HGET', KEYS[4], student .. ':' .. r) or '', 3) end
if has(a, round) == wb and has(b, round) == wa then return {''} end
if has(a, round) ~= wa or has(b, round) ~= wb then return {'conflict'} end
for r = 1, 4 do
  if r ~= tonumber(round) and (has(a, r) == wb or has(b, r) == wa) then return {'repeat'} end
end
redis.call('HSET', KEYS[4], a .. ':' .. round, 'p:' .. wb, b .. ':' .. round, 'p:' .. wa)
redis.call('HINCRBY', KEYS[1], 'revision', 1)
return {''}
`)

// Swap gives two students each other's place in a round, whatever their
// classes; both places are pinned. inA and inB are the workshops that they were
// seen in: said twice it changes nothing. ErrNotFound, ErrConflict where one of
// them is somewhere else by now, ErrRepeat where one has the other's workshop in
// another round.
func (s *Store) Swap(ctx context.Context, event string, round int, a, inA, b, inB string) error {
	if a == b || inA == inB || inA == "" || inB == "" {
		return enroll.ErrNoSession
	}
	for _, workshop := range []string{inA, inB} {
		if err := s.byHand(ctx, event, round, workshop); err != nil {
			return err
		}
	}
	k := keysOf(event)
	_, err := s.run(ctx, swapScript, []string{k.event, k.seats, k.masks, k.places, k.taken}, round, a, inA, b, inB)
	return err
}
