package store

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// auditYears is how long it is kept who looked at what.
const auditYears = 2

// AuditEntry says who looked at, changed or downloaded what. It names no
// student.
type AuditEntry struct {
	At      time.Time `json:"at"`
	Account string    `json:"account"` // id
	Who     string    `json:"who"`     // e-mail of the member of staff
	Action  string    `json:"action"`  // students.read, list.upload, overview.download …
	Event   string    `json:"event,omitempty"`
	Detail  string    `json:"detail,omitempty"` // a name of a list or a count
}

// Audit adds an entry; its time is now.
func (s *Store) Audit(ctx context.Context, e AuditEntry) error {
	now := s.clock.Now()
	return away(s.rdb.XAdd(ctx, &redis.XAddArgs{
		Stream: keyAudit,
		Values: []any{"at", now.Format(time.RFC3339), "account", e.Account, "who", e.Who,
			"action", e.Action, "event", e.Event, "detail", e.Detail},
	}).Err())
}

// TrimAudit deletes the entries that are older than two years by the application's
// clock, whether or not anything is written any more. One round trip where there
// is nothing to delete.
func (s *Store) TrimAudit(ctx context.Context) error {
	before := s.clock.Now().AddDate(-auditYears, 0, 0)
	for count := int64(1); ; count = 500 {
		oldest, err := s.rdb.XRangeN(ctx, keyAudit, "-", "+", count).Result()
		if err != nil {
			return away(err)
		}
		var old []string
		for _, m := range oldest {
			// An entry whose time cannot be read is of nobody's: it goes too.
			if at, err := time.Parse(time.RFC3339, fmt.Sprint(m.Values["at"])); err == nil && !at.Before(before) {
				break
			}
			old = append(old, m.ID)
		}
		if len(old) == 0 {
			return nil
		}
		if err := s.rdb.XDel(ctx, keyAudit, old...).Err(); err != nil {
			return away(err)
		}
	}
}

// AuditLog returns the newest entries, at most limit of them, of that event, or
// of all where event is empty.
func (s *Store) AuditLog(ctx context.Context, event string, limit int) ([]AuditEntry, error) {
	entries := []AuditEntry{}
	next := "+"
	for len(entries) < limit {
		page, err := s.rdb.XRevRangeN(ctx, keyAudit, next, "-", 500).Result()
		if err != nil {
			return nil, away(err)
		}
		for _, m := range page {
			next = "(" + m.ID
			text := func(name string) string {
				if v, ok := m.Values[name]; ok {
					return fmt.Sprint(v)
				}
				return ""
			}
			if event != "" && text("event") != event {
				continue
			}
			at, err := time.Parse(time.RFC3339, text("at"))
			if err != nil {
				return nil, fmt.Errorf("time of an audit entry: %w", err)
			}
			if len(entries) < limit {
				entries = append(entries, AuditEntry{at, text("account"), text("who"), text("action"), text("event"), text("detail")})
			}
		}
		if len(page) < 500 {
			break
		}
	}
	return entries, nil
}
