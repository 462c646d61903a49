package jobs

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/mail"
	"cultuurdag/scheduler/mail/mailtest"
	"cultuurdag/scheduler/purge"
)

// staffPost is a day with a contact, an organiser, another school's contact, and a
// mail server.
type staffPost struct {
	*day
	server *mailtest.Server
}

func newStaffPost(t *testing.T) *staffPost {
	t.Helper()
	p := &staffPost{newDay(t, 10), mailtest.New(t)}
	for email, school := range map[string]string{
		"contact@example.org": p.event.School, "organisator@example.org": "", "elders@example.org": p.School(t, "Elders").ID,
	} {
		a := enroll.Account{Role: enroll.Organiser, Name: "Iemand", Email: email}
		if school != "" {
			a.Role, a.School = enroll.Contact, school
		}
		if _, err := p.Store.AddAccount(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	p.restart(t)
	return p
}

// restart puts the program together anew: nothing of it is left in memory.
func (p *staffPost) restart(t *testing.T) {
	t.Helper()
	mailer, err := mail.New(p.server.URL(), "cultuurdag@example.org")
	if err != nil {
		t.Fatal(err)
	}
	p.runner.Courier = &Courier{
		Store: p.Store, Clock: p.Clock, Mailer: mailer, BaseURL: "https://example.org", Logger: p.runner.Logger,
		Letter: func(context.Context, string) (mail.Message, error) {
			return mail.Message{Subject: "Gewist", Body: "Alles is weg.", Files: []mail.File{{Name: "certificaat.pdf", Data: []byte("%PDF")}}}, nil
		},
	}
	p.runner.Purger.Certificate = p.Store.QueueLetters
	p.sweep = NewSweep(p.runner, p.client)
}

// sweepOnce sweeps, and waits for what was begun beside it.
func (p *staffPost) sweepOnce(t *testing.T) {
	t.Helper()
	if _, err := p.sweep.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.sweep.takers.Wait()
}

func (p *staffPost) purge(t *testing.T) {
	t.Helper()
	p.Clock.Move(p.event.PurgeDue().Add(time.Second))
	if err := p.runner.Purger.Run(t.Context(), p.event.ID); err != nil {
		t.Fatal(err)
	}
}

func (p *staffPost) to() map[string]int {
	got := map[string]int{}
	for _, m := range p.server.Mails() {
		got[m.To]++
	}
	return got
}

func (p *staffPost) letters(t *testing.T) (states map[store.LetterState]int, queued *enroll.Letters) {
	t.Helper()
	all, err := p.Store.Letters(t.Context(), p.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	states = map[store.LetterState]int{}
	for _, l := range all {
		states[l.State]++
	}
	e, err := p.Store.Event(t.Context(), p.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	return states, e.Letters
}

// The mail server is away at the purge: the purge is complete all the same, and
// the certificate goes out later, over restarts, to nobody twice.
func TestCertificateIsMailedUntilItIsSent(t *testing.T) {
	p := newStaffPost(t)
	away := p.server
	away.Close()
	p.purge(t)
	if p.state(t) != enroll.Purged {
		t.Fatal("a mail server that is away kept the purge from its end")
	}
	waited := time.Duration(0)
	for attempt := 1; attempt <= 3; attempt++ {
		p.sweepOnce(t)
		states, queued := p.letters(t)
		if states[store.LetterWaits] != 2 || queued == nil || queued.Attempts != attempt {
			t.Fatalf("attempt %d: %v, %+v", attempt, states, queued)
		}
		p.sweepOnce(t) // before it is due again: nothing
		if _, again := p.letters(t); again.Attempts != attempt {
			t.Errorf("tried again before its time: %+v", again)
		}
		wait := queued.NotUntil.Sub(p.Clock.Now())
		if wait <= waited {
			t.Errorf("attempt %d waits %v after %v", attempt, wait, waited)
		}
		waited = wait
		p.Clock.Move(queued.NotUntil.Add(time.Second))
		p.restart(t)
	}

	// It is back, but puts off one of the two.
	p.server = mailtest.New(t)
	var late atomic.Bool
	late.Store(true)
	p.server.Rule(func(command, address string) string {
		if command == "RCPT" && address == "contact@example.org" && late.Load() {
			return "451 later"
		}
		return ""
	})
	p.restart(t)
	p.sweepOnce(t)
	states, queued := p.letters(t)
	if states[store.LetterSent] != 1 || states[store.LetterWaits] != 1 || queued == nil {
		t.Fatalf("%v, %+v", states, queued)
	}
	late.Store(false)
	p.Clock.Move(queued.NotUntil.Add(time.Second))
	p.restart(t)
	p.sweepOnce(t)
	states, queued = p.letters(t)
	if states[store.LetterSent] != 2 || queued != nil {
		t.Fatalf("%v, %+v", states, queued)
	}
	p.Clock.Move(p.Clock.Now().Add(24 * time.Hour))
	p.sweepOnce(t)
	if got := p.to(); len(got) != 2 || got["contact@example.org"] != 1 || got["organisator@example.org"] != 1 {
		t.Errorf("mails: %v", got)
	}
}

// Whom no server ever takes is given up after a week, and that stays to be seen.
func TestCertificateIsGivenUpAfterAWeek(t *testing.T) {
	p := newStaffPost(t)
	p.server.Rule(func(command, address string) string {
		switch {
		case command == "RCPT" && address == "contact@example.org":
			return "451 later"
		case command == "RCPT":
			return "550 no such user"
		}
		return ""
	})
	p.purge(t)
	p.sweepOnce(t)
	if states, queued := p.letters(t); states[store.LetterFailed] != 1 || states[store.LetterWaits] != 1 || queued == nil {
		t.Fatalf("%v, %+v", states, queued)
	}
	p.Clock.Move(p.Clock.Now().Add(letterPatience - time.Hour))
	p.sweepOnce(t)
	if states, queued := p.letters(t); states[store.LetterWaits] != 1 || queued == nil {
		t.Fatalf("within the week: %v, %+v", states, queued)
	}
	p.Clock.Move(p.Clock.Now().Add(letterWait))
	p.sweepOnce(t)
	if states, queued := p.letters(t); states[store.LetterFailed] != 2 || queued != nil {
		t.Errorf("after it: %v, %+v", states, queued)
	}
	if got := p.to(); len(got) != 0 {
		t.Errorf("mails: %v", got)
	}
}

// A purge that is overdue is told once a day to the organisers alone, with the
// reason, by whoever sweeps; no worker runs here.
func TestOverduePurgeIsMailedOncePerDay(t *testing.T) {
	p := newStaffPost(t)
	p.Clock.Move(p.event.PurgeDue().Add(-time.Minute))
	p.sweepOnce(t)
	p.Clock.Move(p.event.PurgeDue().Add(purge.Late - time.Minute))
	p.sweepOnce(t)
	if got := p.to(); len(got) != 0 {
		t.Fatalf("before it is overdue: %v", got)
	}
	p.Clock.SkewRedis(-time.Hour)
	if err := p.runner.Purger.Run(t.Context(), p.event.ID); !errors.Is(err, enroll.ErrClock) {
		t.Fatalf("it did not fail: %v", err)
	}
	p.Clock.Move(p.event.PurgeDue().Add(purge.Late + time.Minute))
	for range 3 {
		p.sweepOnce(t)
		p.restart(t) // what was told is not kept in memory alone
	}
	mails := p.server.Mails()
	if len(mails) != 1 || mails[0].To != "organisator@example.org" {
		t.Fatalf("%d mails: %v", len(mails), p.to())
	}
	for _, want := range []string{p.event.Title, locale.Dutch.T("purge.trouble.clock"), locale.Dutch.T("purge.trouble.clock.next"), "https://example.org/purge-log"} {
		if !strings.Contains(mails[0].Body, want) {
			t.Errorf("the mail lacks %q:\n%s", want, mails[0].Body)
		}
	}
	p.Clock.Move(p.Clock.Now().Add(24 * time.Hour))
	p.server.Rule(func(command, _ string) string {
		if command == "MAIL" {
			return "451 later"
		}
		return ""
	})
	p.sweepOnce(t)
	p.server.Rule(nil)
	p.sweepOnce(t) // nobody could be told: it is tried again
	p.sweepOnce(t)
	if got := p.to(); got["organisator@example.org"] != 2 || len(got) != 1 {
		t.Errorf("the next day: %v", got)
	}
	if err := p.runner.Purger.Run(t.Context(), p.event.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Store.Trouble(t.Context(), p.event.ID); !errors.Is(err, enroll.ErrNotFound) {
		t.Errorf("the trouble outlives the purge: %v", err)
	}
}
