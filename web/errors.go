package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// Errors of the edge itself.
var (
	errBadRequest  = errors.New("bad_request")
	errTrailing    = errors.New("trailing_data") // after the JSON
	errMediaType   = errors.New("unsupported_media_type")
	errMethod      = errors.New("method_not_allowed")
	errCrossOrigin = errors.New("cross_origin")
	errBackwards   = errors.New("backwards") // the demo's clock
	errTooLarge    = errors.New("too_large")
)

// kinds says with which status each kind of error is answered. Its code is the
// text of the error; messages are error.CODE.title and error.CODE.detail. What
// is not in it is a 500.
var kinds = []struct {
	err    error
	status int
}{
	{enroll.ErrStore, http.StatusServiceUnavailable},
	{enroll.ErrClock, http.StatusServiceUnavailable},
	{enroll.ErrNotFound, http.StatusNotFound},
	{enroll.ErrForbidden, http.StatusForbidden},
	{enroll.ErrSignedOut, http.StatusUnauthorized},
	{enroll.ErrWrongCode, http.StatusUnauthorized},
	{enroll.ErrWrongPassword, http.StatusUnauthorized},
	{enroll.ErrPurged, http.StatusGone},
	{enroll.ErrInvitationGone, http.StatusGone},
	{enroll.ErrClosed, http.StatusForbidden},
	{enroll.ErrNotOpen, http.StatusForbidden},
	{enroll.ErrMode, http.StatusConflict},
	{enroll.ErrNoSession, http.StatusNotFound},
	{enroll.ErrNotAllowed, http.StatusForbidden},
	{enroll.ErrRepeat, http.StatusConflict},
	{enroll.ErrFull, http.StatusConflict},
	{enroll.ErrStale, http.StatusConflict},
	{enroll.ErrConflict, http.StatusConflict},
	{enroll.ErrNotReady, http.StatusConflict},
	{enroll.ErrBusy, http.StatusConflict},
	{enroll.ErrState, http.StatusConflict},
	{enroll.ErrEmailTaken, http.StatusConflict},
	{enroll.ErrNotEncrypted, http.StatusUnsupportedMediaType},
	{enroll.ErrCannotDecrypt, http.StatusUnprocessableEntity},
	{enroll.ErrTooManyTries, http.StatusTooManyRequests},
	{errBadRequest, http.StatusBadRequest},
	{errTrailing, http.StatusBadRequest},
	{errMediaType, http.StatusUnsupportedMediaType},
	{errMethod, http.StatusMethodNotAllowed},
	{errCrossOrigin, http.StatusForbidden},
	{errBackwards, http.StatusConflict},
	{errTooLarge, http.StatusRequestEntityTooLarge},
}

// Problem is an error that brings its own answer, where the table is too
// coarse: a list with a fault in each row.
type Problem struct {
	Status int
	Code   string // messages error.CODE.title and error.CODE.detail
	Says   string // whose messages they are, where it is not the code's
	Args   []any  // for the messages: pairs of name and value
	Errors any    // the member errors of the JSON; nil: none
}

func (p *Problem) Error() string { return p.Code }

// problemJSON is RFC 9457, application/problem+json.
type problemJSON struct {
	Type      string `json:"type"`
	Status    int    `json:"status"`
	Title     string `json:"title"`
	Detail    string `json:"detail,omitempty"`
	Code      string `json:"code"`
	Reference string `json:"reference,omitempty"` // of a 500, to be found in the log
	Errors    any    `json:"errors,omitempty"`
}

// retryStore is after how many seconds a page comes back by itself when Redis
// is away.
const retryStore = 5

// errorPage is what a person sees.
type errorPage struct {
	Page
	Detail    string
	Code      string
	Reference string
}

// problemOf decides once and for all what an error is answered with.
func problemOf(err error, l *locale.Locale) (p problemJSON, retry int) {
	var (
		own      *Problem
		fields   enroll.FieldErrors
		wait     *enroll.RetryError
		tooLarge *http.MaxBytesError
		args     []any
	)
	says := ""
	p = problemJSON{Type: "about:blank", Status: http.StatusInternalServerError, Code: "internal"}
	switch {
	case errors.As(err, &own):
		p.Status, p.Code, p.Errors, args = own.Status, own.Code, own.Errors, own.Args
		says = own.Says
	case errors.As(err, &fields):
		p.Status, p.Code, p.Errors = http.StatusUnprocessableEntity, "bad_input", fieldMessages(fields, l)
	case errors.As(err, &wait):
		p.Status, p.Code = http.StatusTooManyRequests, enroll.ErrTooManyTries.Error()
		retry = max(1, int(math.Ceil(wait.After.Seconds())))
		args = []any{"n", (retry + 59) / 60}
	case errors.As(err, &tooLarge):
		p.Status, p.Code = http.StatusRequestEntityTooLarge, errTooLarge.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		p.Status, p.Code = http.StatusServiceUnavailable, enroll.ErrStore.Error()
	default:
		for _, kind := range kinds {
			if errors.Is(err, kind.err) {
				p.Status, p.Code = kind.status, kind.err.Error()
				break
			}
		}
	}
	if p.Status == http.StatusServiceUnavailable {
		retry = retryStore
	}
	says = "error." + cmp.Or(says, p.Code)
	p.Title, p.Detail = l.T(says+".title", args...), l.T(says+".detail", args...)
	return p, retry
}

// fail answers with the error and keeps what comes after from running. Nothing
// is sent where an answer has begun.
func (s *Server) fail(c *gin.Context, err error) {
	c.Abort()
	p, retry := problemOf(err, localeOf(c))
	if p.Status >= http.StatusInternalServerError {
		level := s.log.Error
		if p.Status == http.StatusServiceUnavailable {
			level = s.log.Warn
		} else {
			p.Reference = rand.Text()[:8]
		}
		level("request failed", "route", c.FullPath(), "status", p.Status, "reference", p.Reference, "error", err.Error())
	}
	if c.Writer.Written() {
		return
	}
	if retry > 0 {
		c.Header("Retry-After", strconv.Itoa(retry))
	}
	if wantsJSON(c) {
		s.sendProblem(c, p)
		return
	}
	page := errorPage{Page: s.page(c, p.Title), Detail: p.Detail, Code: p.Code, Reference: p.Reference}
	if p.Status == http.StatusServiceUnavailable && c.Request.Method == http.MethodGet {
		page.Refresh = retryStore
	}
	if err := s.render(c, p.Status, "pages/error", &page); err != nil {
		s.log.Error("error page failed", "error", err.Error())
		c.String(p.Status, "%s\n%s\n", p.Title, p.Detail)
	}
}

func (s *Server) sendProblem(c *gin.Context, p problemJSON) {
	data, err := json.Marshal(p)
	if err != nil {
		s.log.Error("problem as JSON failed", "error", err.Error())
		c.Status(p.Status)
		return
	}
	c.Data(p.Status, "application/problem+json", data)
}
