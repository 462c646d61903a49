package purge

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"cultuurdag/enroll"
)

// AtOnce is how many purges go on side by side: most of their time is waiting for
// Redis to write its log anew, which it does once for all that wait.
const AtOnce = 16

// Replay makes good, before anything is served, what happened while the program
// was down:
//
//   - what the log says was purged and came back with a backup (a key file,
//     personal keys, residue in Redis's files) is purged again, in a new round of
//     the log, whatever the clocks say, as it was decided once;
//   - a purge that was broken off goes on;
//   - an event whose purge fell due meanwhile is purged.
//
// An error says that an event that was once being purged may still be readable:
// serve nothing then. What else goes wrong is logged, and left to the sweep: the
// gate is shut for those events already.
func (p *Purger) Replay(ctx context.Context) error {
	entries, err := p.Log.Entries()
	if err != nil {
		return err
	}
	found, err := p.residueOfAll(entries)
	if err != nil {
		return err
	}
	events, err := p.Store.Events(ctx)
	if err != nil && len(events) == 0 {
		return err
	}
	if err != nil { // one that cannot be read cannot be served either
		p.Logger.ErrorContext(ctx, "purge: left to the sweep", "err", err)
	}
	back, err := p.cameBack(ctx, events)
	if err != nil {
		return err
	}
	var errs []error
	steps := byEvent(entries)
	seen := map[string]bool{}
	for _, e := range entries {
		if e.Step != StepStarted || seen[e.Event] {
			continue
		}
		seen[e.Event] = true
		files := len(found.holding[e.Tag])
		has, err := p.Store.Keystore().Has(e.Event)
		if err == nil && !has && files == 0 && !back[e.Event] && workOf(e.Event, steps[e.Event]).finished() {
			continue
		}
		if err := p.replay(ctx, e.Event, files); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var group sync.WaitGroup // side by side they share the long steps
	places := make(chan struct{}, AtOnce)
	for _, e := range events {
		if step, _, ok := e.Due(p.Clock.Now()); ok && step == enroll.StepPurge && !seen[e.ID] {
			places <- struct{}{}
			group.Go(func() {
				defer func() { <-places }()
				if err := p.Run(ctx, e.ID); err != nil {
					p.Logger.WarnContext(ctx, "purge: left to the sweep", "event", e.ID, "err", err)
				}
			})
		}
	}
	group.Wait()
	return p.copyLog(ctx)
}

// cameBack returns which events have personal keys, or are not marked purged. It
// looks at all of them at once: after some years there are thousands.
func (p *Purger) cameBack(ctx context.Context, events []enroll.Event) (map[string]bool, error) {
	back, err := p.Store.WithPersonalKeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if e.State != enroll.Purged {
			back[e.ID] = true
		}
	}
	return back, nil
}

// residueOfAll searches Redis's files for every event that the log names.
func (p *Purger) residueOfAll(entries []Entry) (searched, error) {
	if p.RedisDir == "" {
		return searched{}, nil
	}
	var tags []string
	for _, e := range entries {
		if e.Tag != "" {
			tags = append(tags, e.Tag)
		}
	}
	return residue(p.RedisDir, tags...)
}

// replay brings the purge of one event to its end again. An error says that the
// event may still be readable.
func (p *Purger) replay(ctx context.Context, event string, files int) error {
	unlock, err := p.lock(ctx, event)
	if err != nil {
		return err
	}
	err = p.again(ctx, event, files)
	if err == nil {
		return unlock()
	}
	if left, look := p.left(ctx, event); look != nil || left.any() {
		return errors.Join(err, look, unlock())
	}
	p.Logger.WarnContext(ctx, "purge: left to the sweep", "event", event, "err", err)
	return unlock()
}

// again opens a new round where the last one is finished and something is left.
func (p *Purger) again(ctx context.Context, event string, files int) error {
	entries, err := p.Log.Event(event)
	if err != nil {
		return err
	}
	w := workOf(event, entries)
	if !w.finished() {
		return p.run(ctx, event)
	}
	left, err := p.left(ctx, event)
	if err != nil {
		return err
	}
	if left.any() || files > 0 {
		if err := p.shutAgain(ctx, event); err != nil {
			return err
		}
		entry := Entry{
			Event: event, Step: StepStarted, Again: w.again + 1, At: p.Clock.Now(), Residue: files,
			Counts: map[string]int{"key_files": left.keyFiles, "keys": left.keys},
			Note:   noteAgain,
		}
		if _, _, err := p.Log.AppendOnce(entry); err != nil {
			return err
		}
	}
	return p.run(ctx, event)
}

// leftovers is what is left of an event where it can be read.
type leftovers struct {
	keyFiles int // 1 where there is any
	keys     int // in Redis
}

func (l leftovers) any() bool { return l.keyFiles > 0 || l.keys > 0 }

func (p *Purger) left(ctx context.Context, event string) (leftovers, error) {
	var l leftovers
	has, err := p.Store.Keystore().Has(event)
	if err != nil {
		return l, err
	}
	if has {
		l.keyFiles = 1
	}
	keys, err := p.Store.PersonalKeys(ctx, event)
	if err != nil {
		return l, fmt.Errorf("looking for personal keys: %w", err)
	}
	l.keys = len(keys)
	return l, nil
}
