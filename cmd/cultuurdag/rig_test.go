package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/purge"
)

// rig is an installation that tests break: `cultuurdag serve` and a Redis with
// the shipped settings, each a process of its own that is killed and started
// again. The clock is the machine's: an event falls due when its date is moved
// into the past behind the program's back.
type rig struct {
	testing.TB
	dir   string
	redis *enrolltest.Server
	base  string // of the program's address
	admin string
	env   []string
	key   *crypto.LogKey
	token string // of an organiser

	program *exec.Cmd // nil: it does not run
	ended   chan struct{}
	held    *os.File // the purge log, while its writers are held up

	// The harness's own look at the same data.
	client   *redis.Client
	store    *store.Store
	keystore *crypto.Keystore
	school   enroll.School
}

// culture is an event of a rig, with a student who is signed in.
type culture struct {
	enroll.Event
	tag    []byte
	cookie string // of a student
	code   string // and the login code
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{TB: t, dir: t.TempDir(), redis: enrolltest.StartRedis(t)}
	master, _, err := crypto.GenerateMaster()
	r.must(err)
	logKey, _, err := crypto.GenerateLogKey("rig")
	r.must(err)
	for name, data := range map[string][]byte{"master.key": master, "log.key": logKey, "provider.json": []byte(goodProvider)} {
		r.must(os.WriteFile(filepath.Join(r.dir, name), data, 0o600))
	}
	for _, folder := range []string{"keystore", "log", "tmp"} {
		r.must(os.Mkdir(filepath.Join(r.dir, folder), 0o700))
	}
	r.key, err = crypto.ParseLogKey(logKey)
	r.must(err)
	opened, err := crypto.ParseMaster(master)
	r.must(err)
	r.keystore, err = crypto.OpenKeystore(filepath.Join(r.dir, "keystore"), opened)
	r.must(err)
	r.connect()
	r.base, r.admin = freeAddr(t), freeAddr(t)
	r.env = r.environment(r.base, r.admin)
	r.school, err = r.store.PutSchool(t.Context(), enroll.School{Name: "Voorbeeldcollege", BRIN: "00XX", City: "Utrecht"})
	r.must(err)
	account, err := r.store.AddAccount(t.Context(), enroll.Account{Role: enroll.Organiser, Name: "Roos", Email: "roos@example.org"})
	r.must(err)
	r.token, err = r.store.NewAPIToken(t.Context(), account.ID)
	r.must(err)
	t.Cleanup(r.kill)
	return r
}

// connect gives the harness connections of its own to Redis, anew after a kill.
func (r *rig) connect() {
	r.client = r.redis.Client(r.TB)
	r.store = store.New(r.client, r.keystore, &enroll.Clock{})
}

// environment returns the settings of a program that listens at those addresses.
func (r *rig) environment(addr, admin string) []string {
	var env []string
	for name, value := range map[string]string{
		"ADDR": addr, "ADMIN_ADDR": admin, "BASE_URL": "http://" + addr, "REDIS_URL": r.redis.URL(), "REDIS_DIR": r.redis.Dir,
		"MASTER_KEY_FILE": r.path("master.key"), "KEYSTORE": r.path("keystore"), "PURGE_LOG": r.logPath(),
		"PURGE_LOG_KEY": r.path("log.key"), "PROVIDER_FILE": r.path("provider.json"),
	} {
		env = append(env, "CULTUURDAG_"+name+"="+value)
	}
	return append(env, "TMPDIR="+r.path("tmp"))
}

func (r *rig) path(name string) string { return filepath.Join(r.dir, name) }
func (r *rig) logPath() string         { return r.path("log/purge.log") }

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatalf("%v\n%s", err, r.said())
	}
}

// said returns the end of what the program wrote to its standard error, but for
// the requests.
func (r *rig) said() string {
	data, err := os.ReadFile(r.path("program.log"))
	if err != nil {
		return err.Error()
	}
	var lines []string
	for line := range strings.Lines(string(data)) {
		if !strings.Contains(line, `"msg":"request"`) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-20):], "")
}

// freeAddr returns an address that was free a moment ago, out of the range from
// which outgoing connections take theirs.
func freeAddr(t testing.TB) string {
	for {
		addr := fmt.Sprintf("127.0.0.1:%d", 10000+rand.IntN(20000))
		if l, err := net.Listen("tcp", addr); err == nil {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			return addr
		}
	}
}

