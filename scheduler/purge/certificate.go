package purge

import (
	"context"
	"fmt"
	"maps"

	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/overview"
)

// The notes that the procedure puts in the log.
const (
	noteKeyGone    = "the key was gone already: no canary, and no tag to search for"
	noteKeyDamaged = "the key could not be opened: no canary, and no tag to search for"
	noteNeverFound = "nothing was found in these files before the purge either"
	noteAgain      = "something came back, as from a backup"

	filesSearched    = "searched"
	filesUnreachable = "unreachable"
)

// noteKeys are the messages that say notes of the log in the words of a certificate.
var noteKeys = map[string]string{
	store.ErrMemoryOnly.Error(): "purge.note.memory_only",
	filesUnreachable:            "purge.note.unreachable",
	noteKeyGone:                 "purge.note.key_gone",
	noteKeyDamaged:              "purge.note.key_damaged",
	noteNeverFound:              "purge.note.never_found",
}

// CertificateData returns what the event's certificate tells, in the language l,
// as far as the log and the store know it: the caller adds Provider, Program and
// PublicURL. overview.ErrNotCompleted before the purge is complete.
func (p *Purger) CertificateData(ctx context.Context, event string, l *locale.Locale) (overview.CertificateData, error) {
	c := overview.CertificateData{Counts: map[string]int{}, Locale: l}
	entries, err := p.Log.Event(event)
	if err != nil {
		return c, err
	}
	for _, e := range entries {
		if !e.Step.OfPurge() || e.Again > 0 {
			continue
		}
		switch e.Step {
		case StepStarted:
			c.Early, c.Fingerprint = e.Early, e.Fingerprint
			maps.Copy(c.Counts, e.Counts)
		case StepCiphertextDeleted, StepLogRewritten:
			maps.Copy(c.Counts, e.Counts)
		case StepVerified:
			if e.Files == filesSearched {
				c.Searched = e.Counts["files"]
			}
		case StepCompleted:
			c.EntryHash = e.Hash
		}
		c.Steps = append(c.Steps, overview.CertificateStep{Step: string(e.Step), At: e.At, Note: noteOf(e, l)})
	}
	if c.EntryHash == "" {
		return c, fmt.Errorf("certificate of event %s: %w", event, overview.ErrNotCompleted)
	}
	if c.Event, err = p.Store.Event(ctx, event); err != nil {
		return c, err
	}
	if c.School, err = p.Store.School(ctx, c.Event.School); err != nil {
		return c, err
	}
	signed, err := p.Log.Checkpoint()
	c.Checkpoint = string(signed)
	return c, err
}

// noteOf returns what a certificate says beside a step; "" for nothing.
func noteOf(e Entry, l *locale.Locale) string {
	for _, note := range []string{e.Note, e.Files} {
		if key, ok := noteKeys[note]; ok {
			return l.T(key)
		}
	}
	return ""
}
