package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/scheduler/purge"
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
	At    time.Time
	Entry *publicEntry // nil where the log is not at hand
}

// publicEntry is what everybody may see of the log's entry that says completed:
// its place and its hash, which stand on the certificate too.
type publicEntry struct {
	Seq  int        `json:"seq"`
	At   time.Time  `json:"at"`
	Step purge.Step `json:"step"`
	Hash string     `json:"hash"`
}

// purged is GET /purged/:event: that and when it was purged, the entry of the log
// that says so, and nothing else. An event that is not is not told from one that
// never was.
func (s *Server) purged(c *gin.Context) error {
	e, err := s.store.Event(c.Request.Context(), c.Param("event"))
	if err != nil {
		return err
	}
	if e.State != enroll.Purged {
		return enroll.ErrNotFound
	}
	entry, err := s.publicEntry(c.Request.Context(), e.ID)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		out := gin.H{"event": e.ID, "purged_at": e.PurgedAt}
		if entry != nil {
			out["entry"] = entry
		}
		return sendJSON(c, http.StatusOK, out)
	}
	page := purgedPage{s.page(c, localeOf(c).T("page.purged.title")), e.PurgedAt, entry}
	return s.render(c, http.StatusOK, "pages/purged", &page)
}

func (s *Server) publicEntry(ctx context.Context, event string) (*publicEntry, error) {
	if s.cfg.Completed == nil {
		return nil, nil
	}
	e, err := s.cfg.Completed(ctx, event)
	if errors.Is(err, enroll.ErrNotFound) {
		return nil, nil
	}
	return &publicEntry{e.Seq, e.At, e.Step, e.Hash}, err
}

// deletion is GET /deletion: what erasing means, and what it does not.
func (s *Server) deletion(c *gin.Context) error {
	page := struct{ Page }{s.page(c, localeOf(c).T("proof.deletion.title"))}
	return s.render(c, http.StatusOK, "pages/deletion", &page)
}
