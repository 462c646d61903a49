package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
)

// site is the application on a real Redis, with an event of four workshops in
// three rounds, two places each, and six students. It is the day before
// enrolment opens. Workshop w3 is for sixth-years alone, whom there are none.
type site struct {
	*enrolltest.World
	*httptest.Server
	event    enroll.Event
	students []enroll.Student
	codes    map[string]crypto.Code
	log      *syncBuffer
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func newSite(t *testing.T, change ...func(*Config)) *site {
	t.Helper()
	s := &site{World: enrolltest.New(t), log: &syncBuffer{}}
	s.event = s.Event(t, s.School(t, "Voorbeeld College"))
	p := enrolltest.Programme(s.event.Date, 4, 3, 2)
	p.Workshops[3].Years = []int{6}
	if _, err := s.Store.PutProgramme(t.Context(), s.event.ID, p); err != nil {
		t.Fatal(err)
	}
	s.students, s.codes = s.Enrol(t, s.event.ID, 6)
	cfg := Config{
		Store: s.Store, Clock: s.Clock, Logger: slog.New(slog.NewTextHandler(s.log, nil)),
		BaseURL: "http://cultuurdag.example", RateSecret: []byte("a secret of the tests"),
		Provider: enroll.Provider{Name: "Kunst op School", Email: "hulp@example.org", Role: "processor"},
	}
	for _, f := range change {
		f(&cfg)
	}
	server, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		server.Close()
		s.Server.Close()
	})
	return s
}

func (s *site) open()  { s.Clock.Move(s.event.OpenAt.Add(time.Minute)) }
func (s *site) close() { s.Clock.Move(s.event.CloseAt) }

// visitor is a browser or program with its own cookies.
type visitor struct {
	t      *testing.T
	site   *site
	client *http.Client
	accept string
}

func (s *site) visitor(t *testing.T, accept string) *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t, s, &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, accept}
}

func (s *site) browser(t *testing.T) *visitor { return s.visitor(t, "text/html,*/*;q=0.8") }
func (s *site) program(t *testing.T) *visitor { return s.visitor(t, "application/json") }

// signIn signs in the i-th student.
func (v *visitor) signIn(i int) *visitor {
	v.t.Helper()
	code := v.site.codes[v.site.students[i].ID].String()
	if v.accept == "application/json" {
		if r := v.json("POST", "/student/sign-in", map[string]any{"code": code}); r.status != http.StatusNoContent {
			v.t.Fatalf("sign-in: %d %s", r.status, r.body)
		}
	} else if r := v.form("/student/sign-in", "code", code); r.status != http.StatusSeeOther {
		v.t.Fatalf("sign-in: %d %s", r.status, r.body)
	}
	return v
}

// reply is an answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

func (v *visitor) do(method, path, kind string, body io.Reader) reply {
	v.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, v.site.URL+path, body)
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Accept", v.accept)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Header, string(data)}
}

func (v *visitor) get(path string) reply {
	v.t.Helper()
	return v.do("GET", path, "", nil)
}

func (v *visitor) json(method, path string, body any) reply {
	v.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(method, path, "application/json", bytes.NewReader(data))
}

// form posts pairs of name and value.
func (v *visitor) form(path string, pairs ...string) reply {
	v.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return v.do("POST", path, "application/x-www-form-urlencoded", strings.NewReader(values.Encode()))
}

// decode reads a JSON answer.
func (r reply) decode(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), into); err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
}

// problem is the code of an application/problem+json answer.
func (r reply) problem(t *testing.T) string {
	t.Helper()
	if got := r.header.Get("Content-Type"); got != "application/problem+json" {
		t.Fatalf("%d with content type %q: %s", r.status, got, r.body)
	}
	var p problemJSON
	r.decode(t, &p)
	if p.Status != r.status || p.Title == "" || strings.HasPrefix(p.Title, "error.") {
		t.Fatalf("answered %d, problem says %+v", r.status, p)
	}
	return p.Code
}

func (r reply) has(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.body, text) {
			t.Errorf("%d: the page lacks %q:\n%s", r.status, text, r.body)
		}
	}
}

func (r reply) lacks(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(r.body, text) {
			t.Errorf("%d: the page has %q:\n%s", r.status, text, r.body)
		}
	}
}

// bigProgramme is as large as a real one: fourteen workshops with a paragraph
// each, in every one of three rounds.
func bigProgramme(day enroll.Date) enroll.Programme {
	p := enrolltest.Programme(day, 14, 3, 30)
	for i := range p.Workshops {
		w := &p.Workshops[i]
		w.Description = fmt.Sprintf("Workshop nummer %d laat je in anderhalf uur kennismaken met iets nieuws. "+
			"Je werkt in kleine groepen aan een eigen stuk, dat je aan het eind aan elkaar laat zien. "+
			"Ervaring is niet nodig; trek kleren aan die vies mogen worden (%d keer gegeven).", i*37, i*i)
	}
	return p
}
