package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"cultuurdag/enroll"
)

// Run tells how a plan was worked out, so that it can be worked out again.
// Nothing in it is about one student. It is personal all the same, and goes
// with the purge: small numbers may tell.
type Run struct {
	ID          string          `json:"id"`
	At          time.Time       `json:"at"`
	By          string          `json:"by"`   // account id; "" where it went by itself
	Kind        string          `json:"kind"` // a proposal's, or "allocate"
	Costs       json.RawMessage `json:"costs"`
	CostsName   string          `json:"costs_name"`
	Seed        int64           `json:"seed"`
	Fingerprint string          `json:"fingerprint"`
	Report      json.RawMessage `json:"report"`
	Applied     time.Time       `json:"applied_at,omitzero"` // zero: it was a proposal
}

// RunAllocate is the kind of a Run that gave out places without a proposal.
const RunAllocate = "allocate"

// recordLua notes a run: record(runs, inputs, id, run, input). Each entry of
// the list is an id, a space and JSON; one id has one entry, the newest first.
const recordLua = `
local function record(runs, inputs, id, run, input)
  for _, entry in ipairs(redis.call('LRANGE', runs, 0, -1)) do
    if string.match(entry, '^(%S+) ') == id then redis.call('LREM', runs, 1, entry) end
  end
  redis.call('LPUSH', runs, id .. ' ' .. run)
  redis.call('HSET', inputs, id, input)
  while redis.call('LLEN', runs) > 100 do
    redis.call('HDEL', inputs, string.match(redis.call('RPOP', runs), '^(%S+) '))
  end
end
`

// recordArgs are the last arguments of recordLua's record. The input is sealed:
// it says who is in which class.
func (s *Store) recordArgs(event string, run Run, input []byte) ([]any, error) {
	keys, err := s.keysFor(event)
	if err != nil {
		return nil, err
	}
	sealed, err := seal(keys, recordInput, run.ID, 1, input)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(run)
	if err != nil {
		return nil, fmt.Errorf("run as JSON: %w", err)
	}
	return []any{run.ID, data, sealed}, nil
}

// runsScript: KEYS event, runs; ARGV now, offset; answers the list.
var runsScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
return {'', redis.call('LRANGE', KEYS[2], 0, -1)}
`)

// Runs returns how plans were worked out, the latest hundred, newest first.
func (s *Store) Runs(ctx context.Context, event string) ([]Run, error) {
	k := keysOf(event)
	reply, err := s.run(ctx, runsScript, []string{k.event, k.runs})
	if err != nil {
		return nil, err
	}
	entries := reply[0].([]any)
	runs := make([]Run, len(entries))
	for i, entry := range entries {
		_, data, _ := strings.Cut(fmt.Sprint(entry), " ")
		if err := json.Unmarshal([]byte(data), &runs[i]); err != nil {
			return nil, fmt.Errorf("run from JSON: %w", err)
		}
	}
	return runs, nil
}

// RunInput returns what the run with that id was worked out from, as it was
// given to PutProposal or ApplyPlan, or ErrNotFound: it was too long ago, or a
// student who was in it was erased.
func (s *Store) RunInput(ctx context.Context, event, id string) ([]byte, error) {
	k := keysOf(event)
	reply, err := s.run(ctx, proposalsScript, []string{k.event, k.inputs}, id)
	if err != nil {
		return nil, err
	}
	if reply[0] == "" {
		return nil, enroll.ErrNotFound
	}
	keys, err := s.keysFor(event)
	if err != nil {
		return nil, err
	}
	input, _, err := open(keys, recordInput, id, []byte(fmt.Sprint(reply[0])))
	if err != nil {
		return nil, fmt.Errorf("input of a run: %w", err)
	}
	return input, nil
}

// InputMAC returns the fingerprint of an input of a run, under a key of the
// event that goes with the purge.
func (s *Store) InputMAC(event string, input []byte) (string, error) {
	keys, err := s.keysFor(event)
	if err != nil {
		return "", err
	}
	mac := keys.InputMAC(input)
	if mac == "" {
		return "", enroll.ErrPurged
	}
	return mac, nil
}
