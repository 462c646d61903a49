package purge

import (
	"context"
	"errors"
	"fmt"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
)

// complete sums the purge up.
func (p *Purger) complete(_ context.Context, w work) (Entry, error) {
	entry := Entry{Counts: w.first.Counts, Fingerprint: w.first.Fingerprint, Durations: map[Step]float64{}}
	for step, e := range w.done {
		entry.Durations[step] = e.Seconds
	}
	for _, step := range steps { // in one order, so that the sum is one
		entry.Seconds += entry.Durations[step]
	}
	entry.Seconds = float64(int64(entry.Seconds*1000+0.5)) / 1000
	return entry, nil
}

// conclude does what follows the last entry of a round: have the certificate
// sent, mark the event purged, and copy the log into Redis. A purge that
// was marked is left alone.
func (p *Purger) conclude(ctx context.Context, w work) error {
	e, err := p.Store.Event(ctx, w.event)
	if errors.Is(err, enroll.ErrNotFound) || err == nil && e.State == enroll.Purged {
		return nil // marked; or Redis was put back to before there was such an event
	}
	if err != nil {
		return err
	}
	if err := p.shutAgain(ctx, w.event); err != nil {
		return err
	}
	if w.again == 0 && e.State == enroll.Purging && p.Certificate != nil {
		if err := p.Certificate(ctx, w.event); err != nil {
			return fmt.Errorf("certificate of event %s: %w", w.event, err)
		}
	}
	if err := p.copyLog(ctx); err != nil {
		return err
	}
	if err := p.Store.MarkPurged(ctx, w.event); err != nil {
		return fmt.Errorf("marking event %s purged: %w", w.event, err)
	}
	return p.clearTrouble(ctx, w.event)
}

// copyLog brings Redis's copy of the log up to date. A copy that contradicts the
// file is for a person to look at; the file is the truth, so nothing waits for it.
func (p *Purger) copyLog(ctx context.Context) error {
	entries, err := p.Log.Entries()
	if err != nil {
		return err
	}
	lines := make([]string, len(entries))
	for i, e := range entries {
		if lines[i], err = e.Line(); err != nil {
			return err
		}
	}
	err = p.Store.CopyPurgeLog(ctx, lines)
	if errors.Is(err, store.ErrPurgeLogCopy) {
		p.Logger.ErrorContext(ctx, "purge", "err", err)
		return nil
	}
	return err
}
