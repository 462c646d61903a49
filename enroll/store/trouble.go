package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
)

// Trouble is what keeps a purge from going on. It names nobody.
type Trouble struct {
	Code  string    `json:"code"`  // a class of errors; the messages purge.trouble.CODE say what it is and what to do
	Since time.Time `json:"since"` // when it was seen first
	At    time.Time `json:"at"`    // and last
}

// troubleScript: KEYS trouble; ARGV code, ms. What has the same code goes on
// since its beginning.
var troubleScript = redis.NewScript(`
if redis.call('HGET', KEYS[1], 'code') ~= ARGV[1] then redis.call('HSET', KEYS[1], 'code', ARGV[1], 'since', ARGV[2]) end
redis.call('HSET', KEYS[1], 'at', ARGV[2])
return 0
`)

// NoteTrouble notes that the event's purge failed just now.
func (s *Store) NoteTrouble(ctx context.Context, event, code string) error {
	return away(troubleScript.Run(ctx, s.rdb, []string{keysOf(event).trouble}, code, s.clock.Now().UnixMilli()).Err())
}

// ClearTrouble notes that the event's purge is complete.
func (s *Store) ClearTrouble(ctx context.Context, event string) error {
	return away(s.rdb.Del(ctx, keysOf(event).trouble).Err())
}

// Trouble returns what keeps the event's purge from going on, or ErrNotFound.
func (s *Store) Trouble(ctx context.Context, event string) (t Trouble, err error) {
	fields, err := s.rdb.HGetAll(ctx, keysOf(event).trouble).Result()
	if err != nil {
		return t, away(err)
	}
	if fields["code"] == "" {
		return t, enroll.ErrNotFound
	}
	since, errSince := strconv.ParseInt(fields["since"], 10, 64)
	at, errAt := strconv.ParseInt(fields["at"], 10, 64)
	if err := errors.Join(errSince, errAt); err != nil {
		return t, err
	}
	return Trouble{fields["code"], time.UnixMilli(since).In(enroll.Amsterdam), time.UnixMilli(at).In(enroll.Amsterdam)}, nil
}

// alarmScript: KEYS trouble; ARGV day; answers 1 to the first who asks on a day.
var alarmScript = redis.NewScript(`
if redis.call('HGET', KEYS[1], 'mailed') == ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'mailed', ARGV[1])
return 1
`)

// ClaimAlarm reports whether the caller is the first today to tell the organisers
// that the event's purge is overdue.
func (s *Store) ClaimAlarm(ctx context.Context, event string, day enroll.Date) (bool, error) {
	n, err := alarmScript.Run(ctx, s.rdb, []string{keysOf(event).trouble}, day.String()).Int()
	return n == 1, away(err)
}

// DropAlarm gives a claim back: nobody could be told.
func (s *Store) DropAlarm(ctx context.Context, event string) error {
	return away(s.rdb.HDel(ctx, keysOf(event).trouble, "mailed").Err())
}
