package purge

import (
	"context"
	"os"
	"slices"
	"testing"

	"cultuurdag/enroll"
)

// A purge log that somebody moved away, as a log rotation does, stops every purge.
// That is told as what it is, and the overdue are told of still, so that somebody
// is warned; put back, the purge goes on.
func TestLogThatIsAwayIsToldOf(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	second := s.Event(t, s.School(t, "Tweede"))
	if _, err := s.Store.UpdateEvent(ctx, second.ID, func(e *enroll.Event) error { e.PurgeEarly = true; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := s.purger.Run(ctx, second.ID); err != nil {
		t.Fatal(err)
	}
	path := s.purger.Log.path
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	s.Clock.Move(s.event.PurgeDue().Add(Late + 1))
	if err := s.purger.Run(ctx, s.event.ID); err == nil {
		t.Fatal("it is purged without a log")
	}
	all, err := s.purger.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	of := func(event string) Status {
		i := slices.IndexFunc(all, func(st Status) bool { return st.Event == event })
		if i < 0 {
			t.Fatalf("event %s is not told of", event)
		}
		return all[i]
	}
	if st := of(s.event.ID); st.State != Overdue || st.Trouble == nil || st.Trouble.Code != troubleLogAway {
		t.Errorf("%+v, trouble %+v", st, st.Trouble)
	}
	if st := of(second.ID); st.State != Done || st.Completed.IsZero() {
		t.Errorf("what was purged before: %+v", st)
	}
	if err := os.Rename(path+".1", path); err != nil {
		t.Fatal(err)
	}
	s.run(t)
	s.gone(t)
}
