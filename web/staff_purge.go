package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/scheduler/overview"
	"cultuurdag/scheduler/purge"
)

// purgeView tells how the purge of an event stands, as Config.PurgeSteps does.
type purgeView struct {
	State enroll.State `json:"state"`
	Due   time.Time    `json:"due"`
	Steps []purgeStep  `json:"steps"`
}

type purgeStep struct {
	Step string    `json:"step"`
	At   time.Time `json:"at"`
}

// convert turns what a hook answered into what a page shows.
func convert(from, into any) error {
	data, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return fmt.Errorf("what a hook answered: %w", err)
	}
	return nil
}

// purgePage is the purge of one event.
type purgePage struct {
	eventPage
	Purge purgeView
	Typed string     // as the title
	Line  *purgeLine // of a purge that is due and not complete
	Mails []string   // how its certificate stands
}

func (s *Server) purgeSteps(ctx context.Context, e enroll.Event) (any, error) {
	if s.cfg.PurgeSteps != nil {
		return s.cfg.PurgeSteps(ctx, e.ID)
	}
	return purgeView{e.StateAt(s.clock.Now()), e.PurgeDue(), []purgeStep{}}, nil
}

func (s *Server) purgePage(c *gin.Context) (purgePage, error) {
	var page purgePage
	steps, err := s.purgeSteps(c.Request.Context(), event(c))
	if err != nil {
		return page, err
	}
	if page.eventPage, err = s.eventPage(c, "purge"); err != nil {
		return page, err
	}
	page.Back = "/events/" + page.Event.ID + "/purge"
	if page.State == enroll.Purging {
		page.Scripts = []string{"staff.js"}
	}
	if err := convert(steps, &page.Purge); err != nil {
		return page, err
	}
	ctx := c.Request.Context()
	if page.Mails, err = s.letterWords(ctx, page.Locale, page.Event); err != nil || page.State != enroll.Purging {
		return page, err
	}
	all, err := s.statuses(ctx)
	if status, ok := all[page.Event.ID]; ok && status.State != purge.Done {
		line := s.purgeLine(page.Locale, agendaEvent{}, status)
		page.Line = &line
	}
	return page, err
}

// showPurge is GET /events/:event/purge.
func (s *Server) showPurge(c *gin.Context) error {
	if wantsJSON(c) {
		steps, err := s.purgeSteps(c.Request.Context(), event(c))
		if err != nil {
			return err
		}
		return sendJSON(c, http.StatusOK, steps)
	}
	page, err := s.purgePage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "staff/purge", &page)
}

// purge is POST /events/:event/purge {title}: before its day. Whoever asks for
// it types the event's title; that keeps a slip of the finger from doing it.
func (s *Server) purge(c *gin.Context) error {
	var in struct {
		Title string `json:"title" form:"title"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	e := event(c)
	same := func(a, b string) bool {
		return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
	}
	if !same(in.Title, e.Title) {
		faults := enroll.FieldErrors{{Field: "title", Code: "other_title", Args: []string{e.Title}}}
		if wantsJSON(c) {
			return faults
		}
		page, err := s.purgePage(c)
		if err != nil {
			return err
		}
		page.Typed = in.Title
		page.fail(faults)
		return s.render(c, http.StatusUnprocessableEntity, "staff/purge", &page)
	}
	if !e.Gone(s.clock.Now()) { // else a second click
		if err := s.audit(c, "purge.early", e.ID, ""); err != nil {
			return err
		}
		_, err := s.store.UpdateEvent(c.Request.Context(), e.ID, func(e *enroll.Event) error {
			e.PurgeEarly, e.PurgeAskedAt = true, s.clock.Now()
			return nil
		})
		if err != nil && !errors.Is(err, enroll.ErrPurged) {
			return err
		}
		s.cfg.Kick()
	}
	if wantsJSON(c) {
		c.Status(http.StatusAccepted)
		c.Writer.WriteHeaderNow()
		return nil
	}
	s.flash(c, "staff.purge.started")
	return see(c, "/events/"+e.ID+"/purge")
}

// certificate is GET /events/:event/purge/certificate.pdf.
func (s *Server) certificate(c *gin.Context) error {
	e := event(c)
	if e.State != enroll.Purged || s.cfg.Certificate == nil {
		return enroll.ErrNotReady
	}
	data, err := s.cfg.Certificate(c.Request.Context(), e.ID, localeOf(c))
	if err != nil {
		return err
	}
	in, err := s.overviewInput(c)
	if err != nil {
		return err
	}
	return download(c, overview.FileName(in, "certificate", "pdf"), "pdf", data)
}

// logEntry is what the page shows of an entry of the purge log.
type logEntry struct {
	Seq        int       `json:"seq"`
	At         time.Time `json:"at"`
	Event      string    `json:"event"`
	Step       string    `json:"step"`
	Hash       string    `json:"hash"`
	EventTitle string    `json:"-"`
}

// purgeLogPage shows what is due, what is done, and the log.
type purgeLogPage struct {
	Page
	Due     []purgeLine // by when
	Done    []purgeLine // newest first
	Entries []logEntry  // newest first
	Signed  bool        // there is a checkpoint
}

func (s *Server) logEntries(ctx context.Context) (any, error) {
	if s.cfg.PurgeLog == nil {
		return []logEntry{}, nil
	}
	return s.cfg.PurgeLog(ctx)
}

// purgeLog is GET /purge-log.
func (s *Server) purgeLog(c *gin.Context) error {
	ctx := c.Request.Context()
	entries, err := s.logEntries(ctx)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		var list []json.RawMessage
		if err := convert(entries, &list); err != nil {
			return err
		}
		if list == nil {
			list = []json.RawMessage{}
		}
		return sendJSON(c, http.StatusOK, gin.H{"entries": list})
	}
	l := localeOf(c)
	page := purgeLogPage{Page: s.page(c, l.T("staff.purge_log.title")), Signed: s.cfg.Checkpoint != nil}
	page.Wide = true
	if err := convert(entries, &page.Entries); err != nil {
		return err
	}
	slices.Reverse(page.Entries)
	events, err := s.allEvents(ctx)
	if err != nil {
		return err
	}
	stands, err := s.statuses(ctx)
	if err != nil {
		return err
	}
	titles := map[string]string{}
	for _, e := range events {
		school, err := s.store.School(ctx, e.School)
		if err != nil {
			return err
		}
		titles[e.ID] = e.Title + ", " + school.Name
		line := s.purgeLine(l, s.agendaEvent(l, e, school.Name), stands[e.ID])
		if line.State != enroll.Purged {
			page.Due = append(page.Due, line)
			continue
		}
		if line.Mails, err = s.letterWords(ctx, l, e); err != nil {
			return err
		}
		page.Done = append(page.Done, line)
	}
	slices.SortFunc(page.Due, func(a, b purgeLine) int { return a.PurgeDue().Compare(b.PurgeDue()) })
	slices.SortFunc(page.Done, func(a, b purgeLine) int { return b.PurgedAt.Compare(a.PurgedAt) })
	for i, entry := range page.Entries {
		page.Entries[i].EventTitle = titles[entry.Event]
	}
	return s.render(c, http.StatusOK, "staff/purge-log", &page)
}

// checkpoint is GET /purge-log/checkpoint: the signed note.
func (s *Server) checkpoint(c *gin.Context) error {
	if s.cfg.Checkpoint == nil {
		return enroll.ErrNotReady
	}
	note, err := s.cfg.Checkpoint()
	if err != nil {
		return err
	}
	c.Data(http.StatusOK, "text/plain; charset=utf-8", note)
	return nil
}
