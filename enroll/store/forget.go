package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
)

// What the purge needs of Redis. The order of the steps is that of
// scheduler/purge, which calls these.

// shutScript closes the event for good: KEYS event; ARGV now, offset, early (1: before its day).
// It never passes the gate: the event that is past its deadline is just the one.
// A clock that disagrees, or a deadline that has not come, stops it.
var shutScript = gated(`
if not ev[1] then return {'not_found'} end
if ev[3] == 'purging' or ev[3] == 'purged' then return {''} end
local shut = gate()
if shut == 'clock' then return {shut} end
if shut == '' and ARGV[3] ~= '1' then return {'wrong_state'} end
local mark = tonumber(redis.call('HGET', KEYS[1], 'mark'))
if shut == 'purged' and ARGV[3] ~= '1' and mark < tonumber(ev[1]) then return {'clock'} end
redis.pcall('HSET', KEYS[1], 'state', 'purging') -- the key goes even where a full Redis takes no write
return {''}
`)

// Shut closes the event's personal data for good, as the first step of its
// purge: it needs both clocks to say that the deadline has passed, or early.
// ErrClock while they disagree, ErrState before the deadline. Said twice it
// changes nothing.
func (s *Store) Shut(ctx context.Context, event string, early bool) error {
	_, err := s.run(ctx, shutScript, []string{keysOf(event).event}, flag(early))
	return err
}

// shutAgainScript: KEYS event.
var shutAgainScript = redis.NewScript(`
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return 'not_found' end
if state ~= 'purged' then redis.call('HSET', KEYS[1], 'state', 'purging') end
return ''
`)

// ShutAgain closes an event that the purge log says was shut: a backup from
// before its purge may have been put back. No clock is asked, as it was decided
// once. ErrNotFound where there is no such event.
func (s *Store) ShutAgain(ctx context.Context, event string) error {
	verdict, err := shutAgainScript.Run(ctx, s.rdb, []string{keysOf(event).event}).Text()
	if err != nil {
		return away(err)
	}
	return verdicts[verdict]
}

// DeletePersonal deletes the event's personal keys: the registry of keys.go,
// and whatever else SCAN finds under the personal prefix, on every node. It
// returns how many keys went.
func (s *Store) DeletePersonal(ctx context.Context, event string) (int, error) {
	k := keysOf(event)
	found, err := s.PersonalKeys(ctx, event)
	if err != nil {
		return 0, err
	}
	n, err := s.rdb.Unlink(ctx, append(k.personal(), found...)...).Result()
	return int(n), away(err)
}

// PersonalKeys returns the names of the event's personal keys that are there,
// on every node.
func (s *Store) PersonalKeys(ctx context.Context, event string) ([]string, error) {
	return s.personalKeys(ctx, personalPrefix(event)+"*")
}

// WithPersonalKeys returns the ids of the events that have personal keys.
func (s *Store) WithPersonalKeys(ctx context.Context) (map[string]bool, error) {
	names, err := s.personalKeys(ctx, personalPrefix("*")+"*")
	events := map[string]bool{}
	for _, name := range names {
		id, _, _ := strings.Cut(strings.TrimPrefix(name, "cd:{"), "}")
		events[id] = true
	}
	return events, err
}

// personalKeys returns the names that fit the glob, which takes braces as they
// are; an id has none of *, ? and [.
func (s *Store) personalKeys(ctx context.Context, glob string) ([]string, error) {
	var found []string
	scan := func(ctx context.Context, node redis.UniversalClient) error {
		it := node.Scan(ctx, 0, glob, 1000).Iterator()
		for it.Next(ctx) {
			found = append(found, it.Val())
		}
		return it.Err()
	}
	return found, away(s.eachNode(ctx, scan))
}

// eachNode calls do for every master, one after the other.
func (s *Store) eachNode(ctx context.Context, do func(context.Context, redis.UniversalClient) error) error {
	cluster, ok := s.rdb.(*redis.ClusterClient)
	if !ok {
		return do(ctx, s.rdb)
	}
	lock := make(chan struct{}, 1) // ForEachMaster calls concurrently
	return cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		lock <- struct{}{}
		defer func() { <-lock }()
		return do(ctx, node)
	})
}

// purgedScript: KEYS event; ARGV now, offset, JSON.
var purgedScript = gated(`
if ev[3] == 'purged' then return {''} end
if ev[3] ~= 'purging' then return {'wrong_state'} end
redis.call('HSET', KEYS[1], 'state', 'purged', 'json', ARGV[3])
redis.call('HINCRBY', KEYS[1], 'version', 1)
return {''}
`)

// MarkPurged notes that the purge is complete.
func (s *Store) MarkPurged(ctx context.Context, event string) error {
	e, err := s.Event(ctx, event)
	if err != nil {
		return err
	}
	if e.State == enroll.Purged {
		return nil
	}
	e.PurgedAt = s.clock.Now()
	e.Version++
	data, err := marshalEvent(e)
	if err != nil {
		return err
	}
	_, err = s.run(ctx, purgedScript, []string{keysOf(event).event}, data)
	return err
}

// ErrMemoryOnly says that this Redis keeps no log on disk: the embedded store,
// or one with appendonly off.
var ErrMemoryOnly = errors.New("memory only")

// rewriteTime is how long a rewrite may take.
const rewriteTime = 10 * time.Minute

