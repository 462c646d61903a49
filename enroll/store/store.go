// Package store is all of the application's Redis: one file per aggregate,
// each Lua script right above the method that runs it, every key spelled in
// keys.go.
//
// Every read and write of personal data passes the gate (gate.go): from an
// event's deadline on it answers enroll.ErrPurged, whether or not anything was
// destroyed yet. When Redis does not answer, methods return an error that
// matches enroll.ErrStore.
package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// Store keeps everything in Redis. It is safe for concurrent use, and any
// number of them may share one Redis and one keystore.
type Store struct {
	rdb   redis.UniversalClient
	keys  *crypto.Keystore
	clock *enroll.Clock

	mu      sync.RWMutex
	events  map[string]cached       // by event id, true for the version it names
	schools map[string]cachedSchool // by id
	codes   map[string]string       // public code -> event id; never changes

	rewrites Shared[struct{}, struct{}] // of Redis's log
}

// cached is an event as it was at its version, with its programme.
type cached struct {
	event     enroll.Event
	programme enroll.Programme
}

type cachedSchool struct {
	school enroll.School
	until  time.Time
}

// New returns a store on rdb, whose event keys live in keys. It owns neither.
func New(rdb redis.UniversalClient, keys *crypto.Keystore, clock *enroll.Clock) *Store {
	return &Store{
		rdb: rdb, keys: keys, clock: clock,
		events:  map[string]cached{},
		schools: map[string]cachedSchool{},
		codes:   map[string]string{},
	}
}

// Ping reports whether Redis answers.
func (s *Store) Ping(ctx context.Context) error { return away(s.rdb.Ping(ctx).Err()) }

// Client returns the Redis client, which asynq and the staff's sessions share.
func (s *Store) Client() redis.UniversalClient { return s.rdb }

// Clock returns the clock that the store reads.
func (s *Store) Clock() *enroll.Clock { return s.clock }

// Keystore returns where the keys of events live.
func (s *Store) Keystore() *crypto.Keystore { return s.keys }

// away marks an error of the client as enroll.ErrStore. redis.Nil and nil pass.
func away(err error) error {
	if err == nil || errors.Is(err, redis.Nil) {
		return err
	}
	return fmt.Errorf("%w: %w", enroll.ErrStore, err)
}

// keysFor opens the event's keys. A key that is gone means that the data are.
func (s *Store) keysFor(event string) (*crypto.EventKeys, error) {
	keys, err := s.keys.Keys(event)
	if errors.Is(err, crypto.ErrKeyGone) {
		return nil, enroll.ErrPurged
	}
	return keys, err
}
