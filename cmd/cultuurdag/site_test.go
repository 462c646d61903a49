package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/rogpeppe/go-internal/testscript"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
)

// storySite is the program that a story runs, as people and programs see it.
type storySite struct {
	t       *testing.T
	dir     string
	redis   *enrolltest.Server
	program *exec.Cmd
	stderr  bytes.Buffer
	info    demoInfo
	event   enroll.Event
	who     string
	clients map[string]*http.Client
}

type siteKey struct{}

func newStorySite(t *testing.T, env *testscript.Env) *storySite {
	s := &storySite{t: t, dir: env.WorkDir, clients: map[string]*http.Client{}}
	env.Defer(func() {
		s.stop()
		if s.redis != nil {
			s.redis.Kill()
		}
	})
	return s
}

func siteOf(ts *testscript.TestScript) *storySite { return ts.Value(siteKey{}).(*storySite) }

func (s *storySite) stop() {
	if s.program == nil {
		return
	}
	if err := s.program.Process.Signal(os.Interrupt); err == nil {
		if _, err := s.program.Process.Wait(); err != nil {
			s.t.Error(err)
		}
	}
	s.program = nil
}

// redis start|kill: a private Redis; its address is $REDIS, its folder $REDIS_DIR.
func cmdRedis(ts *testscript.TestScript, neg bool, args []string) {
	s := siteOf(ts)
	switch {
	case neg || len(args) != 1:
		ts.Fatalf("usage: redis start|kill|again")
	case args[0] == "start":
		s.redis = enrolltest.StartRedis(s.t)
		ts.Setenv("REDIS", s.redis.URL())
		ts.Setenv("REDIS_DIR", s.redis.Dir)
	case args[0] == "kill":
		s.redis.Kill()
	case args[0] == "again":
		s.redis.Start(s.t)
	}
}

// demo [arguments]: `cultuurdag demo` on the story's Redis, at eight on Monday
// 30 November 2026; enrolment opens a day later.
func cmdDemo(ts *testscript.TestScript, neg bool, args []string) {
	s := siteOf(ts)
	info := filepath.Join(s.dir, "info.json")
	s.run(ts, append([]string{"demo", "--addr", "127.0.0.1:0", "--redis-url", s.redis.URL(),
		"--now", "2026-11-30T08:00:00+01:00", "--info", info}, args...)...)
	waitFor(ts, s, func() bool { _, err := os.Stat(info); return err == nil })
	data, err := os.ReadFile(info)
	ts.Check(err)
	ts.Check(json.Unmarshal(data, &s.info))
	s.readEvent(ts)
	ts.Setenv("EVENT", s.info.Event)
	ts.Setenv("SCHOOL", s.event.School)
	ts.Setenv("BASE_URL", s.info.BaseURL)
	ts.Setenv("RECIPIENT", s.info.Recipient)
	if len(s.info.Students) > 0 {
		ts.Setenv("CODE", s.info.Students[0].Code)
	}
}

// serve: `cultuurdag serve` with the settings in the environment, at $BASE_URL.
func cmdServe(ts *testscript.TestScript, neg bool, args []string) {
	s := siteOf(ts)
	s.stop()
	s.run(ts, "serve")
	s.info.BaseURL = ts.Getenv("CULTUURDAG_BASE_URL")
	waitFor(ts, s, func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.info.BaseURL, "http://"))
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
}

// run starts the program; it is this very test program under another name.
func (s *storySite) run(ts *testscript.TestScript, args ...string) {
	path, err := exec.LookPath("cultuurdag")
	if err != nil {
		path = filepath.Join(strings.Split(ts.Getenv("PATH"), string(os.PathListSeparator))[0], "cultuurdag")
	}
	s.program = exec.Command(path, args...)
	s.program.Dir = s.dir
	s.program.Stderr = &s.stderr
	s.program.Env = []string{"TMPDIR=" + s.dir}
	for _, name := range []string{"ADDR", "BASE_URL", "REDIS_URL", "REDIS_DIR", "MASTER_KEY_FILE", "KEYSTORE", "PURGE_LOG",
		"PURGE_LOG_KEY", "PROVIDER_FILE", "ADMIN_ADDR", "ROLE"} {
		if v := ts.Getenv("CULTUURDAG_" + name); v != "" {
			s.program.Env = append(s.program.Env, "CULTUURDAG_"+name+"="+v)
		}
	}
	ts.Check(s.program.Start())
}

