package purge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cultuurdag/enroll/store"
)

// rewriteLog makes Redis's files forget what was deleted.
func (p *Purger) rewriteLog(ctx context.Context, _ work) (Entry, error) {
	var entry Entry
	if err := p.Store.RewriteLog(ctx); errors.Is(err, store.ErrMemoryOnly) {
		entry.Note = store.ErrMemoryOnly.Error()
	} else if err != nil {
		return Entry{}, err
	}
	if p.RedisDir == "" {
		return entry, nil
	}
	removed, err := p.removeSnapshots(ctx)
	entry.Counts = map[string]int{"snapshots": removed}
	return entry, err
}

// removeSnapshots removes from Redis's folder the snapshots and the temp-* files
// that a save or rewrite left behind when it was broken off. What is removed was
// there before a moment at which nothing was being written, so none of it is in
// use. (The base of the append-only file, a snapshot too, lies one folder deeper.)
func (p *Purger) removeSnapshots(ctx context.Context) (int, error) {
	for {
		stale, err := snapshots(p.RedisDir)
		if err != nil || len(stale) == 0 {
			return 0, err
		}
		saving, err := p.Store.Saving(ctx)
		if err != nil {
			return 0, err
		}
		if !saving {
			return removeAll(p.RedisDir, stale)
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("waiting for redis to finish a save: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond): // Redis tells nobody when it has
		}
	}
}

func snapshots(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("redis's folder: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && (strings.HasPrefix(e.Name(), "temp-") || strings.HasSuffix(e.Name(), ".rdb")) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func removeAll(dir string, names []string) (removed int, err error) {
	for _, name := range names {
		switch err := os.Remove(filepath.Join(dir, name)); {
		case err == nil:
			removed++
		case !errors.Is(err, fs.ErrNotExist):
			return removed, fmt.Errorf("removing an old snapshot: %w", err)
		}
	}
	return removed, syncDir(dir)
}
