package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler"
	"cultuurdag/scheduler/planning"
)

// proposalInput is what an organiser wants worked out: the previews, or what
// comes of a change. A form has the change in fields of its own.
type proposalInput struct {
	Seed   *int64           `json:"seed" form:"seed"`
	Change *planning.Change `json:"change" form:"-"`

	Kind     string `json:"-" form:"kind"`
	Workshop string `json:"-" form:"workshop"`
	Round    int    `json:"-" form:"round"`
	Places   string `json:"-" form:"places"`
	Title    string `json:"-" form:"title"`
	Room     string `json:"-" form:"room"`
	For      string `json:"-" form:"for"`     // classes and years, separated by commas
	Classes  string `json:"-" form:"classes"` // of a remedy
	Years    string `json:"-" form:"years"`
}

// change returns the change that the input asks for, nil for none.
func (in proposalInput) change(p enroll.Programme) (*planning.Change, error) {
	if in.Change != nil || in.Kind == "" {
		return in.Change, nil
	}
	c := &planning.Change{Room: trim(in.Room), Change: scheduler.Change{Kind: scheduler.ChangeKind(in.Kind), Workshop: in.Workshop, Round: in.Round}}
	var errs enroll.FieldErrors
	if places := trim(in.Places); places != "" {
		c.Places = number(&errs, "places", places)
	}
	switch {
	case len(errs) > 0:
	case c.Kind == scheduler.Halve && trim(in.Places) != "":
		c.Kind = scheduler.Resize
	case c.Kind == scheduler.Admit:
		c.Classes, c.Years = whoFor(in.Classes + "," + in.Years)
	case c.Kind == scheduler.Add:
		n := &scheduler.Workshop{ID: freeID(p), Title: trim(in.Title)}
		n.Classes, n.Years = whoFor(in.For)
		for round := range p.Rounds {
			if in.Round == 0 || in.Round == round+1 {
				n.Sessions = append(n.Sessions, scheduler.Session{Round: round + 1, Capacity: c.Places})
			}
		}
		c.Workshop, c.Round, c.Places, c.New = "", 0, 0, n
	}
	return c, errs.OrNil()
}

// freeID returns an id that no workshop has.
func freeID(p enroll.Programme) string {
	for n := len(p.Workshops) + 1; ; n++ {
		if id := fmt.Sprintf("w%d", n); !slices.ContainsFunc(p.Workshops, func(w enroll.Workshop) bool { return w.ID == id }) {
			return id
		}
	}
}

// changeFaults names what is wrong with a change by its fields in the form.
func changeFaults(err error) error {
	var fields enroll.FieldErrors
	var bad *scheduler.InstanceError
	var out enroll.FieldErrors
	place := func(field string) string {
		switch name := field[strings.LastIndexByte(field, '.')+1:]; name {
		case "workshop", "round", "room", "title", "kind":
			return name
		case "id":
			return "workshop"
		}
		return "places"
	}
	switch {
	case errors.As(err, &fields):
		for _, f := range fields {
			out.Add(place(f.Field), f.Code, f.Args...)
		}
	case errors.As(err, &bad):
		for _, f := range bad.Faults {
			code := "out_of_range"
			if name := place(f.Field); name == "workshop" || name == "kind" {
				code = "unknown"
			} else if name == "round" {
				code = "no_round"
			}
			out.Add(place(f.Field), code)
		}
	default:
		return err
	}
	return out
}

func (s *Server) planner() *planning.Planner {
	return &planning.Planner{Store: s.store, Clock: s.clock}
}

