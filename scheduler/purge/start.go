package purge

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"cultuurdag/crypto"
)

// The canary is a constant that was sealed with the event's keys like a
// student's record. That it does not open after the purge shows what became of
// the records.
const (
	canaryKind = "canary"
	canaryID   = "canary"
	canaryText = "this opened until the key was destroyed"
)

// start shuts the event for good and notes what it held: the first step.
func (p *Purger) start(ctx context.Context, w work) (Entry, error) {
	e, err := p.Store.Event(ctx, w.event)
	if err != nil {
		return Entry{}, err
	}
	if err := p.Store.Shut(ctx, w.event, e.PurgeEarly); err != nil {
		return Entry{}, err
	}
	if err := p.logErased(ctx, w.event); err != nil {
		return Entry{}, err
	}
	counts, err := p.Store.Count(ctx, w.event)
	if err != nil {
		return Entry{}, err
	}
	entry := Entry{
		Due: e.PurgeDue(), Early: p.Clock.Now().Before(e.PurgeDue()),
		Counts: counts.Kinds(),
	}
	keys, err := p.Store.Keystore().Keys(w.event)
	if err != nil {
		return p.startWithoutKey(w, entry, err)
	}
	entry.Fingerprint, entry.Tag = keys.Fingerprint(), hex.EncodeToString(keys.Tag())
	if entry.Canary, err = sealCanary(keys); err != nil {
		return Entry{}, err
	}
	if p.RedisDir != "" {
		found, err := p.residueOf(ctx, entry.Tag)
		if err != nil {
			return Entry{}, err
		}
		entry.Residue = len(found.holding[entry.Tag])
	}
	return entry, nil
}

// startWithoutKey lets a purge go on where the event's key is gone or damaged:
// there is less to prove with then, but nothing is kept for that.
func (p *Purger) startWithoutKey(w work, entry Entry, cause error) (Entry, error) {
	left, err := p.Store.Keystore().Has(w.event)
	switch {
	case err != nil: // a keystore that is away: nothing could be destroyed
		return Entry{}, errors.Join(cause, err)
	case left:
		entry.Note = noteKeyDamaged
	case errors.Is(cause, crypto.ErrKeyGone):
		entry.Note = noteKeyGone
	default:
		return Entry{}, cause
	}
	return entry, nil
}

// sealCanary seals the canary, opens it once, and returns it in base64 without
// the tag at its head: the log would be residue itself.
func sealCanary(keys *crypto.EventKeys) (string, error) {
	sealed := keys.SealRecord(canaryKind, canaryID, 1, []byte(canaryText))
	if text, _, err := keys.OpenRecord(canaryKind, canaryID, sealed); err != nil || string(text) != canaryText {
		return "", fmt.Errorf("a canary that was just sealed does not open: %w", errors.Join(err, ErrNotVerified))
	}
	return base64.StdEncoding.EncodeToString(sealed[len(keys.Tag()):]), nil
}

// canaryOpens reports whether the event's canary can be opened: by the keystore,
// if it still has a key for the event.
func (p *Purger) canaryOpens(w work) (bool, error) {
	keys, err := p.Store.Keystore().Keys(w.event)
	if errors.Is(err, crypto.ErrKeyGone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	tag, err := hex.DecodeString(w.first.Tag)
	if err != nil {
		return false, fmt.Errorf("tag in the purge log: %w", err)
	}
	rest, err := base64.StdEncoding.DecodeString(w.first.Canary)
	if err != nil {
		return false, fmt.Errorf("canary in the purge log: %w", err)
	}
	_, _, err = keys.OpenRecord(canaryKind, canaryID, append(tag, rest...))
	return err == nil, nil
}
