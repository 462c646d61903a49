package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/jobs"
	"cultuurdag/scheduler/mail"
	"cultuurdag/scheduler/mail/mailtest"
)

// inviting is a site whose event invites by mail: all students but the last have
// an address.
type inviting struct {
	*site
	server  *mailtest.Server
	postman *jobs.Postman
	kicked  int
}

func newInviting(t *testing.T, change ...func(*Config)) *inviting {
	t.Helper()
	v := &inviting{server: mailtest.New(t)}
	mailer, err := mail.New(v.server.URL(), "post@example.org")
	if err != nil {
		t.Fatal(err)
	}
	v.site = newSite(t, append([]func(*Config){func(cfg *Config) {
		cfg.Mail, cfg.Kick = mailer.SendText, func() { v.kicked++ }
	}}, change...)...)
	if _, err := v.Store.UpdateEvent(t.Context(), v.event.ID, func(e *enroll.Event) error { e.Invitations = true; return nil }); err != nil {
		t.Fatal(err)
	}
	list := enrolltest.Students(6)
	for i := range list[:5] {
		list[i].Email = fmt.Sprintf("leerling%d@example.org", i)
	}
	if _, err := v.Store.ApplyList(t.Context(), v.event.ID, list, false, false); err != nil {
		t.Fatal(err)
	}
	if v.students, err = v.Store.Students(t.Context(), v.event.ID); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(v.students, func(a, b enroll.Student) int { return strings.Compare(a.Number, b.Number) })
	v.postman = &jobs.Postman{
		Store: v.Store, Clock: v.Clock, Mailer: mailer, BaseURL: "http://cultuurdag.example",
		Logger: slog.New(slog.NewTextHandler(v.log, nil)),
	}
	return v
}

