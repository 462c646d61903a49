package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
)

// rateScript counts one and answers how many there are and how many ms are
// left of the window. KEYS the counter; ARGV ms of the window, how many to count.
var rateScript = redis.NewScript(`
local n = tonumber(redis.call('GET', KEYS[1]) or '0')
if ARGV[2] == '1' then
  n = redis.call('INCR', KEYS[1])
  if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
end
return {n, redis.call('PTTL', KEYS[1])}
`)

// Allow counts one for who in the bucket and returns a *enroll.RetryError once
// there are more than limit in the window, an hour at most. who is an HMAC or
// an opaque id, never an address or a code. Windows run on Redis's own clock.
func (s *Store) Allow(ctx context.Context, bucket, who string, limit int, window time.Duration) error {
	return s.rate(ctx, bucket, who, limit, window, 1)
}

// Allowed does as Allow without counting: whether one more would be too many.
func (s *Store) Allowed(ctx context.Context, bucket, who string, limit int, window time.Duration) error {
	return s.rate(ctx, bucket, who, limit-1, window, 0)
}

func (s *Store) rate(ctx context.Context, bucket, who string, most int, window time.Duration, count int) error {
	reply, err := rateScript.Run(ctx, s.rdb, []string{keyRate(bucket, who)}, min(window, time.Hour).Milliseconds(), count).Int64Slice()
	if err != nil {
		return away(err)
	}
	if reply[0] > int64(most) {
		return &enroll.RetryError{After: time.Duration(max(reply[1], 1000)) * time.Millisecond}
	}
	return nil
}

// forgiveScript takes back what rateScript counted: KEYS the counter. It leaves
// the window as it is, and makes no counter where the window is over.
var forgiveScript = redis.NewScript(`
if tonumber(redis.call('GET', KEYS[1]) or '0') > 0 then redis.call('DECR', KEYS[1]) end
return 0
`)

// Forgive takes back one that Allow counted, where it turned out to be none of
// those that are limited. It never counts below nought.
func (s *Store) Forgive(ctx context.Context, bucket, who string) error {
	return away(forgiveScript.Run(ctx, s.rdb, []string{keyRate(bucket, who)}).Err())
}
