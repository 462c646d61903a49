package jobs

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/mail"
	"cultuurdag/scheduler/mail/mailtest"
)

// post is a day whose students have addresses, with a mail server.
type post struct {
	*day
	server  *mailtest.Server
	postman *Postman
	log     *bytes.Buffer
	ids     []string          // of the students
	address map[string]string // by student id
}

func newPost(t *testing.T, students int) *post {
	t.Helper()
	ctx := t.Context()
	p := &post{day: newDay(t, students), server: mailtest.New(t), log: &bytes.Buffer{}, address: map[string]string{}}
	if _, err := p.Store.UpdateEvent(ctx, p.event.ID, func(e *enroll.Event) error { e.Invitations = true; return nil }); err != nil {
		t.Fatal(err)
	}
	list := enrolltest.Students(students)
	for i := range list {
		list[i].Email = fmt.Sprintf("leerling%d@example.org", i)
	}
	if _, err := p.Store.ApplyList(ctx, p.event.ID, list, false, false); err != nil {
		t.Fatal(err)
	}
	var err error
	if p.students, err = p.Store.Students(ctx, p.event.ID); err != nil {
		t.Fatal(err)
	}
	for _, st := range p.students {
		p.ids = append(p.ids, st.ID)
		p.address[st.ID] = st.Email
	}
	mailer, err := mail.New(p.server.URL(), "Kunst op School <post@example.org>")
	if err != nil {
		t.Fatal(err)
	}
	p.postman = p.newPostman(mailer)
	p.runner.Postman = p.postman
	return p
}

func (p *post) newPostman(mailer *mail.Mailer) *Postman {
	return &Postman{
		Store: p.Store, Clock: p.Clock, Mailer: mailer, BaseURL: "https://cultuurdag.example",
		Logger: slog.New(slog.NewTextHandler(p.log, nil)), pace: time.Microsecond,
	}
}

