package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/jobs"
	"cultuurdag/scheduler/mail"
	"cultuurdag/scheduler/overview"
	"cultuurdag/scheduler/purge"
	"cultuurdag/web"
)

// parts is what the program is put together from. serve takes them from its
// settings, demo makes them.
type parts struct {
	redis    redis.UniversalClient // closed by whoever opened it
	master   *crypto.Master
	keystore *crypto.Keystore
	purgeLog *purge.Log
	redisDir string // "" where it cannot be seen
	clock    *enroll.Clock
	logger   *slog.Logger
	provider enroll.Provider
	baseURL  string
	proxies  []string
	mailer   *mail.Mailer // nil: no mail
	web      bool         // answer requests
	worker   bool         // take steps
	poll     time.Duration
	// demo, where it is not nil, adds to the configuration of the web.
	demo func(*web.Config)
}

// app is the program put together.
type app struct {
	parts
	store  *store.Store
	purger *purge.Purger
	sweep  *jobs.Sweep
	worker *jobs.Worker
	server *web.Server
	client *asynq.Client

	demoDay demoDay // of the demo alone
}

func newApp(p parts) (*app, error) {
	a := &app{parts: p, store: store.New(p.redis, p.keystore, p.clock)}
	a.client = asynq.NewClientFromRedisClient(p.redis)
	a.purger = &purge.Purger{
		Store: a.store, Log: p.purgeLog, RedisDir: p.redisDir, Clock: p.clock, Logger: p.logger,
		Inspector: asynq.NewInspectorFromRedisClient(p.redis),
	}
	runner := &jobs.Runner{Store: a.store, Clock: p.clock, Purger: a.purger, Provider: p.provider, Logger: p.logger}
	if p.mailer != nil {
		runner.Postman = &jobs.Postman{
			Store: a.store, Clock: p.clock, Mailer: p.mailer, BaseURL: p.baseURL, Provider: p.provider, Logger: p.logger,
		}
		runner.Courier = &jobs.Courier{
			Store: a.store, Clock: p.clock, Mailer: p.mailer, BaseURL: p.baseURL, Logger: p.logger, Letter: a.letter,
		}
		a.purger.Certificate = a.store.QueueLetters
	}
	a.sweep = jobs.NewSweep(runner, a.client)
	if p.worker {
		a.worker = jobs.NewWorker(p.redis, runner, a.sweep, p.poll)
	}
	if !p.web {
		return a, nil
	}
	cfg := web.Config{
		Store: a.store, Clock: p.clock, Logger: p.logger, BaseURL: p.baseURL, Provider: p.provider,
		TrustedProxies: p.proxies, RateSecret: p.master.Subkey("addresses"), Kick: a.sweep.Kick,
		Observe:    observe,
		Allocate:   a.allocate,
		Allocation: a.allocation,
		PurgeLog:   a.purgeEntries,
		Checkpoint: p.purgeLog.Checkpoint,
		PurgeSteps: a.purgeSteps, Certificate: a.certificate,
		Purges: a.purger.Status, Completed: a.completed,
		DeadlineChanged: a.deadlineChanged,
	}
	if p.mailer != nil {
		cfg.Mail = p.mailer.SendText
	}
	if p.demo != nil {
		p.demo(&cfg)
	}
	server, err := web.New(cfg)
	if err != nil {
		return nil, err
	}
	a.server = server
	return a, nil
}

// run serves on the listener until ctx ends, then stops gracefully: requests
// finish, steps that are under way get some seconds, others go back to the
// queue. ready is called once all of it runs. Before anything is served, what
// was once purged is purged again.
func (a *app) run(ctx context.Context, listener net.Listener, ready func()) error {
	if err := a.replay(ctx); err != nil {
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var sweeping sync.WaitGroup
	sweeping.Go(func() { a.sweep.Run(background) })
	defer sweeping.Wait()
	defer stop()
	if a.worker != nil {
		if err := a.worker.Start(); err != nil {
			return fmt.Errorf("worker: %w", err)
		}
		defer a.worker.Stop()
	}
	if a.server == nil {
		ready()
		<-ctx.Done()
		return nil
	}
	server := newHTTPServer(a.server.Handler(), a.logger)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	ready()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	a.server.Close() // event streams never end by themselves
	return stopHTTPServer(server, 15*time.Second)
}

// replay purges again what was once purged, and waits for Redis as long as it
// takes.
func (a *app) replay(ctx context.Context) error {
	for {
		err := a.purger.Replay(ctx)
		if !errors.Is(err, enroll.ErrStore) && !errors.Is(err, enroll.ErrClock) {
			return err
		}
		a.logger.Warn("cannot serve yet; trying again", "err", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Second):
		}
	}
}

