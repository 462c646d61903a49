package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
)

// Programme returns the programme of the event; an empty one, version 0, where
// there is none yet. One round trip.
func (s *Store) Programme(ctx context.Context, event string) (enroll.Programme, error) {
	var p enroll.Programme
	data, err := s.rdb.Get(ctx, keysOf(event).programme).Bytes()
	if errors.Is(err, redis.Nil) {
		return p, nil
	}
	if err != nil {
		return p, away(err)
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return p, fmt.Errorf("programme from JSON: %w", err)
	}
	for i, r := range p.Rounds {
		p.Rounds[i] = enroll.Round{Start: r.Start.In(enroll.Amsterdam), End: r.End.In(enroll.Amsterdam)}
	}
	return p, nil
}

// programmeScript replaces the programme, its seats and everybody's mask.
//
//	KEYS  event, programme, seats, taken, masks
//	ARGV  now, offset, version seen, lists seen, JSON, number of sessions, date of the event,
//	      whether places given out by the version seen can stay (1),
//	      then for each session its key and "place:capacity",
//	      then for each student the id and the mask
//
// It answers the keys of sessions that hold more students than the new
// programme has places for; then nothing was changed.
var programmeScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
local given = ev[3] == 'allocated' or ev[3] == 'published'
if given and ARGV[8] ~= '1' then return {'wrong_state'} end
if not given and ev[3] ~= 'draft' and ev[3] ~= 'open' and ev[3] ~= 'closed' then return {'wrong_state'} end
if (ev[7] or '0') ~= ARGV[3] or (redis.call('HGET', KEYS[1], 'lists') or '0') ~= ARGV[4] then return {'conflict'} end
local n = tonumber(ARGV[6])
local places = {}
for i = 9, 8 + 2 * n, 2 do
  places[ARGV[i]] = tonumber(string.match(ARGV[i + 1], ':(%d+)$'))
end
local taken = redis.call('HGETALL', KEYS[4])
local over = {}
for i = 1, #taken, 2 do
  local have = tonumber(taken[i + 1])
  local before = tonumber(string.match(redis.call('HGET', KEYS[3], taken[i]) or '', ':(%d+)$') or '0')
  if have > 0 and have > (places[taken[i]] or 0) and (places[taken[i]] or 0) < before then over[#over + 1] = taken[i] .. '=' .. taken[i + 1] end
end
if #over > 0 then return {'', over} end
redis.call('DEL', KEYS[3])
for i = 9, 8 + 2 * n, 2 do redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1]) end
for i = 9 + 2 * n, #ARGV, 2 do redis.call('HSET', KEYS[5], ARGV[i], ARGV[i + 1]) end
redis.call('SET', KEYS[2], ARGV[5])
redis.call('HSET', KEYS[1], 'rounds', ARGV[7])
redis.call('HINCRBY', KEYS[1], 'programme', 1)
redis.call('HINCRBY', KEYS[1], 'revision', 1)
return {'', {}}
`)

// PutProgramme replaces the programme. p.Version is the version that the
// caller saw, and ErrConflict says that there is a later one; 0 takes whatever
// there is. FieldErrors where something is wrong with it, among them a session
// that holds more students already than it would have places ("over_full").
// Once places are given out they stay as they are: "given_out" where p does not
// fit them (enroll.Programme.Keeps). ErrState where the event does not go on.
func (s *Store) PutProgramme(ctx context.Context, event string, p enroll.Programme) (enroll.Programme, error) {
	if err := p.Check(); err != nil {
		return p, err
	}
	any := p.Version == 0
	for range 5 {
		e, err := s.Event(ctx, event)
		if err != nil {
			return p, err
		}
		if any {
			p.Version = e.Programme
		}
		err = s.putProgramme(ctx, e, p)
		if errors.Is(err, enroll.ErrConflict) && any {
			continue
		}
		if err != nil {
			return p, err
		}
		return s.Programme(ctx, event)
	}
	return p, enroll.ErrConflict
}

func (s *Store) putProgramme(ctx context.Context, e enroll.Event, p enroll.Programme) error {
	kept := false
	if e.State == enroll.Allocated || e.State == enroll.Published {
		was, err := s.Programme(ctx, e.ID)
		if err != nil {
			return err
		}
		if was.Version != p.Version {
			return enroll.ErrConflict
		}
		if err := p.Keeps(was); err != nil {
			return err
		}
		kept = true
	}
	students, lists, err := s.readStudents(ctx, e.ID)
	if err != nil {
		return err
	}
	seen := p.Version
	p.Version++
	data, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("programme as JSON: %w", err)
	}
	sessions, masks := sessionArgs(p), maskArgs(p, students)
	args := append([]any{seen, lists, data, len(sessions) / 2, e.Date.String(), flag(kept)}, sessions...)
	k := keysOf(e.ID)
	reply, err := s.run(ctx, programmeScript, []string{k.event, k.programme, k.seats, k.taken, k.masks}, append(args, masks...)...)
	if err != nil {
		return err
	}
	return overFull(p, reply[0].([]any))
}

// sessionArgs are the key of each session and "place:capacity"; one that was
// called off has no seats.
func sessionArgs(p enroll.Programme) (args []any) {
	for i, w := range p.Workshops {
		for _, session := range w.Sessions {
			if !session.Cancelled {
				key := enroll.SessionKey{Workshop: w.ID, Round: session.Round}
				args = append(args, key.String(), fmt.Sprintf("%d:%d", i+1, session.Capacity))
			}
		}
	}
	return args
}

// maskArgs are each student's id and mask.
func maskArgs(p enroll.Programme, students []stored) (args []any) {
	for _, st := range students {
		args = append(args, st.ID, p.Mask(st.Class, st.Year))
	}
	return args
}

// overFull names the sessions that hold more students than they would have
// places, each written "w3:2=17".
func overFull(p enroll.Programme, over []any) error {
	var errs enroll.FieldErrors
	for _, o := range over {
		text := fmt.Sprint(o)
		name, taken := cut(text, '=')
		key, err := enroll.ParseSessionKey(name)
		if err != nil {
			return err
		}
		field := "workshops"
		for i, w := range p.Workshops {
			for j, session := range w.Sessions {
				if w.ID == key.Workshop && session.Round == key.Round {
					field = fmt.Sprintf("workshops[%d].sessions[%d].capacity", i, j)
				}
			}
		}
		errs.Add(field, "over_full", key.Workshop, fmt.Sprint(key.Round), taken)
	}
	return errs.OrNil()
}
