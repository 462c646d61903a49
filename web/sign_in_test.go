package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestACodeAsPeopleTypeIt(t *testing.T) {
	s := newSite(t)
	code := s.codes[s.students[0].ID].String()
	for _, typed := range []string{
		code, strings.ToLower(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " ") + "\n",
	} {
		r := s.browser(t).form("/student/sign-in", "code", typed)
		if r.status != http.StatusSeeOther || r.header.Get("Location") != "/student" {
			t.Errorf("%q: %d", typed, r.status)
		}
		cookie := r.header.Get("Set-Cookie")
		if !strings.HasPrefix(cookie, "student="+s.event.ID+".") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
			t.Errorf("cookie %q", cookie)
		}
	}
}

func TestAWrongCode(t *testing.T) {
	s := newSite(t)
	school := s.codes[s.students[0].ID].Event()
	for _, c := range []struct{ typed, says string }{
		{"", "Typ de code die op je briefje staat."},
		{"hallo", "Deze code kennen we niet."},
		{"<b>hallo</b>", "Deze code kennen we niet."},
		{school + "-0000-0000", "Deze code hoort bij Voorbeeld College"},
	} {
		r := s.browser(t).form("/student/sign-in", "code", c.typed)
		if r.status != http.StatusUnauthorized {
			t.Errorf("%q: %d", c.typed, r.status)
		}
		r.has(t, "<title>Fout: ", c.says, `href="#code"`, `aria-invalid="true"`, `aria-describedby="code-error code-hint"`)
		r.lacks(t, "<b>hallo")
	}
	s.browser(t).form("/student/sign-in", "code", "hallo").has(t, `value="hallo"`) // what was typed is kept
	if code := s.program(t).json("POST", "/student/sign-in", map[string]string{"code": "hallo"}).problem(t); code != "wrong_code" {
		t.Errorf("JSON says %s", code)
	}
}

// Guessing ends; a school that types badly behind the same address does not
// notice, for right codes are not counted.
func TestGuessingIsStopped(t *testing.T) {
	s := newSite(t)
	school := s.codes[s.students[0].ID].Event()
	guess := func() reply { return s.browser(t).form("/student/sign-in", "code", school+"-0000-0000") }
	for range wrongCodes - 1 {
		if r := guess(); r.status != http.StatusUnauthorized {
			t.Fatalf("%d", r.status)
		}
	}
	for range 3 {
		s.browser(t).signIn(0)
	}
	guess()
	r := guess()
	if r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") == "" {
		t.Fatalf("%d, Retry-After %q", r.status, r.header.Get("Retry-After"))
	}
	r.has(t, "te veel verkeerde codes", "min. opnieuw")
	p := s.program(t).json("POST", "/student/sign-in", map[string]string{"code": school + "-0000-0000"})
	if code := p.problem(t); p.status != http.StatusTooManyRequests || code != "too_many_attempts" || p.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", p.status, code)
	}
}

// The code of a QR code stands behind the #; the page's own script takes it
// from there, and the page works without.
func TestTheLinkOfAQRCode(t *testing.T) {
	s := newSite(t)
	r := s.browser(t).get("/k")
	if r.status != 200 {
		t.Fatalf("%d", r.status)
	}
	r.has(t, "location.hash", `history.replaceState(null,"","/k")`, `action="/student/sign-in"`, `<label for="code">`)
}
