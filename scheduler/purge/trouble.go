package purge

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"syscall"

	"github.com/redis/go-redis/v9"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
)

// The classes of what keeps a purge from going on. The messages
// purge.trouble.CLASS and purge.trouble.CLASS.next say what it is and what
// somebody has to do.
const (
	troubleClock    = "clock"    // the clocks of program and Redis differ
	troubleStore    = "store"    // Redis does not answer
	troubleRefused  = "refused"  // Redis answers, and refuses: full, or not allowed
	troubleRewrite  = "rewrite"  // Redis cannot write its log anew
	troubleDisk     = "disk"     // a disk is full
	troubleKeystore = "keystore" // the folder of the keys cannot be read or written
	troubleFiles    = "files"    // Redis's folder cannot be read or written
	troubleLog      = "log"      // the purge log is not as it was written
	troubleLogAway  = "log_away" // the purge log cannot be read or written
	troubleLeft     = "left"     // everything was done, and something is left
	troubleSlow     = "slow"     // it took too long
	troubleOther    = "other"
)

// Troubles are all of them, for the test that each is told in both languages.
var Troubles = []string{
	troubleClock, troubleStore, troubleRefused, troubleRewrite, troubleDisk, troubleKeystore,
	troubleFiles, troubleLog, troubleLogAway, troubleLeft, troubleSlow, troubleOther,
}

// troubleOf returns the class of the error with which the step failed.
func troubleOf(step Step, err error) string {
	refused, isRefused := errors.AsType[redis.Error](err)
	isRefused = isRefused && !errors.Is(refused, redis.Nil)
	_, isNet := errors.AsType[net.Error](err)
	_, isPath := errors.AsType[*fs.PathError](err)
	_, isLog := errors.AsType[logError](err)
	switch {
	case errors.Is(err, enroll.ErrClock):
		return troubleClock
	case errors.Is(err, ErrTampered), errors.Is(err, crypto.ErrNote):
		return troubleLog
	case errors.Is(err, ErrNotVerified):
		return troubleLeft
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return troubleDisk
	case isLog:
		return troubleLogAway
	case isRefused:
		if step == StepLogRewritten {
			return troubleRewrite
		}
		return troubleRefused
	case errors.Is(err, context.DeadlineExceeded) && (step == StepLogRewritten || !errors.Is(err, enroll.ErrStore)):
		return troubleSlow
	case errors.Is(err, enroll.ErrStore):
		if step == StepLogRewritten && !isNet {
			return troubleRewrite
		}
		return troubleStore
	case isPath && (step == StepLogRewritten || step == StepVerified):
		return troubleFiles
	case step == StepKeyDestroyed, step == StepStarted && isPath:
		return troubleKeystore
	}
	return troubleOther
}

// noteTrouble keeps why the purge failed, in Redis for all processes, and in this
// one for where Redis takes no write.
func (p *Purger) noteTrouble(ctx context.Context, event string, cause error) {
	if errors.Is(cause, enroll.ErrState) || errors.Is(cause, enroll.ErrNotFound) || errors.Is(cause, context.Canceled) {
		return // not due, or not at all; or told to stop
	}
	entries, err := p.Log.Event(event)
	step := workOf(event, entries).next()
	if err != nil {
		cause = errors.Join(cause, err)
	}
	now := p.Clock.Now()
	t := store.Trouble{Code: troubleOf(step, cause), Since: now, At: now}
	if before, ok := p.troubles.Load(event); ok && before.(store.Trouble).Code == t.Code {
		t.Since = before.(store.Trouble).Since
	}
	p.troubles.Store(event, t)
	if err := p.Store.NoteTrouble(context.WithoutCancel(ctx), event, t.Code); err != nil {
		p.Logger.WarnContext(ctx, "purge: its trouble was not noted", "event", event, "err", err)
	}
}

// clearTrouble forgets why the purge failed, as it is complete.
func (p *Purger) clearTrouble(ctx context.Context, event string) error {
	p.troubles.Delete(event)
	return p.Store.ClearTrouble(ctx, event)
}

// trouble returns why the event's purge failed last; nil where it did not.
func (p *Purger) trouble(ctx context.Context, event string) (*store.Trouble, error) {
	t, err := p.Store.Trouble(ctx, event)
	mine, ok := p.troubles.Load(event)
	switch {
	case errors.Is(err, enroll.ErrNotFound) && !ok:
		return nil, nil
	case errors.Is(err, enroll.ErrNotFound):
		t = mine.(store.Trouble)
	case err != nil:
		return nil, err
	case ok && mine.(store.Trouble).At.After(t.At) && mine.(store.Trouble).Code != t.Code:
		t = mine.(store.Trouble)
	}
	return &t, nil
}
