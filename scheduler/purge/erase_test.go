package purge

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cultuurdag/enroll"
)

// inFiles reports whether any of Redis's files holds the bytes.
func (s *scene) inFiles(t *testing.T, what []byte) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(s.Server.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		found = found || bytes.Contains(data, what)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// A student is erased before the purge: that is logged once, Redis's files forget
// within the hour, one rewrite for all, and the purge afterwards is as any.
func TestErasedStudentsAreLoggedAndForgotten(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	key := "cd:{" + s.event.ID + "}:p:students"
	records, err := s.Redis.HGetAll(ctx, key).Result()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for id := range records {
		ids = append(ids, id)
	}
	erase := func(id string) {
		t.Helper()
		if err := s.Store.EraseStudent(ctx, s.event.ID, id); err != nil {
			t.Fatal(err)
		}
		for range 2 { // twice is once
			if err := s.purger.LogErased(ctx, s.event.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	rewrite := func() {
		t.Helper()
		events, err := s.Store.Events(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.purger.RewriteErased(ctx, events); err != nil {
			t.Fatal(err)
		}
	}
	logged := func() (steps []Step, n int) {
		for _, e := range s.entries(t) {
			steps, n = append(steps, e.Step), e.Counts["students"]
		}
		return steps, n
	}
	rewrite() // with nothing to do
	if steps, _ := logged(); len(steps) > 0 {
		t.Fatalf("nobody was erased: %v", steps)
	}
	erase(ids[0])
	if !s.inFiles(t, []byte(records[ids[0]])) {
		t.Fatal("the append-only file forgot by itself: this tests nothing")
	}
	rewrite()
	if s.inFiles(t, []byte(records[ids[0]])) {
		t.Error("the record is in Redis's files still")
	}
	erase(ids[1])
	erase(ids[2])
	s.Clock.Move(s.Clock.Now().Add(rewriteEvery - time.Minute))
	rewrite()
	if steps, _ := logged(); !slices.Equal(steps, []Step{StepStudentErased, StepErasureRewritten, StepStudentErased, StepStudentErased}) {
		t.Errorf("within the hour: %v", steps)
	}
	s.Clock.Move(s.Clock.Now().Add(2 * time.Minute))
	rewrite()
	rewrite()
	if steps, n := logged(); len(steps) != 5 || steps[4] != StepErasureRewritten || n != 3 {
		t.Errorf("after it: %v, %d students", steps, n)
	}
	if s.inFiles(t, []byte(records[ids[1]])) || s.inFiles(t, []byte(records[ids[2]])) {
		t.Error("records are in Redis's files still")
	}

	// The last one falls to the purge, which logs it first.
	if err := s.Store.EraseStudent(ctx, s.event.ID, ids[3]); err != nil {
		t.Fatal(err)
	}
	s.dayAfter()
	s.run(t)
	s.gone(t)
	entries := s.entries(t)
	if entries[5].Step != StepStudentErased || !slices.Equal(stepsOf(entries[6:]), steps) || entries[6].Counts["students"] != students-4 {
		t.Errorf("the purge: %v", stepsOf(entries))
	}
	if status, err := s.purger.Status(ctx); err != nil || status[0].State != Done {
		t.Errorf("status: %+v, %v", status, err)
	}
	if e, err := s.Store.Event(ctx, s.event.ID); err != nil || e.State != enroll.Purged || e.Erased != 4 {
		t.Errorf("%+v, %v", e, err)
	}
}