// command returns the program with those arguments, not started; it writes to
// the rig's program.log. It is this very test program under another name.
func (r *rig) command(env []string, args ...string) *exec.Cmd {
	r.Helper()
	path, err := exec.LookPath("cultuurdag")
	r.must(err)
	log, err := os.OpenFile(r.path("program.log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	r.must(err)
	r.Cleanup(func() { _ = log.Close() }) // closed before the next opens below
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Stderr = env, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// start starts the program, and does not wait for it.
func (r *rig) start() {
	r.Helper()
	r.program = r.command(r.env, "serve")
	r.must(r.program.Start())
	ended, program := make(chan struct{}), r.program
	r.ended = ended
	go func() {
		_ = program.Wait() // "killed", nearly always
		_ = program.Stderr.(*os.File).Close()
		close(ended)
	}()
}

// ready waits until the program serves.
func (r *rig) ready() {
	r.Helper()
	r.until(30*time.Second, "the program serves", func() bool {
		response, err := http.Get("http://" + r.admin + "/readyz")
		if err != nil {
			return false
		}
		return response.Body.Close() == nil && response.StatusCode == http.StatusOK
	})
}

// kill ends the program as kill -9 does.
func (r *rig) kill() {
	if r.program == nil {
		return
	}
	_ = r.program.Process.Kill() // it may have ended
	<-r.ended
	r.program = nil
}

// until waits for what other processes do, and tell in no other way.
func (r *rig) until(patience time.Duration, what string, done func() bool) {
	r.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			r.Fatalf("waited in vain for this: %s; the program said:\n%s", what, r.said())
		}
	}
}

// event keeps an event with students who have chosen, enrolment of which is open.
func (r *rig) event(title string, students int) culture {
	r.Helper()
	ctx := r.Context()
	now := time.Now()
	today := enroll.DateOf(now)
	e, err := r.store.CreateEvent(ctx, enroll.Event{
		School: r.school.ID, Title: title, Date: today.AddDays(30), Mode: enroll.FirstCome,
		OpenAt: now.Add(-time.Hour), CloseAt: now.Add(20 * 24 * time.Hour),
	})
	r.must(err)
	_, err = r.store.PutProgramme(ctx, e.ID, enrolltest.Programme(e.Date, 6, 3, students))
	r.must(err)
	_, err = r.store.ApplyList(ctx, e.ID, enrolltest.Students(students), false, false)
	r.must(err)
	codes, err := r.store.Codes(ctx, e.ID)
	r.must(err)
	c := culture{Event: e}
	for i, id := range slices.Sorted(maps.Keys(codes))[:3] {
		c.code = codes[id].String()
		c.cookie, err = r.store.SignInStudent(ctx, codes[id])
		r.must(err)
		_, err = r.store.Take(ctx, c.cookie, 1, fmt.Sprintf("w%d", i), 0)
		r.must(err)
	}
	keys, err := r.keystore.Keys(e.ID)
	r.must(err)
	c.tag = slices.Clone(keys.Tag())
	r.keystore.Forget(e.ID)
	return c
}

// makeDue moves the event's day to yesterday.
func (r *rig) makeDue(c culture) {
	r.Helper()
	_, err := r.store.UpdateEvent(r.Context(), c.ID, func(e *enroll.Event) error {
		e.Date = enroll.DateOf(time.Now()).AddDays(-1)
		e.LastDate = e.Date
		return nil
	})
	r.must(err)
}

// purgeEarly asks for the purge as an organiser does; the program sweeps at once.
func (r *rig) purgeEarly(c culture) {
	r.Helper()
	body := strings.NewReader(`{"title":"` + c.Title + `"}`)
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, "http://"+r.base+"/events/"+c.ID+"/purge", body)
	r.must(err)
	request.Header.Set("Authorization", "Bearer "+r.token)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	r.must(err)
	r.must(response.Body.Close())
	if response.StatusCode != http.StatusAccepted {
		r.Fatalf("purging early: %s", response.Status)
	}
}

