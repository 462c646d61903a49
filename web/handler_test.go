package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

// What was sent and cannot be taken as it was meant is told, and nothing happens.
func TestBodiesThatAreRefused(t *testing.T) {
	s := newSite(t)
	v := s.organiser(t)
	path := "/events/" + s.event.ID
	const form = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		kind, body string
		status     int
		code       string
	}{
		"a field that there is not": {"application/json", `{"titel":"Anders"}`, 400, "unknown_field"},
		"something after it":        {"application/json", `{"title":"Anders"} {"title":"Nog anders"}`, 400, "trailing_data"},
		"half an object":            {"application/json", `{"title":"And`, 400, "bad_request"},
		"another type":              {"application/json", `{"title":3}`, 400, "bad_request"},
		"text":                      {"text/plain", `{"title":"Anders"}`, 415, "unsupported_media_type"},
		"a form with files":         {"multipart/form-data; boundary=x", "--x--", 415, "unsupported_media_type"},
		"no content type":           {"", `{"title":"Anders"}`, 415, "unsupported_media_type"},
		"a form":                    {form, "title=Anders", 200, ""},
		"no body":                   {"", "", 200, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := v.do("PATCH", path, c.kind, strings.NewReader(c.body))
			if r.status != c.status || c.code != "" && r.problem(t) != c.code {
				t.Errorf("%d %s", r.status, r.body)
			}
		})
	}
	r := v.do("PUT", path+"/programme", "text/plain", strings.NewReader("{}"))
	if r.status != http.StatusUnsupportedMediaType {
		t.Errorf("programme: %d %s", r.status, r.body)
	}
	v.do("PATCH", path, "application/json", strings.NewReader(`{"titel":"Anders"}`)).has(t, "titel")
}

// A code or a password in an address would lie in histories and in the logs of
// proxies: it is not taken from there.
func TestNothingIsTakenFromTheAddress(t *testing.T) {
	s := newSite(t)
	s.account(t, "", "organisator@example.org")
	code := s.codes[s.students[0].ID].String()
	for _, c := range []struct {
		path   string
		status int
	}{
		{"/student/sign-in?code=" + code, http.StatusUnauthorized},
		{"/sign-in?email=organisator%40example.org&password=een+lang+wachtwoord", http.StatusUnauthorized},
	} {
		for _, kind := range []string{"", "application/x-www-form-urlencoded"} {
			if r := s.program(t).do("POST", c.path, kind, nil); r.status != c.status {
				t.Errorf("%d, want %d: %s", r.status, c.status, r.body)
			}
		}
	}
}

// An answer that cannot be written as JSON is an error, not an empty 200.
func TestAnAnswerThatIsNoJSON(t *testing.T) {
	s := newSite(t, func(cfg *Config) {
		cfg.PurgeSteps = func(context.Context, string) (any, error) { return make(chan int), nil }
	})
	r := s.organiser(t).get("/events/" + s.event.ID + "/purge")
	if r.status != http.StatusInternalServerError || r.problem(t) != "internal" {
		t.Errorf("%d %q", r.status, r.body)
	}
}
