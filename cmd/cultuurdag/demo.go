package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/purge"
	"cultuurdag/web"
)

// DemoCommand shows the whole life of a culture day, with invented people, on
// this machine alone.
type DemoCommand struct {
	Addr     string `default:"127.0.0.1:8080" help:"Where to listen."`
	RedisURL string `placeholder:"URL" help:"A Redis to use in place of the embedded store."`
	Students int    `default:"240" help:"How many students, up to 5,000."`
	Seed     int64  `default:"1" help:"Which students."`
	Now      string `placeholder:"RFC3339" help:"What time it is when the demo begins; the present where left out."`
	Info     string `placeholder:"FILE" help:"Write addresses, passwords and codes to this file, as JSON."`
}

// demoInfo is what --info writes.
type demoInfo struct {
	BaseURL   string        `json:"base_url"`
	Event     string        `json:"event"`
	Recipient string        `json:"recipient"`
	Organiser demoLogin     `json:"organiser"`
	Contact   demoLogin     `json:"contact"`
	Students  []demoStudent `json:"students"`
}

type demoLogin struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

type demoStudent struct {
	Number string `json:"number"`
	Code   string `json:"code"`
}

// Run shows the demo until it is told to stop; then everything is gone.
func (c *DemoCommand) Run(ctx context.Context, io *streams) (err error) {
	if c.Students < 1 || c.Students > 5000 {
		return errors.New("--students takes a number from 1 to 5000")
	}
	clock := &enroll.Clock{}
	if c.Now != "" {
		now, err := time.Parse(time.RFC3339, c.Now)
		if err != nil {
			return errors.New("--now takes a time such as 2026-11-30T08:00:00+01:00")
		}
		clock.Move(now)
	}
	dir, err := os.MkdirTemp("", "cultuurdag-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	rdb, closeRedis, err := c.openRedis(ctx)
	if err != nil {
		return err
	}
	defer closeRedis()
	listener, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	defer listener.Close()

	a, err := newDemo(dir, rdb, clock, "http://"+reachable(listener.Addr()), io.err)
	if err != nil {
		return err
	}
	day := newDemoDay(clock.Now())
	info, err := c.prepare(ctx, a, day)
	if err != nil {
		return err
	}
	a.demoDay = day
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var begun error
	err = a.run(ctx, listener, func() {
		if begun = c.begin(ctx, a, info, io.out); begun != nil {
			cancel()
		}
	})
	return errors.Join(begun, err, c.forget(a, info))
}

// reachable returns the host and port at which this machine reaches a listener:
// one that listens at every address says 0.0.0.0 or [::], which is no host.
func reachable(addr net.Addr) string {
	at, err := netip.ParseAddrPort(addr.String())
	if err != nil || !at.Addr().IsUnspecified() {
		return addr.String()
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port()).String()
}

// openRedis returns the Redis of --redis-url, or one that is embedded.
func (c *DemoCommand) openRedis(ctx context.Context) (redis.UniversalClient, func(), error) {
	if c.RedisURL != "" {
		rdb, err := OpenRedis(c.RedisURL)
		if err != nil {
			return nil, nil, fmt.Errorf("--redis-url %w", err)
		}
		if err := rdb.Ping(ctx).Err(); err != nil {
			return nil, nil, fmt.Errorf("--redis-url: Redis does not answer: %w", err)
		}
		return rdb, func() { rdb.Close() }, nil
	}
	mini := miniredis.NewMiniRedis()
	if err := mini.Start(); err != nil {
		return nil, nil, fmt.Errorf("embedded store: %w", err)
	}
	// The embedded store lets nothing expire by itself.
	ticker := time.NewTicker(time.Second)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-ticker.C:
				mini.FastForward(time.Second)
			case <-done:
				return
			}
		}
	}()
	rdb, err := OpenRedis("redis://" + mini.Addr())
	if err != nil {
		return nil, nil, err
	}
	return rdb, func() { ticker.Stop(); close(done); rdb.Close(); mini.Close() }, nil
}

// newDemo puts the program together with keys of its own in dir.
func newDemo(dir string, rdb redis.UniversalClient, clock *enroll.Clock, baseURL string, logs io.Writer) (*app, error) {
	file, _, err := crypto.GenerateMaster()
	if err != nil {
		return nil, err
	}
	master, err := crypto.ParseMaster(file)
	if err != nil {
		return nil, err
	}
	keystore, err := crypto.OpenKeystore(filepath.Join(dir, "keystore"), master)
	if err != nil {
		return nil, err
	}
	secret, _, err := crypto.GenerateLogKey("cultuurdag-demo")
	if err != nil {
		return nil, err
	}
	logKey, err := crypto.ParseLogKey(secret)
	if err != nil {
		return nil, err
	}
	purgeLog, err := purge.Open(filepath.Join(dir, "purge.log"), logKey)
	if err != nil {
		return nil, err
	}
	var a *app
	a, err = newApp(parts{
		redis: rdb, master: master, keystore: keystore, purgeLog: purgeLog, clock: clock,
		logger:   slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelWarn})),
		provider: demoProvider, baseURL: baseURL, web: true, worker: true, poll: 100 * time.Millisecond,
		demo: func(cfg *web.Config) {
			cfg.Demo = true
			cfg.DemoMoves = func(context.Context) []web.DemoMove { return a.demoDay.moves() }
			cfg.MoveClock = func(ctx context.Context, to time.Time) error { return a.moveClock(ctx, to) }
		},
	})
	return a, err
}

