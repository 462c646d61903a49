package main

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"
)

// mailer hands mail to an SMTP server.
type mailer struct {
	client *mail.Client
	from   string
}

// attachment is a file that goes with a mail.
type attachment struct {
	name string
	data []byte
}

// newMailer returns a mailer for smtp://user:password@host:587 (STARTTLS where
// the server is another machine) or smtps://…:465. It does not connect yet.
func newMailer(raw, from string) (*mailer, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, checkSMTPURL("") // err would repeat the URL
	}
	options := []mail.Option{mail.WithTimeout(20 * time.Second)}
	if p := u.Port(); p != "" {
		port, err := strconv.Atoi(p)
		if err != nil {
			return nil, checkSMTPURL("")
		}
		options = append(options, mail.WithPort(port))
	}
	switch {
	case u.Scheme == "smtps":
		options = append(options, mail.WithSSL())
	case isThisMachine(u.Hostname()):
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	}
	client, err := mail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	return &mailer{client, from}, nil
}

func (m *mailer) send(ctx context.Context, to, subject, body string) error {
	return m.sendFiles(ctx, to, subject, body)
}

func (m *mailer) sendFiles(ctx context.Context, to, subject, body string, files ...attachment) error {
	msg := mail.NewMsg()
	if err := msg.From(m.from); err != nil {
		return fmt.Errorf("sender: %w", err)
	}
	if err := msg.To(to); err != nil {
		return fmt.Errorf("a recipient's address does not fit a mail")
	}
	msg.Subject(subject)
	msg.SetBodyString(mail.TypeTextPlain, body)
	for _, f := range files {
		if err := msg.AttachReader(f.name, bytes.NewReader(f.data)); err != nil {
			return fmt.Errorf("attaching %s: %w", f.name, err)
		}
	}
	if err := m.client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return nil
}

// check reports whether the mail server can be reached and lets us in.
func (m *mailer) check(ctx context.Context) error {
	if err := m.client.DialWithContext(ctx); err != nil {
		return err
	}
	return m.client.Close()
}