// allocate has the places given out (again), with those costs and that seed, for
// the account by.
func (a *app) allocate(ctx context.Context, event string, seed int64, costs, by string) error {
	_, err := a.store.UpdateEvent(ctx, event, func(e *enroll.Event) error {
		switch e.StateAt(a.clock.Now()) {
		case enroll.Closed, enroll.Allocated, enroll.Published:
		default:
			return enroll.ErrState
		}
		e.Costs, e.Seed, e.ReallocateBy = costs, seed, by
		e.Reallocate = e.State == enroll.Allocated || e.State == enroll.Published
		return nil
	})
	if err == nil {
		a.sweep.Kick()
	}
	return err
}

// allocation tells how the giving out of places stands.
func (a *app) allocation(ctx context.Context, event string) (string, json.RawMessage, error) {
	stored, err := a.store.Allocation(ctx, event)
	if err != nil {
		return "", nil, err
	}
	e, err := a.store.Event(ctx, event)
	if step, _, ok := e.Due(a.clock.Now()); ok && step == enroll.StepAllocate && stored.State != store.AllocationFailed {
		stored.State = store.AllocationRunning
	}
	return stored.State, stored.Report, err
}

func (a *app) purgeEntries(context.Context) (any, error) { return a.purgeLog.Entries() }

// purgeStep is a step of an event's purge, as shown to staff.
type purgeStep struct {
	Step string    `json:"step"`
	At   time.Time `json:"at"`
}

// purgeView is an event's purge, as shown to staff.
type purgeView struct {
	State enroll.State `json:"state"`
	Due   time.Time    `json:"due"`
	Steps []purgeStep  `json:"steps"`

	Trouble *store.Trouble `json:"trouble,omitempty"` // what keeps a purge that has to be done from going on
}

func (a *app) purgeSteps(ctx context.Context, event string) (any, error) {
	e, err := a.store.Event(ctx, event)
	if err != nil {
		return nil, err
	}
	entries, err := a.purgeLog.Event(event)
	if err != nil {
		return nil, err
	}
	view := purgeView{State: e.StateAt(a.clock.Now()), Due: e.PurgeDue(), Steps: []purgeStep{}}
	for _, entry := range entries {
		view.Steps = append(view.Steps, purgeStep{string(entry.Step), entry.At})
	}
	if view.State != enroll.Purging {
		return view, nil
	}
	all, err := a.purger.Status(ctx)
	for _, s := range all {
		if s.Event == event {
			view.Trouble = s.Trouble
		}
	}
	return view, err
}

// completed returns the entry that says that the event's purge is complete.
func (a *app) completed(_ context.Context, event string) (purge.Entry, error) {
	entries, err := a.purgeLog.Event(event)
	if err != nil {
		return purge.Entry{}, err
	}
	for _, e := range entries {
		if e.Step == purge.StepCompleted {
			return e, nil
		}
	}
	return purge.Entry{}, enroll.ErrNotFound
}

// deadlineChanged notes in the purge log that an event's deadline was moved.
func (a *app) deadlineChanged(_ context.Context, event string, from, to time.Time, _ string) error {
	_, err := a.purgeLog.Append(purge.Entry{
		Event: event, Step: purge.StepDeadlineChanged, At: a.clock.Now().UTC(),
		From: from.UTC(), To: to.UTC(),
	})
	return err
}

// certificate makes the PDF that says that the event's data are gone.
func (a *app) certificate(ctx context.Context, event string, l *locale.Locale) ([]byte, error) {
	data, err := a.purger.CertificateData(ctx, event, l)
	if err != nil {
		return nil, err
	}
	data.Provider, data.Program = a.provider, versionLine(buildInfo())
	data.PublicURL, data.MeaningURL = a.baseURL+"/purged/"+event, a.baseURL+"/deletion"
	return overview.Certificate(data)
}

// letter makes the mail with the certificate and the signed checkpoint, in Dutch.
func (a *app) letter(ctx context.Context, event string) (mail.Message, error) {
	e, err := a.store.Event(ctx, event)
	if err != nil {
		return mail.Message{}, err
	}
	pdf, err := a.certificate(ctx, event, locale.Dutch)
	if err != nil {
		return mail.Message{}, err
	}
	checkpoint, err := a.purgeLog.Checkpoint()
	l := locale.Dutch
	return mail.Message{
		Subject: l.T("mail.purged.subject", "title", e.Title),
		Body:    l.T("mail.purged.body", "title", e.Title, "day", l.Day(e.Date)),
		Files:   []mail.File{{Name: "certificaat.pdf", Data: pdf}, {Name: "checkpoint.txt", Data: checkpoint}},
	}, err
}
