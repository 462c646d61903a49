package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler"
	"cultuurdag/scheduler/planning"
)

// allocate is POST /events/:event/allocate {costs?, seed?}. What is left out
// stays as the event has it.
func (s *Server) allocate(c *gin.Context) error {
	var in struct {
		Costs string `json:"costs" form:"costs"`
		Seed  *int64 `json:"seed" form:"seed"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	e := event(c)
	if in.Costs == "" {
		in.Costs = e.Costs
	}
	if in.Seed == nil {
		in.Seed = &e.Seed
	}
	if _, err := scheduler.NamedCosts(in.Costs); err != nil {
		return enroll.FieldErrors{{Field: "costs", Code: "unknown"}}
	}
	switch e.StateAt(s.clock.Now()) {
	case enroll.Closed, enroll.Allocated, enroll.Published:
	default:
		return enroll.ErrState
	}
	if s.cfg.Allocate == nil {
		return enroll.ErrNotReady
	}
	if err := s.cfg.Allocate(c.Request.Context(), e.ID, *in.Seed, in.Costs, account(c).ID); err != nil {
		return err
	}
	if err := s.audit(c, "event.allocate", e.ID, ""); err != nil {
		return err
	}
	if wantsJSON(c) {
		c.Status(http.StatusAccepted)
		c.Writer.WriteHeaderNow()
		return nil
	}
	s.flash(c, "staff.allocation.started")
	return see(c, "/events/"+e.ID+"/allocation")
}

// allocationPage shows how places are divided, and how they could be.
type allocationPage struct {
	eventPage
	Allocation string    // none, running, done or failed
	Now        *planView // the places as they are; nil: none were given
	Proposing  string    // the same of proposals
	Ready, Of  int       // how many of those that were asked for are there
	Previews   []planView
	WhatIf     *planView
	Programme  enroll.Programme
	Costs      string // of the event, by name
	Ranked     bool   // students wish
	MayApply   bool   // enrolment is closed
	MayPropose bool
	In         proposalInput // what was typed
	Trouble    *problemJSON
}

// planView is a plan as the page shows it.
type planView struct {
	ID, Kind  string // of a proposal
	Seed      int64
	Report    scheduler.Report
	Ranks     []rankBar
	None, One int // students who wished, with no and with one of their wishes
	Empty     int
	ByRound   []int    // empty places
	Cancelled []string // in words
	Shortages []shortageView
	Help      []string // where one more place would help most
	Current   bool     // it is what everybody has
	Stale     bool     // something changed since
	Change    string   // of a what-if, in words
	Moves     []moveView
	Moved     int // how many students move
}

// moveView is a place that would change. Names are for the page alone.
type moveView struct {
	Student         enroll.Student
	Round           int
	From, To        string // titles; "" for no place
	Forced, Sitting bool
}

// allocation is GET /events/:event/allocation.
func (s *Server) allocation(c *gin.Context) error {
	if wantsJSON(c) {
		ctx := c.Request.Context()
		state, report, err := s.allocationState(ctx, event(c).ID)
		if err != nil {
			return err
		}
		proposals, err := s.store.Proposals(ctx, event(c).ID)
		if err != nil {
			return err
		}
		if proposals.All == nil {
			proposals.All = []store.Proposal{}
		}
		answer := gin.H{"state": state, "proposing": proposals.State, "proposals": proposals.All}
		if len(report) > 0 {
			answer["report"] = report
		}
		return sendJSON(c, http.StatusOK, answer)
	}
	page, err := s.allocationPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "staff/allocation", &page)
}

func (s *Server) allocationState(ctx context.Context, event string) (string, json.RawMessage, error) {
	if s.cfg.Allocation == nil {
		return store.AllocationNone, nil, nil
	}
	return s.cfg.Allocation(ctx, event)
}

func (s *Server) allocationPage(c *gin.Context) (allocationPage, error) {
	ctx := c.Request.Context()
	base, err := s.eventPage(c, "allocation")
	page := allocationPage{eventPage: base}
	if err != nil {
		return page, err
	}
	page.Back = "/events/" + base.Event.ID + "/allocation"
	e := base.Event
	state, report, err := s.allocationState(ctx, e.ID)
	if err != nil {
		return page, err
	}
	if page.Programme, err = s.store.Programme(ctx, e.ID); err != nil {
		return page, err
	}
	proposals, err := s.store.Proposals(ctx, e.ID)
	if err != nil {
		return page, err
	}
	page.Allocation, page.Proposing = state, proposals.State
	page.Ranked, page.Costs = e.Mode == enroll.Ranking, e.Costs
	if page.Costs == "" {
		page.Costs = store.ProposalFair
	}
	switch e.State {
	case enroll.Closed, enroll.Allocated, enroll.Published:
		page.MayApply = true
	}
	switch page.State {
	case enroll.Open, enroll.Closed, enroll.Allocated, enroll.Published:
		page.MayPropose = page.Programme.Version > 0
	}
	words := planWords{page.Locale, page.Programme, e.Ranks()}
	if len(report) > 0 {
		page.Now = &planView{Kind: page.Costs, Seed: e.Seed}
		if err := words.fill(page.Now, report, e.Cancelled, nil); err != nil {
			return page, err
		}
		if err := s.countEmpty(ctx, page.Now, e, page.Programme); err != nil {
			return page, err
		}
	}
	applied, err := s.planner().Applied(ctx, e.ID)
	if err != nil {
		return page, err
	}
	page.Of = len(proposals.Ask.Kinds)
	for _, p := range proposals.All {
		if slices.Contains(proposals.Ask.Kinds, p.Kind) {
			page.Ready++
		}
		v := planView{ID: p.ID, Kind: p.Kind, Seed: p.Seed, Current: p.ID == applied}
		if err := words.fill(&v, p.Report, p.Cancelled, p.Empty); err != nil {
			return page, err
		}
		fresh, err := s.planner().Fresh(ctx, e.ID, p)
		if err != nil {
			return page, err
		}
		v.Stale = !fresh
		if p.Kind != store.ProposalWhatIf {
			page.Previews = append(page.Previews, v)
			continue
		}
		if err := s.fillMoves(c, &v, p, words); err != nil {
			return page, err
		}
		page.WhatIf = &v
	}
	page.scale()
	if state == store.AllocationRunning || proposals.State == store.AllocationRunning {
		page.Refresh = 2
	}
	return page, nil
}

// scale draws the bars of all plans to one scale, so that they can be compared.
func (p *allocationPage) scale() {
	most := 1
	all := slices.Clone(p.Previews)
	for _, v := range []*planView{p.Now, p.WhatIf} {
		if v != nil {
			all = append(all, *v)
		}
	}
	for _, v := range all {
		for _, bar := range v.Ranks {
			most = max(most, bar.N)
		}
	}
	for _, v := range all {
		for i := range v.Ranks {
			v.Ranks[i].Width = v.Ranks[i].N * chartBar / most
		}
	}
}

// countEmpty counts the places of the event that nobody has now.
func (s *Server) countEmpty(ctx context.Context, v *planView, e enroll.Event, p enroll.Programme) error {
	taken, err := s.store.Seats(ctx, e.ID)
	if err != nil {
		return err
	}
	v.ByRound = make([]int, len(p.Rounds))
	for _, w := range p.Workshops {
		for _, session := range w.Sessions {
			key := enroll.SessionKey{Workshop: w.ID, Round: session.Round}
			if !session.Cancelled && !slices.Contains(e.Cancelled, key) {
				v.ByRound[session.Round-1] += max(0, session.Capacity-taken[key])
			}
		}
	}
	for _, n := range v.ByRound {
		v.Empty += n
	}
	return nil
}

// mostMoves is how many moves the page lists by name.
const mostMoves = 200

// fillMoves tells who would move, and what the change is.
func (s *Server) fillMoves(c *gin.Context, v *planView, p store.Proposal, words planWords) error {
	var change planning.Change
	var moves []scheduler.Move
	if err := errors.Join(json.Unmarshal(p.Change, &change), json.Unmarshal(p.Moves, &moves)); err != nil {
		return fmt.Errorf("a what-if from JSON: %w", err)
	}
	v.Change = words.change(change)
	if len(moves) == 0 {
		return nil
	}
	if after, err := change.Apply(event(c), words.programme); err == nil {
		words.programme = after // which has the new workshop too
	}
	students, err := s.store.Students(c.Request.Context(), event(c).ID)
	if err != nil {
		return err
	}
	if err := s.audit(c, "students.read", event(c).ID, ""); err != nil {
		return err
	}
	locale.SortStudents(students)
	at := map[string]int{}
	for i, st := range students {
		at[st.ID] = i
	}
	slices.SortStableFunc(moves, func(a, b scheduler.Move) int { return at[a.Student] - at[b.Student] })
	who := map[string]bool{}
	for _, m := range moves {
		i, ok := at[m.Student]
		if !ok {
			continue // erased since
		}
		who[m.Student] = true
		if len(v.Moves) < mostMoves {
			v.Moves = append(v.Moves, moveView{Student: students[i], Round: m.Round, From: words.title(m.From), To: words.title(m.To)})
		}
	}
	v.Moved = len(who)
	return nil
}

// Shortages returns why not everybody fits: as it is now, or as the first
// preview tells. They do not depend on the costs.
func (p *allocationPage) Shortages() []shortageView {
	switch {
	case p.Now != nil:
		return p.Now.Shortages
	case len(p.Previews) > 0:
		return p.Previews[0].Shortages
	}
	return nil
}

// MayTry reports whether changes can be tried now.
func (p *allocationPage) MayTry() bool {
	return p.MayPropose && p.Proposing != store.AllocationRunning
}

// picker is a choice of workshop or round in one of the forms that try a change.
type picker struct {
	ID        string
	Workshops []enroll.Workshop
	Rounds    []enroll.Round
	Workshop  string // typed before
	Round     int
	Error     string
}

// Picker returns the choice with that id: the name of the form, and of a round
// -round after it.
func (p *allocationPage) Picker(id string) picker {
	out := picker{ID: id, Rounds: p.Programme.Rounds}
	for _, w := range p.Programme.Workshops {
		if slices.ContainsFunc(w.Sessions, func(s enroll.Session) bool { return !s.Cancelled }) {
			out.Workshops = append(out.Workshops, w)
		}
	}
	if form, _, _ := strings.Cut(id, "-"); form == p.In.Kind {
		out.Workshop, out.Round = p.In.Workshop, p.In.Round
		out.Error = p.FieldError(form + ".workshop")
	}
	if !strings.HasSuffix(id, "-round") {
		out.ID += "-workshop"
	}
	return out
}

// TryField returns an input of one of the forms that try a change.
func (p *allocationPage) TryField(form, name, kind string) textField {
	typed := ""
	if form == p.In.Kind {
		typed = map[string]string{"places": p.In.Places, "title": p.In.Title, "room": p.In.Room, "for": p.In.For}[name]
	}
	f := p.Text(form+"."+name, typed, kind, "off")
	f.Label = p.Locale.T("label." + name)
	switch {
	case name == "for":
		f.Hint = p.Locale.T("allocation.for.hint")
	case name == "places" && form == "halve":
		f.Hint = p.Locale.T("allocation.places.hint")
	}
	var help []string
	if f.Hint != "" {
		help = append(help, f.ID+"-hint")
	}
	f.Attrs = p.Field(form+"."+name, help...)
	f.Attrs = template.HTMLAttr(strings.Replace(string(f.Attrs), `name="`+form+`.`, `name="`, 1)) // escaped by Field
	f.Optional = name != "title" && !(name == "places" && form == "add")
	return f
}
