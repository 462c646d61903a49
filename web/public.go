package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
)

func itoa(n int) string { return strconv.Itoa(n) }

// privacy is GET /privacy.
func (s *Server) privacy(c *gin.Context) error {
	page := struct{ Page }{s.page(c, localeOf(c).T("page.privacy.title"))}
	return s.render(c, http.StatusOK, "pages/privacy", &page)
}

// purgedPage is what stands behind the QR code of a certificate.
type purgedPage struct {
	Page
	At time.Time
}

// purged is GET /purged/:event: that and when it was purged, and nothing else.
// An event that is not is not told from one that never was.
func (s *Server) purged(c *gin.Context) error {
	e, err := s.store.Event(c.Request.Context(), c.Param("event"))
	if err != nil {
		return err
	}
	if e.State != enroll.Purged {
		return enroll.ErrNotFound
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, gin.H{"event": e.ID, "purged_at": e.PurgedAt})
	}
	page := purgedPage{s.page(c, localeOf(c).T("page.purged.title")), e.PurgedAt}
	return s.render(c, http.StatusOK, "pages/purged", &page)
}
