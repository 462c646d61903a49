package purge

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/overview"
)

// scene is an event of which the students have chosen, on a real Redis.
type scene struct {
	*enrolltest.World
	event  enroll.Event
	tag    string // in hex
	cookie string // of a student who is signed in
	purger *Purger
	mailed int // certificates
}

const students = 40

func newScene(t testing.TB) *scene {
	t.Helper()
	return newSceneIn(t, enrolltest.New(t))
}

func newSceneIn(t testing.TB, w *enrolltest.World) *scene {
	t.Helper()
	s := &scene{World: w}
	s.event = w.Event(t, w.School(t, "Voorbeeldcollege"))
	w.Programme(t, s.event, 4, 2, 30)
	_, codes := w.Enrol(t, s.event.ID, students)
	keys, err := w.Keystore.Keys(s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.tag = hex.EncodeToString(keys.Tag())
	ctx := context.Background()
	w.Clock.Move(s.event.OpenAt.Add(time.Minute))
	for _, code := range codes {
		if s.cookie, err = w.Store.SignInStudent(ctx, code); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Store.Take(ctx, s.cookie, 1, "w1", 0); err != nil {
			if !errors.Is(err, enroll.ErrFull) {
				t.Fatal(err)
			}
		}
	}
	if err := w.Store.PutFiles(ctx, s.event.ID, 1, 0, map[string][]byte{"rosters.pdf": []byte("names")}); err != nil {
		t.Fatal(err)
	}
	s.purger = s.anotherPurger(t, open(t, filepath.Join(w.Dir, "purge.log"), newKey(t)))
	return s
}

// anotherPurger returns a purger as another process has one: with a store and
// openings of the log of its own.
func (s *scene) anotherPurger(t testing.TB, l *Log) *Purger {
	t.Helper()
	return &Purger{
		Store: store.New(s.Redis, s.Keystore, s.Clock), Log: open(t, l.path, l.key), RedisDir: s.Server.Dir, Clock: s.Clock,
		Logger:      slog.New(slog.NewTextHandler(io.Discard, nil)),
		Inspector:   asynq.NewInspectorFromRedisClient(s.Redis),
		Certificate: func(context.Context, string) error { s.mailed++; return nil },
	}
}

// dayAfter moves both clocks to a second past the deadline.
func (s *scene) dayAfter() { s.Clock.Move(s.event.PurgeDue().Add(time.Second)) }

func (s *scene) run(t testing.TB) {
	t.Helper()
	if err := s.purger.Run(context.Background(), s.event.ID); err != nil {
		t.Fatal(err)
	}
}

// residue returns the files of Redis that hold the event's tag.
func (s *scene) residue(t testing.TB) []string {
	t.Helper()
	found, err := residue(s.Server.Dir, s.tag)
	if err != nil {
		t.Fatal(err)
	}
	return found.holding[s.tag]
}

func (s *scene) entries(t testing.TB) []Entry {
	t.Helper()
	entries, err := s.purger.Log.Event(s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func stepsOf(entries []Entry) []Step {
	var all []Step
	for _, e := range entries {
		all = append(all, e.Step)
	}
	return all
}

// gone holds that nothing is left of the event and that it is marked so.
func (s *scene) gone(t testing.TB) {
	t.Helper()
	ctx := context.Background()
	if in := s.residue(t); len(in) > 0 {
		t.Errorf("residue in %v", in)
	}
	if has, err := s.Keystore.Has(s.event.ID); err != nil || has {
		t.Errorf("key file there: %v, %v", has, err)
	}
	if keys, err := s.Store.PersonalKeys(ctx, s.event.ID); err != nil || len(keys) > 0 {
		t.Errorf("personal keys: %v, %v", keys, err)
	}
	if err := s.Store.Gate(ctx, s.event.ID); !errors.Is(err, enroll.ErrPurged) {
		t.Errorf("the gate answers %v", err)
	}
	if e, err := s.Store.Event(ctx, s.event.ID); err != nil || e.State != enroll.Purged || e.PurgedAt.IsZero() {
		t.Errorf("event: %+v, %v", e, err)
	}
	completed := 0
	for _, e := range s.entries(t) {
		if e.Step == StepCompleted {
			completed++
		}
	}
	if completed != 1 {
		t.Errorf("%d entries say completed", completed)
	}
	l := s.purger.Log
	if err := Verify(bytes.NewReader(contents(t, l.path)), l.Public(), contents(t, CheckpointPath(l.path))); err != nil {
		t.Error(err)
	}
}

func TestPurge(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	client := asynq.NewClientFromRedisClient(s.Redis)
	for _, task := range []struct {
		event string
		wait  time.Duration
	}{{s.event.ID, 0}, {s.event.ID, time.Hour}, {"another", 0}} {
		if _, err := client.EnqueueContext(ctx, asynq.NewTask("event:overviews", []byte(task.event)), asynq.ProcessIn(task.wait), asynq.Queue("steps")); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(s.Server.Dir, "dump.rdb"), []byte("an old snapshot"))
	write(t, filepath.Join(s.Server.Dir, "temp-4711.rdb"), []byte("a save that was broken off"))
	if in := s.residue(t); len(in) == 0 {
		t.Fatal("before the purge the search finds nothing: it cannot fail")
	}
	s.dayAfter()
	s.run(t)
	s.gone(t)

	entries := s.entries(t)
	if !slices.Equal(stepsOf(entries), steps) {
		t.Fatalf("steps: %v", stepsOf(entries))
	}
	started, deleted, rewritten, verified, completed := entries[0], entries[2], entries[3], entries[4], entries[5]
	want := map[string]int{"students": students, "codes": students, "places": 30, "sessions": students, "files": 1}
	if fmt.Sprint(started.Counts) != fmt.Sprint(want) || fmt.Sprint(completed.Counts) != fmt.Sprint(want) {
		t.Errorf("counts: %v, then %v, want %v", started.Counts, completed.Counts, want)
	}
	if started.Tag != s.tag || started.Residue == 0 || started.Early || !started.Due.Equal(s.event.PurgeDue()) || started.Fingerprint == "" {
		t.Errorf("started: %+v", started)
	}
	if deleted.Counts["tasks"] != 2 || deleted.Counts["keys"] == 0 {
		t.Errorf("deleted: %v", deleted.Counts)
	}
	if rewritten.Counts["snapshots"] != 2 || rewritten.Note != "" {
		t.Errorf("rewritten: %+v", rewritten)
	}
	if verified.Files != "searched" || verified.Counts["files"] == 0 || verified.Note != "" {
		t.Errorf("verified: %+v", verified)
	}
	if len(completed.Durations) != 5 || completed.Seconds <= 0 {
		t.Errorf("completed: %+v", completed)
	}
	tasks, err := s.purger.Inspector.ListPendingTasks("steps")
	if err != nil || len(tasks) != 1 || string(tasks[0].Payload) != "another" {
		t.Errorf("tasks left: %v, %v", tasks, err)
	}
	if s.mailed != 1 {
		t.Errorf("%d certificates", s.mailed)
	}
	if _, err := s.Store.Student(ctx, s.cookie); !errors.Is(err, enroll.ErrPurged) {
		t.Errorf("a page that was left open: %v", err)
	}
	if n, err := s.Redis.LLen(ctx, "cd:purgelog").Result(); err != nil || n != 6 {
		t.Errorf("redis's copy of the log has %d entries, %v", n, err)
	}

	t.Run("what is kept", func(t *testing.T) {
		kept, err := s.Store.Kept(ctx, s.event.ID)
		if err != nil || kept.Participants == nil {
			t.Fatalf("%+v, %v", kept, err)
		}
		// Forty students in classes of thirty: the thirty places of one workshop went to
		// two years, and nobody was in the others.
		told := kept.Participants.Workshops
		if len(told) != 4 || told[0].Title != "Workshop 0" || !slices.Equal(told[0].Counts, []enroll.Participation{enroll.Few, enroll.Few}) {
			t.Errorf("told: %+v", told)
		}
		if kept.Students != students || kept.Places != 30 {
			t.Errorf("kept: %+v", kept)
		}
		left, err := s.Redis.Keys(ctx, "cd:{"+s.event.ID+"}:*").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range left { // exact seat counters are personal, and gone
			if !strings.Contains(name, "}:k:") {
				t.Errorf("left: %s", name)
			}
		}
	})
	t.Run("twice", func(t *testing.T) {
		s.run(t)
		s.gone(t)
		if s.mailed != 1 || len(s.entries(t)) != 6 {
			t.Errorf("%d certificates, %d entries", s.mailed, len(s.entries(t)))
		}
	})
	t.Run("nothing to replay", func(t *testing.T) {
		if err := s.purger.Replay(ctx); err != nil || len(s.entries(t)) != 6 {
			t.Errorf("%v, %d entries", err, len(s.entries(t)))
		}
	})
	t.Run("certificate", func(t *testing.T) {
		c, err := s.purger.CertificateData(ctx, s.event.ID, locale.Dutch)
		if err != nil || c.EntryHash != completed.Hash || c.Fingerprint != started.Fingerprint || len(c.Steps) != 6 ||
			c.Counts["students"] != students || c.Counts["tasks"] != 2 || c.School.Name != "Voorbeeldcollege" || c.Checkpoint == "" {
			t.Errorf("%+v, %v", c, err)
		}
		if pdf, err := overview.Certificate(c); err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
			t.Errorf("certificate: %v", err)
		}
	})
	t.Run("no student in the log", func(t *testing.T) {
		log := contents(t, s.purger.Log.path)
		for _, st := range enrolltest.Students(students) {
			if bytes.Contains(log, []byte(st.LastName)) || bytes.Contains(log, []byte(st.Number)) {
				t.Fatal("the log holds a student's name or number")
			}
		}
	})
}

// The check that something is left can fail, each part of it.
func TestNotVerifiedWhereSomethingIsLeft(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	key := contents(t, filepath.Join(s.Keystore.Dir(), s.event.ID+".age"))
	tag, err := hex.DecodeString(s.tag)
	if err != nil {
		t.Fatal(err)
	}
	stray := filepath.Join(s.Server.Dir, "stray")
	write(t, stray, tag) // what no rewrite takes away
	s.dayAfter()
	err = s.purger.Run(ctx, s.event.ID)
	if !errors.Is(err, ErrNotVerified) || !strings.Contains(err.Error(), "stray") {
		t.Fatalf("with its tag in a file: %v", err)
	}
	if got := stepsOf(s.entries(t)); !slices.Equal(got, steps[:4]) || s.mailed != 0 {
		t.Errorf("logged %v, %d certificates", got, s.mailed)
	}
	status, err := s.purger.Status(ctx)
	if err != nil || len(status) != 1 || status[0].State != Running || status[0].Next != StepVerified {
		t.Errorf("status: %+v, %v", status, err)
	}
	s.Clock.Move(s.event.PurgeDue().Add(Late + time.Minute))
	if status, err := s.purger.Status(ctx); err != nil || status[0].State != Overdue {
		t.Errorf("status later: %+v, %v", status, err)
	}
	if err := os.Remove(stray); err != nil {
		t.Fatal(err)
	}
	w := workOf(s.event.ID, s.entries(t))
	for _, test := range []struct {
		name, why string
		leave     func(t *testing.T)
	}{
		{"key file", "its key file", func(t *testing.T) {
			write(t, filepath.Join(s.Keystore.Dir(), s.event.ID+".age"), key)
			if opens, err := s.purger.canaryOpens(w); err != nil || !opens {
				t.Errorf("with its key back the canary opens: %v, %v", opens, err)
			}
		}},
		{"personal key", "1 keys in redis", func(t *testing.T) {
			if err := s.Redis.Set(ctx, "cd:{"+s.event.ID+"}:p:other", "x", 0).Err(); err != nil {
				t.Fatal(err)
			}
		}},
		{"residue", "its tag in redis's files", func(t *testing.T) {
			if err := s.Redis.Set(ctx, "residue", tag, 0).Err(); err != nil {
				t.Fatal(err)
			}
			if err := s.Redis.Del(ctx, "residue").Err(); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.leave(t)
			if _, err := s.purger.check(ctx, w); !errors.Is(err, ErrNotVerified) || !strings.Contains(err.Error(), test.why) {
				t.Errorf("check: %v", err)
			}
			if _, err := s.purger.verify(ctx, w); err != nil { // the steps once more take it away
				t.Errorf("verify: %v", err)
			}
		})
	}
	s.run(t)
	s.gone(t)
}

func TestTwoPurgersAtOnceCompleteOnce(t *testing.T) {
	s := newScene(t)
	s.dayAfter()
	var group sync.WaitGroup
	purgers := []*Purger{s.purger, s.anotherPurger(t, s.purger.Log), s.anotherPurger(t, s.purger.Log)}
	errs := make([]error, len(purgers))
	for i, p := range purgers {
		group.Go(func() { errs[i] = p.Run(context.Background(), s.event.ID) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	s.gone(t)
	if got := stepsOf(s.entries(t)); !slices.Equal(got, steps) || s.mailed != 1 {
		t.Errorf("steps %v, %d certificates", got, s.mailed)
	}
}

var errStopped = errors.New("the program is killed")

// A purge is broken off after each step, once it was done and once it was
// logged, and another process takes it up.
func TestPurgeIsResumedAfterEveryStep(t *testing.T) {
	for _, step := range steps {
		for _, logged := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s logged %v", step, logged), func(t *testing.T) {
				t.Parallel()
				s := newScene(t)
				s.dayAfter()
				s.purger.stop = func(at Step, l bool) error {
					if at == step && l == logged {
						return errStopped
					}
					return nil
				}
				if err := s.purger.Run(context.Background(), s.event.ID); !errors.Is(err, errStopped) {
					t.Fatalf("not broken off: %v", err)
				}
				before := len(s.entries(t))
				s.purger = s.anotherPurger(t, s.purger.Log)
				if logged { // either way does it
					s.run(t)
				} else if err := s.purger.Replay(context.Background()); err != nil {
					t.Fatal(err)
				}
				s.gone(t)
				if got := stepsOf(s.entries(t)); !slices.Equal(got, steps) || s.mailed != 1 {
					t.Errorf("from %d entries: steps %v, %d certificates", before, got, s.mailed)
				}
			})
		}
	}
}

func TestNeverEarly(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	due := s.event.PurgeDue()
	for _, test := range []struct {
		name string
		now  time.Time
		skew time.Duration // of Redis
		want error
	}{
		{"a day before", due.AddDate(0, 0, -1), 0, enroll.ErrState},
		{"a second before", due.Add(-time.Second), 0, enroll.ErrState},
		{"Redis a year ahead", due.AddDate(0, 0, -1), 365 * 24 * time.Hour, enroll.ErrClock},
		{"Redis a minute ahead, over the deadline", due.Add(-30 * time.Second), time.Minute, enroll.ErrClock},
		{"the program a minute ahead, over the deadline", due.Add(30 * time.Second), -time.Minute, enroll.ErrClock},
		{"the program a year ahead", due.AddDate(1, 0, 0), -365 * 24 * time.Hour, enroll.ErrClock},
	} {
		s.Clock.Move(test.now)
		s.Clock.SkewRedis(test.skew)
		if err := s.purger.Run(ctx, s.event.ID); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if err := s.purger.Replay(ctx); err != nil {
			t.Errorf("%s: replay: %v", test.name, err)
		}
		if has, err := s.Keystore.Has(s.event.ID); err != nil || !has || len(s.entries(t)) != 0 {
			t.Fatalf("%s: key there %v, %v, entries %v", test.name, has, err, s.entries(t))
		}
	}
	s.Clock.Move(due.Add(-time.Hour))
	if all, err := s.Store.Students(ctx, s.event.ID); err != nil || len(all) != students {
		t.Errorf("once the clocks agree: %d students, %v", len(all), err)
	}
	if err := s.purger.Run(ctx, "unknown"); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("an event that never was: %v", err)
	}
}

func TestEarlyWhereAskedFor(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	if _, err := s.Store.UpdateEvent(ctx, s.event.ID, func(e *enroll.Event) error { e.PurgeEarly = true; return nil }); err != nil {
		t.Fatal(err)
	}
	s.run(t)
	s.gone(t)
	if e := s.entries(t)[0]; !e.Early {
		t.Errorf("started: %+v", e)
	}
}

// A backup from before the purge is put back: the key file, and Redis with all
// of its keys, while the clocks disagree.
func TestReplayPurgesAgainWhatABackupBroughtBack(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	path := filepath.Join(s.Keystore.Dir(), s.event.ID+".age")
	key := contents(t, path)
	dumps := map[string]string{}
	names, err := s.Redis.Keys(ctx, "cd:{"+s.event.ID+"}:*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if dumps[name], err = s.Redis.Dump(ctx, name).Result(); err != nil {
			t.Fatal(err)
		}
	}
	restore := func() {
		for name, dump := range dumps {
			if err := s.Redis.RestoreReplace(ctx, name, 0, dump).Err(); err != nil {
				t.Fatal(err)
			}
		}
		write(t, path, key)
	}
	s.dayAfter()
	s.run(t)
	s.gone(t)

	for round := 1; round <= 2; round++ {
		restore()
		s.Clock.SkewRedis(-365 * 24 * time.Hour)
		if err := s.purger.Replay(ctx); err != nil {
			t.Fatal(err)
		}
		s.gone(t)
		s.dayAfter()
		entries := s.entries(t)
		last := entries[len(entries)-5:]
		if !slices.Equal(stepsOf(last), steps[:5]) || last[0].Again != round || last[0].Counts["key_files"] != 1 || last[0].Counts["keys"] == 0 {
			t.Fatalf("round %d: %+v", round, last)
		}
	}
	if s.mailed != 1 {
		t.Errorf("%d certificates", s.mailed)
	}

	t.Run("the replay is broken off too", func(t *testing.T) {
		for _, step := range steps[1:5] {
			restore()
			s.purger.stop = func(at Step, logged bool) error {
				if at == step && !logged {
					return errStopped
				}
				return nil
			}
			err := s.purger.Replay(ctx)
			if step == StepKeyDestroyed && err == nil { // personal keys are there still
				t.Error("the replay was broken off before anything was deleted, and allows to serve")
			}
			s.purger.stop = nil
			if err := s.purger.Replay(ctx); err != nil {
				t.Fatal(err)
			}
			s.gone(t)
		}
	})
	t.Run("Redis's files are out of reach", func(t *testing.T) {
		s.purger.RedisDir = ""
		defer func() { s.purger.RedisDir = s.Server.Dir }()
		restore()
		if err := s.purger.Replay(ctx); err != nil {
			t.Fatal(err)
		}
		s.gone(t)
	})
	t.Run("the event alone, as it was before its day", func(t *testing.T) {
		name := "cd:{" + s.event.ID + "}:k:event"
		if err := s.Redis.RestoreReplace(ctx, name, 0, dumps[name]).Err(); err != nil {
			t.Fatal(err)
		}
		s.Clock.Move(s.event.OpenAt.Add(time.Hour))
		if err := s.purger.Replay(ctx); err != nil {
			t.Fatal(err)
		}
		s.gone(t)
		s.dayAfter()
		if s.mailed != 1 {
			t.Errorf("%d certificates", s.mailed)
		}
	})
	t.Run("residue alone", func(t *testing.T) {
		restore()
		if err := s.Keystore.Destroy(s.event.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Store.DeletePersonal(ctx, s.event.ID); err != nil {
			t.Fatal(err)
		}
		if len(s.residue(t)) == 0 {
			t.Fatal("the append-only file forgot by itself")
		}
		if err := s.purger.Replay(ctx); err != nil {
			t.Fatal(err)
		}
		s.gone(t)
	})
	t.Run("an event that Redis does not know any more", func(t *testing.T) {
		restore()
		if err := errors.Join(s.Redis.SRem(ctx, "cd:events", s.event.ID).Err(), s.Redis.Del(ctx, "cd:{"+s.event.ID+"}:k:event").Err()); err != nil {
			t.Fatal(err)
		}
		if err := s.purger.Replay(ctx); err != nil {
			t.Fatal(err)
		}
		if has, err := s.Keystore.Has(s.event.ID); err != nil || has || len(s.residue(t)) > 0 {
			t.Errorf("key there %v, %v, residue %v", has, err, s.residue(t))
		}
	})
}

// A purge that was asked for early is broken off, and a backup puts the event
// back to when it was open: what was begun is brought to its end.
func TestBackupInTheMidstOfAPurgeDoesNotOpenTheEvent(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	name := "cd:{" + s.event.ID + "}:k:event"
	dump, err := s.Redis.Dump(ctx, name).Result()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Store.UpdateEvent(ctx, s.event.ID, func(e *enroll.Event) error { e.PurgeEarly = true; return nil }); err != nil {
		t.Fatal(err)
	}
	s.purger.stop = func(Step, bool) error { return errStopped } // before anything was destroyed or logged
	if err := s.purger.Run(ctx, s.event.ID); !errors.Is(err, errStopped) {
		t.Fatal(err)
	}
	s.purger.stop = func(_ Step, logged bool) error { // once it was logged
		if logged {
			return errStopped
		}
		return nil
	}
	if err := s.purger.Run(ctx, s.event.ID); !errors.Is(err, errStopped) {
		t.Fatal(err)
	}
	if err := s.Redis.RestoreReplace(ctx, name, 0, dump).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.Store.Gate(ctx, s.event.ID); err != nil {
		t.Fatalf("the backup did not open the event: %v", err)
	}
	s.purger.stop = func(step Step, _ bool) error {
		if err := s.Store.Gate(ctx, s.event.ID); !errors.Is(err, enroll.ErrPurged) {
			t.Errorf("at %s the gate answers %v", step, err)
		}
		return nil
	}
	if err := s.purger.Replay(ctx); err != nil {
		t.Fatal(err)
	}
	s.gone(t)
	// And once more, when all was done.
	if err := s.Redis.RestoreReplace(ctx, name, 0, dump).Err(); err != nil {
		t.Fatal(err)
	}
	if err := s.purger.Replay(ctx); err != nil {
		t.Fatal(err)
	}
	s.gone(t)
	if s.mailed != 1 {
		t.Errorf("%d certificates", s.mailed)
	}
}

// A file that Redis is writing now is not taken away from under it.
func TestSnapshotsAreRemovedWhenRedisHasWrittenThem(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	if err := s.Redis.ConfigSet(ctx, "rdb-key-save-delay", "50000").Err(); err != nil { // µs for each key
		t.Fatal(err)
	}
	if err := s.Redis.BgSave(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	for { // until the child has made its file
		if names, err := filepath.Glob(filepath.Join(s.Server.Dir, "temp-*.rdb")); err != nil || len(names) > 0 {
			break
		}
		if saving, err := s.Store.Saving(ctx); err != nil || !saving {
			t.Fatalf("the save was over before its file was seen: %v", err)
		}
	}
	if saving, err := s.Store.Saving(ctx); err != nil || !saving {
		t.Fatalf("saving: %v, %v", saving, err)
	}
	if n, err := s.purger.removeSnapshots(ctx); err != nil || n != 1 {
		t.Errorf("%d snapshots removed, %v", n, err)
	}
	for saving := true; saving; {
		var err error
		if saving, err = s.Store.Saving(ctx); err != nil {
			t.Fatal(err)
		}
	}
	info, err := s.Redis.Info(ctx, "persistence").Result()
	if err != nil || !strings.Contains(info, "rdb_last_bgsave_status:ok") {
		t.Errorf("the save was broken: %s, %v", info, err)
	}
}

// The program was down over the deadline.
func TestReplayPurgesWhatFellDue(t *testing.T) {
	s := newScene(t)
	s.Clock.Move(s.event.PurgeDue().AddDate(0, 0, 7))
	status, err := s.purger.Status(context.Background())
	if err != nil || status[0].State != Overdue || status[0].Next != StepStarted {
		t.Errorf("status: %+v, %v", status, err)
	}
	if err := s.purger.Replay(context.Background()); err != nil {
		t.Fatal(err)
	}
	s.gone(t)
	if status, err := s.purger.Status(context.Background()); err != nil || status[0].State != Done || status[0].Next != "" {
		t.Errorf("status: %+v, %v", status, err)
	}
}

func TestPurgeWithoutWhatItCouldProveWith(t *testing.T) {
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, s *scene)
		note  string
		files string
	}{
		{"key gone", func(t *testing.T, s *scene) {
			if err := s.Keystore.Destroy(s.event.ID); err != nil {
				t.Fatal(err)
			}
		}, noteKeyGone, filesUnreachable},
		{"key damaged", func(t *testing.T, s *scene) {
			write(t, filepath.Join(s.Keystore.Dir(), s.event.ID+".age"), []byte("damaged"))
		}, noteKeyDamaged, filesUnreachable},
		{"files out of reach", func(_ *testing.T, s *scene) { s.purger.RedisDir = "" }, "", filesUnreachable},
		{"a folder that is not Redis's", func(t *testing.T, s *scene) { s.purger.RedisDir = t.TempDir() }, "", filesSearched},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScene(t)
			s.dayAfter()
			test.spoil(t, s)
			s.run(t)
			s.gone(t)
			entries := s.entries(t)
			if entries[0].Note != test.note || entries[4].Files != test.files {
				t.Errorf("started: %+v\nverified: %+v", entries[0], entries[4])
			}
			if test.files == filesSearched && entries[4].Note != noteNeverFound {
				t.Errorf("verified: %+v", entries[4])
			}
		})
	}
	t.Run("keystore away", func(t *testing.T) {
		s := newScene(t)
		s.dayAfter()
		if err := os.Rename(s.Keystore.Dir(), s.Keystore.Dir()+".away"); err != nil {
			t.Fatal(err)
		}
		if err := s.purger.Run(context.Background(), s.event.ID); err == nil || len(s.entries(t)) > 0 {
			t.Fatalf("%v, logged %v", err, stepsOf(s.entries(t)))
		}
		if err := os.Rename(s.Keystore.Dir()+".away", s.Keystore.Dir()); err != nil {
			t.Fatal(err)
		}
		s.run(t)
		s.gone(t)
	})
}

