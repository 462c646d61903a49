package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"cultuurdag/enroll"
)

// roundsScript: KEYS event, programme; ARGV now, offset, version seen, JSON.
var roundsScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
if (ev[7] or '0') ~= ARGV[3] then return {'conflict'} end
redis.call('SET', KEYS[2], ARGV[4])
redis.call('HINCRBY', KEYS[1], 'programme', 1)
redis.call('HINCRBY', KEYS[1], 'revision', 1)
return {''}
`)

// MoveRounds moves every round of the programme, in whatever state the event
// is: seats and places stay as they are. It is for an event whose date moves,
// and does nothing where there is no programme.
func (s *Store) MoveRounds(ctx context.Context, event string, move func(enroll.Round) enroll.Round) error {
	for range 5 {
		p, err := s.Programme(ctx, event)
		if err != nil || p.Version == 0 {
			return err
		}
		seen := p.Version
		p.Version++
		for i, r := range p.Rounds {
			p.Rounds[i] = move(r)
		}
		data, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("programme as JSON: %w", err)
		}
		k := keysOf(event)
		if _, err := s.run(ctx, roundsScript, []string{k.event, k.programme}, seen, data); !errors.Is(err, enroll.ErrConflict) {
			return err
		}
	}
	return enroll.ErrConflict
}