// deliver does as a worker does with what is queued.
func (v *inviting) deliver(t *testing.T) {
	t.Helper()
	mailings, err := v.Store.Mailings(t.Context(), v.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mailings {
		if err := v.postman.Deliver(t.Context(), v.event.ID, m.Batch); err != nil {
			t.Fatal(err)
		}
	}
}

func (v *inviting) batches(t *testing.T, who *visitor) []batchJSON {
	t.Helper()
	var got struct{ Batches []batchJSON }
	who.get(v.path("/events/EVENT/invitations")).decode(t, &got)
	return got.Batches
}

// The contact invites everybody, then those who have not chosen, then those whom
// the mail did not reach; nothing goes out that nobody asked for.
func TestInvitationsByMail(t *testing.T) {
	v := newInviting(t)
	contact := v.contact(t)
	path := v.path("/events/EVENT/invitations")
	v.open()
	v.deliver(t)
	if n := len(v.server.Mails()); n != 0 {
		t.Fatalf("%d mails that nobody asked for", n)
	}
	refused := v.students[1].Email
	v.server.Rule(func(command, address string) string {
		if command == "RCPT" && address == refused {
			return "550 <" + address + "> is unknown"
		}
		return ""
	})

	r := contact.json("POST", path, map[string]any{"to": "all", "seen": 0})
	var queued struct {
		ID             string
		Queued         int
		WithoutAddress int `json:"without_address"`
	}
	r.decode(t, &queued)
	if r.status != http.StatusAccepted || queued.Queued != 5 || queued.WithoutAddress != 1 || v.kicked != 1 {
		t.Fatalf("%d %+v, kicked %d times", r.status, queued, v.kicked)
	}
	if r := contact.json("POST", path, map[string]any{"to": "all", "seen": 0}); r.status != http.StatusConflict || r.problem(t) != "seen" {
		t.Fatalf("pressed twice: %d %s", r.status, r.body)
	}
	if b := v.batches(t, contact)[0]; b.Queued != 5 || b.Total != 5 || b.Text != "aan alle leerlingen" {
		t.Errorf("before: %+v", b)
	}
	v.deliver(t)
	if b := v.batches(t, contact)[0]; b.Sent != 4 || b.Failed != 1 || b.Queued != 0 || b.Without != 1 {
		t.Errorf("after: %+v", b)
	}
	for _, m := range v.server.Mails() {
		i := slices.IndexFunc(v.students, func(st enroll.Student) bool { return st.Email == m.To })
		code := v.codes[v.students[i].ID].String()
		if !strings.Contains(m.Body, "\nhttp://cultuurdag.example/k#"+code+"\n") {
			t.Fatalf("to %s:\n%s", m.To, m.Body)
		}
		// Replies come to the contact, whom the mail names.
		if m.Header.Get("Reply-To") != "<contact@example.org>" || !strings.Contains(m.Body, "Iemand (contact@example.org)") {
			t.Errorf("asked: %s\n%s", m.Header.Get("Reply-To"), m.Body)
		}
	}

	// The page names whom it did not reach; JSON, the log and the audit do not.
	name := v.students[1].ListName()
	page := v.browser(t).as("contact@example.org").get(path)
	page.has(t, "Niet bezorgd", name, "geweigerd met code 550", "Stuur opnieuw aan deze leerling")
	if r := contact.get(path); strings.Contains(r.body, v.students[1].LastName) || strings.Contains(r.body, refused) {
		t.Errorf("JSON names a student: %s", r.body)
	}
	if strings.Contains(v.log.String(), "leerling1") || strings.Contains(v.log.String(), v.students[1].ID) {
		t.Errorf("the log names a student:\n%s", v.log)
	}
	entries, err := v.Store.AuditLog(t.Context(), v.event.ID, 10)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(entries, func(e store.AuditEntry) bool { return e.Action == "invitations.send" && e.Detail == "5" }) {
		t.Errorf("audit: %+v", entries)
	}

	// Who has chosen everything is not asked again.
	student := v.program(t).signIn(0)
	for round, workshop := range []string{"w0", "w1", "w2"} {
		if r := student.json("PUT", fmt.Sprintf("/student/choices/%d", round+1), map[string]string{"workshop": workshop}); r.status != http.StatusOK {
			t.Fatalf("choice: %d %s", r.status, r.body)
		}
	}
	signedIn := slices.IndexFunc(v.students, func(st enroll.Student) bool { return st.ID == v.site.students[0].ID })
	before := len(v.server.Mails())
	v.server.Rule(nil)
	if r := contact.json("POST", path, map[string]any{"to": "unfinished"}); r.status != http.StatusAccepted {
		t.Fatalf("%d %s", r.status, r.body)
	}
	v.deliver(t)
	second := v.server.Mails()[before:]
	if len(second) != 4 || slices.ContainsFunc(second, func(m mailtest.Mail) bool { return m.To == v.students[signedIn].Email }) {
		t.Errorf("the second batch went to %d", len(second))
	}
	// The later batch was for who was refused, too: nobody is left to try again.
	if r := v.browser(t).as("contact@example.org").get(path); strings.Contains(r.body, "Stuur opnieuw") {
		t.Error("who was mailed since is offered again")
	}
	if r := contact.json("POST", path, map[string]any{"to": "undelivered", "batch": queued.ID}); r.status != http.StatusConflict || r.problem(t) != "no_addresses" {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// What was under way when a worker was killed is shown as uncertain, and goes out
// again only where somebody says so.
func TestUncertainInvitations(t *testing.T) {
	v := newInviting(t)
	contact := v.contact(t)
	path := v.path("/events/EVENT/invitations")
	r := contact.json("POST", path, map[string]any{"to": "class", "class": "1A"})
	if r.status != http.StatusAccepted {
		t.Fatalf("%d %s", r.status, r.body)
	}
	first := v.batches(t, contact)[0]
	if first.Text != "aan klas 1A" {
		t.Errorf("in words: %q", first.Text)
	}
	if _, _, ok, err := v.Store.ClaimInvitation(t.Context(), v.event.ID, first.ID, v.students[2].ID); !ok || err != nil {
		t.Fatal(ok, err)
	}
	v.Clock.Move(v.Clock.Now().Add(10 * time.Minute))
	v.deliver(t)
	if b := v.batches(t, contact)[0]; b.Sent != 4 || b.Unsure != 1 || len(v.server.Mails()) != 4 {
		t.Fatalf("%+v with %d mails", b, len(v.server.Mails()))
	}
	browser := v.browser(t).as("contact@example.org")
	browser.get(path).has(t, "Onzeker", v.students[2].ListName())
	if r := browser.form(path, "to", "undelivered", "batch", first.ID, "seen", "1"); r.status != http.StatusSeeOther {
		t.Fatalf("%d %s", r.status, r.body)
	}
	v.deliver(t)
	mails := v.server.Mails()
	if len(mails) != 5 || mails[4].To != v.students[2].Email {
		t.Errorf("%d mails", len(mails))
	}
}

// Who may not, and when nobody may.
func TestInvitationsRefused(t *testing.T) {
	v := newInviting(t)
	contact := v.contact(t)
	path := v.path("/events/EVENT/invitations")
	other := v.School(t, "De Overkant")
	v.account(t, other.ID, "overkant@example.org")
	stranger := v.program(t).as("overkant@example.org")
	if r := stranger.get(path); r.status != http.StatusNotFound {
		t.Errorf("another school looks: %d", r.status)
	}
	if r := stranger.json("POST", path, map[string]any{"to": "all"}); r.status != http.StatusNotFound {
		t.Errorf("another school sends: %d", r.status)
	}
	if r := v.program(t).json("POST", path, map[string]any{"to": "all"}); r.status != http.StatusUnauthorized {
		t.Errorf("nobody sends: %d", r.status)
	}
	for _, in := range []map[string]any{{}, {"to": "everyone"}, {"to": "class", "class": "9Z"}, {"to": "undelivered", "batch": "x"}} {
		if r := contact.json("POST", path, in); r.status != http.StatusUnprocessableEntity || r.problem(t) != "bad_input" {
			t.Errorf("%v: %d %s", in, r.status, r.body)
		}
	}
	browser := v.browser(t).as("contact@example.org")
	if r := browser.form(path, "to", "class", "class", "9Z", "seen", "0"); r.status != http.StatusUnprocessableEntity || !strings.Contains(r.body, `id="class-error"`) {
		t.Errorf("a class that there is not: %d", r.status)
	}
	v.close()
	if r := contact.json("POST", path, map[string]any{"to": "all"}); r.status != http.StatusConflict || r.problem(t) != "wrong_state" {
		t.Errorf("after closing: %d %s", r.status, r.body)
	}
	browser.get(path).has(t, "De inschrijving is gesloten")
	v.Clock.Move(v.event.PurgeDue())
	if r := contact.json("POST", path, map[string]any{"to": "all"}); r.status != http.StatusGone {
		t.Errorf("after the deadline: %d", r.status)
	}
	if r := contact.get(path); r.status != http.StatusGone {
		t.Errorf("looked at after the deadline: %d", r.status)
	}
	if len(v.server.Mails()) != 0 || len(v.batchesInRedis(t)) != 0 {
		t.Error("something was queued or sent")
	}
}

func (v *inviting) batchesInRedis(t *testing.T) map[string]string {
	t.Helper()
	found, err := v.Redis.HGetAll(context.Background(), "cd:{"+v.event.ID+"}:p:mailing").Result()
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// An event that does not invite by mail keeps no address and sends none; a program
// without a mail server says how to get one.
func TestNoInvitations(t *testing.T) {
	v := newInviting(t, func(cfg *Config) { cfg.Mail = nil })
	contact := v.contact(t)
	path := v.path("/events/EVENT/invitations")
	if r := contact.json("POST", path, map[string]any{"to": "all"}); r.status != http.StatusConflict || r.problem(t) != "no_mail" {
		t.Errorf("without a mail server: %d %s", r.status, r.body)
	}
	browser := v.browser(t).as("contact@example.org")
	browser.get(path).has(t, "CULTUURDAG_SMTP_URL", "CULTUURDAG_MAIL_FROM")

	if _, err := v.Store.UpdateEvent(t.Context(), v.event.ID, func(e *enroll.Event) error { e.Invitations = false; return nil }); err != nil {
		t.Fatal(err)
	}
	if r := contact.json("POST", path, map[string]any{"to": "all"}); r.status != http.StatusConflict || r.problem(t) != "not_wanted" {
		t.Errorf("not wanted: %d %s", r.status, r.body)
	}
	page := browser.get(path)
	page.has(t, "nodigt niet uit per mail")
	if strings.Contains(page.body, `action="`+path+`"`) {
		t.Error("the page offers to send")
	}
}

// The page shows the mail as it will be, but nobody's code.
func TestInvitationPreview(t *testing.T) {
	v := newInviting(t)
	v.contact(t)
	browser := v.browser(t).as("contact@example.org")
	page := browser.get(v.path("/events/EVENT/invitations"))
	page.has(t, "/k#"+v.event.Code+"-••••-••••", "Voorbeeld College", "Iemand (contact@example.org)",
		"1 leerling heeft geen mailadres", "5 mailadressen")
	for _, code := range v.codes {
		if strings.Contains(page.body, code.String()) {
			t.Error("the page holds a code")
		}
	}
	if len(v.server.Mails()) != 0 {
		t.Error("looking sends mail")
	}
}

// The page in a browser, on a phone and on a laptop: the contact sends, and sees
// whom it did not reach.
func TestInvitationsInABrowser(t *testing.T) {
	v := newInviting(t)
	v.account(t, v.event.School, "contact@example.org")
	refused, later := v.students[1].Email, v.students[3].Email
	v.server.Rule(func(command, address string) string {
		switch {
		case command == "RCPT" && address == refused:
			return "550 unknown"
		case command == "RCPT" && address == later:
			return "451 later"
		}
		return ""
	})
	path := v.path("/events/EVENT/invitations")
	b := newTab(t, v.URL)
	b.open("/sign-in")
	b.do("signing in", chromedp.SendKeys(chromedp.CSS("#email"), "contact@example.org"), chromedp.SendKeys(chromedp.CSS("#password"), password))
	b.leaving("signing in", chromedp.Submit(chromedp.CSS("#password")))
	b.open(path)
	b.see("Er is nog niets verstuurd")
	b.do("showing the mail", chromedp.Click(chromedp.CSS("summary"), chromedp.NodeVisible), chromedp.WaitVisible(chromedp.CSS("details .lines")))
	b.examine("invitations-before")
	b.do("choosing all", chromedp.Click(chromedp.CSS("#to-all"), chromedp.NodeVisible))
	b.press("form.card button")
	b.see("De mails gaan nu de deur uit", "onderweg")
	batches, err := v.Store.Invitations(t.Context(), v.event.ID)
	if err != nil || len(batches) != 1 || len(batches[0].Students) != 5 {
		t.Fatalf("queued: %v, %v", batches, err)
	}
	if _, _, ok, err := v.Store.ClaimInvitation(t.Context(), v.event.ID, batches[0].ID, v.students[2].ID); !ok || err != nil {
		t.Fatal(ok, err)
	}
	v.Clock.Move(v.Clock.Now().Add(10 * time.Minute))
	v.deliver(t)
	b.see("Niet bezorgd", v.students[1].ListName(), "Onzeker", v.students[2].ListName()) // by itself
	b.examine("invitations-after")
	b.press(".second")
	b.see("opnieuw, aan wie de mail eerder niet of misschien niet kreeg")
	if mailings, err := v.Store.Mailings(t.Context(), v.event.ID); err != nil || len(mailings) != 2 {
		t.Errorf("under way: %v, %v", mailings, err)
	}
	if len(b.faults) > 0 {
		t.Errorf("the browser complains: %v", b.faults)
	}
}
