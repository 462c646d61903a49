package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
)

// Fields of the steps' hash beside the step itself.
func fieldDone(step enroll.Step) string   { return string(step) + ":done" }
func fieldFailed(step enroll.Step) string { return string(step) + ":failed" }

// Stuck reports since when that step has been trying, and notes now as the
// beginning where it was not. Done clears it.
func (s *Store) Stuck(ctx context.Context, event string, step enroll.Step) (time.Duration, error) {
	k, now := keysOf(event), time.Now() // a moved clock is no lack of progress
	if err := s.rdb.HSetNX(ctx, k.steps, string(step), now.UnixMilli()).Err(); err != nil {
		return 0, away(err)
	}
	since, err := s.rdb.HGet(ctx, k.steps, string(step)).Int64()
	if errors.Is(err, redis.Nil) {
		return 0, nil // done meanwhile
	}
	return now.Sub(time.UnixMilli(since)), away(err)
}

// Done notes that the step is finished, or made progress.
func (s *Store) Done(ctx context.Context, event string, step enroll.Step) error {
	return away(s.rdb.HDel(ctx, keysOf(event).steps, string(step), fieldDone(step), fieldFailed(step)).Err())
}

// Progress notes that done of total parts of the step are done, for people to see.
func (s *Store) Progress(ctx context.Context, event string, step enroll.Step, done, total int) error {
	return away(s.rdb.HSet(ctx, keysOf(event).steps, fieldDone(step), fmt.Sprintf("%d/%d", done, total)).Err())
}

// Failed notes that the step was tried in vain; Done clears it.
func (s *Store) Failed(ctx context.Context, event string, step enroll.Step) error {
	return away(s.rdb.HSet(ctx, keysOf(event).steps, fieldFailed(step), time.Now().UnixMilli()).Err())
}

// StepState is how a step that is not finished stands, by the machine's clock.
type StepState struct {
	Trying      time.Duration // for how long; 0: it was not begun
	Done, Total int           // parts; 0 where none were told
	Failed      bool          // the last time that it was tried, or before
}

// StepState returns how that step stands.
func (s *Store) StepState(ctx context.Context, event string, step enroll.Step) (StepState, error) {
	fields, err := s.rdb.HMGet(ctx, keysOf(event).steps, string(step), fieldDone(step), fieldFailed(step)).Result()
	if err != nil {
		return StepState{}, away(err)
	}
	var state StepState
	var since int64
	if text, ok := fields[0].(string); ok {
		if _, err := fmt.Sscan(text, &since); err != nil {
			return state, fmt.Errorf("since when a step is tried: %w", err)
		}
		state.Trying = max(time.Since(time.UnixMilli(since)), 1)
	}
	if text, ok := fields[1].(string); ok {
		if _, err := fmt.Sscanf(text, "%d/%d", &state.Done, &state.Total); err != nil {
			return state, fmt.Errorf("progress of a step: %w", err)
		}
	}
	state.Failed = fields[2] != nil
	return state, nil
}
