package store

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
)

// gateLua begins every script that touches personal data.
//
//	KEYS[1]  the event's hash
//	ARGV[1]  the application's time, ms since 1970
//	ARGV[2]  µs to add to Redis's own TIME (a moved clock moves both)
//
// gate() answers "" when the data may be touched, else why not:
//
//	not_found  there is no such event
//	purged     its deadline has passed, by either clock or by the mark, or
//	           somebody asked for the purge before its day
//	clock      the two clocks differ by more than two minutes
//
// live() answers whether enrolment is open; ranks() how many workshops a student
// has to rank, 0 in mode first_come.
//
// The mark is the latest time on which both clocks agreed. It only moves
// forward, so an event that was once past its deadline never opens again.
// It is written once a minute at most: a write costs an fsync. A Redis whose
// memory is full takes no mark, and still answers. One whose disk is full does
// not: with appendfsync always it ends at the first write that fails.
const gateLua = `
local ev = redis.call('HMGET', KEYS[1], 'deadline', 'mark', 'state', 'open', 'close', 'version', 'programme', 'revision', 'early', 'ranks')
local now = tonumber(ARGV[1])
local function gate()
  if not ev[1] then return 'not_found' end
  local deadline, mark = tonumber(ev[1]), tonumber(ev[2])
  if ev[3] == 'purged' or ev[3] == 'purging' or ev[9] == '1' or mark >= deadline then return 'purged' end
  local t = redis.call('TIME')
  local theirs = tonumber(t[1]) * 1000 + (tonumber(t[2]) + tonumber(ARGV[2])) / 1000
  if math.abs(now - theirs) > 120000 then return 'clock' end
  local agreed = math.min(now, theirs)
  if agreed - mark >= 60000 or (agreed >= deadline and agreed > mark) then
    redis.pcall('HSET', KEYS[1], 'mark', string.format('%.0f', math.floor(agreed)))
  end
  if now >= deadline or theirs >= deadline then return 'purged' end
  return ''
end
local function ranks() return tonumber(ev[10] or '0') end
local function live()
  if ev[3] ~= 'draft' and ev[3] ~= 'open' then return false end
  return now >= tonumber(ev[4]) and now < tonumber(ev[5])
end
`

// gated returns a script that begins with the gate.
func gated(body string) *redis.Script { return redis.NewScript(gateLua + body) }

// gateScript asks the gate alone.
var gateScript = gated(`return {gate()}`)

// Gate returns nil where the event's personal data may be touched now, else
// enroll.ErrNotFound, ErrPurged or ErrClock. One round trip.
func (s *Store) Gate(ctx context.Context, event string) error {
	_, err := s.run(ctx, gateScript, []string{keysOf(event).event})
	return err
}

// verdicts are the answers of scripts that are errors of the domain.
var verdicts = map[string]error{
	"not_found":   enroll.ErrNotFound,
	"purged":      enroll.ErrPurged,
	"clock":       enroll.ErrClock,
	"signed_out":  enroll.ErrSignedOut,
	"wrong_code":  enroll.ErrWrongCode,
	"closed":      enroll.ErrClosed,
	"wrong_mode":  enroll.ErrMode,
	"no_session":  enroll.ErrNoSession,
	"not_allowed": enroll.ErrNotAllowed,
	"repeat":      enroll.ErrRepeat,
	"full":        enroll.ErrFull,
	"too_few":     enroll.ErrTooFew,
	"too_many":    enroll.ErrTooMany,
	"stale":       enroll.ErrStale,
	"conflict":    enroll.ErrConflict,
	"wrong_state": enroll.ErrState,
	"busy":        enroll.ErrBusy,
}

// run runs a gated script; the time arguments are put before args. The reply's
// first element is the verdict: "" or the error that run returns, beside the
// rest of the reply.
func (s *Store) run(ctx context.Context, script *redis.Script, keys []string, args ...any) ([]any, error) {
	all := make([]any, 0, len(args)+2)
	all = append(all, s.clock.Now().UnixMilli(), s.clock.RedisOffset().Microseconds())
	reply, err := script.Run(ctx, s.rdb, keys, append(all, args...)...).Slice()
	if err != nil {
		return nil, away(err)
	}
	verdict, ok := reply[0].(string)
	if !ok {
		return nil, fmt.Errorf("a script answered %T for a verdict", reply[0])
	}
	if verdict == "" {
		return reply[1:], nil
	}
	if known, ok := verdicts[verdict]; ok {
		return reply[1:], known
	}
	return nil, fmt.Errorf("a script answered %q", verdict)
}

// MaxClockSkew is how far the clocks of program and Redis may differ.
const MaxClockSkew = 2 * time.Minute

// CheckClock returns an error that says how far the clocks of program and Redis
// differ, where that is more than MaxClockSkew.
func (s *Store) CheckClock(ctx context.Context) error {
	theirs, err := s.rdb.Time(ctx).Result()
	if err != nil {
		return away(err)
	}
	skew := s.clock.Now().Sub(theirs.Add(s.clock.RedisOffset())).Round(time.Second)
	if skew.Abs() > MaxClockSkew {
		return fmt.Errorf("%w: this machine's is %v ahead of Redis's; both need NTP", enroll.ErrClock, skew)
	}
	return nil
}
