package web

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cultuurdag/crypto"
	"cultuurdag/enroll/store"
)

func TestStaffSignIn(t *testing.T) {
	s := newSite(t)
	s.account(t, "", "organisator@example.org")
	v := s.program(t)
	if r := v.get("/events"); r.status != http.StatusUnauthorized || r.problem(t) != "signed_out" {
		t.Fatalf("signed out: %d %s", r.status, r.body)
	}
	for _, c := range []struct{ email, password string }{
		{"organisator@example.org", "verkeerd wachtwoord"},
		{"niemand@example.org", password},
		{"organisator@example.org", ""},
		{"", ""},
	} {
		r := v.json("POST", "/sign-in", map[string]string{"email": c.email, "password": c.password})
		if r.status != http.StatusUnauthorized || r.problem(t) != "wrong_credentials" {
			t.Errorf("%q: %d %s", c.email, r.status, r.body)
		}
	}
	r := v.json("POST", "/sign-in", map[string]string{"email": " Organisator@Example.org ", "password": password})
	if r.status != http.StatusNoContent || r.body != "" {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if cookie := r.header.Get("Set-Cookie"); !strings.HasPrefix(cookie, "staff=") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
		t.Errorf("cookie: %s", cookie)
	}
	if r := v.get("/events"); r.status != http.StatusOK {
		t.Fatalf("signed in: %d", r.status)
	}
	if r := v.json("POST", "/sign-out", nil); r.status != http.StatusNoContent {
		t.Fatalf("sign-out: %d", r.status)
	}
	if r := v.get("/events"); r.status != http.StatusUnauthorized {
		t.Fatalf("signed out again: %d", r.status)
	}
}

// A person comes back to the page they wanted; a form that is refused keeps the
// address that was typed.
func TestStaffSignInPage(t *testing.T) {
	s := newSite(t)
	s.account(t, "", "organisator@example.org")
	v := s.browser(t)
	r := v.get("/audit?event=x")
	if r.status != http.StatusUnauthorized {
		t.Fatalf("%d", r.status)
	}
	r.has(t, `name="next" value="/audit?event=x"`, `action="/sign-in"`)
	r = v.form("/sign-in", "email", "organisator@example.org", "password", "fout", "next", "/audit?event=x")
	if r.status != http.StatusUnauthorized {
		t.Fatalf("%d", r.status)
	}
	r.has(t, `value="organisator@example.org"`, `name="next" value="/audit?event=x"`, "<title>Fout: ")
	r.lacks(t, `value="fout"`)
	r = v.form("/sign-in", "email", "organisator@example.org", "password", password, "next", "/audit?event=x")
	if r.status != http.StatusSeeOther || r.header.Get("Location") != "/audit?event=x" {
		t.Fatalf("%d to %s", r.status, r.header.Get("Location"))
	}
	if r := v.form("/sign-in", "email", "organisator@example.org", "password", password, "next", "//elders.example"); r.header.Get("Location") != "/events" {
		t.Errorf("sent on to %s", r.header.Get("Location"))
	}
	if r := v.get("/sign-in"); r.status != http.StatusSeeOther {
		t.Errorf("signed in already: %d", r.status)
	}
}

// Failures alone are counted, by address and by e-mail, whether or not there is
// such an account.
func TestStaffSignInIsLimited(t *testing.T) {
	for _, email := range []string{"organisator@example.org", "niemand@example.org"} {
		t.Run(email, func(t *testing.T) {
			s := newSite(t)
			s.account(t, "", "organisator@example.org")
			v := s.program(t)
			for range 3 {
				v.as("organisator@example.org")
			}
			for i := range wrongPasswords {
				if r := v.json("POST", "/sign-in", map[string]string{"email": email, "password": "fout"}); r.status != http.StatusUnauthorized {
					t.Fatalf("try %d: %d %s", i+1, r.status, r.body)
				}
			}
			r := v.json("POST", "/sign-in", map[string]string{"email": email, "password": password})
			if r.status != http.StatusTooManyRequests || r.problem(t) != "too_many_attempts" || r.header.Get("Retry-After") == "" {
				t.Fatalf("after %d failures: %d %s", wrongPasswords, r.status, r.body)
			}
		})
	}
	t.Run("from one address", func(t *testing.T) {
		s := newSite(t)
		s.account(t, "", "organisator@example.org")
		v := s.program(t)
		who := crypto.AddressMAC([]byte("a secret of the tests"), "127.0.0.1")
		for range wrongPasswordsAddress {
			if err := s.Store.Allow(t.Context(), "password-address", who, wrongPasswordsAddress, wrongPasswordsWindow); err != nil {
				t.Fatal(err)
			}
		}
		if r := v.json("POST", "/sign-in", map[string]string{"email": "organisator@example.org", "password": password}); r.status != http.StatusTooManyRequests {
			t.Fatalf("%d", r.status)
		}
	})
	t.Run("on a page", func(t *testing.T) {
		s := newSite(t)
		who := crypto.AddressMAC([]byte("a secret of the tests"), "email a@example.org")
		for range wrongPasswordsEmail {
			if err := s.Store.Allow(t.Context(), "password-email", who, wrongPasswordsEmail, wrongPasswordsWindow); err != nil {
				t.Fatal(err)
			}
		}
		r := s.browser(t).form("/sign-in", "email", "a@example.org", "password", "fout")
		if r.status != http.StatusTooManyRequests {
			t.Fatalf("%d", r.status)
		}
		r.has(t, "te vaak", `value="a@example.org"`)
	})
}