// waitFor waits until done says so; a program in another process tells in no
// other way.
func waitFor(ts *testscript.TestScript, s *storySite, done func() bool) {
	for deadline := time.Now().Add(30 * time.Second); !done(); {
		if time.Now().After(deadline) {
			ts.Fatalf("waited in vain; the program said:\n%s", s.stderr.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *storySite) readEvent(ts *testscript.TestScript) {
	ts.Check(s.signIn("organiser"))
	status, body, err := s.call("organiser", http.MethodGet, "/events/"+s.info.Event, "", nil)
	ts.Check(err)
	if status != http.StatusOK {
		ts.Fatalf("the event: %d %s", status, body)
	}
	ts.Check(json.Unmarshal(body, &s.event))
}

// as WHO: who calls from here on: organiser, contact, nobody, or student:N,
// each with a cookie jar of their own. Staff and students sign in at once.
func cmdAs(ts *testscript.TestScript, neg bool, args []string) {
	s := siteOf(ts)
	if neg || len(args) != 1 {
		ts.Fatalf("usage: as WHO")
	}
	s.who = args[0]
	ts.Check(s.signIn(s.who))
}

func (s *storySite) client(who string) *http.Client {
	if s.clients[who] == nil {
		jar, err := cookiejar.New(nil)
		if err != nil {
			panic(err) // never, without options
		}
		s.clients[who] = &http.Client{Jar: jar, Timeout: 30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return s.clients[who]
}

func (s *storySite) signIn(who string) error {
	if s.clients[who] != nil {
		return nil
	}
	var path string
	var body any
	var n int
	switch {
	case who == "organiser":
		path, body = "/sign-in", s.info.Organiser
	case who == "contact":
		path, body = "/sign-in", s.info.Contact
	case strings.HasPrefix(who, "student:"):
		if _, err := fmt.Sscanf(who, "student:%d", &n); err != nil {
			return err
		}
		path, body = "/student/sign-in", map[string]string{"code": s.info.Students[n].Code}
	default:
		return nil
	}
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	status, answer, err := s.call(who, http.MethodPost, path, "application/json", data)
	if err == nil && status != http.StatusNoContent {
		err = fmt.Errorf("%s signs in: %d %s", who, status, answer)
	}
	return err
}

func (s *storySite) call(who, method, path, kind string, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, s.info.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Accept", "application/json")
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	response, err := s.client(who).Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// call STATUS METHOD PATH [JSON]: the answer must have that status; its body is
// standard output and, as it is, the file answer.
func cmdCall(ts *testscript.TestScript, neg bool, args []string) {
	s := siteOf(ts)
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: call STATUS METHOD PATH [JSON]")
	}
	var body []byte
	kind := ""
	if len(args) == 4 {
		body, kind = []byte(args[3]), "application/json"
	}
	status, answer, err := s.call(s.who, args[1], args[2], kind, body)
	ts.Check(err)
	s.answered(ts, args[0], status, answer)
}

func (s *storySite) answered(ts *testscript.TestScript, want string, status int, answer []byte) {
	ts.Check(os.WriteFile(filepath.Join(s.dir, "answer"), answer, 0o600))
	text := string(answer)
	if !bytes.ContainsRune(answer, 0) {
		_, err := ts.Stdout().Write(append(answer, '\n'))
		ts.Check(err)
	} else {
		text = fmt.Sprintf("%d bytes", len(answer))
	}
	if fmt.Sprint(status) != want {
		ts.Fatalf("got %d, want %s: %s", status, want, text)
	}
}

// upload STATUS FILE [QUERY]: hands in the list, encrypted to the event.
func cmdUpload(ts *testscript.TestScript, neg bool, args []string) {
	s := siteOf(ts)
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: upload STATUS FILE [QUERY]")
	}
	recipient, err := age.ParseX25519Recipient(s.info.Recipient)
	ts.Check(err)
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, recipient)
	ts.Check(err)
	_, err = io.WriteString(w, ts.ReadFile(args[1]))
	ts.Check(err)
	ts.Check(w.Close())
	query := "?name=" + filepath.Base(args[1])
	if len(args) == 3 {
		query += "&" + args[2]
	}
	status, answer, err := s.call(s.who, http.MethodPost, "/events/"+s.info.Event+"/class-lists"+query, "application/octet-stream", sealed.Bytes())
	ts.Check(err)
	s.answered(ts, args[0], status, answer)
}

// advance open|close|publish|day|after: moves the demo's clock.
func cmdAdvance(ts *testscript.TestScript, neg bool, args []string) {
	s := siteOf(ts)
	if neg || len(args) != 1 {
		ts.Fatalf("usage: advance open|close|publish|day|after|RFC3339")
	}
	to, ok := map[string]time.Time{
		"open": s.event.OpenAt, "close": s.event.CloseAt, "publish": s.event.CloseAt.Add(24 * time.Hour),
		"day": s.event.Date.At(8, 15), "after": s.event.PurgeDue(),
	}[args[0]]
	if !ok {
		var err error
		to, err = time.Parse(time.RFC3339, args[0])
		ts.Check(err)
	}
	body, err := json.Marshal(map[string]time.Time{"now": to})
	ts.Check(err)
	status, answer, err := s.call("organiser", http.MethodPost, "/demo/clock", "application/json", body)
	ts.Check(err)
	if status != http.StatusNoContent {
		ts.Fatalf("moving the clock: %d %s", status, answer)
	}
}

// until STATE: waits until the event is in that state.
func cmdUntil(ts *testscript.TestScript, neg bool, args []string) {
	s := siteOf(ts)
	if !neg && len(args) == 2 {
		wanted := regexp.MustCompile(args[1])
		waitFor(ts, s, func() bool {
			status, body, err := s.call(s.who, http.MethodGet, args[0], "", nil)
			if err != nil || status != http.StatusOK || !wanted.Match(body) {
				return false
			}
			s.answered(ts, "200", status, body)
			return true
		})
		return
	}
	if neg || len(args) != 1 {
		ts.Fatalf("usage: until STATE, or until PATH PATTERN")
	}
	waitFor(ts, s, func() bool {
		status, body, err := s.call("organiser", http.MethodGet, "/events/"+s.info.Event, "", nil)
		var e struct{ State string }
		return err == nil && status == http.StatusOK && json.Unmarshal(body, &e) == nil && e.State == args[0]
	})
}

// note NAME PATTERN: $NAME becomes what the group in the pattern matches in the
// last answer.
func cmdNote(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: note NAME PATTERN")
	}
	answer := ts.ReadFile("answer")
	found := regexp.MustCompile(args[1]).FindStringSubmatch(answer)
	if len(found) != 2 {
		ts.Fatalf("no %s in %s", args[1], answer)
	}
	ts.Setenv(args[0], found[1])
}

// residue TEXT…: fails unless one of the texts stands in a file of Redis or of
// the program; ! residue fails where one does.
func cmdResidue(ts *testscript.TestScript, neg bool, args []string) {
	s := siteOf(ts)
	found := ""
	for _, root := range []string{s.redis.Dir, s.dir} {
		ts.Check(filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || filepath.Dir(path) == s.dir {
				return err // the story's own files lie at the top
			}
			data, err := os.ReadFile(path)
			for _, text := range args {
				if bytes.Contains(data, []byte(text)) {
					found = text + " in " + path
				}
			}
			return err
		}))
	}
	if neg && found != "" {
		ts.Fatalf("found %s", found)
	}
	if !neg && found == "" {
		ts.Fatalf("found none of %q", args)
	}
}
