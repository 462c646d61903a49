package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
)

// The certificate of a purge goes by mail to the school's contacts and the
// organisers. That it has to is noted with the event before the event is marked
// purged, and stays noted until every address has it or is given up: the sweep
// tries again and again, whatever was restarted meanwhile.

// Letter is how the certificate to one account stands.
type Letter struct {
	State LetterState
	Code  int       // of the mail server's answer; 0 where there was none
	At    time.Time // since when
}

// LetterState says whether a certificate has gone.
type LetterState string

// The states of a certificate to one account.
const (
	LetterWaits  LetterState = "waits" // it was tried, and will be again
	LetterSent   LetterState = "sent"  // never sent again
	LetterFailed LetterState = "failed"
)

// QueueLetters notes that the event's certificate has to go out. Said twice it
// changes nothing.
func (s *Store) QueueLetters(ctx context.Context, event string) error {
	return away(s.rdb.HSetNX(ctx, keysOf(event).event, "letters", "0:0").Err())
}

// lettersFrom reads "attempts:ms"; nil where nothing has to go out.
func lettersFrom(field string) *enroll.Letters {
	attempts, until, ok := strings.Cut(field, ":")
	n, errN := strconv.Atoi(attempts)
	ms, errMS := strconv.ParseInt(until, 10, 64)
	if !ok || errN != nil || errMS != nil { // written by this file alone
		return nil
	}
	return &enroll.Letters{Attempts: n, NotUntil: time.UnixMilli(ms)}
}

// putOffScript: KEYS event; ARGV attempts and time.
var putOffScript = redis.NewScript(`
if redis.call('HEXISTS', KEYS[1], 'letters') == 1 then redis.call('HSET', KEYS[1], 'letters', ARGV[1]) end
return 0
`)

// PutOffLetters ends an attempt that left somebody without.
func (s *Store) PutOffLetters(ctx context.Context, event string, l enroll.Letters) error {
	return away(putOffScript.Run(ctx, s.rdb, []string{keysOf(event).event}, fmt.Sprintf("%d:%d", l.Attempts, l.NotUntil.UnixMilli())).Err())
}

// FinishLetters notes that nothing has to go out any more.
func (s *Store) FinishLetters(ctx context.Context, event string) error {
	return away(s.rdb.HDel(ctx, keysOf(event).event, "letters").Err())
}

// Letters returns how the event's certificate stands, by account id, of those to
// whom it was tried.
func (s *Store) Letters(ctx context.Context, event string) (map[string]Letter, error) {
	fields, err := s.rdb.HGetAll(ctx, keysOf(event).letters).Result()
	if err != nil {
		return nil, away(err)
	}
	letters := map[string]Letter{}
	for account, field := range fields {
		parts := strings.Split(field, ":")
		if len(parts) != 3 {
			continue // written by SettleLetter alone
		}
		code, errCode := strconv.Atoi(parts[1])
		ms, errMS := strconv.ParseInt(parts[2], 10, 64)
		if errCode != nil || errMS != nil {
			continue
		}
		letters[account] = Letter{LetterState(parts[0]), code, time.UnixMilli(ms).In(enroll.Amsterdam)}
	}
	return letters, nil
}

// SettleLetter notes how the certificate to one account stands now.
func (s *Store) SettleLetter(ctx context.Context, event, account string, state LetterState, code int) error {
	return away(s.rdb.HSet(ctx, keysOf(event).letters, account,
		fmt.Sprintf("%s:%d:%d", state, code, s.clock.Now().UnixMilli())).Err())
}
