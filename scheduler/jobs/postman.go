package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/mail"
)

const (
	// mailPace is the time from one mail to the next. Ten a second is what the
	// mail servers of hosting companies and schools take from one sender without
	// slowing it down; a school of 1,500 is done in three minutes.
	mailPace = time.Second / 10
	// mailsPerConnection is after how many mails a new connection is made: common
	// servers hang up after a hundred.
	mailsPerConnection = 100
	// enoughRefusals is how many mails in a row the server may put off before the
	// attempt ends: it says that it wants to be left alone for a while.
	enoughRefusals = 20
	// mailAttempts is how often a batch is tried: with mailDelay, some eight hours.
	mailAttempts = 14
	// settleTime is how long it may take to note what became of a mail that was
	// handed over, whatever happens meanwhile.
	settleTime = 10 * time.Second
)

// mailDelay is how long a batch waits after that many attempts that left
// something queued: greylisting wants some minutes, an outage some hours.
func mailDelay(attempts int) time.Duration {
	return min(time.Minute<<min(attempts-1, 10), time.Hour)
}

// Postman sends invitations. All fields are required.
type Postman struct {
	Store    *store.Store
	Clock    *enroll.Clock
	Mailer   *mail.Mailer
	BaseURL  string // without a slash at the end
	Provider enroll.Provider
	Logger   *slog.Logger

	pace time.Duration // mailPace, where it is zero
}

// errMail is every trouble with the mail server that ends an attempt.
var errMail = errors.New("mail waits")

// Deliver sends what is queued of a batch, where it is due and no other worker
// is at the event's mail. It may be called twice, by several processes at once,
// and again after a crash: nobody gets the mail of a batch twice. What the server
// does not take now stays queued for a later attempt; the batch ends when nothing
// is queued, when enrolment closes, after mailAttempts, or with the event.
func (p *Postman) Deliver(ctx context.Context, event, batch string) error {
	release, err := p.Store.LeaseMail(ctx, event)
	if errors.Is(err, enroll.ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	mailings, err := p.Store.Mailings(ctx, event)
	if gone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	i := slices.IndexFunc(mailings, func(m store.Mailing) bool { return m.Batch == batch })
	if i < 0 || mailings[i].NotUntil.After(p.Clock.Now()) {
		return nil
	}
	err = p.send(ctx, event, batch)
	switch {
	case gone(err):
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, enroll.ErrClosed):
		return p.Store.GiveUpMailing(ctx, event, batch)
	case err != nil && !errors.Is(err, errMail):
		return err // nothing was said against the batch: the next sweep hands it out again
	}
	m := mailings[i]
	m.Attempts++
	if m.Attempts >= mailAttempts {
		return errors.Join(err, p.Store.GiveUpMailing(ctx, event, batch))
	}
	m.NotUntil = p.Clock.Now().Add(mailDelay(m.Attempts))
	left, errFinish := p.Store.FinishMailing(ctx, event, m)
	p.Logger.Info("invitations sent", "event", event, "batch", batch, "left", left)
	return errors.Join(err, errFinish)
}

// gone reports whether the event's data are out of reach for good.
func gone(err error) bool {
	return errors.Is(err, enroll.ErrPurged) || errors.Is(err, enroll.ErrNotFound)
}

// unreachable reports whether they are so for good or until the clocks agree, of
// which others tell: nothing failed.
func unreachable(err error) bool { return gone(err) || errors.Is(err, enroll.ErrClock) }

