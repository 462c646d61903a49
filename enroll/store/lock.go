package store

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// lockLife is how long a lock outlives a process that was killed.
const lockLife = 20 * time.Second

// renewScript lengthens the lock KEYS[1] by ARGV[2] ms where it still holds ARGV[1].
var renewScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
`)

// unlockScript deletes the lock KEYS[1] where it still holds ARGV[1].
var unlockScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`)

// lock takes the lock at key, or returns ErrBusy while another holds it. It is
// renewed until the function that comes back gives it up. It saves double work;
// what has to be right all the same checks versions.
func (s *Store) lock(ctx context.Context, key string) (unlock func(), err error) {
	token := crypto.NewToken()
	err = s.rdb.SetArgs(ctx, key, token, redis.SetArgs{Mode: "NX", TTL: lockLife}).Err()
	if errors.Is(err, redis.Nil) {
		return nil, enroll.ErrBusy
	}
	if err != nil {
		return nil, away(err)
	}
	// The work may be over or cut off by then; the lock has to go all the same.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		ticker := time.NewTicker(lockLife / 4)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				renewScript.Run(ctx, s.rdb, []string{key}, token, lockLife.Milliseconds())
			}
		}
	}()
	return func() {
		cancel()
		<-renewed
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		unlockScript.Run(ctx, s.rdb, []string{key}, token) // where Redis is away, it goes by itself
	}, nil
}

// LockList makes sure that one class list of the event is read at a time:
// ErrBusy while another is, else a function that gives the lock up. It passes
// the gate.
func (s *Store) LockList(ctx context.Context, event string) (unlock func(), err error) {
	if err := s.Gate(ctx, event); err != nil {
		return nil, err
	}
	return s.lock(ctx, keysOf(event).locked)
}

// Lease makes sure that one step of the event is taken at a time: ErrBusy while
// another is, else a function that gives the lease up.
func (s *Store) Lease(ctx context.Context, event string) (release func(), err error) {
	return s.lock(ctx, keysOf(event).leased)
}

// LeaseProposals makes sure that one process at a time works out proposals for
// the event: ErrBusy while another does, else a function that gives it up. It
// holds up no step.
func (s *Store) LeaseProposals(ctx context.Context, event string) (release func(), err error) {
	return s.lock(ctx, keysOf(event).planning)
}
