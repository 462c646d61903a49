package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
)

// roundsScript: KEYS event, programme; ARGV now, offset, version seen, JSON, date.
var roundsScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
if (ev[7] or '0') ~= ARGV[3] then return {'conflict'} end
redis.call('SET', KEYS[2], ARGV[4])
redis.call('HSET', KEYS[1], 'rounds', ARGV[5])
redis.call('HINCRBY', KEYS[1], 'programme', 1)
redis.call('HINCRBY', KEYS[1], 'revision', 1)
return {''}
`)

// MoveRounds brings the rounds of the programme to the date that the event has
// now, at the same times of day: for an event whose date was moved, in whatever
// state. Seats and places stay as they are. Said twice, or after a crash between
// the two, it does what is still to do. moved says whether there was anything.
func (s *Store) MoveRounds(ctx context.Context, event string) (moved bool, err error) {
	for range 5 {
		moved, err = s.moveRounds(ctx, event)
		if !errors.Is(err, enroll.ErrConflict) {
			return moved, err
		}
	}
	return false, enroll.ErrConflict
}

func (s *Store) moveRounds(ctx context.Context, event string) (moved bool, err error) {
	e, err := s.Event(ctx, event)
	if err != nil {
		return false, err
	}
	p, err := s.Programme(ctx, event)
	if err != nil || p.Version == 0 {
		return false, err
	}
	k := keysOf(event)
	text, err := s.rdb.HGet(ctx, k.event, "rounds").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return false, away(err)
	}
	made, err := enroll.ParseDate(text)
	if err != nil {
		return false, fmt.Errorf("date of the rounds: %w", err)
	}
	days := made.DaysUntil(e.Date)
	if days == 0 {
		return false, nil
	}
	seen := p.Version
	p.Version++
	for i, r := range p.Rounds {
		p.Rounds[i] = enroll.Round{Start: moveDays(r.Start, days), End: moveDays(r.End, days)}
	}
	data, err := json.Marshal(p)
	if err != nil {
		return false, fmt.Errorf("programme as JSON: %w", err)
	}
	_, err = s.run(ctx, roundsScript, []string{k.event, k.programme}, seen, data, e.Date.String())
	return err == nil, err
}

// moveDays returns the moment so many calendar days later, at the same time of
// day in Amsterdam.
func moveDays(t time.Time, days int) time.Time {
	t = t.In(enroll.Amsterdam)
	return enroll.DateOf(t).AddDays(days).At(t.Hour(), t.Minute())
}