// The embedded store of the demo keeps nothing on disk.
func TestPurgeOfTheEmbeddedStore(t *testing.T) {
	s := newScene(t)
	rdb := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), MaxRetries: -1, DisableIdentity: true})
	defer func() {
		if err := rdb.Close(); err != nil {
			t.Error(err)
		}
	}()
	s.Redis, s.Store = rdb, store.New(rdb, s.Keystore, s.Clock)
	s.Clock.Move(s.event.OpenAt.AddDate(0, 0, -1))
	s.event = s.World.Event(t, s.World.School(t, "Voorbeeldcollege"))
	s.World.Programme(t, s.event, 4, 2, 30)
	s.World.Enrol(t, s.event.ID, students)
	keys, err := s.Keystore.Keys(s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.tag = hex.EncodeToString(keys.Tag())
	s.purger = s.anotherPurger(t, s.purger.Log)
	s.purger.RedisDir = ""
	s.dayAfter()
	s.run(t)
	s.gone(t)
	if e := s.entries(t)[3]; e.Note != "memory only" {
		t.Errorf("rewritten: %+v", e)
	}
}

// A second purger waits for the first no longer than it is told to.
func TestWaitingForAnotherPurgerEndsWithTheContext(t *testing.T) {
	s := newScene(t)
	unlock, err := s.purger.lock(context.Background(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.purger.Run(ctx, s.event.ID); !errors.Is(err, context.Canceled) {
		t.Errorf("locked: %v", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if err := s.purger.Run(ctx, s.event.ID); !errors.Is(err, context.Canceled) || len(s.entries(t)) > 0 {
		t.Errorf("canceled before the first step: %v", err)
	}
}

// Whoever copies the log into Redis at the same time, no entry comes twice.
func TestCopyOfTheLog(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	fill(t, s.purger.Log, 3)
	var group sync.WaitGroup
	for range 8 {
		p := s.anotherPurger(t, s.purger.Log)
		group.Go(func() {
			if err := p.copyLog(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	copied, err := s.Redis.LRange(ctx, "cd:purgelog", 0, -1).Result()
	if err != nil || strings.Join(copied, "\n")+"\n" != string(contents(t, s.purger.Log.path)) {
		t.Errorf("the copy is\n%s\n%v", strings.Join(copied, "\n"), err)
	}
	other := make([]string, len(copied))
	if err := s.Store.CopyPurgeLog(ctx, other); !errors.Is(err, store.ErrPurgeLogCopy) {
		t.Errorf("another log: %v", err)
	}
}
