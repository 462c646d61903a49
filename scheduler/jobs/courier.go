package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/mail"
	"cultuurdag/scheduler/purge"
)

const (
	// letterPatience is for how long after a purge its certificate is tried. After
	// that it is given up, which the dashboard says: it can be downloaded there.
	letterPatience = 7 * 24 * time.Hour
	// letterWait is how long it waits at most from one attempt to the next.
	letterWait = 6 * time.Hour
)

// letterDelay is how long a certificate waits after that many attempts.
func letterDelay(attempts int) time.Duration {
	return min(time.Minute<<min(attempts-1, 10), letterWait)
}

// Courier mails staff: the certificate of a purge, and that one is overdue. The
// sweep calls it, so that it needs no worker. All fields are required.
type Courier struct {
	Store   *store.Store
	Clock   *enroll.Clock
	Mailer  *mail.Mailer
	BaseURL string // without a slash at the end
	Logger  *slog.Logger
	// Letter makes the mail with an event's certificate, without an address.
	Letter func(ctx context.Context, event string) (mail.Message, error)

	alarmed sync.Map // event -> the day on which organisers were told, where Redis cannot keep it
}

// Deliver sends the event's certificate to everybody who has not got it, where it
// is due and no other process is at it. Nobody whose certificate counts as sent
// gets it again; where the line breaks before the mail server has answered it
// is tried again, as two certificates are better than none.
func (c *Courier) Deliver(ctx context.Context, event string) error {
	release, err := c.Store.LeaseMail(ctx, event)
	if errors.Is(err, enroll.ErrBusy) {
		return nil
	}
	if err != nil {
		return err
	}
	defer release()
	e, err := c.Store.Event(ctx, event)
	if err != nil || e.Letters == nil || e.Letters.NotUntil.After(c.Clock.Now()) {
		return err
	}
	left, trouble := c.send(ctx, e)
	switch {
	case trouble == nil && left == 0:
		return c.Store.FinishLetters(ctx, event)
	case ctx.Err() != nil:
		return ctx.Err()
	case c.Clock.Now().Sub(e.PurgedAt) > letterPatience:
		c.Logger.Error("the certificate is given up", "event", event, "left", left, "err", trouble)
		return c.giveUp(ctx, e)
	}
	next := enroll.Letters{Attempts: e.Letters.Attempts + 1}
	next.NotUntil = c.Clock.Now().Add(letterDelay(next.Attempts))
	c.Logger.Warn("the certificate waits", "event", event, "left", left, "attempts", next.Attempts, "err", trouble)
	return c.Store.PutOffLetters(ctx, event, next)
}

// waiting returns the accounts whose certificate neither went nor failed for good.
func (c *Courier) waiting(ctx context.Context, e enroll.Event) ([]enroll.Account, error) {
	letters, err := c.Store.Letters(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	return c.Store.Accounts(ctx, func(a enroll.Account) bool {
		state := letters[a.ID].State
		return a.MayAccess(e.School) && !a.CreatedAt.After(e.PurgedAt) && state != store.LetterSent && state != store.LetterFailed
	})
}

// send sends what waits, over one connection, and returns how much waits still.
func (c *Courier) send(ctx context.Context, e enroll.Event) (left int, err error) {
	accounts, err := c.waiting(ctx, e)
	if err != nil || len(accounts) == 0 {
		return 0, err
	}
	message, err := c.Letter(ctx, e.ID)
	if err != nil {
		return len(accounts), err
	}
	line := line{mailer: c.Mailer}
	defer line.close()
	var trouble error
	for _, a := range accounts {
		if err := line.open(ctx); err != nil {
			trouble = err
			left++
			if err := c.Store.SettleLetter(ctx, e.ID, a.ID, store.LetterWaits, 0); err != nil {
				return left, err
			}
			continue
		}
		message.To = a.Email
		o := line.send(message)
		state := store.LetterWaits
		switch o.Result {
		case mail.Sent:
			state = store.LetterSent
		case mail.Refused:
			state = store.LetterFailed
		default:
			left++
		}
		// What was handed over is noted even where the program has to stop.
		settling, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
		err := c.Store.SettleLetter(settling, e.ID, a.ID, state, o.Code)
		cancel()
		if err != nil {
			return left, err
		}
	}
	return left, trouble
}

func (c *Courier) giveUp(ctx context.Context, e enroll.Event) error {
	accounts, err := c.waiting(ctx, e)
	for _, a := range accounts {
		err = errors.Join(err, c.Store.SettleLetter(ctx, e.ID, a.ID, store.LetterFailed, 0))
	}
	if err != nil {
		return err
	}
	return c.Store.FinishLetters(ctx, e.ID)
}

// Alarm tells every organiser by mail which purges are overdue and why, once a
// day for each event, whoever sweeps.
func (c *Courier) Alarm(ctx context.Context, late []purge.Status) error {
	today := enroll.DateOf(c.Clock.Now())
	var fresh []purge.Status
	for _, s := range late {
		if before, ok := c.alarmed.Load(s.Event); ok && before == today {
			continue
		}
		first, err := c.Store.ClaimAlarm(ctx, s.Event, today)
		if err != nil {
			c.Logger.Warn("an alarm could not be claimed", "event", s.Event, "err", err)
		}
		if first || err != nil { // a Redis that takes no write may be just what is wrong
			fresh = append(fresh, s)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	sent, err := c.tell(ctx, fresh)
	for _, s := range fresh {
		if sent > 0 {
			c.alarmed.Store(s.Event, today)
		} else if dropErr := c.Store.DropAlarm(ctx, s.Event); dropErr != nil {
			err = errors.Join(err, dropErr)
		}
	}
	return err
}

// tell mails the organisers and returns how many of them could be told.
func (c *Courier) tell(ctx context.Context, late []purge.Status) (sent int, err error) {
	organisers, err := c.Store.Accounts(ctx, func(a enroll.Account) bool { return a.Role == enroll.Organiser })
	if err != nil {
		return 0, err
	}
	l := locale.Dutch
	list := ""
	for _, s := range late {
		why := l.T("purge.trouble.none")
		next := l.T("purge.trouble.none.next")
		if s.Trouble != nil {
			why, next = l.T("purge.trouble."+s.Trouble.Code), l.T("purge.trouble."+s.Trouble.Code+".next")
		}
		list += l.T("mail.overdue.event", "title", s.Title, "due", l.Moment(s.Due), "why", why, "next", next,
			"link", c.BaseURL+"/events/"+s.Event+"/purge") + "\n"
	}
	message := mail.Message{
		Subject: l.T("mail.overdue.subject", "n", len(late)), Automatic: true,
		Body: l.T("mail.overdue.body", "n", len(late), "list", list, "link", c.BaseURL+"/purge-log"),
	}
	var errs []error
	for _, a := range organisers {
		message.To = a.Email
		if err := c.Mailer.Send(ctx, message); err != nil {
			errs = append(errs, fmt.Errorf("an organiser was not told: %w", err))
			continue
		}
		sent++
	}
	return sent, errors.Join(errs...)
}
