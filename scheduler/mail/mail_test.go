package mail_test

import (
	"strings"
	"testing"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/scheduler/mail"
	"cultuurdag/scheduler/mail/mailtest"
)

func dial(t *testing.T, server *mailtest.Server) *mail.Conn {
	t.Helper()
	mailer, err := mail.New(server.URL(), "Kunst op School <post@example.org>")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := mailer.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// What a mail server says to each step of a mail, and what became of the mail.
func TestWhatBecameOfAMail(t *testing.T) {
	for name, c := range map[string]struct {
		at, reply string
		want      mail.Outcome
	}{
		"taken":                       {"", "", mail.Outcome{}},
		"no such user":                {"RCPT", "550 no <noor@example.org> here", mail.Outcome{Result: mail.Refused, Code: 550}},
		"greylisted":                  {"RCPT", "451 <noor@example.org> later", mail.Outcome{Result: mail.Later, Code: 451}},
		"too many mails":              {"RCPT", "421 bye", mail.Outcome{Result: mail.Later, Code: 421, Lost: true}},
		"hung up before the mail":     {"RCPT", mailtest.HangUp, mail.Outcome{Result: mail.Later, Lost: true}},
		"hung up instead of the mail": {"DATA", mailtest.HangUp, mail.Outcome{Result: mail.Later, Lost: true}},
		"sender refused":              {"MAIL", "550 not you", mail.Outcome{Result: mail.Barred, Code: 550}},
		"sender put off":              {"MAIL", "452 full", mail.Outcome{Result: mail.Barred, Code: 452}},
		"content refused":             {"DOT", "554 spam", mail.Outcome{Result: mail.Refused, Code: 554}},
		"content put off":             {"DOT", "452 disk full", mail.Outcome{Result: mail.Later, Code: 452}},
		"hung up after the mail":      {"DOT", mailtest.HangUp, mail.Outcome{Result: mail.Unsure, Lost: true}},
	} {
		t.Run(name, func(t *testing.T) {
			server := mailtest.New(t)
			conn := dial(t, server)
			server.Rule(func(command, _ string) string {
				if command == c.at {
					return c.reply
				}
				return ""
			})
			got := conn.Send(mail.Message{To: "noor@example.org", Subject: "Hoi", Body: "Hoi"})
			if got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			if took := len(server.Mails()) == 1; took != (c.want.Result == mail.Sent) {
				t.Errorf("the server took it: %v", took)
			}
		})
	}
}

// A mail that was taken before the line broke was sent; a line that broke between
// two mails says so.
func TestLineThatBreaksAfterAMail(t *testing.T) {
	server := mailtest.New(t)
	conn := dial(t, server)
	server.Rule(func(command, _ string) string {
		if command == "RSET" {
			return mailtest.HangUp
		}
		return ""
	})
	m := mail.Message{To: "noor@example.org", Subject: "Hoi", Body: "Hoi"}
	if got, want := conn.Send(m), (mail.Outcome{Result: mail.Sent, Lost: true}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, want := conn.Send(m), (mail.Outcome{Result: mail.Later, Lost: true, Idle: true}); got != want {
		t.Errorf("over a line that is gone: %+v, want %+v", got, want)
	}
	if n := len(server.Mails()); n != 1 {
		t.Errorf("%d mails", n)
	}
}

// The words of a mail server may name a student; none of them are repeated.
func TestErrorsNameNobody(t *testing.T) {
	server := mailtest.New(t)
	mailer, err := mail.New(server.URL(), "post@example.org")
	if err != nil {
		t.Fatal(err)
	}
	for _, reply := range []string{"550 no <noor@example.org> here", "451 noor@example.org later", mailtest.HangUp} {
		for _, at := range []string{"RCPT", "DATA", "DOT"} {
			server.Rule(func(command, _ string) string {
				if command == at {
					return reply
				}
				return ""
			})
			err := mailer.SendText(t.Context(), "noor@example.org", "Hoi", "Hoi")
			if err == nil || strings.Contains(err.Error(), "noor") || strings.Contains(err.Error(), "here") {
				t.Errorf("%s %s: %v", at, reply, err)
			}
		}
	}
	if err := mailer.SendText(t.Context(), "noor", "Hoi", "Hoi"); err == nil || strings.Contains(err.Error(), "noor") {
		t.Errorf("no address: %v", err)
	}
}

func TestMailAsItArrives(t *testing.T) {
	server := mailtest.New(t)
	mailer, err := mail.New(server.URL(), "Kunst op School <post@example.org>")
	if err != nil {
		t.Fatal(err)
	}
	err = mailer.Send(t.Context(), mail.Message{
		To: "noor@example.org", ReplyTo: "rik@example.org", Subject: "Kies: dans & drúm", Automatic: true,
		Body: "Hoi Zoë,\n\nhttps://cultuurdag.example/k#K7QF-9XTR-2M4P\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	m := server.Mails()[0]
	if m.To != "noor@example.org" || m.Subject != "Kies: dans & drúm" || m.Header.Get("Reply-To") != "<rik@example.org>" ||
		m.Header.Get("Auto-Submitted") != "auto-generated" || m.Header.Get("From") != `"Kunst op School" <post@example.org>` ||
		!strings.Contains(m.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("%+v", m)
	}
	if want := "Hoi Zoë,\n\nhttps://cultuurdag.example/k#K7QF-9XTR-2M4P\n"; strings.TrimSpace(m.Body) != strings.TrimSpace(want) {
		t.Errorf("body %q", m.Body)
	}
}

func TestSettingsOfMail(t *testing.T) {
	for raw, ok := range map[string]bool{
		"smtp://mail.example.nl":                    true,
		"smtps://user:secret@mail.example.nl:465":   true,
		"smtp://127.0.0.1:2525":                     true,
		"http://user:secret@mail.example.nl":        false,
		"mail.example.nl:25":                        false,
		"smtp://user:secret@mail.example.nl:secret": false,
		"": false,
	} {
		_, err := mail.New(raw, "post@example.org")
		if (err == nil) != ok || err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestInvitationText(t *testing.T) {
	day := enroll.Date{Year: 2026, Month: time.December, Day: 4}
	i := mail.Invitation{
		Event:     enroll.Event{Title: "Cultuur\r\nBcc: x@example.org", Date: day, OpenAt: day.AddDays(-3).At(9, 0), CloseAt: day.AddDays(-2).At(12, 0)},
		School:    enroll.School{Name: "De Springplank"},
		FirstName: "Zoë", Code: "K7QF-9XTR-2M4P", BaseURL: "https://cultuurdag.example",
		Contact: enroll.Account{Name: "Rik de Vries", Email: "rik@example.org"},
		Now:     day.AddDays(-4).At(9, 0),
	}
	if got := i.Subject(); strings.ContainsAny(got, "\r\n") {
		t.Errorf("subject %q", got)
	}
	body := i.Body()
	for _, want := range []string{
		"Hoi Zoë,", "De Springplank", "vrijdag 4 december 2026", "\nhttps://cultuurdag.example/k#K7QF-9XTR-2M4P\n",
		"van dinsdag 1 december 2026 om 09:00 tot woensdag 2 december 2026 om 12:00", "Rik de Vries (rik@example.org)",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is not in\n%s", want, body)
		}
	}
	i.Now, i.Contact, i.Provider = day.AddDays(-3).At(10, 0), enroll.Account{}, enroll.Provider{Email: "hulp@example.org"}
	if body = i.Body(); !strings.Contains(body, "Kiezen kan tot woensdag 2 december 2026 om 12:00.") || !strings.Contains(body, "Vraag het aan hulp@example.org.") {
		t.Error(body)
	}
	i.Event.Mode = enroll.Ranking
	if ranked := i.Body(); !strings.Contains(ranked, "op volgorde") || strings.Contains(body, "op volgorde") {
		t.Error(ranked)
	}
	i.Provider = enroll.Provider{}
	if body = i.Body(); !strings.Contains(body, "Vraag het aan je mentor.") {
		t.Error(body)
	}
}