// get returns what the program answers a student, or an error where nothing
// whole comes back.
func (r *rig) get(client *http.Client, cookie string) (status int, body []byte, err error) {
	request, err := http.NewRequest(http.MethodGet, "http://"+r.base+"/student", nil)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.AddCookie(&http.Cookie{Name: "student", Value: cookie})
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// entries returns what the purge log tells of the event. Half a line at its end
// is none yet.
func (r *rig) entries(event string) []purge.Entry {
	r.Helper()
	var entries []purge.Entry
	for line := range bytes.Lines(r.log()) {
		var e purge.Entry
		r.must(json.Unmarshal(line, &e))
		if e.Event == event && e.Step.OfPurge() {
			entries = append(entries, e)
		}
	}
	return entries
}

// log returns the whole lines of the purge log; none where there is no log yet.
func (r *rig) log() []byte {
	r.Helper()
	data, err := os.ReadFile(r.logPath())
	if !errors.Is(err, fs.ErrNotExist) {
		r.must(err)
	}
	return data[:bytes.LastIndexByte(data, '\n')+1]
}

// checkpoint returns the checkpoint beside the log.
func (r *rig) checkpoint() []byte {
	r.Helper()
	data, err := os.ReadFile(purge.CheckpointPath(r.logPath()))
	r.must(err)
	return data
}

// chain holds the log against the checkpoint beside it, and those that were kept.
// What a program that was killed left half written is left out, as the next one
// does.
func (r *rig) chain(kept ...[]byte) {
	r.Helper()
	log, err := os.Open(r.logPath())
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	r.must(err)
	r.must(syscall.Flock(int(log.Fd()), syscall.LOCK_SH)) // no writer is at work meanwhile
	defer log.Close()
	copied := filepath.Join(r.TempDir(), "purge.log")
	r.must(os.WriteFile(copied, r.log(), 0o600))
	for _, name := range []string{".checkpoint", ".checkpoint.next"} {
		data, err := os.ReadFile(r.logPath() + name)
		if !errors.Is(err, fs.ErrNotExist) {
			r.must(errors.Join(err, os.WriteFile(copied+name, data, 0o600)))
		}
	}
	r.must(purge.VerifyFile(copied, r.key.Public(), kept...))
}

// lasts holds that what the log says was done is so, at whatever moment. Redis
// has to run.
func (r *rig) lasts(events []culture) {
	r.Helper()
	for _, c := range events {
		done := map[purge.Step]bool{}
		for _, e := range r.entries(c.ID) {
			done[e.Step] = true
		}
		if has, err := r.keystore.Has(c.ID); err != nil || has && done[purge.StepKeyDestroyed] {
			r.Fatalf("event %s: the log says that its key was destroyed, and it is there: %v", c.ID, err)
		}
		if done[purge.StepCiphertextDeleted] {
			if keys := r.personal(c.ID); len(keys) > 0 {
				r.Fatalf("event %s: the log says that its data were deleted, and %d keys are there", c.ID, len(keys))
			}
		}
		if done[purge.StepLogRewritten] {
			if in := r.residue(c.tag); len(in) > 0 {
				r.Fatalf("event %s: the log says that Redis forgot it, and its tag is in %v", c.ID, in)
			}
		}
	}
}

// purged waits until the event's purge is complete, and holds that it was done
// once, in order, and left nothing.
func (r *rig) purged(patience time.Duration, c culture) {
	r.Helper()
	r.until(patience, "event "+c.ID+" is purged", func() bool {
		e, err := r.store.Event(r.Context(), c.ID)
		return err == nil && e.State == enroll.Purged
	})
	r.complete(c)
	r.lasts([]culture{c})
	if in := r.residue(c.tag); len(in) > 0 {
		r.Fatalf("event %s: its tag is in %v", c.ID, in)
	}
}

// allSteps are the steps of a purge, in their order.
var allSteps = []purge.Step{
	purge.StepStarted, purge.StepKeyDestroyed, purge.StepCiphertextDeleted, purge.StepLogRewritten, purge.StepVerified, purge.StepCompleted,
}

// complete holds that the log has each step of the event's purge once.
func (r *rig) complete(c culture) {
	r.Helper()
	var steps []purge.Step
	for _, e := range r.entries(c.ID) {
		if e.Again == 0 {
			steps = append(steps, e.Step)
		}
	}
	if !slices.Equal(steps, allSteps) {
		r.Fatalf("event %s: the log has %v", c.ID, steps)
	}
}

// personal returns the event's personal keys with all that is in them.
func (r *rig) personal(event string) map[string]string {
	r.Helper()
	ctx := r.Context()
	names, err := r.store.PersonalKeys(ctx, event)
	r.must(err)
	all := map[string]string{}
	for _, name := range names {
		kind, err := r.client.Type(ctx, name).Result()
		r.must(err)
		if kind == "hash" {
			fields, err := r.client.HGetAll(ctx, name).Result()
			r.must(err)
			for field, value := range fields {
				all[name+" "+field] = value
			}
			continue
		}
		all[name], err = r.client.Get(ctx, name).Result()
		r.must(err)
	}
	return all
}

// residue returns the files of Redis and of the program that hold those bytes.
func (r *rig) residue(tag []byte) (in []string) {
	r.Helper()
	for _, root := range []string{r.redis.Dir, r.dir} {
		r.must(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			var data []byte
			if err == nil && d.Type().IsRegular() {
				data, err = os.ReadFile(path)
			}
			if errors.Is(err, fs.ErrNotExist) { // went meanwhile
				return nil
			}
			if bytes.Contains(data, tag) {
				in = append(in, path)
			}
			return err
		}))
	}
	return in
}
