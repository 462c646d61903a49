package purge

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// verify looks for all that should be gone. Where something is left (Redis wrote
// its log anew too early, a backup was put back while the purge ran) the steps
// before are taken once more, and then it looks again: ErrNotVerified when it is
// left still.
func (p *Purger) verify(ctx context.Context, w work) (Entry, error) {
	entry, err := p.check(ctx, w)
	if !errors.Is(err, ErrNotVerified) {
		return entry, err
	}
	p.Logger.WarnContext(ctx, "purge: the steps are taken once more", "event", w.event, "why", err)
	for _, do := range []func(context.Context, work) (Entry, error){p.destroyKey, p.deleteCiphertext, p.rewriteLog} {
		if _, err := do(ctx, w); err != nil {
			return Entry{}, err
		}
	}
	return p.check(ctx, w)
}

// check looks for the event's key file, its personal keys in Redis, a key that
// opens the canary, and its tag in Redis's files.
func (p *Purger) check(ctx context.Context, w work) (Entry, error) {
	left, err := p.Store.Keystore().Has(w.event)
	if err != nil {
		return Entry{}, err
	}
	if left {
		return Entry{}, fmt.Errorf("%w: its key file", ErrNotVerified)
	}
	keys, err := p.Store.PersonalKeys(ctx, w.event)
	if err != nil {
		return Entry{}, err
	}
	if len(keys) > 0 {
		return Entry{}, fmt.Errorf("%w: %d keys in redis", ErrNotVerified, len(keys))
	}
	opens, err := p.canaryOpens(w)
	if err != nil {
		return Entry{}, err
	}
	if opens {
		return Entry{}, fmt.Errorf("%w: a key that opens its canary", ErrNotVerified)
	}
	return p.searchFiles(ctx, w)
}

// searchFiles looks for the event's tag in Redis's files.
func (p *Purger) searchFiles(ctx context.Context, w work) (Entry, error) {
	if p.RedisDir == "" || w.first.Tag == "" {
		return Entry{Files: filesUnreachable}, nil
	}
	found, err := p.residueOf(ctx, w.first.Tag)
	if err != nil {
		return Entry{}, err
	}
	if in := found.holding[w.first.Tag]; len(in) > 0 {
		return Entry{}, fmt.Errorf("%w: its tag in redis's files %s", ErrNotVerified, strings.Join(in, ", "))
	}
	entry := Entry{Files: filesSearched, Counts: map[string]int{"files": found.files}}
	if w.first.Residue == 0 && w.first.Counts["students"] > 0 {
		entry.Note = noteNeverFound
	}
	return entry, nil
}
