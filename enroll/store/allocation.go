package store

import (
	"context"
	"encoding/json"
	"fmt"
)

// The states of an allocation. While the step is due it is running.
const (
	AllocationNone    = "none"
	AllocationRunning = "running"
	AllocationDone    = "done"
	AllocationFailed  = "failed"
)

// AllocationState tells how the giving out of places stands.
type AllocationState struct {
	State  string          `json:"state"`
	Report json.RawMessage `json:"report,omitempty"` // as scheduler.Report
}

// reportScript: KEYS event, report; ARGV now, offset, JSON ("": read only).
var reportScript = gated(`
local shut = gate()
if shut ~= '' then return {shut} end
if ARGV[3] ~= '' then redis.call('SET', KEYS[2], ARGV[3]) end
return {'', redis.call('GET', KEYS[2]) or ''}
`)

// FailAllocation notes that places could not be given out.
func (s *Store) FailAllocation(ctx context.Context, event string) error {
	data, err := json.Marshal(AllocationState{State: AllocationFailed})
	if err != nil {
		return fmt.Errorf("report as JSON: %w", err)
	}
	k := keysOf(event)
	_, err = s.run(ctx, reportScript, []string{k.event, k.report}, data)
	return err
}

// Allocation returns how the last allocation went, as ApplyPlan or
// FailAllocation noted it; state none where nothing was.
func (s *Store) Allocation(ctx context.Context, event string) (AllocationState, error) {
	k := keysOf(event)
	reply, err := s.run(ctx, reportScript, []string{k.event, k.report}, "")
	if err != nil {
		return AllocationState{}, err
	}
	a := AllocationState{State: AllocationNone}
	if reply[0] == "" {
		return a, nil
	}
	if err := json.Unmarshal([]byte(fmt.Sprint(reply[0])), &a); err != nil {
		return a, fmt.Errorf("report from JSON: %w", err)
	}
	return a, nil
}
