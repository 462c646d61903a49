package web

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// A method that somebody made up reaches neither the log nor the metrics.
func TestMethodsThatAreMadeUp(t *testing.T) {
	seen := map[string]int{}
	s := newSite(t, func(cfg *Config) {
		cfg.Observe = func(method, _ string, _ int, _ time.Duration) { seen[method]++ }
	})
	for _, method := range []string{"GET", "ANNA-DE-VRIES", "TRACE", "get"} {
		s.program(t).do(method, "/privacy", "", nil)
	}
	if len(seen) != 2 || seen[http.MethodGet] != 1 || seen["other"] != 3 {
		t.Errorf("observed: %v", seen)
	}
	if log := s.log.String(); strings.Contains(log, "ANNA") || !strings.Contains(log, "method=other") {
		t.Errorf("the log:\n%s", log)
	}
}

// HEAD is answered as GET is, without the body.
func TestHead(t *testing.T) {
	s := newSite(t)
	anna := s.browser(t).signIn(0)
	for path, want := range map[string]int{"/": 200, "/privacy": 200, "/student": 200, "/events": 401, "/nergens": 404, "/student/live": 405} {
		r := anna.do("HEAD", path, "", nil)
		if r.status != want || r.body != "" {
			t.Errorf("%s: %d %q", path, r.status, r.body)
		}
		if kind := anna.get("/").header.Get("Content-Type"); r.header.Get("Content-Type") != kind {
			t.Errorf("%s: content type %q, want %q", path, r.header.Get("Content-Type"), kind)
		}
	}
}
