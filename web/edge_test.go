package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

func TestHeaders(t *testing.T) {
	s := newSite(t)
	r := s.browser(t).get("/")
	for name, want := range map[string]string{
		"Content-Security-Policy": "frame-ancestors 'none'", "Referrer-Policy": "no-referrer",
		"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
	} {
		if got := r.header.Get(name); !strings.Contains(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := r.header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("HSTS over http: %q", got)
	}
	if a, b := r.header.Get("Content-Security-Policy"), s.browser(t).get("/").header.Get("Content-Security-Policy"); a == b || strings.Contains(a, "unsafe") {
		t.Errorf("the nonce stays the same: %q", a)
	}
}

func TestOverHTTPSCookiesAreSecure(t *testing.T) {
	s := newSite(t, func(cfg *Config) { cfg.BaseURL = "https://cultuurdag.example" })
	r := s.browser(t).form("/student/sign-in", "code", s.codes[s.students[0].ID].String())
	if !strings.Contains(r.header.Get("Set-Cookie"), "Secure") || r.header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%v", r.header)
	}
}

func TestAnotherSiteCannotPost(t *testing.T) {
	s := newSite(t)
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/student/sign-in", strings.NewReader("code=x"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("%d", resp.StatusCode)
	}
}

func TestErrorsHaveAPageAndAProblem(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct {
		method, path, body string
		status             int
		code, page         string
	}{
		{"GET", "/nix", "", 404, "not_found", "Deze pagina bestaat niet"},
		{"GET", "/static/nix.css", "", 404, "not_found", "Deze pagina bestaat niet"},
		{"GET", "/purged/nix", "", 404, "not_found", "Deze pagina bestaat niet"},
		{"GET", "/purged/" + s.event.ID, "", 404, "not_found", "Deze pagina bestaat niet"},
		{"DELETE", "/", "", 405, "method_not_allowed", "Dat kan hier niet"},
		{"POST", "/student/sign-in", "{", 400, "bad_request", "Dit konden we niet lezen"},
		{"POST", "/student/sign-in", `{"code":"` + strings.Repeat("x", maxBody) + `"}`, 413, "too_large", "Te groot"},
		{"POST", "/language", `{"lang":"xx"}`, 400, "bad_request", "Dit konden we niet lezen"},
	} {
		r := s.program(t).do(c.method, c.path, "application/json", strings.NewReader(c.body))
		if code := r.problem(t); r.status != c.status || code != c.code {
			t.Errorf("%s %s: %d %s, want %d %s", c.method, c.path, r.status, code, c.status, c.code)
		}
		r = s.browser(t).do(c.method, c.path, "application/json", strings.NewReader(c.body))
		if r.status != c.status {
			t.Errorf("%s %s: page with %d", c.method, c.path, r.status)
		}
		r.has(t, c.page, "<h1>")
	}
}

// When Redis is away, pages say so and come back by themselves; a program is
// told when to try again.
func TestRedisAway(t *testing.T) {
	s := newSite(t)
	s.open()
	anna, bot := s.browser(t).signIn(0), s.program(t).signIn(1)
	s.World.Server.Kill()
	r := anna.get("/student")
	if r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "" || r.header.Get("Refresh") == "" {
		t.Errorf("%d %v", r.status, r.header)
	}
	r.has(t, "Even geduld", "vanzelf opnieuw")
	p := bot.json("PUT", "/student/choices/1", map[string]string{"workshop": "w0"})
	if code := p.problem(t); p.status != http.StatusServiceUnavailable || code != "unavailable" || p.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", p.status, code)
	}
	if r := s.browser(t).get("/"); r.status != 200 {
		t.Errorf("the front page, which needs no Redis: %d", r.status)
	}
	s.World.Server.Start(t)
	if r := anna.get("/student"); r.status != 200 {
		t.Errorf("after Redis came back: %d", r.status)
	}
}

func TestClocksThatDisagree(t *testing.T) {
	s := newSite(t)
	anna := s.program(t).signIn(0)
	s.Clock.SkewRedis(3 * time.Minute)
	r := anna.get("/student")
	if code := r.problem(t); r.status != http.StatusServiceUnavailable || code != "clock" {
		t.Errorf("%d %s", r.status, code)
	}
}

// The access log has patterns; nothing in the log tells who did what.
func TestTheLogTellsNothing(t *testing.T) {
	s := newSite(t)
	s.open()
	code := s.codes[s.students[0].ID]
	s.browser(t).form("/student/sign-in", "code", code.String())
	s.browser(t).get("/student/choices/1?code=" + code.String())
	s.browser(t).form("/student/sign-in", "code", string(code[:11]))
	s.browser(t).signIn(0).form("/student/choices/1", "_method", "PUT", "workshop", "w0")
	log := s.log.String()
	for _, secret := range []string{string(code), code.String(), string(code[:11]), s.event.ID, s.students[0].ID, s.students[0].Number, "127.0.0.1", "?"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q:\n%s", secret, log)
		}
	}
	if !strings.Contains(log, "route=/student/choices/:round status=303") {
		t.Errorf("the log lacks the route:\n%s", log)
	}
}

func TestLanguages(t *testing.T) {
	s := newSite(t)
	v := s.browser(t)
	v.get("/").has(t, `<html lang="nl">`)
	r := v.form("/language", "lang", "en", "back", "//evil.example")
	if r.status != http.StatusSeeOther || r.header.Get("Location") != "/" {
		t.Errorf("%d to %q", r.status, r.header.Get("Location"))
	}
	v.get("/").has(t, `<html lang="en">`, "Choose your workshops")
	if r := v.form("/language", "lang", "nl", "back", "/privacy"); r.header.Get("Location") != "/privacy" {
		t.Errorf("to %q", r.header.Get("Location"))
	}
}

