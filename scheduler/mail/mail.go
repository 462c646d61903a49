// Package mail hands mail to an SMTP server: certificates and links to staff one
// by one, invitations to students many over one connection. It knows neither
// Redis nor HTTP.
//
// Errors of a mail server may quote an address, so none of its words about a
// mail leave this package: only its code does.
package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"
)

// timeout is how long the mail server may take for an answer.
const timeout = 20 * time.Second

// Mailer hands mail to an SMTP server. It is safe for concurrent use.
type Mailer struct {
	client *mail.Client
	from   string
}

// Message is a mail in plain text.
type Message struct {
	To      string // an address
	ReplyTo string // an address; may be empty
	Subject string
	Body    string
	Files   []File
	// Automatic mail asks for no answer by machines: nobody wants a thousand
	// notes of absence (RFC 3834, section 5).
	Automatic bool
}

// File goes with a mail.
type File struct {
	Name string
	Data []byte
}

var errURL = errors.New("is not a URL such as smtp://user:password@mail.example.nl:587")

// CheckURL returns what is wrong with the address of a mail server, without
// repeating it: it may hold a password.
func CheckURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return errURL
	}
	if u.Scheme != "smtp" && u.Scheme != "smtps" {
		return fmt.Errorf("has the scheme %q instead of smtp or smtps", u.Scheme)
	}
	return nil
}

// New returns a mailer for smtp://user:password@host:587 (STARTTLS where the
// server is another machine) or smtps://…:465. It does not connect yet.
func New(raw, from string) (*Mailer, error) {
	if err := CheckURL(raw); err != nil {
		return nil, err
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errURL
	}
	options := []mail.Option{mail.WithTimeout(timeout)}
	if p := u.Port(); p != "" {
		port, err := strconv.Atoi(p)
		if err != nil {
			return nil, errURL
		}
		options = append(options, mail.WithPort(port))
	}
	switch {
	case u.Scheme == "smtps":
		options = append(options, mail.WithSSL())
	case loopback(u.Hostname()):
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
	return &Mailer{client, from}, nil
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// Send sends one mail over a connection of its own.
func (m *Mailer) Send(ctx context.Context, message Message) error {
	conn, err := m.Dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Send(message).err()
}

// SendText sends one mail without files.
func (m *Mailer) SendText(ctx context.Context, to, subject, body string) error {
	return m.Send(ctx, Message{To: to, Subject: subject, Body: body})
}

// Check reports whether the mail server can be reached and lets us in.
func (m *Mailer) Check(ctx context.Context) error {
	conn, err := m.Dial(ctx)
	if err != nil {
		return err
	}
	return conn.Close()
}

// compose makes of a message what goes over the line.
func (m *Mailer) compose(message Message) (*mail.Msg, error) {
	msg := mail.NewMsg()
	if err := msg.From(m.from); err != nil {
		return nil, errors.New("the sender's address does not fit a mail")
	}
	if err := msg.To(message.To); err != nil {
		return nil, errors.New("a recipient's address does not fit a mail")
	}
	if message.ReplyTo != "" {
		if err := msg.ReplyTo(message.ReplyTo); err != nil {
			return nil, errors.New("the address for answers does not fit a mail")
		}
	}
	if message.Automatic {
		msg.SetGenHeader("Auto-Submitted", "auto-generated")
	}
	msg.Subject(message.Subject)
	msg.SetBodyString(mail.TypeTextPlain, message.Body)
	for _, f := range message.Files {
		if err := msg.AttachReader(f.Name, bytes.NewReader(f.Data)); err != nil {
			return nil, fmt.Errorf("attaching %s: %w", f.Name, err)
		}
	}
	return msg, nil
}

// dialError says in its own words why the mail server cannot be used.
func dialError(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Errorf("the mail server cannot be reached: %w", op)
	}
	return fmt.Errorf("the mail server does not let us in: %w", err)
}