// RewriteLog makes every node write its append-only file anew from what it
// holds now, so that deleted data are in no file any more, and waits until that
// is done. Whoever calls before a rewrite begins shares it. ErrMemoryOnly where
// there is no such file.
func (s *Store) RewriteLog(ctx context.Context) error {
	_, err := s.rewrites.Do(ctx, struct{}{}, func(ctx context.Context, _ []struct{}) (struct{}, error) {
		ctx, cancel := context.WithTimeout(ctx, rewriteTime)
		defer cancel()
		return struct{}{}, s.rewriteLog(ctx)
	})
	return err
}

func (s *Store) rewriteLog(ctx context.Context) error {
	err := s.eachNode(ctx, func(ctx context.Context, node redis.UniversalClient) error {
		info, err := persistence(ctx, node)
		if err != nil {
			return err
		}
		if info["aof_enabled"] != "1" {
			return ErrMemoryOnly
		}
		before, err := runID(ctx, node)
		if err != nil {
			return err
		}
		if err := startRewrite(ctx, node); err != nil {
			return err
		}
		if err := waitForRewrite(ctx, node); err != nil {
			return err
		}
		info, err = persistence(ctx, node)
		if err != nil {
			return err
		}
		if status := info["aof_last_bgrewrite_status"]; status != "ok" {
			return fmt.Errorf("the rewrite ended with %q", status)
		}
		// A server that was restarted meanwhile knows nothing of our rewrite, and says ok.
		after, err := runID(ctx, node)
		if err == nil && after != before {
			return errors.New("redis was restarted during the rewrite")
		}
		return err
	})
	if errors.Is(err, ErrMemoryOnly) {
		return ErrMemoryOnly
	}
	return away(err)
}

// startRewrite starts a rewrite that begins after this call. One that was
// running began before the deletion, perhaps: it is waited for, and so is one
// that somebody else starts at the same moment.
func startRewrite(ctx context.Context, node redis.UniversalClient) error {
	for {
		if err := waitForRewrite(ctx, node); err != nil {
			return err
		}
		err := node.BgRewriteAOF(ctx).Err()
		if err == nil {
			return nil
		}
		if !strings.Contains(err.Error(), "already in progress") {
			return fmt.Errorf("starting the rewrite: %w", err)
		}
	}
}

// runID returns what names this run of the server; a restart changes it.
func runID(ctx context.Context, node redis.UniversalClient) (string, error) {
	info, err := section(ctx, node, "server")
	return info["run_id"], err
}

// waitForRewrite returns when no rewrite runs and none is due.
func waitForRewrite(ctx context.Context, node redis.UniversalClient) error {
	for {
		info, err := persistence(ctx, node)
		if err != nil {
			return err
		}
		if info["aof_rewrite_in_progress"] == "0" && info["aof_rewrite_scheduled"] == "0" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the rewrite: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Saving reports whether any node is writing a snapshot or its log now; then
// its temp-* files are in use.
func (s *Store) Saving(ctx context.Context) (bool, error) {
	saving := false
	err := s.eachNode(ctx, func(ctx context.Context, node redis.UniversalClient) error {
		info, err := persistence(ctx, node)
		saving = saving || info["rdb_bgsave_in_progress"] == "1" || info["aof_rewrite_in_progress"] == "1" || info["aof_rewrite_scheduled"] == "1"
		return err
	})
	return saving, away(err)
}

// persistence reads INFO persistence. Older or embedded servers that have no
// such section say that nothing is on disk.
func persistence(ctx context.Context, node redis.UniversalClient) (map[string]string, error) {
	info, err := section(ctx, node, "persistence")
	// A server that answers, but knows no such section, is the embedded one.
	var refused redis.Error
	if errors.As(err, &refused) && strings.Contains(err.Error(), "section") {
		return map[string]string{"aof_rewrite_in_progress": "0", "aof_rewrite_scheduled": "0"}, nil
	}
	return info, err
}

// section reads one section of INFO.
func section(ctx context.Context, node redis.UniversalClient, name string) (map[string]string, error) {
	text, err := node.Info(ctx, name).Result()
	if err != nil {
		return nil, err
	}
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info, nil
}

// ErrPurgeLogCopy says that Redis's copy of the purge log is no beginning of the file.
var ErrPurgeLogCopy = errors.New("redis's copy of the purge log has other entries than the file")

// copyScript appends to the copy KEYS[1] the ARGV[2…], where it has ARGV[1]
// entries still, and answers how many it has then.
var copyScript = redis.NewScript(`
if redis.call('LLEN', KEYS[1]) == tonumber(ARGV[1]) then
  for i = 2, #ARGV do redis.call('RPUSH', KEYS[1], ARGV[i]) end
end
return redis.call('LLEN', KEYS[1])
`)

// CopyPurgeLog puts lines of the purge log, by sequence number from 1, into
// Redis's copy of it. The file is the truth; the copy is what a reader without
// the file can be shown. ErrPurgeLogCopy where the copy has other entries.
// Processes may copy at the same time: no entry comes twice.
func (s *Store) CopyPurgeLog(ctx context.Context, lines []string) error {
	have, err := s.rdb.LLen(ctx, keyPurgeLog).Result()
	if err != nil {
		return away(err)
	}
	// The copy may be longer: another process has logged and copied since the lines were read.
	if both := min(have, int64(len(lines))); both > 0 {
		last, err := s.rdb.LIndex(ctx, keyPurgeLog, both-1).Result()
		if err != nil {
			return away(err)
		}
		if last != lines[both-1] {
			return ErrPurgeLogCopy
		}
	}
	for have < int64(len(lines)) {
		args := []any{have}
		for _, line := range lines[have:min(have+500, int64(len(lines)))] {
			args = append(args, line)
		}
		if have, err = copyScript.Run(ctx, s.rdb, []string{keyPurgeLog}, args...).Int64(); err != nil {
			return away(err)
		}
	}
	return nil
}
