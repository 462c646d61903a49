package web

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/gin-contrib/gzip"
	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/purge"
)

// Config is all that the web application is told from outside.
type Config struct {
	// Store is where everything is kept. Required.
	Store *store.Store
	// Clock is the one that Store reads. Required.
	Clock *enroll.Clock
	// Logger gets the access log and what went wrong. Required.
	Logger *slog.Logger
	// BaseURL is where people reach the site, without a slash at the end, like
	// https://cultuurdag.example. Cookies are Secure where it is https. Required.
	BaseURL string
	// Provider is who runs this.
	Provider enroll.Provider
	// TrustedProxies are the addresses or networks whose X-Forwarded-For is
	// believed; none by default.
	TrustedProxies []string
	// RateSecret keys the HMAC under which addresses are counted. Required.
	RateSecret []byte
	// Kick makes the sweep run at once; nil where another process sweeps.
	Kick func()
	// DeadlineChanged writes in the purge log that the moment from which an event
	// is purged has moved; by is the id of an account. Nil: nothing is written, as
	// in tests.
	DeadlineChanged func(ctx context.Context, event string, from, to time.Time, by string) error
	// Allocate has places given out, again where they were, and returns before
	// that is done. ErrState where the event is not closed yet. Nil: ErrNotReady.
	Allocate func(ctx context.Context, event string, seed int64, costs, by string) error
	// Allocation tells how that stands (none, running, done, failed), with the
	// report of the last one. Nil: none.
	Allocation func(ctx context.Context, event string) (state string, report json.RawMessage, err error)
	// PurgeLog returns the entries of the purge log, which become a JSON array.
	// Nil: there are none.
	PurgeLog func(ctx context.Context) (entries any, err error)
	// Checkpoint returns the signed note on the purge log. Nil: ErrNotReady.
	Checkpoint func() ([]byte, error)
	// PurgeSteps tells how the purge of an event stands, as {state, due, steps:
	// [{step, at}]}. Nil: what the event itself tells.
	PurgeSteps func(ctx context.Context, event string) (any, error)
	// Purges tells where the purge of every event stands. Nil: nothing is known.
	Purges func(ctx context.Context) ([]purge.Status, error)
	// Completed returns the entry of the purge log that says that the event's purge
	// is complete, or enroll.ErrNotFound. Nil: there is none.
	Completed func(ctx context.Context, event string) (purge.Entry, error)
	// Certificate makes the PDF that says that the event was purged. Nil:
	// ErrNotReady.
	Certificate func(ctx context.Context, event string, l *locale.Locale) ([]byte, error)
	// Mail sends plain text to an address; nil where there is no mail, and links
	// are shown to the organiser alone.
	Mail func(ctx context.Context, to, subject, body string) error
	// Observe is told of each request, by the pattern of its route; may be nil.
	Observe func(method, route string, status int, took time.Duration)
	// Demo shows the bar that moves the clock, and opens POST /demo/clock.
	Demo bool
	// DemoMoves tells which moves the bar offers; called for each page. Required
	// with Demo.
	DemoMoves func(ctx context.Context) []DemoMove
	// MoveClock moves the clock forward and makes everything happen that falls due
	// by that. Required with Demo.
	MoveClock func(ctx context.Context, to time.Time) error
}

// DemoMove is one button of the demo's bar.
type DemoMove struct {
	Label string // message key
	At    time.Time
}

// Server answers requests. It is safe for concurrent use.
type Server struct {
	cfg    Config
	store  *store.Store
	clock  *enroll.Clock
	log    *slog.Logger
	secure bool // BaseURL is https
	pages  *pages
	static *static
	seats  *seatHub
	late   overduePurges
	staff  *scs.SessionManager // login sessions of staff
	lists  chan struct{}       // holds one while a class list is read: each takes tens of MB
	mails  sync.WaitGroup      // that are being sent
	engine *gin.Engine
}

// New returns the application. It fails where the configuration is wrong; a
// template that is wrong panics, for it is embedded.
func New(cfg Config) (*Server, error) {
	switch {
	case cfg.Store == nil, cfg.Clock == nil, cfg.Logger == nil, len(cfg.RateSecret) == 0:
		return nil, fmt.Errorf("web: store, clock, logger and rate secret are required")
	case cfg.Demo && (cfg.DemoMoves == nil || cfg.MoveClock == nil):
		return nil, fmt.Errorf("web: the demo needs its moves")
	}
	if cfg.Kick == nil {
		cfg.Kick = func() {}
	}
	static := loadStatic(cfg.Provider)
	s := &Server{
		cfg: cfg, store: cfg.Store, clock: cfg.Clock, log: cfg.Logger,
		secure: strings.HasPrefix(cfg.BaseURL, "https://"),
		static: static,
		pages:  parsePages(static),
	}
	s.seats = newSeatHub(s.standing)
	s.staff = newStaffSessions(cfg.Store.Client(), s.secure)
	s.lists = make(chan struct{}, 1)
	gin.SetMode(gin.ReleaseMode)
	s.engine = gin.New()
	s.engine.HandleMethodNotAllowed = true
	s.engine.RedirectTrailingSlash = false
	if err := s.engine.SetTrustedProxies(cfg.TrustedProxies); err != nil {
		return nil, fmt.Errorf("web: trusted proxies: %w", err)
	}
	sameOrigin, err := sameOrigin(cfg.BaseURL)
	if err != nil {
		return nil, err
	}
	s.engine.Use(
		s.accessLog,
		s.securityHeaders,
		gzip.Gzip(gzip.BestSpeed, gzip.WithCustomShouldCompressFn(worthCompressing)),
		s.recovery,
		limitBody,
		s.handle(sameOrigin),
	)
	s.routes()
	return s, nil
}

// Handler returns what an http.Server serves.
func (s *Server) Handler() http.Handler { return answerHead(overrideMethod(s.engine)) }

// Close ends the event streams, which a graceful stop would wait for, and waits
// for mail that is being sent.
func (s *Server) Close() {
	s.seats.close()
	s.mails.Wait()
}

func (s *Server) routes() {
	s.engine.NoRoute(s.handle(func(*gin.Context) error { return enroll.ErrNotFound }))
	s.engine.NoMethod(s.handle(func(*gin.Context) error { return errMethod }))
	s.engine.GET("/static/:name", s.handle(s.serveStatic))
	s.engine.POST("/language", s.handle(s.setLanguage))
	s.engine.GET("/privacy", s.handle(s.privacy))
	s.engine.GET("/deletion", s.handle(s.deletion))
	if s.cfg.Demo {
		s.engine.POST("/demo/clock", s.handle(s.moveClock))
	}
	s.studentRoutes()
	s.staffRoutes()
}
