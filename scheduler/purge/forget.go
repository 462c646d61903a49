package purge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// removeSnapshots removes from Redis's folder the snapshots, and what a save or
// rewrite left behind when it was broken off: temp-* files, and old parts of the
// append-only file. What is removed was there before a moment at which nothing was
// being written, and is no part of the append-only file after it, so none of it
// is in use.
func (p *Purger) removeSnapshots(ctx context.Context) (int, error) {
	for {
		stale, err := p.stale()
		if err != nil || len(stale) == 0 {
			return 0, err
		}
		saving, err := p.Store.Saving(ctx)
		if err != nil {
			return 0, err
		}
		if !saving {
			still, err := p.stale() // without what Redis listed since
			if err != nil {
				return 0, err
			}
			return removeAll(p.RedisDir, slices.DeleteFunc(stale, func(name string) bool { return !slices.Contains(still, name) }))
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("waiting for redis to finish a save: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond): // Redis tells nobody when it has
		}
	}
}

// stale returns the files, relative to Redis's folder, that Redis needs no more
// where it writes no snapshot and no log now.
func (p *Purger) stale() ([]string, error) {
	old, err := snapshots(p.RedisDir)
	if err != nil {
		return nil, err
	}
	more, err := unlisted(p.RedisDir)
	return append(old, more...), err
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
	touched := map[string]bool{dir: true}
	for _, name := range names {
		path := filepath.Join(dir, name)
		touched[filepath.Dir(path)] = true
		switch err := os.Remove(path); {
		case err == nil:
			removed++
		case !errors.Is(err, fs.ErrNotExist):
			return removed, fmt.Errorf("removing an old file of redis: %w", err)
		}
	}
	for dir := range touched {
		err = errors.Join(err, syncDir(dir))
	}
	return removed, err
}