// moveClock moves the clock of program and Redis, and waits, some seconds at
// most, until what falls due by that is done, so that the next page shows it.
func (a *app) moveClock(ctx context.Context, to time.Time) error {
	a.clock.Move(to)
	a.sweep.Kick()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		events, err := a.store.Events(ctx)
		if err != nil {
			return err
		}
		due := false
		for _, e := range events {
			_, _, ok := e.Due(a.clock.Now())
			due = due || ok
		}
		if !due {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil // it goes on by itself; the page says how things stand
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// prepare makes a school, an organiser, a contact and an event.
func (c *DemoCommand) prepare(ctx context.Context, a *app, day demoDay) (demoInfo, error) {
	info := demoInfo{BaseURL: a.baseURL}
	school, err := a.store.PutSchool(ctx, demoSchool)
	if err != nil {
		return info, err
	}
	organiser, contact := demoOrganiser, demoContact
	contact.School = school.ID
	for _, who := range []struct {
		account *enroll.Account
		login   *demoLogin
	}{{&organiser, &info.Organiser}, {&contact, &info.Contact}} {
		who.login.Email, who.login.Password = who.account.Email, "demo-"+crypto.NewID()
		if who.account.Password, err = crypto.HashPassword(ctx, who.login.Password); err != nil {
			return info, err
		}
		if err := addDemoAccount(ctx, a.store, *who.account); err != nil {
			return info, err
		}
	}
	e, err := a.store.CreateEvent(ctx, enroll.Event{
		School: school.ID, Title: "Cultuurdag " + fmt.Sprint(day.date.Year), Date: day.date, Mode: enroll.FirstCome,
		Location: demoLocation, LocationContact: demoLocationContact, Notes: demoNotes,
		OpenAt: day.open, CloseAt: day.close, PublishAt: day.publish,
	})
	if err != nil {
		return info, err
	}
	if _, err := a.store.PutProgramme(ctx, e.ID, demoProgramme(day.date, c.Students)); err != nil {
		return info, err
	}
	info.Event, info.Recipient = e.ID, e.Recipient
	return info, nil
}

// addDemoAccount also takes the place of an account that a demo before this one
// left in the same Redis.
func addDemoAccount(ctx context.Context, s *store.Store, a enroll.Account) error {
	_, err := s.AddAccount(ctx, a)
	if !errors.Is(err, enroll.ErrEmailTaken) {
		return err
	}
	old, err := s.AccountByEmail(ctx, a.Email)
	if err != nil {
		return err
	}
	if err := s.RemoveAccount(ctx, old.ID); err != nil {
		return err
	}
	_, err = s.AddAccount(ctx, a)
	return err
}

// begin hands in the class list over HTTP, as the contact, and tells how to go on.
func (c *DemoCommand) begin(ctx context.Context, a *app, info demoInfo, out io.Writer) error {
	if err := handInList(ctx, info, demoClassList(c.Students, c.Seed)); err != nil {
		return fmt.Errorf("handing in the class list: %w", err)
	}
	students, err := a.store.Students(ctx, info.Event)
	if err != nil {
		return err
	}
	codes, err := a.store.Codes(ctx, info.Event)
	if err != nil {
		return err
	}
	byNumber := map[string]string{}
	for _, st := range students {
		byNumber[st.Number] = codes[st.ID].String()
	}
	for _, number := range sortedKeys(byNumber) {
		info.Students = append(info.Students, demoStudent{number, byNumber[number]})
	}
	if c.Info != "" {
		if err := writeInfo(c.Info, info); err != nil {
			return fmt.Errorf("--info: %w", err)
		}
	}
	where := "embedded, in memory; keys in a temporary folder; everything is gone when this stops (Ctrl-C)"
	if c.RedisURL != "" {
		where = "the Redis of --redis-url; keys in a temporary folder; the students are purged when this stops (Ctrl-C)"
	}
	fmt.Fprintf(out, `Cultuurdag demo: %s
store: %s

  students    %s/            with one of these codes:
`, info.BaseURL, where, info.BaseURL)
	for _, s := range info.Students[:min(10, len(info.Students))] {
		fmt.Fprintf(out, "              %s\n", s.Code)
	}
	fmt.Fprintf(out, `  organiser   %[1]s/sign-in   %[2]s   %[3]s
  contact     %[1]s/sign-in   %[4]s   %[5]s

The bar at the foot of each page moves the clock: enrolment opens, closes, the
day itself, the day after.
`, info.BaseURL, info.Organiser.Email, info.Organiser.Password, info.Contact.Email, info.Contact.Password)
	return nil
}

// writeInfo renames the file into place, so that a reader never sees half of it.
func writeInfo(name string, info demoInfo) error {
	data, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".info-")
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), name)
}

// forget takes the demo's event out of a Redis that stays when the demo stops.
func (c *DemoCommand) forget(a *app, info demoInfo) error {
	if c.RedisURL == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	e, err := a.store.Event(ctx, info.Event)
	if err != nil || e.State == enroll.Purged {
		return err
	}
	if e.StateAt(a.clock.Now()) != enroll.Purging {
		if _, err := a.store.UpdateEvent(ctx, info.Event, func(e *enroll.Event) error {
			e.PurgeEarly = true
			return nil
		}); err != nil {
			return err
		}
	}
	return a.purger.Run(ctx, info.Event)
}
