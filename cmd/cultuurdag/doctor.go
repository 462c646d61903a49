package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/purge"
)

// DoctorCommand checks what the promises of the program rest on.
type DoctorCommand struct {
	Config `embed:"" prefix:"set-"`
}

// diskNeeded is how many bytes have to be free: rewriting Redis's log needs
// room for a second one.
const diskNeeded = 256 << 20

// Run prints "ok" for each part that is right and a sentence for each thing
// that is wrong, and fails where there is any. A note is about what works, and
// proves less than it could.
func (c *DoctorCommand) Run(ctx context.Context, io *streams) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	wrong := 0
	report := func(part string, problems ...error) {
		bad := false
		for _, p := range problems {
			if p != nil {
				fmt.Fprintf(io.out, "%-10s wrong: %v\n", part, p)
				bad = true
				wrong++
			}
		}
		if !bad {
			fmt.Fprintf(io.out, "%-10s ok\n", part)
		}
	}
	err := c.Check()
	report("settings", err)
	if err == nil {
		err = c.withStore(io, func(p parts, s *store.Store) error {
			report("redis", append(checkRedis(ctx, s), checkRewrite(ctx, s)...)...)
			report("clock", s.CheckClock(ctx))
			report("keys", checkKeys(ctx, p, s)...)
			report("log", c.checkLog())
			if p.mailer != nil {
				report("mail", p.mailer.Check(ctx))
			}
			return nil
		})
		if err != nil {
			report("keys", err)
		}
		here := machine{"/"}
		report("backups", here.checkKeystore(c.Keystore, c.RedisDir)...)
		report("memory", append(here.checkSwap(), checkCores())...)
		if note := here.noteCores(); note != "" {
			fmt.Fprintf(io.out, "%-10s note: %s\n", "memory", note)
		}
		report("disk", checkDisk(c.Keystore), checkDisk(filepath.Dir(c.PurgeLog)), optional(c.RedisDir, checkDisk))
	}
	if c.RedisDir == "" {
		fmt.Fprintf(io.out, "%-10s note: CULTUURDAG_REDIS_DIR is not set, so the purge cannot look for residue in Redis's files\n", "redis dir")
	}
	if wrong > 0 {
		return fmt.Errorf("%d things are wrong", wrong)
	}
	return nil
}

// checkRedis holds the settings of Redis against deploy/redis.conf.
func checkRedis(ctx context.Context, s *store.Store) []error {
	if err := s.Ping(ctx); err != nil {
		return []error{errors.New("Redis does not answer at CULTUURDAG_REDIS_URL")}
	}
	var problems []error
	for _, want := range []struct{ name, value, why string }{
		{"appendonly", "yes", "what is confirmed to a student has to survive a crash"},
		{"appendfsync", "always", "what is confirmed to a student has to survive a crash"},
		{"no-appendfsync-on-rewrite", "no", "what is confirmed to a student has to survive a crash"},
		{"save", "", "a snapshot would keep what the purge deletes"},
		{"maxmemory-policy", "noeviction", "a full memory must refuse, never lose"},
		{"rdbcompression", "no", "compression hides what the purge searches for"},
	} {
		values, err := s.Client().ConfigGet(ctx, want.name).Result()
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("CONFIG GET %s is refused: give the user +config|get", want.name))
		case values[want.name] != want.value:
			problems = append(problems, fmt.Errorf("%s is %q instead of %q: %s", want.name, values[want.name], want.value, want.why))
		}
	}
	return problems
}

// checkRewrite reports what would keep the purge from having Redis write its log
// anew. It has nothing written: a command that is queued and dropped is checked
// for permission all the same.
func checkRewrite(ctx context.Context, s *store.Store) []error {
	var problems []error
	info, err := s.Client().Info(ctx, "persistence").Result()
	if err != nil {
		return []error{errors.New("INFO is refused: give the user +info")}
	}
	if strings.Contains(info, "aof_last_bgrewrite_status:err") {
		problems = append(problems, errors.New("the last rewrite of its log failed: see its own log; the purge needs one"))
	}
	client, ok := s.Client().(*redis.Client)
	if !ok {
		return problems // of a cluster every node would have to be asked
	}
	conn := client.Conn()
	defer conn.Close()
	if err := conn.Do(ctx, "MULTI").Err(); err != nil {
		return append(problems, errors.New("MULTI is refused: give the user +@transaction"))
	}
	if err := conn.Do(ctx, "BGREWRITEAOF").Err(); err != nil {
		problems = append(problems, errors.New("BGREWRITEAOF is refused: give the user +bgrewriteaof"))
	}
	if err := conn.Do(ctx, "DISCARD").Err(); err != nil {
		problems = append(problems, errors.New("DISCARD is refused: give the user +@transaction"))
	}
	return problems
}

// checkCores forbids core dumps, as serve does, and reports where that does not
// take.
func checkCores() error {
	err := forbidCoreDumps()
	if err != nil {
		return fmt.Errorf("core dumps cannot be forbidden: %w", err)
	}
	if dumps, err := coreDumps(); err != nil || dumps {
		return errors.New("a crash would write names and keys to a core dump: set LimitCORE=0")
	}
	return nil
}

// checkLog looks at the purge log without beginning one.
func (c *DoctorCommand) checkLog() error {
	key, err := crypto.LoadLogKey(c.PurgeLogKey)
	if err != nil {
		return fmt.Errorf("CULTUURDAG_PURGE_LOG_KEY: %w", err)
	}
	return purge.Check(c.PurgeLog, key)
}

// checkKeys reports events whose data are there and whose key is not, and keys of
// events that Redis does not know: nothing purges those.
func checkKeys(ctx context.Context, p parts, s *store.Store) []error {
	unknown, err := p.keystore.Events() // first: a new event has its key before it is known
	if err != nil {
		return []error{err}
	}
	events, err := s.Events(ctx)
	if err != nil {
		return []error{err}
	}
	var problems []error
	unknown = slices.DeleteFunc(unknown, func(id string) bool {
		return slices.ContainsFunc(events, func(e enroll.Event) bool { return e.ID == id })
	})
	if len(unknown) > 0 {
		problems = append(problems, fmt.Errorf("the keystore has keys of events that Redis does not know, and that will never be purged: %s; "+
			"put Redis's data back, or remove these files (EVENT.age) where the data are gone for good", strings.Join(unknown, ", ")))
	}
	for _, e := range events {
		if e.State == enroll.Purged || e.State == enroll.Purging {
			continue
		}
		if _, err := p.keystore.Keys(e.ID); err != nil {
			problems = append(problems, fmt.Errorf("event %s: %w", e.ID, err))
		}
	}
	return problems
}

func checkDisk(folder string) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil {
		return cannotRead(folder, os.NewSyscallError("statfs", err))
	}
	if free := int64(fs.Bavail) * fs.Bsize; free < diskNeeded {
		return fmt.Errorf("%s has %d MB free, and %d are needed to rewrite Redis's log", folder, free>>20, diskNeeded>>20)
	}
	return nil
}
