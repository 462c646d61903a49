package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// eventJSON is an event as staff see it from outside.
type eventJSON struct {
	ID       string       `json:"id"`
	Code     string       `json:"code"`
	School   string       `json:"school"`
	Title    string       `json:"title"`
	State    enroll.State `json:"state"`
	Mode     enroll.Mode  `json:"mode"`
	Date     enroll.Date  `json:"date"`
	LastDate enroll.Date  `json:"last_date"`
	OpenAt   time.Time    `json:"open_at"`
	CloseAt  time.Time    `json:"close_at"`
	PurgeDue time.Time    `json:"purge_due"`
	Students int          `json:"students"`
	// Participants is told of one event alone, and once it is purged.
	Participants *enroll.Participants `json:"participants,omitempty"`
}

func (s *Server) eventJSON(e enroll.Event) eventJSON {
	return eventJSON{
		ID: e.ID, Code: e.Code, School: e.School, Title: e.Title, State: e.StateAt(s.clock.Now()), Mode: e.Mode,
		Date: e.Date, LastDate: e.LastDate, OpenAt: e.OpenAt, CloseAt: e.CloseAt, PurgeDue: e.PurgeDue(), Students: e.Students,
	}
}

// lateAfter is how long a step may be due before the agenda says that it is late.
const lateAfter = 5 * time.Minute

// agendaEvent is an event on the agenda.
type agendaEvent struct {
	enroll.Event
	SchoolName string
	State      enroll.State
	Next       string // what happens next by itself, and when; empty where nothing does
	Due        string // which step is due now
	Late       bool
	Purge      string // when its data go, as a countdown; empty once they are gone
}

type agendaPage struct {
	Page
	Coming []agendaEvent
	Gone   []agendaEvent // purged, newest first
}

// allEvents returns every event that can be read. One that cannot be must not
// hide the others: it is told to the log.
func (s *Server) allEvents(ctx context.Context) ([]enroll.Event, error) {
	events, err := s.store.Events(ctx)
	if err != nil && (len(events) == 0 || errors.Is(err, enroll.ErrStore)) {
		return nil, err
	}
	if err != nil {
		s.log.Error("an event cannot be read", "error", err.Error())
	}
	return events, nil
}

// events is GET /events.
func (s *Server) events(c *gin.Context) error {
	all, err := s.allEvents(c.Request.Context())
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(e enroll.Event) bool { return !account(c).MayAccess(e.School) })
	if wantsJSON(c) {
		list := make([]eventJSON, len(all))
		for i, e := range all {
			list[i] = s.eventJSON(e)
		}
		return sendJSON(c, http.StatusOK, gin.H{"events": list})
	}
	schools, err := s.store.Schools(c.Request.Context())
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, school := range schools {
		names[school.ID] = school.Name
	}
	l := localeOf(c)
	page := agendaPage{Page: s.page(c, l.T("staff.agenda.title"))}
	for _, e := range all {
		a := s.agendaEvent(l, e, names[e.School])
		if a.State == enroll.Purged {
			page.Gone = append(page.Gone, a)
		} else {
			page.Coming = append(page.Coming, a)
		}
	}
	slices.Reverse(page.Gone)
	return s.render(c, http.StatusOK, "staff/agenda", &page)
}

func (s *Server) agendaEvent(l *locale.Locale, e enroll.Event, school string) agendaEvent {
	now := s.clock.Now()
	a := agendaEvent{Event: e, SchoolName: school, State: e.StateAt(now), Next: nextByItself(l, e, now)}
	if step, since, due := e.Due(now); due {
		a.Due = string(step)
		a.Late = now.Sub(since) > lateAfter
	}
	if !e.Gone(now) {
		a.Purge = until(l, now, e.PurgeDue())
	}
	return a
}

// nextByItself tells what happens to the event without anybody's doing, empty
// where that is only the purge.
func nextByItself(l *locale.Locale, e enroll.Event, now time.Time) string {
	switch e.StateAt(now) {
	case enroll.Draft:
		return l.T("staff.next.opens", "at", l.Moment(e.OpenAt), "in", until(l, now, e.OpenAt))
	case enroll.Open:
		return l.T("staff.next.closes", "at", l.Moment(e.CloseAt), "in", until(l, now, e.CloseAt))
	case enroll.Closed:
		return l.T("staff.next.allocates")
	case enroll.Allocated:
		if e.PublishAt.After(now) {
			return l.T("staff.next.publishes", "at", l.Moment(e.PublishAt), "in", until(l, now, e.PublishAt))
		}
	}
	return ""
}

// until writes how long it is from now to then: over 3 dagen.
func until(l *locale.Locale, now, then time.Time) string {
	d := then.Sub(now)
	switch days := enroll.DateOf(now).DaysUntil(enroll.DateOf(then)); {
	case d <= 0:
		return l.T("staff.until.now")
	case days >= 2:
		return l.T("staff.until.days", "n", days)
	case d >= 90*time.Minute:
		return l.T("staff.until.hours", "n", int(d.Round(time.Hour)/time.Hour))
	default:
		return l.T("staff.until.minutes", "n", max(1, int(d/time.Minute)))
	}
}

