package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cultuurdag/enroll"
	"cultuurdag/scheduler/purge"
)

// What an installation keeps, each in a folder that is backed up or not.
const (
	partRedis    = "redis"
	partKeystore = "keystore"
	partLog      = "log"
)

func (r *rig) folder(part string) string {
	if part == partRedis {
		return r.redis.Dir
	}
	return r.path(part)
}

// backUp copies all parts while nothing runs, and starts everything again.
func (r *rig) backUp() (dir string) {
	r.Helper()
	r.kill()
	r.redis.Kill()
	dir = r.TempDir()
	for _, part := range []string{partRedis, partKeystore, partLog} {
		r.must(copyFolder(r.folder(part), filepath.Join(dir, part)))
	}
	r.redis.Start(r.TB)
	r.connect()
	r.start()
	r.ready()
	return dir
}

// putBack stops everything, puts those parts of a backup in the place of what is
// there, and starts Redis.
func (r *rig) putBack(dir string, parts ...string) {
	r.Helper()
	r.kill()
	r.redis.Kill()
	for _, part := range parts {
		r.must(emptyFolder(r.folder(part)))
		r.must(copyFolder(filepath.Join(dir, part), r.folder(part)))
	}
	r.redis.Start(r.TB)
	r.connect()
}

// copyFolder copies the files, of which none may be read by others.
func copyFolder(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(to, name), 0o700))
		}
		if !d.Type().IsRegular() { // a socket
			return nil
		}
		data, err := os.ReadFile(path)
		return errors.Join(err, os.WriteFile(filepath.Join(to, name), data, 0o600))
	})
}

func emptyFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// hammer asks for a student's page, and signs in with a code, over and over
// again from now on; the function that comes back ends it and returns how many
// answers of which status there were. Where nothing listens there is none.
func (r *rig) hammer(c culture) (stop func() map[string]int) {
	w := &witness{answers: map[string]int{}}
	client := &http.Client{Transport: &http.Transport{}}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			status, _, err := r.get(client, c.cookie)
			w.saw("page", status, err, true)
			response, err := client.Post("http://"+r.base+"/student/sign-in", "application/json", strings.NewReader(`{"code":"`+c.code+`"}`))
			if err == nil {
				status, err = response.StatusCode, response.Body.Close()
			}
			w.saw("sign-in", status, err, true)
			select {
			case <-end:
				return
			default:
			}
		}
	}()
	return func() map[string]int {
		close(end)
		<-ended
		return w.answers
	}
}

// An event is purged before its day, and then a backup from before the purge is
// put back, in which it is open. Not one request gets anything of it, not even
// the first: the log is replayed before anything is served.
func TestBackupFromBeforeThePurgeIsNotServed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	other := r.event("Niet aan de beurt", 8)
	c := r.event("Cultuurdag", 20)
	r.start()
	r.ready()
	backup := r.backUp()
	if status, _, err := r.get(http.DefaultClient, c.cookie); err != nil || status != http.StatusOK {
		t.Fatalf("before the purge: %d, %v", status, err)
	}
	r.purgeEarly(c)
	r.purged(patience, c)
	school := r.checkpoint()

	for round, parts := range [][]string{{partRedis, partKeystore}, {partRedis}} {
		name := strings.Join(parts, " and ")
		r.putBack(backup, parts...)
		if len(r.personal(c.ID)) == 0 {
			t.Fatalf("%s: the backup brought nothing back", name)
		}
		if e, err := r.store.Event(t.Context(), c.ID); err != nil || e.State == enroll.Purged || e.PurgeEarly {
			t.Fatalf("%s: the backup has the event as %+v, %v", name, e, err)
		}
		stop := r.hammer(c)
		r.start()
		r.ready()
		if _, _, err := r.get(http.DefaultClient, c.cookie); err != nil { // so has the hammer, by now
			t.Error(err)
		}
		for answer, n := range stop() {
			switch answer {
			case "page 410", "sign-in 410", "sign-in 429", "page none", "sign-in none":
			default:
				t.Errorf("%s: %d times %s", name, n, answer)
			}
		}
		r.purged(patience, c)
		var again []purge.Step
		for _, e := range r.entries(c.ID) {
			if e.Again == round+1 {
				again = append(again, e.Step)
			}
		}
		if !slices.Equal(again, allSteps[:5]) {
			t.Errorf("%s: it was purged again in the steps %v", name, again)
		}
		r.chain(school)
	}
	if status, _, err := r.get(http.DefaultClient, other.cookie); err != nil || status != http.StatusOK {
		t.Errorf("an event that is not due: %d, %v", status, err)
	}

	// With the log put back as well nothing on this machine knows of the purge: the
	// event is what it was in the backup, until its day. The checkpoint that the
	// school received shows what happened.
	r.putBack(backup, partRedis, partKeystore, partLog)
	r.start()
	r.ready()
	if status, _, err := r.get(http.DefaultClient, c.cookie); err != nil || status != http.StatusOK {
		t.Errorf("with the log put back too: %d, %v", status, err)
	}
	r.chain()
	err := purge.VerifyFile(r.logPath(), r.key.Public(), school)
	if !errors.Is(err, purge.ErrTampered) {
		t.Errorf("a log that was put back agrees with the school's checkpoint: %v", err)
	}
	r.makeDue(c)
	r.kill()
	r.start()
	r.purged(patience, c)
}

// Redis comes back empty in the midst of a purge: what was begun is brought to
// its end, and no key stays.
func TestRedisComesBackEmpty(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	begun, waiting := r.event("Cultuurdag", 8), r.event("Niet aan de beurt", 8)
	r.makeDue(begun)
	r.start()
	r.begins([]culture{begun})
	if !r.holdAt(purge.StepCiphertextDeleted, begun) {
		t.Fatal("the purge was over before it could be held up")
	}
	r.kill()
	r.redis.Kill()
	r.release()
	r.must(emptyFolder(r.redis.Dir))
	r.redis.Start(t)
	r.connect()
	r.start()
	r.ready()
	r.complete(begun)
	r.chain()
	if has, err := r.keystore.Has(begun.ID); err != nil || has {
		t.Errorf("the key is there: %v, %v", has, err)
	}
	if has, err := r.keystore.Has(waiting.ID); err != nil || !has {
		t.Errorf("the key of an event that is not due: %v, %v", has, err)
	}
}

// Two programs on the same folders, and the command line beside them, purge many
// events at once: every step of each is logged once.
func TestTwoProgramsPurgeEachEventOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var events []culture
	for i := range 8 {
		events = append(events, r.event(fmt.Sprintf("Cultuurdag %d", i), 8))
	}
	r.chain()
	for _, c := range events {
		r.makeDue(c)
	}
	second := r.command(r.environment(freeAddr(t), freeAddr(t)), "serve")
	r.start()
	r.must(second.Start())
	t.Cleanup(func() {
		if err := second.Process.Kill(); err == nil {
			_, _ = second.Process.Wait()
		}
	})
	var by []func() error
	for _, c := range slices.Backward(events) {
		var out bytes.Buffer
		run := r.command(r.env, "purge", "run", "--event", c.ID)
		run.Stdout = &out
		r.must(run.Start())
		by = append(by, func() error {
			if err := run.Wait(); err != nil || !strings.Contains(out.String(), "is purged") {
				return fmt.Errorf("purge run: %w, %s", err, &out)
			}
			return nil
		})
	}
	for _, wait := range by {
		r.must(wait())
	}
	for _, c := range events {
		r.purged(patience, c)
	}
	r.chain()
}