// propose is POST /events/:event/proposals {seed?, change?}: the previews, or
// with a change what comes of it.
func (s *Server) propose(c *gin.Context) error {
	var in proposalInput
	if err := bind(c, &in); err != nil {
		return err
	}
	e := event(c)
	switch e.StateAt(s.clock.Now()) {
	case enroll.Open, enroll.Closed, enroll.Allocated, enroll.Published:
	default:
		return enroll.ErrState
	}
	ctx := c.Request.Context()
	p, err := s.store.Programme(ctx, e.ID)
	if err != nil {
		return err
	}
	ask := store.Ask{ID: crypto.NewID(), Kinds: []string{store.ProposalFair, store.ProposalFirst, store.ProposalFloor}, Seed: e.Seed, By: account(c).ID, At: s.clock.Now()}
	if e.Mode != enroll.Ranking { // nobody wished: by any costs it is the same
		ask.Kinds = ask.Kinds[:1]
	}
	if in.Seed != nil {
		ask.Seed = *in.Seed
	}
	change, err := in.change(p)
	if err == nil && change != nil {
		ask.Kinds, ask.Costs = []string{store.ProposalWhatIf}, e.Costs
		if ask.Change, err = json.Marshal(change); err != nil {
			return fmt.Errorf("change as JSON: %w", err)
		}
		_, err = change.Apply(e, p)
	}
	if err != nil {
		return s.refuseChange(c, in, changeFaults(err))
	}
	what := "previews"
	if change != nil {
		what = string(change.Kind)
	}
	err = s.store.AskProposals(ctx, e.ID, ask)
	switch {
	case errors.Is(err, enroll.ErrBusy) && wantsJSON(c):
		return &Problem{Status: http.StatusConflict, Code: "proposing"}
	case errors.Is(err, enroll.ErrBusy):
		running, err := s.store.Proposals(ctx, e.ID)
		if err != nil {
			return err
		}
		if !bytes.Equal(running.Ask.Change, ask.Change) { // no second click
			s.flash(c, "allocation.busy")
		}
	case err != nil:
		return err
	default:
		if err := s.audit(c, "event.propose", e.ID, what); err != nil {
			return err
		}
		s.cfg.Kick()
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusAccepted, gin.H{"state": store.AllocationRunning})
	}
	return see(c, "/events/"+e.ID+"/allocation")
}

// refuseChange shows the page again with what is wrong and what was typed.
func (s *Server) refuseChange(c *gin.Context, in proposalInput, err error) error {
	var fields enroll.FieldErrors
	if wantsJSON(c) || !errors.As(err, &fields) {
		return err
	}
	page, pageErr := s.allocationPage(c)
	if pageErr != nil {
		return pageErr
	}
	page.In = in
	for i := range fields { // each of the forms has fields of its own
		fields[i].Field = in.Kind + "." + fields[i].Field
	}
	page.fail(fields)
	return s.render(c, http.StatusUnprocessableEntity, "staff/allocation", &page)
}

// applyProposal is POST /events/:event/proposals/:proposal/apply. Said twice it
// changes nothing.
func (s *Server) applyProposal(c *gin.Context) error {
	ctx, e := c.Request.Context(), event(c)
	err := s.planner().Apply(ctx, e.ID, c.Param("proposal"), account(c).ID)
	if err != nil && (wantsJSON(c) || !errors.Is(err, enroll.ErrConflict) && !errors.Is(err, enroll.ErrState)) {
		return err
	}
	if err != nil {
		page, pageErr := s.allocationPage(c)
		if pageErr != nil {
			return pageErr
		}
		p, _ := problemOf(err, page.Locale)
		p.Detail = page.Locale.T("allocation." + p.Code)
		page.Trouble = &p
		return s.render(c, p.Status, "staff/allocation", &page)
	}
	if err := s.audit(c, "event.apply", e.ID, ""); err != nil {
		return err
	}
	s.cfg.Kick() // lists that were made are made again
	if wantsJSON(c) {
		return s.allocation(c)
	}
	s.flash(c, "allocation.applied")
	return see(c, "/events/"+e.ID+"/allocation")
}

// dropProposal is DELETE /events/:event/proposals/:proposal: leave it as it is.
func (s *Server) dropProposal(c *gin.Context) error {
	if err := s.store.DropProposal(c.Request.Context(), event(c).ID, c.Param("proposal")); err != nil {
		return err
	}
	if wantsJSON(c) {
		c.Status(http.StatusNoContent)
		c.Writer.WriteHeaderNow()
		return nil
	}
	return see(c, "/events/"+event(c).ID+"/allocation")
}

// setCosts is PUT /events/:event/costs {costs, seed?}: how places are divided
// when that happens by itself.
func (s *Server) setCosts(c *gin.Context) error {
	var in struct {
		Costs string `json:"costs" form:"costs"`
		Seed  *int64 `json:"seed" form:"seed"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	if _, err := scheduler.NamedCosts(in.Costs); err != nil || in.Costs == "" {
		return enroll.FieldErrors{{Field: "costs", Code: "unknown"}}
	}
	_, err := s.store.UpdateEvent(c.Request.Context(), event(c).ID, func(e *enroll.Event) error {
		if e.State == enroll.Cancelled {
			return enroll.ErrState
		}
		e.Costs = in.Costs
		if in.Seed != nil {
			e.Seed = *in.Seed
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := s.audit(c, "event.costs", event(c).ID, in.Costs); err != nil {
		return err
	}
	if wantsJSON(c) {
		c.Status(http.StatusNoContent)
		c.Writer.WriteHeaderNow()
		return nil
	}
	s.flash(c, "allocation.costs_kept")
	return see(c, "/events/"+event(c).ID+"/allocation")
}
