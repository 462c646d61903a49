package purge

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"cultuurdag/scheduler/purge/purgetest"
)

// Old parts of the append-only file that its manifest does not name go, and
// nothing that is in use: Redis starts from it again with all that it holds.
func TestUnlistedPartsOfTheLogGo(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	scanner, err := purgetest.New(s.Keystore.Dir(), s.MasterFile, t.TempDir(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	aof := filepath.Join(s.Server.Dir, "appendonlydir")
	now := contents(t, parts(t, s.Server.Dir, ".incr.aof")[0])
	old := []string{
		"appendonlydir/appendonly.aof.1.incr.aof", "appendonlydir/appendonly.aof.0.base.rdb", "appendonlydir/appendonly.aof.0.base.aof",
		"appendonlydir/temp-appendonly.aof.incr", "temp-rewriteaof-bg-4711.aof", "temp-4711.rdb", "dump.rdb",
	}
	// The first rewrites take other names, and then there is an old one for each of ours.
	for range 2 {
		if err := s.Store.RewriteLog(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range old {
		write(t, filepath.Join(s.Server.Dir, name), now)
	}
	write(t, filepath.Join(aof, "appendonly.aof.9.incr.aof"), []byte("the number of a rewrite to come"))
	write(t, filepath.Join(aof, "appendonly.aof.1.incr.aof.note"), []byte("somebody's own"))
	search := func() purgetest.Findings {
		t.Helper()
		found, err := scanner.Search(ctx, purgetest.Places{Redis: s.Redis, RedisDir: s.Server.Dir})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	before := search()
	for _, place := range []string{purgetest.PlacePersonal, purgetest.PlaceLog, purgetest.PlaceUnlisted, purgetest.PlaceTemp, purgetest.PlaceSnapshot} {
		if !before.Has(purgetest.KindTag, place) || !before.Has(purgetest.KindAge, place) {
			t.Errorf("before the purge nothing of the event is found in %s: the search cannot fail", place)
		}
	}
	s.dayAfter()
	s.run(t)
	s.gone(t)
	if found := search(); len(found) > 0 {
		t.Errorf("left:\n%v", found)
	}
	for _, name := range old {
		if _, err := os.Stat(filepath.Join(s.Server.Dir, name)); err == nil {
			t.Errorf("%s is there still", name)
		}
	}
	for _, name := range []string{"appendonly.aof.9.incr.aof", "appendonly.aof.1.incr.aof.note"} {
		if _, err := os.Stat(filepath.Join(aof, name)); err != nil {
			t.Error(err)
		}
	}
	if n := s.entries(t)[3].Counts["snapshots"]; n != len(old) {
		t.Errorf("%d files removed, want %d", n, len(old))
	}
	s.Server.Kill()
	s.Server.Start(t)
	s.Redis = s.Server.Client(t)
	if n, err := s.Redis.LLen(ctx, "cd:purgelog").Result(); err != nil || n != 6 {
		t.Errorf("Redis begins again with %d entries of the purge log, %v", n, err)
	}
}

// parts returns the files of the append-only file with that ending.
func parts(t *testing.T, dir, ending string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "appendonlydir", "*"+ending))
	if err != nil || len(names) == 0 {
		t.Fatalf("%v, %v", names, err)
	}
	return names
}

// Redis rewrites its log without a pause while old files are removed: none that
// is in use goes.
func TestNothingInUseIsRemoved(t *testing.T) {
	ctx := context.Background()
	s := newScene(t)
	var rewriting sync.WaitGroup
	rewriting.Go(func() {
		for range 25 {
			if err := s.Store.RewriteLog(ctx); err != nil {
				t.Error(err)
			}
		}
	})
	done := make(chan struct{})
	go func() { rewriting.Wait(); close(done) }()
	removed := 0
	for busy := true; busy; {
		select {
		case <-done:
			busy = false
		default:
		}
		n, err := s.purger.removeSnapshots(ctx)
		if err != nil {
			t.Fatal(err)
		}
		removed += n
	}
	if err := s.Redis.Set(ctx, "the last", "word", 0).Err(); err != nil {
		t.Fatal(err)
	}
	manifest := string(contents(t, parts(t, s.Server.Dir, ".manifest")[0]))
	for line := range strings.Lines(manifest) {
		if _, err := os.Stat(filepath.Join(s.Server.Dir, "appendonlydir", strings.Fields(line)[1])); err != nil {
			t.Errorf("after %d removed: %v", removed, err)
		}
	}
	s.Server.Kill()
	s.Server.Start(t)
	s.Redis = s.Server.Client(t)
	if word, err := s.Redis.Get(ctx, "the last").Result(); err != nil || word != "word" {
		t.Errorf("%q, %v", word, err)
	}
	if all, err := s.Redis.HLen(ctx, "cd:{"+s.event.ID+"}:p:students").Result(); err != nil || all != students {
		t.Errorf("%d students, %v", all, err)
	}
}

// Files that are none of Redis's are not told of, whatever the manifest says.
func TestWhatIsUnlisted(t *testing.T) {
	const two = "file appendonly.aof.4.base.rdb seq 4 type b\nfile appendonly.aof.7.incr.aof seq 7 type i\n"
	all := []string{
		"appendonly.aof.4.base.rdb", "appendonly.aof.7.incr.aof", "appendonly.aof.6.incr.aof", "appendonly.aof.3.base.rdb",
		"appendonly.aof.7.base.rdb", "appendonly.aof.8.incr.aof", "appendonly.aof.incr.aof", "other.aof.1.incr.aof", "temp-x", "notes",
		"temp-appendonly.aof.manifest", // the next rewrite begins with writing it
	}
	for name, c := range map[string]struct {
		manifest string
		want     []string
	}{
		"as it is":       {two, []string{"appendonly.aof.3.base.rdb", "appendonly.aof.6.incr.aof", "appendonly.aof.7.base.rdb", "temp-x"}},
		"not understood": {"file \"a name\" seq 1 type b\n", nil},
		"without number": {"file x seq y type b\n", nil},
		"empty":          {"", []string{"temp-x"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			sub := filepath.Join(dir, "appendonlydir")
			if err := os.Mkdir(sub, 0o700); err != nil {
				t.Fatal(err)
			}
			for _, file := range all {
				write(t, filepath.Join(sub, file), nil)
			}
			write(t, filepath.Join(sub, "appendonly.aof.manifest"), []byte(c.manifest))
			var want []string
			for _, w := range c.want {
				want = append(want, "appendonlydir/"+w)
			}
			got, err := unlisted(dir)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%v, %v, want %v", got, err, want)
			}
		})
	}
}