func TestTheDemoClock(t *testing.T) {
	var s *site
	s = newSite(t, func(cfg *Config) {
		cfg.Demo = true
		cfg.DemoMoves = func(context.Context) []DemoMove {
			return []DemoMove{{"page.demo.open", time.Date(2026, 12, 1, 9, 0, 0, 0, enroll.Amsterdam)}}
		}
		cfg.MoveClock = func(_ context.Context, to time.Time) error {
			s.Clock.Move(to)
			return nil
		}
	})
	s.browser(t).get("/privacy").has(t, "Demo: de klok", `action="/demo/clock"`, `name="now" value="2026-12-01T09:00:00`, `name="back" value="/privacy"`)
	if r := s.program(t).json("POST", "/demo/clock", map[string]string{"now": "2026-12-01T09:00:00+01:00"}); r.status != http.StatusNoContent {
		t.Errorf("%d %s", r.status, r.body)
	}
	if !enroll.DateOf(s.Clock.Now()).Before(s.event.Date) || s.Clock.Now().Before(s.event.OpenAt) {
		t.Errorf("the clock stands at %v", s.Clock.Now())
	}
	r := s.program(t).json("POST", "/demo/clock", map[string]string{"now": "2026-11-30T09:00:00+01:00"})
	if code := r.problem(t); r.status != http.StatusConflict || code != "backwards" {
		t.Errorf("%d %s", r.status, code)
	}
	if r := s.browser(t).form("/demo/clock", "now", "2026-12-02T12:00:00+01:00", "back", "/privacy"); r.header.Get("Location") != "/privacy" {
		t.Errorf("%d to %q", r.status, r.header.Get("Location"))
	}
}

func TestNoDemoClockOutsideTheDemo(t *testing.T) {
	s := newSite(t)
	if r := s.program(t).json("POST", "/demo/clock", map[string]string{"now": "2026-12-01T09:00:00+01:00"}); r.status != http.StatusNotFound {
		t.Errorf("%d", r.status)
	}
	s.browser(t).get("/").lacks(t, "/demo/clock")
}

// A page for a slow line: bytes gzipped, and requests, as screens.md allows.
func TestThePageIsSmall(t *testing.T) {
	s := newSite(t)
	p := bigProgramme(s.event.Date)
	if _, err := s.Store.PutProgramme(t.Context(), s.event.ID, p); err != nil {
		t.Fatal(err)
	}
	s.open()
	page := s.browser(t).signIn(0).get("/student").body
	limits := map[string]int{".css": 6 << 10, ".js": 4 << 10, ".svg": 1 << 10}
	files := regexp.MustCompile(`(?:src|href)="(/static/[^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(files) > 3 {
		t.Errorf("the page asks for %v", files)
	}
	for _, file := range files {
		r := s.browser(t).get(file[1])
		limit := limits[file[1][strings.LastIndexByte(file[1], '.'):]]
		if n := zipped(t, r.body); r.status != 200 || n > limit {
			t.Errorf("%s: %d, %d bytes, at most %d", file[1], r.status, n, limit)
		}
		if got := r.header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s: Cache-Control %q", file[1], got)
		}
	}
	if n := zipped(t, page); n > 14<<10 {
		t.Errorf("the page has %d bytes", n)
	}
	for _, outside := range regexp.MustCompile(`(?:src|href|action)="(https?:)?//[^"]*"`).FindAllString(page, -1) {
		t.Errorf("another host: %s", outside)
	}
}

func zipped(t *testing.T, s string) int {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Len()
}

// Every message that a template or the table of errors asks for is there.
func TestNoMessageIsMissing(t *testing.T) {
	wanted := map[string]string{}
	key := regexp.MustCompile(`\bt "([a-z0-9_.-]+)"`)
	err := fs.WalkDir(templateFiles, "templates", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := templateFiles.ReadFile(file)
		for _, m := range key.FindAllStringSubmatch(string(data), -1) {
			wanted[m[1]] = file
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		wanted["error."+kind.err.Error()+".title"] = "errors.go"
		wanted["error."+kind.err.Error()+".detail"] = "errors.go"
	}
	for _, page := range []string{"before", "choose", "ready", "closed", "schedule", "cancelled", "purged", "code", "data"} {
		wanted["student."+page+".title"] = "student.go"
	}
	if len(wanted) < 100 {
		t.Fatalf("only %d messages found", len(wanted))
	}
	for key, file := range wanted {
		for _, l := range []*locale.Locale{locale.Dutch, locale.English} {
			if !l.Has(key) {
				t.Errorf("%s: %s lacks %q", file, l.Tag, key)
			}
		}
	}
}

// What the provider chose as colour is hung where it can be read.
func TestTheProvidersColour(t *testing.T) {
	for _, c := range []struct {
		colour string
		on     string
		accent bool
	}{
		{"#003366", "#fff", true},
		{"#ffcc00", "#23111a", false},
	} {
		style := providerStyle(c.colour)
		if !strings.Contains(style, "--on-curtain:"+c.on) || strings.Contains(style, "--accent") != c.accent {
			t.Errorf("%s: %s", c.colour, style)
		}
	}
}
