package web

import (
	"bytes"
	"context"
	"log/slog"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
)

const password = "een lang wachtwoord"

// encoded is password, hashed once for all tests: it is slow on purpose.
var encoded = sync.OnceValue(func() string {
	hash, err := crypto.HashPassword(context.Background(), password)
	if err != nil {
		panic(err)
	}
	return hash
})

// newServer returns the application without a listener.
func newServer(t *testing.T, change ...func(*Config)) *Server {
	t.Helper()
	w := enrolltest.New(t)
	cfg := Config{
		Store: w.Store, Clock: w.Clock, Logger: slog.New(slog.DiscardHandler),
		BaseURL: "http://cultuurdag.example", RateSecret: []byte("a secret of the tests"),
	}
	for _, f := range change {
		f(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// account keeps a member of staff; school is empty for an organiser.
func (s *site) account(t *testing.T, school, email string) enroll.Account {
	t.Helper()
	a := enroll.Account{Role: enroll.Organiser, Name: "Iemand", Email: email, Password: encoded()}
	if school != "" {
		a.Role, a.School = enroll.Contact, school
	}
	a, err := s.Store.AddAccount(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// as signs in.
func (v *visitor) as(email string) *visitor {
	v.t.Helper()
	if r := v.form("/sign-in", "email", email, "password", password); r.status != http.StatusSeeOther && r.status != http.StatusNoContent {
		v.t.Fatalf("sign-in: %d %s", r.status, r.body)
	}
	return v
}

// organiser is a program that an organiser signed in.
func (s *site) organiser(t *testing.T) *visitor {
	t.Helper()
	s.account(t, "", "organisator@example.org")
	return s.program(t).as("organisator@example.org")
}

// contact is a program that the contact of the event's school signed in.
func (s *site) contact(t *testing.T) *visitor {
	t.Helper()
	s.account(t, s.event.School, "contact@example.org")
	return s.program(t).as("contact@example.org")
}

// encrypted is what age makes of a class list for the event.
func (s *site) encrypted(t *testing.T, list string) []byte {
	t.Helper()
	recipient, err := age.ParseX25519Recipient(s.event.Recipient)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	w, err := age.Encrypt(&buf, recipient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(list)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// upload hands in a class list as a program does.
func (v *visitor) upload(query string, body []byte) reply {
	v.t.Helper()
	return v.do("POST", "/events/"+v.site.event.ID+"/class-lists"+query, "application/octet-stream", bytes.NewReader(body))
}

// uploadForm does as a page does.
func (v *visitor) uploadForm(body []byte, pairs ...string) reply {
	v.t.Helper()
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := w.WriteField(pairs[i], pairs[i+1]); err != nil {
			v.t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", "lijst.age")
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := part.Write(body); err != nil {
		v.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		v.t.Fatal(err)
	}
	return v.do("POST", "/events/"+v.site.event.ID+"/class-lists", w.FormDataContentType(), &buf)
}

// path puts the event's id in a path.
func (s *site) path(path string) string { return strings.ReplaceAll(path, "EVENT", s.event.ID) }