func (p *post) invite(t *testing.T, to string, students ...string) store.InviteBatch {
	t.Helper()
	b, err := p.Store.Invite(t.Context(), p.event.ID, store.InviteBatch{To: to}, -1, students)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (p *post) batch(t *testing.T, id string) store.Invited {
	t.Helper()
	all, err := p.Store.Invitations(t.Context(), p.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		if b.ID == id {
			return b
		}
	}
	t.Fatalf("there is no batch %s", id)
	return store.Invited{}
}

// counts tells how a batch stands: queued, sending, sent, failed, unsure.
func counts(b store.Invited) [5]int {
	return [5]int{b.Count(store.InviteQueued), b.Count(store.InviteSending), b.Count(store.InviteSent), b.Count(store.InviteFailed), b.Count(store.InviteUnsure)}
}

// perAddress counts the mails that the server took.
func (p *post) perAddress() map[string]int {
	n := map[string]int{}
	for _, m := range p.server.Mails() {
		n[m.To]++
	}
	return n
}

// nobodyTwice holds that each of that many addresses got one mail.
func (p *post) nobodyTwice(t *testing.T, want int) {
	t.Helper()
	got := p.perAddress()
	if len(got) != want {
		t.Errorf("%d addresses got mail, not %d", len(got), want)
	}
	for address, n := range got {
		if n != 1 {
			t.Errorf("%s got %d mails", address, n)
		}
	}
}

// waitFor waits until that holds: workers tell nobody.
func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// settledAs waits until a batch stands like that.
func (p *post) settledAs(t *testing.T, batch string, want [5]int) {
	t.Helper()
	waitFor(t, fmt.Sprint("the batch stands at ", want), func() bool { return counts(p.batch(t, batch)) == want })
}

// mailings returns the batches that are not finished.
func (p *post) mailings(t *testing.T) []store.Mailing {
	t.Helper()
	mailings, err := p.Store.Mailings(t.Context(), p.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	return mailings
}

// Nothing is ever sent by itself, at no moment of an event's life; once somebody
// asks, everybody gets one mail, with their own link.
func TestInvitations(t *testing.T) {
	ctx := t.Context()
	p := newPost(t, 130)
	p.work(t)
	p.Clock.Move(p.event.OpenAt)
	p.sweep.Kick()
	p.until(t, enroll.Open)
	if n := len(p.server.Mails()); n != 0 {
		t.Fatalf("%d mails that nobody asked for", n)
	}

	all := p.invite(t, store.InviteAll, p.ids...)
	p.sweep.Kick()
	p.settledAs(t, all.ID, [5]int{0, 0, 130})
	p.nobodyTwice(t, 130)
	if n := p.server.Connections(); n != 2 {
		t.Errorf("%d connections for 130 mails", n)
	}
	codes, err := p.Store.Codes(ctx, p.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	links := map[string]string{}
	for _, m := range p.server.Mails() {
		links[m.To] = m.Body
	}
	for _, st := range p.students {
		if body := links[st.Email]; !strings.Contains(body, "\nhttps://cultuurdag.example/k#"+codes[st.ID].String()+"\n") || !strings.Contains(body, "Hoi "+st.FirstName+",") {
			t.Fatalf("the mail to %s is\n%s", st.Email, body)
		}
	}

	// A second batch, to one student, is another mail.
	second := p.invite(t, store.InviteUnfinished, p.ids[0])
	p.sweep.Kick()
	p.settledAs(t, second.ID, [5]int{0, 0, 1})
	if n := p.perAddress()[p.address[p.ids[0]]]; n != 2 {
		t.Errorf("%d mails to who was invited twice", n)
	}
	waitFor(t, "both batches are finished", func() bool { return len(p.mailings(t)) == 0 })
}

// An address that is refused is not delivered; one that is put off is tried again
// later, and so is everything while the server is away.
func TestMailThatIsNotTaken(t *testing.T) {
	ctx := t.Context()
	p := newPost(t, 6)
	refused, later, gone := p.address[p.ids[1]], p.address[p.ids[2]], p.address[p.ids[4]]
	p.server.Rule(func(command, address string) string {
		switch {
		case command == "RCPT" && address == refused:
			return "550 5.1.1 <" + address + "> no such user"
		case command == "RCPT" && address == later:
			return "451 4.7.1 <" + address + "> come back"
		case command == "RCPT" && address == gone:
			return mailtest.HangUp
		}
		return ""
	})
	b := p.invite(t, store.InviteAll, p.ids...)
	if err := p.postman.Deliver(ctx, p.event.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	if got, want := counts(p.batch(t, b.ID)), [5]int{2, 0, 3, 1, 0}; got != want {
		t.Fatalf("the batch stands at %v, not %v", got, want)
	}
	if got, want := p.batch(t, b.ID).Students[p.ids[1]], (store.Invitation{State: store.InviteFailed, Code: 550}); got != want {
		t.Errorf("who was refused stands at %v", got)
	}

	// Too early: nothing is tried.
	before := p.server.Connections()
	if err := p.postman.Deliver(ctx, p.event.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	if n := p.server.Connections(); n != before {
		t.Error("the batch was tried again at once")
	}

	p.server.Rule(nil)
	p.Clock.Move(p.Clock.Now().Add(mailDelay(1)))
	if err := p.postman.Deliver(ctx, p.event.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	if got, want := counts(p.batch(t, b.ID)), [5]int{0, 0, 5, 1, 0}; got != want {
		t.Errorf("the batch stands at %v, not %v", got, want)
	}
	p.nobodyTwice(t, 5)
	for id, address := range p.address {
		if strings.Contains(p.log.String(), address) || strings.Contains(p.log.String(), id) {
			t.Errorf("%s is in the log:\n%s", address, p.log)
		}
	}
}

// While the mail server is away, or will have nothing of us, the batch waits
// longer and longer; in the end what is left is not delivered.
func TestMailServerIsAway(t *testing.T) {
	for name, away := range map[string]func(*mailtest.Server){
		"closed": (*mailtest.Server).Close,
		"barred": func(s *mailtest.Server) {
			s.Rule(func(command, _ string) string {
				if command == "MAIL" {
					return "550 not you"
				}
				return ""
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			p := newPost(t, 3)
			p.Clock.Move(p.event.OpenAt)
			away(p.server)
			b := p.invite(t, store.InviteAll, p.ids...)
			begin := p.Clock.Now()
			for range mailAttempts {
				if got, want := counts(p.batch(t, b.ID)), [5]int{3}; got != want {
					t.Fatalf("the batch stands at %v", got)
				}
				if err := p.postman.Deliver(ctx, p.event.ID, b.ID); err == nil {
					t.Fatal("no error")
				}
				for _, m := range p.mailings(t) {
					p.Clock.Move(m.NotUntil.Add(time.Second))
				}
			}
			if got, want := counts(p.batch(t, b.ID)), [5]int{0, 0, 0, 3}; got != want {
				t.Errorf("after %d attempts the batch stands at %v", mailAttempts, got)
			}
			if took := p.Clock.Now().Sub(begin); took < 6*time.Hour || took > 12*time.Hour {
				t.Errorf("given up after %v", took)
			}
		})
	}
}

// A server that puts off everything is left alone for a while.
func TestServerThatWantsToBeLeftAlone(t *testing.T) {
	p := newPost(t, 60)
	var mu sync.Mutex
	asked := 0
	p.server.Rule(func(command, _ string) string {
		if command != "RCPT" {
			return ""
		}
		mu.Lock()
		defer mu.Unlock()
		asked++
		return "451 too fast"
	})
	b := p.invite(t, store.InviteAll, p.ids...)
	if err := p.postman.Deliver(t.Context(), p.event.ID, b.ID); err == nil {
		t.Error("no error")
	}
	if asked != enoughRefusals {
		t.Errorf("%d mails were tried", asked)
	}
	if got, want := counts(p.batch(t, b.ID)), [5]int{60}; got != want {
		t.Errorf("the batch stands at %v", got)
	}
}

// A worker that is stopped finishes the mail in hand; the next goes on where it
// stopped.
func TestWorkerIsStopped(t *testing.T) {
	p := newPost(t, 10)
	b := p.invite(t, store.InviteAll, p.ids...)
	ctx, stop := context.WithCancel(t.Context())
	var once sync.Once
	p.server.Rule(func(command, _ string) string {
		if command == "DOT" && len(p.server.Mails()) == 3 {
			once.Do(stop) // in the middle of the fourth
		}
		return ""
	})
	if err := p.postman.Deliver(ctx, p.event.ID, b.ID); ctx.Err() == nil || err == nil {
		t.Fatalf("not stopped: %v", err)
	}
	if got, want := counts(p.batch(t, b.ID)), [5]int{6, 0, 4}; got != want {
		t.Errorf("stopped, the batch stands at %v, not %v", got, want)
	}
	if err := p.postman.Deliver(t.Context(), p.event.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	if got, want := counts(p.batch(t, b.ID)), [5]int{0, 0, 10}; got != want {
		t.Errorf("the batch stands at %v, not %v", got, want)
	}
	p.nobodyTwice(t, 10)
}

// Of a worker that is killed between claim and answer nobody knows whether the
// mail went: it is never sent again by itself, and shown as unsure.
func TestWorkerIsKilled(t *testing.T) {
	ctx := t.Context()
	p := newPost(t, 4)
	b := p.invite(t, store.InviteAll, p.ids...)
	st, _, ok, err := p.Store.ClaimInvitation(ctx, p.event.ID, b.ID, p.ids[2])
	if err != nil || !ok || st.Email != p.address[p.ids[2]] {
		t.Fatalf("claim: %v, %v", ok, err)
	}
	if err := p.postman.Deliver(ctx, p.event.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	if got, want := counts(p.batch(t, b.ID)), [5]int{0, 1, 3}; got != want {
		t.Errorf("the batch stands at %v, not %v", got, want)
	}
	p.Clock.Move(p.Clock.Now().Add(10 * time.Minute))
	if err := p.postman.Deliver(ctx, p.event.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	if got, want := counts(p.batch(t, b.ID)), [5]int{0, 0, 3, 0, 1}; got != want {
		t.Errorf("ten minutes later the batch stands at %v, not %v", got, want)
	}
	if n := p.perAddress()[p.address[p.ids[2]]]; n != 0 {
		t.Errorf("%d mails to who is unsure", n)
	}
	again := p.invite(t, store.InviteUndelivered, p.ids[2])
	if err := p.postman.Deliver(ctx, p.event.ID, again.ID); err != nil {
		t.Fatal(err)
	}
	p.nobodyTwice(t, 4)
}

// A line that breaks after the last byte of a mail leaves it unsure, too.
func TestLineBreaksAfterTheMail(t *testing.T) {
	p := newPost(t, 3)
	unsure := p.address[p.ids[0]]
	p.server.Rule(func(command, address string) string {
		if command == "DOT" && address == unsure {
			return mailtest.HangUp
		}
		return ""
	})
	b := p.invite(t, store.InviteAll, p.ids...)
	if err := p.postman.Deliver(t.Context(), p.event.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	if got, want := counts(p.batch(t, b.ID)), [5]int{0, 0, 2, 0, 1}; got != want {
		t.Errorf("the batch stands at %v, not %v", got, want)
	}
}

// Two workers at once, past the lease: nobody gets a mail twice.
func TestTwoPostmen(t *testing.T) {
	ctx := t.Context()
	p := newPost(t, 60)
	b := p.invite(t, store.InviteAll, p.ids...)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := p.newPostman(p.postman.Mailer).send(ctx, p.event.ID, b.ID); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if got, want := counts(p.batch(t, b.ID)), [5]int{0, 0, 60}; got != want {
		t.Errorf("the batch stands at %v, not %v", got, want)
	}
	p.nobodyTwice(t, 60)
	if n := p.server.Connections(); n < 2 {
		t.Errorf("%d connections: they did not work at once", n)
	}
}

// One worker at a time has an event's mail.
func TestLeaseOfMail(t *testing.T) {
	ctx := t.Context()
	p := newPost(t, 2)
	b := p.invite(t, store.InviteAll, p.ids...)
	release, err := p.Store.LeaseMail(ctx, p.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.postman.Deliver(ctx, p.event.ID, b.ID); err != nil || len(p.server.Mails()) != 0 {
		t.Errorf("%d mails beside another worker, %v", len(p.server.Mails()), err)
	}
	release()
	if err := p.postman.Deliver(ctx, p.event.ID, b.ID); err != nil || len(p.server.Mails()) != 2 {
		t.Errorf("%d mails, %v", len(p.server.Mails()), err)
	}
}

// With the event its mail ends: after the deadline nothing is sent, and after the
// purge nothing is left, in no queue either.
func TestPurgeEndsMail(t *testing.T) {
	ctx := t.Context()
	p := newPost(t, 5)
	p.server.Rule(func(command, _ string) string { // the day after comes between two mails
		if command == "DOT" && len(p.server.Mails()) == 1 {
			p.Clock.Move(p.event.PurgeDue())
		}
		return ""
	})
	b := p.invite(t, store.InviteAll, p.ids...)
	if _, err := p.sweep.Once(ctx); err != nil {
		t.Fatal(err)
	}
	inspector := asynq.NewInspectorFromRedisClient(p.Redis)
	tasks, err := inspector.ListPendingTasks(QueueMail)
	if err != nil || len(tasks) != 1 || string(tasks[0].Payload) != p.event.ID+" "+b.ID {
		t.Fatalf("queued: %v, %v", tasks, err)
	}
	if err := p.postman.Deliver(ctx, p.event.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	if n := len(p.server.Mails()); n != 2 {
		t.Errorf("%d mails; the second was in hand at midnight", n)
	}
	if err := p.runner.Run(ctx, p.event.ID, enroll.StepPurge); err != nil {
		t.Fatal(err)
	}
	if keys, err := p.Store.PersonalKeys(ctx, p.event.ID); err != nil || len(keys) > 0 {
		t.Errorf("left after the purge: %v, %v", keys, err)
	}
	if tasks, err = inspector.ListPendingTasks(QueueMail); err != nil || len(tasks) != 0 {
		t.Errorf("queued after the purge: %v, %v", tasks, err)
	}
	if err := p.postman.Deliver(ctx, p.event.ID, b.ID); err != nil {
		t.Errorf("a task that comes after the purge: %v", err)
	}
	if n := len(p.server.Mails()); n != 2 {
		t.Errorf("%d mails after the purge", n)
	}
}

// When enrolment closes, when the event is cancelled, and when it wants no mail
// any more, nobody is invited who was not.
func TestInvitationsEnd(t *testing.T) {
	for name, end := range map[string]func(*post) error{
		"closed": func(p *post) error { p.Clock.Move(p.event.CloseAt); return nil },
		"cancelled": func(p *post) error {
			_, err := p.Store.UpdateEvent(context.Background(), p.event.ID, func(e *enroll.Event) error {
				e.State, e.CancelledAt = enroll.Cancelled, p.Clock.Now()
				return nil
			})
			return err
		},
		"not wanted": func(p *post) error {
			_, err := p.Store.UpdateEvent(context.Background(), p.event.ID, func(e *enroll.Event) error { e.Invitations = false; return nil })
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			p := newPost(t, 3)
			b := p.invite(t, store.InviteAll, p.ids...)
			if err := end(p); err != nil {
				t.Fatal(err)
			}
			if err := p.postman.Deliver(ctx, p.event.ID, b.ID); err != nil {
				t.Fatal(err)
			}
			if got, want := counts(p.batch(t, b.ID)), [5]int{0, 0, 0, 3}; got != want || len(p.server.Mails()) != 0 {
				t.Errorf("the batch stands at %v with %d mails", got, len(p.server.Mails()))
			}
			if mailings := p.mailings(t); len(mailings) != 0 {
				t.Errorf("unfinished: %v", mailings)
			}
		})
	}
}

// Who is erased, or loses the address, while a batch waits gets no mail.
func TestStudentErasedMeanwhile(t *testing.T) {
	ctx := t.Context()
	p := newPost(t, 5)
	b := p.invite(t, store.InviteAll, p.ids...)
	if err := p.Store.EraseStudent(ctx, p.event.ID, p.ids[0]); err != nil {
		t.Fatal(err)
	}
	without := p.students[slices.IndexFunc(p.students, func(st enroll.Student) bool { return st.ID == p.ids[1] })]
	without.Email = ""
	if err := p.Store.UpdateStudent(ctx, p.event.ID, without); err != nil {
		t.Fatal(err)
	}
	if err := p.postman.Deliver(ctx, p.event.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	if got, want := counts(p.batch(t, b.ID)), [5]int{0, 0, 3, 1}; got != want {
		t.Errorf("the batch stands at %v, not %v", got, want)
	}
	if _, there := p.batch(t, b.ID).Students[p.ids[0]]; there {
		t.Error("who was erased is in the batch still")
	}
	got := slices.Sorted(maps.Keys(p.perAddress()))
	want := []string{p.address[p.ids[2]], p.address[p.ids[3]], p.address[p.ids[4]]}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("mail went to %v", got)
	}
}

// A server that hangs up between two mails, as some do, costs nobody the mail.
func TestServerHangsUpBetweenMails(t *testing.T) {
	p := newPost(t, 6)
	p.server.Rule(func(command, _ string) string {
		if command == "RSET" {
			return mailtest.HangUp
		}
		return ""
	})
	b := p.invite(t, store.InviteAll, p.ids...)
	if err := p.postman.Deliver(t.Context(), p.event.ID, b.ID); err != nil {
		t.Fatal(err)
	}
	if got, want := counts(p.batch(t, b.ID)), [5]int{0, 0, 6}; got != want {
		t.Errorf("the batch stands at %v, not %v", got, want)
	}
	p.nobodyTwice(t, 6)
}

// What asynq and the steps keep in Redis names no student and no address.
func TestMailLeavesNoAddressInRedis(t *testing.T) {
	ctx := t.Context()
	p := newPost(t, 4)
	p.server.Rule(func(command, address string) string {
		if command == "RCPT" {
			return "451 <" + address + "> later"
		}
		return ""
	})
	b := p.invite(t, store.InviteClass, p.ids...)
	worker := NewWorker(p.Redis, p.runner, p.sweep, 10*time.Millisecond)
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.sweep.Once(ctx); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the batch was tried", func() bool {
		mailings := p.mailings(t)
		return len(mailings) == 1 && mailings[0].Attempts == 1
	})
	worker.Stop()
	var all strings.Builder
	it := p.Redis.Scan(ctx, 0, "*", 1000).Iterator()
	for it.Next(ctx) {
		dump, err := p.Redis.Dump(ctx, it.Val()).Result()
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(it.Val() + dump)
	}
	if err := it.Err(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(all.String(), b.ID) {
		t.Error("not even the batch is found")
	}
	for _, st := range p.students {
		if strings.Contains(all.String(), st.Email) || strings.Contains(all.String(), st.LastName) {
			t.Errorf("%s is readable in Redis", st.Email)
		}
	}
}
