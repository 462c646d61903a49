package web

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/mail"
)

// invitationsInput is to whom invitations go.
type invitationsInput struct {
	To    string `json:"to" form:"to"`       // store.InviteAll …
	Class string `json:"class" form:"class"` // with store.InviteClass
	Batch string `json:"batch" form:"batch"` // with store.InviteUndelivered
	// Seen is how many batches there were when this was asked for; left out, any.
	Seen *int `json:"seen" form:"seen"`
}

// batchJSON is one sending of invitations. It names nobody.
type batchJSON struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	To      string    `json:"to"`
	Class   string    `json:"class,omitempty"`
	Text    string    `json:"text"` // to whom, in words
	Total   int       `json:"total"`
	Queued  int       `json:"queued"` // being handed over included
	Sent    int       `json:"sent"`
	Failed  int       `json:"failed"`
	Unsure  int       `json:"uncertain"` // perhaps sent, perhaps not
	Without int       `json:"without_address"`
}

type invitationsPage struct {
	eventPage
	Wanted  bool // the event invites by mail
	Mail    bool // there is a mail server
	Open    bool // enrolment has not closed
	In      invitationsInput
	Targets []inviteTarget
	Classes []inviteTarget // by class
	Without int            // students without an address
	Subject string
	Body    string // what an invented student would read
	Batches []batchView
	Seen    int
	Moving  bool // mails are on their way
}

// inviteTarget is a choice of the form: N addresses.
type inviteTarget struct {
	Name string
	N    int
}

type batchView struct {
	batchJSON
	Failures  []undelivered
	Uncertain []undelivered
	Again     int // of both, whom no later batch is meant for
}

type undelivered struct {
	Student enroll.Student
	Code    int // of the mail server; 0: it was given up
}

// invitees is who may be invited: what the database says now.
type invitees struct {
	chosen
	students []enroll.Student // in order
	batches  []store.Invited  // the newest first
}

func (s *Server) findInvitees(c *gin.Context) (f invitees, err error) {
	ctx, id := c.Request.Context(), event(c).ID
	if f.students, err = s.store.Students(ctx, id); err != nil {
		return f, err
	}
	locale.SortStudents(f.students)
	if f.chosen, err = s.readChosen(ctx, event(c)); err != nil {
		return f, err
	}
	f.batches, err = s.store.Invitations(ctx, id)
	return f, err
}