// send hands over each mail of the batch that is queued. ErrClosed where
// invitations have no use any more.
func (p *Postman) send(ctx context.Context, event, batch string) error {
	letter, err := p.letter(ctx, event, batch)
	if err != nil {
		return err
	}
	queued, err := p.Store.QueuedInvitations(ctx, event, batch)
	if err != nil {
		return err
	}
	line := line{mailer: p.Mailer}
	defer line.close()
	pace := time.NewTicker(cmp.Or(p.pace, mailPace))
	defer pace.Stop()
	putOff := 0
	for len(queued) > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pace.C:
		}
		// The line comes first: what is claimed can be handed over at once.
		if err := line.open(ctx); err != nil {
			return fmt.Errorf("%w: %w", errMail, err)
		}
		o, err := p.one(ctx, &line, letter, event, batch, queued[0])
		if err != nil {
			return err
		}
		if !o.Idle { // else it is this student's turn again, on a new line
			queued = queued[1:]
		}
		switch o.Result {
		case mail.Barred:
			return fmt.Errorf("%w: the server takes nothing from our sender, code %d", errMail, o.Code)
		case mail.Later:
			putOff++
		default:
			putOff = 0
		}
		if putOff >= enoughRefusals {
			return fmt.Errorf("%w: the server puts off every mail, code %d", errMail, o.Code)
		}
	}
	return nil
}

// one hands over the mail of one student, where nobody else did or does.
func (p *Postman) one(ctx context.Context, line *line, letter mail.Invitation, event, batch, student string) (mail.Outcome, error) {
	e, err := p.Store.Event(ctx, event) // which may have changed since the last mail
	if err != nil {
		return mail.Outcome{}, err
	}
	if !e.Invitations {
		return mail.Outcome{}, enroll.ErrClosed
	}
	st, code, ok, err := p.Store.ClaimInvitation(ctx, event, batch, student)
	if err != nil || !ok {
		return mail.Outcome{}, err
	}
	letter.Event, letter.FirstName, letter.Code, letter.Now = e, st.FirstName, code.String(), p.Clock.Now()
	var o mail.Outcome
	if st.Email == "" { // it was taken away since
		o = mail.Outcome{Result: mail.Refused}
	} else {
		o = line.send(mail.Message{
			To: st.Email, ReplyTo: letter.Contact.Email, Subject: letter.Subject(), Body: letter.Body(), Automatic: true,
		})
	}
	// The mail went or did not go: that is noted even where the worker has to stop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	return o, p.Store.SettleInvitation(ctx, event, batch, student, settled(o))
}

// settled is how an invitation stands after its mail was handed over.
func settled(o mail.Outcome) store.Invitation {
	switch o.Result {
	case mail.Sent:
		return store.Invitation{State: store.InviteSent}
	case mail.Refused:
		return store.Invitation{State: store.InviteFailed, Code: o.Code}
	case mail.Unsure:
		return store.Invitation{State: store.InviteUnsure}
	}
	return store.Invitation{State: store.InviteQueued}
}

// letter returns what is the same in every mail of a batch.
func (p *Postman) letter(ctx context.Context, event, batch string) (mail.Invitation, error) {
	b, err := p.Store.InviteBatch(ctx, event, batch)
	if err != nil {
		return mail.Invitation{}, err
	}
	e, err := p.Store.Event(ctx, event)
	if err != nil {
		return mail.Invitation{}, err
	}
	school, err := p.Store.School(ctx, e.School)
	if err != nil {
		return mail.Invitation{}, err
	}
	contact, err := p.Store.SchoolContact(ctx, e.School, b.By)
	return mail.Invitation{School: school, BaseURL: p.BaseURL, Provider: p.Provider, Contact: contact}, err
}

// line is the connection to the mail server, made anew where it broke or served
// long enough.
type line struct {
	mailer *mail.Mailer
	conn   *mail.Conn
	mails  int // over this connection
}

func (l *line) open(ctx context.Context) (err error) {
	if l.mails >= mailsPerConnection {
		l.close()
	}
	if l.conn == nil {
		l.mails = 0
		l.conn, err = l.mailer.Dial(ctx)
	}
	return err
}

// send wants the line open.
func (l *line) send(m mail.Message) mail.Outcome {
	l.mails++
	o := l.conn.Send(m)
	if o.Lost {
		l.close()
	}
	return o
}

func (l *line) close() {
	if l.conn == nil {
		return
	}
	if err := l.conn.Close(); err != nil {
		l.mails = 0 // the server had gone: there is nothing to say goodbye to
	}
	l.conn = nil
}
