package mail

import (
	"context"
	"errors"
	"fmt"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Conn is a connection to the mail server, over which many mails go one after
// the other. It is not safe for concurrent use.
type Conn struct {
	mailer *Mailer
	client *smtp.Client
}

// Dial connects and signs in.
func (m *Mailer) Dial(ctx context.Context) (*Conn, error) {
	client, err := m.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return nil, dialError(err)
	}
	return &Conn{m, client}, nil
}

// Close says goodbye. An error means that the server had gone before.
func (c *Conn) Close() error {
	if err := c.mailer.client.CloseWithSMTPClient(c.client); err != nil {
		return fmt.Errorf("closing the connection to the mail server: %w", err)
	}
	return nil
}

// Result is what became of a mail.
type Result int

// The results of handing over a mail.
const (
	Sent    Result = iota // the server took it
	Refused               // it will never take it: the address or the mail is at fault
	Later                 // it did not take it now; it was certainly not handed over
	Unsure                // the line broke after the last byte, before its answer
	Barred                // it takes no mail of ours at all, now or ever; it was certainly not handed over
)

// Outcome is what became of a mail, in words that name nobody.
type Outcome struct {
	Result Result
	Code   int  // the server's, as 550; 0 where it gave none
	Lost   bool // the connection is of no use any more
	Idle   bool // with Lost: it was so before anything was said about this mail
}

func (o Outcome) err() error {
	switch o.Result {
	case Sent:
		return nil
	case Refused:
		return fmt.Errorf("the mail server refused a mail with code %d", o.Code)
	case Unsure:
		return errors.New("the mail server did not say whether it took a mail")
	}
	return fmt.Errorf("the mail server took no mail, with code %d", o.Code)
}

// serviceGone is the code with which a server announces that it hangs up (RFC
// 5321, section 3.8).
const serviceGone = 421

// Send hands over one mail. It may take some timeouts; a context does not end it,
// as a mail that is broken off halfway leaves it unsure whether it went.
func (c *Conn) Send(message Message) Outcome {
	msg, err := c.mailer.compose(message)
	if err != nil {
		return Outcome{Result: Refused}
	}
	err = c.mailer.client.SendWithSMTPClient(c.client, msg)
	if err == nil {
		return Outcome{Result: Sent}
	}
	if msg.IsDelivered() { // what failed came after it
		return Outcome{Result: Sent, Lost: true}
	}
	failure, ok := errors.AsType[*mail.SendError](err)
	if !ok {
		return Outcome{Result: Unsure, Lost: true}
	}
	o := Outcome{Result: Later, Code: failure.ErrorCode()}
	o.Lost = o.Code == 0 || o.Code == serviceGone
	permanent := o.Code >= 500
	switch failure.Reason {
	case mail.ErrConnCheck:
		o.Lost, o.Idle = true, true
	case mail.ErrSMTPMailFrom:
		if !o.Lost { // it was told nothing but the sender: ourselves
			o.Result = Barred
		}
	case mail.ErrSMTPRcptTo, mail.ErrSMTPData:
		if permanent {
			o.Result = Refused
		}
	case mail.ErrSMTPDataClose:
		switch {
		case permanent:
			o.Result = Refused
		case o.Code == 0:
			o.Result = Unsure
		}
	case mail.ErrWriteContent: // without the dot at its end it is no mail
		o.Lost = true
	case mail.ErrGetSender, mail.ErrGetRcpts, mail.ErrNoUnencoded:
		o = Outcome{Result: Refused}
	default:
		o.Result, o.Lost = Unsure, true
	}
	return o
}