// again returns the ids of those whom the batch did not reach, or perhaps not,
// and whom no later batch is meant for.
func (f invitees) again(batch string) []string {
	i := slices.IndexFunc(f.batches, func(b store.Invited) bool { return b.ID == batch })
	if i < 0 {
		return nil
	}
	var ids []string
	for id, invitation := range f.batches[i].Students {
		if invitation.State != store.InviteFailed && invitation.State != store.InviteUnsure {
			continue
		}
		if !slices.ContainsFunc(f.batches[:i], func(b store.Invited) bool { _, in := b.Students[id]; return in }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// choose returns whom in means, as ids of those with an address, and how many
// have none.
func (f invitees) choose(in invitationsInput) (ids []string, without int, err error) {
	var (
		errs  enroll.FieldErrors
		among func(enroll.Student) bool
	)
	switch in.To {
	case store.InviteAll:
		among = func(enroll.Student) bool { return true }
	case store.InviteClass:
		among = func(st enroll.Student) bool { return st.Class == in.Class }
		if !slices.ContainsFunc(f.students, among) {
			errs.Add("class", "unknown")
		}
	case store.InviteUnfinished:
		among = func(st enroll.Student) bool { return !f.complete(st) }
	case store.InviteUndelivered:
		again := f.again(in.Batch)
		among = func(st enroll.Student) bool { return slices.Contains(again, st.ID) }
		if !slices.ContainsFunc(f.batches, func(b store.Invited) bool { return b.ID == in.Batch }) {
			errs.Add("batch", "unknown")
		}
	default:
		errs.Add("to", "unknown")
	}
	if len(errs) > 0 {
		return nil, 0, errs
	}
	for _, st := range f.students {
		switch {
		case !among(st):
		case st.Email == "":
			without++
		default:
			ids = append(ids, st.ID)
		}
	}
	return ids, without, nil
}

// showInvitations is GET /events/:event/invitations.
func (s *Server) showInvitations(c *gin.Context) error {
	f, err := s.findInvitees(c)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		batches := make([]batchJSON, len(f.batches))
		for i, b := range f.batches {
			batches[i] = jsonOfBatch(localeOf(c), b)
		}
		return sendJSON(c, http.StatusOK, gin.H{
			"wanted": event(c).Invitations, "mail": s.cfg.Mail != nil, "batches": batches,
		})
	}
	return s.renderInvitations(c, f, invitationsInput{To: store.InviteUnfinished}, nil)
}

// renderInvitations shows the page, with what is wrong with what was asked for.
func (s *Server) renderInvitations(c *gin.Context, f invitees, in invitationsInput, faults enroll.FieldErrors) error {
	base, err := s.eventPage(c, "invitations")
	if err != nil {
		return err
	}
	base.Back = "/events/" + base.Event.ID + "/invitations"
	page := invitationsPage{
		eventPage: base, Wanted: base.Event.Invitations, Mail: s.cfg.Mail != nil,
		Open: base.State == enroll.Draft || base.State == enroll.Open, In: in, Seen: len(f.batches),
	}
	page.Scripts = []string{"staff.js"}
	for _, to := range []string{store.InviteUnfinished, store.InviteAll} {
		ids, without, err := f.choose(invitationsInput{To: to})
		if err != nil {
			return err
		}
		page.Targets = append(page.Targets, inviteTarget{to, len(ids)})
		page.Without = without
	}
	for _, class := range classesOf(f.students) {
		ids, _, err := f.choose(invitationsInput{To: store.InviteClass, Class: class})
		if err != nil {
			return err
		}
		page.Classes = append(page.Classes, inviteTarget{class, len(ids)})
	}
	if page.Subject, page.Body, err = s.exampleInvitation(c, base); err != nil {
		return err
	}
	named := 0
	for _, b := range f.batches {
		view := f.view(base.Locale, b)
		page.Batches = append(page.Batches, view)
		page.Moving = page.Moving || view.Queued > 0
		named += len(view.Failures) + len(view.Uncertain)
	}
	if named > 0 {
		if err := s.audit(c, "invitations.read", base.Event.ID, itoa(named)); err != nil {
			return err
		}
	}
	status := http.StatusOK
	if len(faults) > 0 {
		page.fail(faults)
		status = http.StatusUnprocessableEntity
	}
	return s.render(c, status, "staff/invitations", &page)
}

// exampleInvitation is the mail to a student whom there is not.
func (s *Server) exampleInvitation(c *gin.Context, page eventPage) (subject, body string, err error) {
	ctx := c.Request.Context()
	school, err := s.store.School(ctx, page.Event.School)
	if err != nil {
		return "", "", err
	}
	contact, err := s.store.SchoolContact(ctx, school.ID, account(c).ID)
	if err != nil {
		return "", "", err
	}
	example := mail.Invitation{
		Event: page.Event, School: school, FirstName: page.Locale.T("invite.preview.name"), Code: page.Event.Code + "-••••-••••",
		BaseURL: s.cfg.BaseURL, Contact: contact, Provider: s.cfg.Provider, Now: page.Now,
	}
	return example.Subject(), example.Body(), nil
}

func jsonOfBatch(l *locale.Locale, b store.Invited) batchJSON {
	return batchJSON{
		ID: b.ID, At: b.At.Truncate(time.Second), To: b.To, Class: b.Class, Text: l.T("invite.text."+b.To, "class", b.Class),
		Total: len(b.Students), Queued: b.Count(store.InviteQueued) + b.Count(store.InviteSending),
		Sent: b.Count(store.InviteSent), Failed: b.Count(store.InviteFailed), Unsure: b.Count(store.InviteUnsure),
		Without: b.Without,
	}
}

// view is a batch with the names of those whom it did not reach, in order.
func (f invitees) view(l *locale.Locale, b store.Invited) batchView {
	view := batchView{batchJSON: jsonOfBatch(l, b)}
	again := f.again(b.ID)
	for _, st := range f.students {
		switch invitation := b.Students[st.ID]; invitation.State {
		case store.InviteFailed:
			view.Failures = append(view.Failures, undelivered{st, invitation.Code})
		case store.InviteUnsure:
			view.Uncertain = append(view.Uncertain, undelivered{st, 0})
		default:
			continue
		}
		if st.Email != "" && slices.Contains(again, st.ID) {
			view.Again++
		}
	}
	return view
}

// sendInvitations is POST /events/:event/invitations {to, class?, batch?, seen?}:
// 202, and a worker sends them. Nothing else ever does.
func (s *Server) sendInvitations(c *gin.Context) error {
	var in invitationsInput
	if err := bind(c, &in); err != nil {
		return err
	}
	in.Class = trim(in.Class)
	switch {
	case !event(c).Invitations:
		return &Problem{Status: http.StatusConflict, Code: "not_wanted"}
	case s.cfg.Mail == nil:
		return &Problem{Status: http.StatusConflict, Code: "no_mail"}
	}
	f, err := s.findInvitees(c)
	if err != nil {
		return err
	}
	ids, without, err := f.choose(in)
	var faults enroll.FieldErrors
	switch {
	case errors.As(err, &faults) && !wantsJSON(c):
		return s.renderInvitations(c, f, in, faults)
	case err != nil:
		return err
	case len(ids) == 0:
		return &Problem{Status: http.StatusConflict, Code: "no_addresses"}
	}
	seen := -1
	if in.Seen != nil {
		seen = *in.Seen
	}
	id := event(c).ID
	if err := s.audit(c, "invitations.send", id, itoa(len(ids))); err != nil {
		return err
	}
	batch := store.InviteBatch{To: in.To, By: account(c).ID, Without: without}
	switch in.To {
	case store.InviteClass:
		batch.Class = in.Class
	case store.InviteUndelivered:
		batch.Earlier = in.Batch
	}
	batch, err = s.store.Invite(c.Request.Context(), id, batch, seen, ids)
	if errors.Is(err, enroll.ErrConflict) {
		return &Problem{Status: http.StatusConflict, Code: "seen"}
	}
	if err != nil {
		return err
	}
	s.cfg.Kick()
	if wantsJSON(c) {
		return sendJSON(c, http.StatusAccepted, gin.H{"id": batch.ID, "queued": len(ids), "without_address": without})
	}
	s.flash(c, "invite.queued_up")
	return see(c, "/events/"+id+"/invitations")
}