func TestPasswordChangeEndsOtherSessions(t *testing.T) {
	s := newSite(t)
	a := s.account(t, "", "organisator@example.org")
	here, there := s.program(t).as("organisator@example.org"), s.program(t).as("organisator@example.org")
	for _, c := range []struct {
		old, new string
		status   int
	}{
		{"verkeerd wachtwoord", "een nieuw wachtwoord", http.StatusUnauthorized},
		{password, "te kort", http.StatusUnprocessableEntity},
	} {
		if r := here.json("POST", "/account/password", map[string]string{"old": c.old, "new": c.new}); r.status != c.status {
			t.Errorf("%q: %d %s", c.new, r.status, r.body)
		}
	}
	if r := here.json("POST", "/account/password", map[string]string{"old": password, "new": "een nieuw wachtwoord"}); r.status != http.StatusNoContent {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if r := here.get("/events"); r.status != http.StatusOK {
		t.Errorf("the session that changed it: %d", r.status)
	}
	if r := there.get("/events"); r.status != http.StatusUnauthorized {
		t.Errorf("the other session: %d", r.status)
	}
	if err := s.Store.RemoveAccount(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	if r := here.get("/events"); r.status != http.StatusUnauthorized {
		t.Errorf("the account is gone: %d", r.status)
	}
}

// A request that was under way while somebody signed out does not bring the
// session back.
func TestSignOutIsForGood(t *testing.T) {
	s := newServer(t)
	ctx, err := s.staff.Load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	s.staff.Put(ctx, sessionAccount, "somebody")
	token, _, err := s.staff.Commit(ctx)
	if err != nil {
		t.Fatal(err)
	}
	underWay, err := s.staff.Load(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	signOut, err := s.staff.Load(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.staff.Destroy(signOut); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.staff.Commit(context.WithValue(underWay, goesOn{}, true)); err != nil {
		t.Fatal(err)
	}
	after, err := s.staff.Load(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.staff.GetString(after, sessionAccount); got != "" {
		t.Errorf("the session of %s is back", got)
	}
}

// What Redis keeps of a session is no token that works, and it ends.
func TestSessionsAreHashedAndEnd(t *testing.T) {
	s := newSite(t)
	s.account(t, "", "organisator@example.org")
	v := s.program(t)
	r := v.json("POST", "/sign-in", map[string]string{"email": "organisator@example.org", "password": password})
	token, _, _ := strings.Cut(strings.TrimPrefix(r.header.Get("Set-Cookie"), "staff="), ";")
	keys, err := s.Redis.Keys(t.Context(), "cd:staff:*").Result()
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != 1 || strings.Contains(keys[0], token) {
		t.Fatalf("keys %v, token %s", keys, token)
	}
	left, err := s.Redis.PTTL(t.Context(), keys[0]).Result()
	if err != nil {
		t.Fatal(err)
	}
	if left <= staffIdle-time.Minute || left > staffIdle {
		t.Errorf("ends in %v, want %v", left, staffIdle)
	}
}

func TestAPIToken(t *testing.T) {
	s := newSite(t)
	a := s.account(t, s.event.School, "contact@example.org")
	token, err := s.Store.NewAPIToken(t.Context(), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		header string
		status int
	}{
		{"Bearer " + token, http.StatusOK},
		{"bearer " + token, http.StatusOK},
		{"Bearer " + token + "x", http.StatusUnauthorized},
		{"Basic " + token, http.StatusUnauthorized},
		{"Bearer", http.StatusUnauthorized},
	} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", c.header)
		resp, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.status || !strings.Contains(resp.Header.Get("Content-Type"), "json") {
			t.Errorf("%.10s: %d %s", c.header, resp.StatusCode, resp.Header.Get("Content-Type"))
		}
	}
}

// From the organiser's invitation to the contact's first sign-in.
func TestInvitation(t *testing.T) {
	s := newSite(t)
	organiser := s.organiser(t)
	contacts := "/schools/" + s.event.School + "/contacts"
	r := organiser.json("POST", contacts, map[string]string{"name": "Rik Contact", "function": "coördinator", "email": "rik@example.org", "phone": "030 000"})
	if r.status != http.StatusCreated {
		t.Fatalf("%d %s", r.status, r.body)
	}
	var made struct {
		ID   string `json:"id"`
		Link string `json:"invitation_url"`
	}
	r.decode(t, &made)
	before, token, ok := strings.Cut(made.Link, "#")
	if !ok || before != "http://cultuurdag.example/invitation" || made.ID == "" {
		t.Fatalf("%+v", made)
	}
	if r := organiser.json("POST", contacts, map[string]string{"name": "Rik", "email": "RIK@example.org"}); r.status != http.StatusConflict || r.problem(t) != "email_taken" {
		t.Errorf("twice: %d %s", r.status, r.body)
	}
	v := s.program(t)
	s.browser(t).get("/invitation").has(t, "location.hash", `name="token"`)
	if r := v.json("POST", "/invitations", map[string]string{"token": token, "password": "te kort"}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("short: %d", r.status)
	}
	if r := v.json("POST", "/invitations", map[string]string{"token": token + "x", "password": password}); r.status != http.StatusGone || r.problem(t) != "invitation_gone" {
		t.Errorf("wrong token: %d", r.status)
	}
	// The whole link, as somebody without a script pastes it.
	if r := v.json("POST", "/invitations", map[string]string{"token": made.Link, "password": password}); r.status != http.StatusNoContent {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if r := v.get("/events"); r.status != http.StatusOK {
		t.Errorf("signed in by it: %d", r.status)
	}
	if r := v.json("POST", "/invitations", map[string]string{"token": token, "password": "een ander wachtwoord"}); r.status != http.StatusGone {
		t.Errorf("used twice: %d", r.status)
	}
	entries, err := s.Store.AuditLog(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(entries, func(e store.AuditEntry) bool {
		return e.Action == "account.link" && e.Account == made.ID && e.Detail == s.event.School
	}) {
		t.Errorf("the password is not in the audit log: %+v", entries)
	}
	s.program(t).as("rik@example.org")
	if r := organiser.do("DELETE", contacts+"/"+made.ID, "", nil); r.status != http.StatusNoContent {
		t.Fatalf("remove: %d %s", r.status, r.body)
	}
	if r := v.get("/events"); r.status != http.StatusUnauthorized {
		t.Errorf("removed: %d", r.status)
	}
}

// The answer to a reset tells nothing of who has an account.
func TestPasswordReset(t *testing.T) {
	type mail struct{ to, body string }
	mails := make(chan mail, 10)
	s := newSite(t, func(cfg *Config) {
		cfg.Mail = func(_ context.Context, to, _, body string) error {
			mails <- mail{to, body}
			return nil
		}
	})
	s.account(t, "", "organisator@example.org")
	v := s.program(t)
	for _, email := range []string{"niemand@example.org", "", "organisator@example.org"} {
		if r := v.json("POST", "/password-reset", map[string]string{"email": email}); r.status != http.StatusAccepted || r.body != "" {
			t.Fatalf("%q: %d %s", email, r.status, r.body)
		}
	}
	m := <-mails
	if m.to != "organisator@example.org" || len(mails) != 0 {
		t.Fatalf("mailed %s, and %d more", m.to, len(mails))
	}
	_, token, _ := strings.Cut(m.body, "/invitation#")
	token, _, _ = strings.Cut(token, "\n")
	if r := v.json("POST", "/invitations", map[string]string{"token": token, "password": "een ander wachtwoord"}); r.status != http.StatusNoContent {
		t.Fatalf("%d %s", r.status, r.body)
	}
	for range resetsAddress - 3 {
		if r := v.json("POST", "/password-reset", map[string]string{"email": "organisator@example.org"}); r.status != http.StatusAccepted {
			t.Fatalf("%d", r.status)
		}
	}
	if r := v.json("POST", "/password-reset", map[string]string{"email": "organisator@example.org"}); r.status != http.StatusTooManyRequests {
		t.Errorf("%d", r.status)
	}
}
