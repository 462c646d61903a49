package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll/store"
)

// auditEntries is how many a page shows.
const auditEntries = 500

type auditPage struct {
	Page
	Entries []auditLine
	Event   string // shown alone; "" is all
	Titles  []eventTitle
}

type auditLine struct {
	store.AuditEntry
	EventTitle string
}

type eventTitle struct{ ID, Title string }

// auditLog is GET /audit?event=.
func (s *Server) auditLog(c *gin.Context) error {
	ctx, id := c.Request.Context(), c.Query("event")
	entries, err := s.store.AuditLog(ctx, id, auditEntries)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, gin.H{"entries": entries})
	}
	events, err := s.allEvents(ctx)
	if err != nil {
		return err
	}
	page := auditPage{Page: s.page(c, localeOf(c).T("staff.audit.title")), Event: id}
	page.Wide = true
	titles := map[string]string{}
	for _, e := range events {
		titles[e.ID] = e.Title + ", " + page.Locale.Day(e.Date)
		page.Titles = append(page.Titles, eventTitle{e.ID, titles[e.ID]})
	}
	for _, entry := range entries {
		page.Entries = append(page.Entries, auditLine{entry, titles[entry.Event]})
	}
	return s.render(c, http.StatusOK, "staff/audit", &page)
}