// eventPage is what every page of one event has.
type eventPage struct {
	Page
	Event      enroll.Event
	SchoolName string
	State      enroll.State
	Tab        string // which of its pages this is
	Now        time.Time
	Countdown  string // until the purge
	Gone       bool
	Organiser  bool
}

// Ranking reports whether students rank workshops.
func (p eventPage) Ranking() bool { return p.Event.Mode == enroll.Ranking }

// eventPage returns the base of a page about the event of the route. Tab names
// it in the event's menu and, as staff.tab.TAB, in its title.
func (s *Server) eventPage(c *gin.Context, tab string) (eventPage, error) {
	ctx := c.Request.Context()
	e, err := s.store.Event(ctx, event(c).ID) // once more: the request may have changed it
	if err != nil {
		return eventPage{}, err
	}
	school, err := s.store.School(ctx, e.School)
	if err != nil {
		return eventPage{}, err
	}
	l, now := localeOf(c), s.clock.Now()
	page := eventPage{
		Page: s.page(c, l.T("staff.tab."+tab)+" – "+e.Title), Event: e, SchoolName: school.Name,
		State: e.StateAt(now), Tab: tab, Now: now, Gone: e.Gone(now), Organiser: account(c).Role == enroll.Organiser,
	}
	if c.Request.Method != http.MethodGet {
		page.Back = "/events/" + e.ID
	}
	if !page.Gone {
		page.Countdown = until(l, now, e.PurgeDue())
	}
	return page, nil
}

// overviewPage is the event at a glance.
type overviewPage struct {
	eventPage
	Next     string        // which button comes first: programme, list, slips, live, allocation, lists, publish, certificate
	ByItself string        // what happens by itself
	Rounds   []overviewDay // of the programme
	Short    []shortRound  // rounds with too few places
	Classes  []classProgress
	Total    classProgress
	Lists    string // none, ready or stale
	Kept     *keptTable
}

type overviewDay struct {
	enroll.Round
	Workshops, Places int
}

// shortRound is a round with fewer places than there are students.
type shortRound struct{ Round, Missing int }

func shortRounds(p enroll.Programme, students int) []shortRound {
	var short []shortRound
	for i, places := range p.Places() {
		if places < students {
			short = append(short, shortRound{i + 1, students - places})
		}
	}
	return short
}

// event is GET /events/:event.
func (s *Server) event(c *gin.Context) error {
	ctx := c.Request.Context()
	kept, err := s.kept(ctx, event(c))
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		out := s.eventJSON(event(c))
		out.Participants = kept
		return sendJSON(c, http.StatusOK, out)
	}
	base, err := s.eventPage(c, "overview")
	if err != nil {
		return err
	}
	page := overviewPage{eventPage: base, ByItself: nextByItself(base.Locale, base.Event, base.Now)}
	page.Kept = keptTableOf(base.Locale, kept)
	page.Title = base.Event.Title
	p, err := s.store.Programme(ctx, page.Event.ID)
	if err != nil {
		return err
	}
	page.Short = shortRounds(p, page.Event.Students)
	places := p.Places()
	for i, r := range p.Rounds {
		d := overviewDay{Round: r, Places: places[i]}
		for _, w := range p.Workshops {
			if _, ok := w.Session(i + 1); ok {
				d.Workshops++
			}
		}
		page.Rounds = append(page.Rounds, d)
	}
	if !page.Gone {
		progress, err := s.progressOf(ctx, page.Event)
		if err != nil {
			return err
		}
		page.Classes, page.Total = progress.Classes, progress.total()
		files, stale, err := s.store.Files(ctx, page.Event.ID)
		if err != nil {
			return err
		}
		page.Lists = listsState(len(files), stale)
	}
	page.Next = page.nextStep()
	return s.render(c, http.StatusOK, "staff/event", &page)
}

func listsState(files int, stale bool) string {
	switch {
	case files == 0:
		return "none"
	case stale:
		return "stale"
	}
	return "ready"
}

// nextStep names the one button that comes first.
func (p overviewPage) nextStep() string {
	switch p.State {
	case enroll.Draft, enroll.Open:
		switch {
		case p.Event.Programme == 0 && p.Organiser:
			return "programme"
		case p.Event.Students == 0:
			return "list"
		case p.State == enroll.Draft:
			return "slips"
		}
		return "live"
	case enroll.Closed:
		return "wait"
	case enroll.Allocated, enroll.Published:
		return cmp.Or(map[string]string{"none": "wait"}[p.Lists], "lists")
	case enroll.Purged:
		return "certificate"
	}
	return ""
}

// recipient is GET /events/:event/recipient.
func (s *Server) recipient(c *gin.Context) error {
	c.String(http.StatusOK, "%s\n", event(c).Recipient)
	return nil
}

// tabLink is a link of the event's menu.
type tabLink struct {
	Path, Text string
	Here       bool
}

// Link returns the link to one of the event's pages, for its menu.
func (p eventPage) Link(tab, path string) tabLink {
	to := "/events/" + p.Event.ID
	if path != "" {
		to += "/" + path
	}
	return tabLink{to, p.Locale.T("staff.tab." + tab), p.Tab == tab}
}
