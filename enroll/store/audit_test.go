package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/store"
)

// Who looked at what is kept for two years, to the day, by the application's
// clock, and goes without anybody's doing.
func TestAuditIsKeptForTwoYears(t *testing.T) {
	ctx := context.Background()
	w := enrolltest.New(t)
	begin := w.Clock.Now()
	for month := range 30 {
		w.Clock.Move(begin.AddDate(0, month, 0))
		if err := w.Store.Audit(ctx, store.AuditEntry{Action: fmt.Sprintf("month %d", month)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		now  time.Time
		left int
	}{
		{begin.AddDate(2, 0, 0).Add(-time.Minute), 30},
		{begin.AddDate(2, 0, 0).Add(time.Minute), 29},
		{begin.AddDate(3, 0, 0).Add(time.Minute), 17},
		{begin.AddDate(9, 0, 0), 0},
	} {
		w.Clock.Move(test.now)
		if err := w.Store.TrimAudit(ctx); err != nil {
			t.Fatal(err)
		}
		entries, err := w.Store.AuditLog(ctx, "", 100)
		if err != nil || len(entries) != test.left {
			t.Errorf("at %v: %d entries, want %d, %v", test.now, len(entries), test.left, err)
		}
	}
}
