package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/mail/mailtest"
)

// house is where the program runs for real: the parts of `serve` on a private
// Redis with the shipped settings, key files, a keystore, a purge log and a mail
// server, all of its own, and one clock, which the test moves.
type house struct {
	t      *testing.T
	redis  *enrolltest.Server
	mail   *mailtest.Server
	clock  *enroll.Clock
	config Config
	dir    string // the program's folder
	tmp    string // the system's temporary folder
	out    output // all that the program logs and prints
}

// output is what was written, by whomever.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) Bytes() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.buf.Bytes())
}

// newHouse furnishes one in which it is eight on Monday 30 November 2026.
func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, redis: enrolltest.StartRedis(t), mail: mailtest.New(t), clock: &enroll.Clock{}, dir: t.TempDir()}
	h.clock.Move(time.Date(2026, 11, 30, 8, 0, 0, 0, enroll.Amsterdam))
	// What this very process prints or puts aside is the program's.
	h.tmp = t.TempDir()
	t.Setenv("TMPDIR", h.tmp)
	h.capture()

	in := func(name string) string { return filepath.Join(h.dir, name) }
	h.check((&KeygenCommand{Out: in("master.key"), Name: "residue.example"}).Run(&streams{out: &h.out, err: &h.out}))
	h.check(os.Mkdir(in("keystore"), 0o700))
	provider, err := json.Marshal(map[string]string{
		"name": "Kunst op School", "address": "Voorbeeldstraat 1, Utrecht", "email": "hulp@kunst.example", "phone": "030 000 00 00",
		"data_protection_officer": "privacy@kunst.example", "role": "processor",
	})
	h.check(err)
	h.check(os.WriteFile(in("provider.json"), provider, 0o600))
	h.config = Config{
		Addr: "127.0.0.1:0", BaseURL: "http://127.0.0.1:1", RedisURL: h.redis.URL(), RedisDir: h.redis.Dir,
		MasterKeyFile: in("master.key"), Keystore: in("keystore"), PurgeLog: in("purge.log"), PurgeLogKey: in("master.key-log"),
		ProviderFile: in("provider.json"), SMTPURL: h.mail.URL(), MailFrom: "cultuurdag@kunst.example",
		Timezone: "Europe/Amsterdam", Role: "all", AdminAddr: "127.0.0.1:0",
	}
	return h
}

func (h *house) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// capture takes what is printed past the logger.
func (h *house) capture() {
	r, w, err := os.Pipe()
	h.check(err)
	stdout, stderr, logs := os.Stdout, os.Stderr, log.Writer()
	os.Stdout, os.Stderr = w, w
	log.SetOutput(w)
	done := make(chan error, 1)
	go func() { _, err := io.Copy(&h.out, r); done <- err }()
	h.t.Cleanup(func() {
		os.Stdout, os.Stderr = stdout, stderr
		log.SetOutput(logs)
		if err := errors.Join(w.Close(), <-done); err != nil {
			h.t.Error(err)
		}
	})
}

// instance is one process of the program, as far as it can be told from one.
type instance struct {
	*app
	h     *house
	url   string
	admin *admin
	ready chan struct{} // closed once it serves
	stop  func()
}

// start starts an instance in that role: web, worker or all. It does not wait
// until the instance serves.
func (h *house) start(role string) *instance {
	h.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	h.check(err)
	c := h.config
	c.Role, c.BaseURL = role, "http://"+listener.Addr().String()
	p, closeAll, err := c.open(&h.out)
	h.check(err)
	p.clock, p.poll = h.clock, 10*time.Millisecond
	a, err := newApp(p)
	h.check(err)
	admin, err := startAdmin("127.0.0.1:0", a)
	h.check(err)
	i := &instance{app: a, h: h, url: c.BaseURL, admin: admin, ready: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.run(ctx, listener, func() { admin.ready(); close(i.ready) }) }()
	i.stop = sync.OnceFunc(func() {
		cancel()
		err := errors.Join(<-ended, admin.Close())
		closeAll()
		if listener.Close(); err != nil && !errors.Is(err, context.Canceled) {
			h.t.Error(err)
		}
	})
	h.t.Cleanup(i.stop)
	return i
}

// serving starts an instance and waits until it serves.
func (h *house) serving(role string) *instance {
	h.t.Helper()
	i := h.start(role)
	select {
	case <-i.ready:
	case <-time.After(time.Minute):
		h.t.Fatalf("it does not serve; it said:\n%s", h.out.Bytes())
	}
	return i
}

// person calls the program, with cookies of their own.
type person struct {
	i   *instance
	jar *cookiejar.Jar
}

func (i *instance) person() *person {
	jar, err := cookiejar.New(nil)
	i.h.check(err)
	return &person{i, jar}
}

// at is the same person, cookies and all, at another instance.
func (p *person) at(i *instance) *person {
	jar, err := cookiejar.New(nil)
	i.h.check(err)
	for _, one := range []*instance{p.i} {
		u, err := http.NewRequest(http.MethodGet, one.url, nil)
		i.h.check(err)
		to, err := http.NewRequest(http.MethodGet, i.url, nil)
		i.h.check(err)
		jar.SetCookies(to.URL, p.jar.Cookies(u.URL))
	}
	return &person{i, jar}
}

// ask sends a request and returns the status, and the answer.
func (p *person) ask(method, path string, body any) (int, []byte) {
	p.i.h.t.Helper()
	var data []byte
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case []byte:
		data, kind = b, "application/octet-stream"
	default:
		var err error
		data, err = json.Marshal(b)
		p.i.h.check(err)
	}
	request, err := http.NewRequest(method, p.i.url+path, bytes.NewReader(data))
	p.i.h.check(err)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", kind)
	client := http.Client{Jar: p.jar, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	p.i.h.check(err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	p.i.h.check(err)
	return response.StatusCode, answer
}

// do is ask for what has to go well, and reads the answer into the last argument.
func (p *person) do(method, path string, body any, into ...any) {
	p.i.h.t.Helper()
	status, answer := p.ask(method, path, body)
	if status >= 300 {
		p.i.h.t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
	for _, to := range into {
		p.i.h.check(json.Unmarshal(answer, to))
	}
}

const staffPassword = "een heel lang wachtwoord"

// organiser returns one who is signed in.
func (i *instance) organiser() *person {
	i.h.t.Helper()
	i.h.addAccount(i.store, enroll.Account{Role: enroll.Organiser, Name: "Roos Tuinstra", Email: "roos@kunst.example"})
	p := i.person()
	p.do(http.MethodPost, "/sign-in", map[string]string{"email": "roos@kunst.example", "password": staffPassword})
	return p
}

func (h *house) addAccount(s *store.Store, a enroll.Account) {
	h.t.Helper()
	var err error
	a.Password, err = crypto.HashPassword(context.Background(), staffPassword)
	h.check(err)
	if _, err := s.AddAccount(context.Background(), a); !errors.Is(err, enroll.ErrEmailTaken) {
		h.check(err)
	}
}

// contact invites a contact of the school, who takes the invitation up.
func (p *person) contact(school string) *person {
	p.i.h.t.Helper()
	var invited struct {
		URL string `json:"invitation_url"`
	}
	p.do(http.MethodPost, "/schools/"+school+"/contacts", map[string]string{
		"name": "Wim Oosterhuis", "function": "coördinator", "email": "wim@school.example", "phone": "030 000 00 02",
	}, &invited)
	_, token, _ := strings.Cut(invited.URL, "#")
	c := p.i.person()
	c.do(http.MethodPost, "/invitations", map[string]string{"token": token, "password": staffPassword})
	c.do(http.MethodPost, "/sign-in", map[string]string{"email": "wim@school.example", "password": staffPassword})
	return c
}

func (p *person) school() string {
	p.i.h.t.Helper()
	var school struct{ ID string }
	p.do(http.MethodPost, "/schools", map[string]string{"name": "Lyceum De Springplank", "brin": "00XX", "city": "Utrecht"}, &school)
	return school.ID
}

// schoolDay is an event as the organiser makes it.
type schoolDay struct {
	ID        string    `json:"id"`
	Code      string    `json:"code"`
	Recipient string    `json:"recipient"`
	Due       time.Time `json:"purge_due"`
	day       enroll.Date
}

// event makes an event: enrolment opens three days before at nine and closes two
// days before at noon. Of its four workshops each is given in both rounds.
func (p *person) event(school string, day enroll.Date, more map[string]any) schoolDay {
	p.i.h.t.Helper()
	e := schoolDay{day: day}
	fields := map[string]any{
		"school": school, "title": "Cultuurdag", "date": day.String(), "location": "Op school", "mode": "first_come",
		"open_at": day.AddDays(-3).At(9, 0).Format(time.RFC3339), "close_at": day.AddDays(-2).At(12, 0).Format(time.RFC3339),
	}
	for name, value := range more {
		fields[name] = value
	}
	p.do(http.MethodPost, "/events", fields, &e)
	p.do(http.MethodPut, "/events/"+e.ID+"/programme", enrolltest.Programme(day, 4, 2, 30))
	return e
}

// sealed encrypts a list to the event, as a school does.
func (e schoolDay) sealed(h *house, list string) []byte {
	h.t.Helper()
	to, err := age.ParseX25519Recipient(e.Recipient)
	h.check(err)
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to)
	h.check(err)
	_, err = io.WriteString(w, list)
	h.check(errors.Join(err, w.Close()))
	return sealed.Bytes()
}

// upload hands a list in.
func (p *person) upload(e schoolDay, list, query string) {
	p.i.h.t.Helper()
	p.do(http.MethodPost, "/events/"+e.ID+"/class-lists?"+query, e.sealed(p.i.h, list))
}

// classList is a list of invented students, each with a name, number, class and
// address that occur nowhere else.
func classList(from, n int) string {
	var b strings.Builder
	b.WriteString("Stamnummer;Roepnaam;Tussenvoegsel;Achternaam;Klas;E-mail\r\n")
	for i := from; i < from+n; i++ {
		letters := string([]byte{'a' + byte(i/26%26), 'a' + byte(i%26)})
		fmt.Fprintf(&b, "7%08d;Zwaë%sdine;van de;Quispël%stra;1Q%sX-%d;leerling.%s@zwaluw.example\r\n", 31000000+i, letters, letters, letters, i%3, letters)
	}
	return b.String()
}

// state returns the event's state.
func (i *instance) state(event string) enroll.State {
	i.h.t.Helper()
	e, err := i.store.Event(context.Background(), event)
	i.h.check(err)
	return e.State
}

// until waits until done says so: what is done in the background tells nobody.
func (h *house) until(what string, done func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); {
		if time.Now().After(deadline) {
			h.t.Fatalf("waited in vain: %s; the program said:\n%s", what, h.out.Bytes())
		}
		<-time.After(5 * time.Millisecond)
	}
}

// becomes waits until the event is in that state.
func (i *instance) becomes(event string, state enroll.State) {
	i.h.t.Helper()
	i.h.until("the event becomes "+string(state), func() bool { return i.state(event) == state })
}

// moved moves the clock and has this instance look what is due.
func (i *instance) moved(to time.Time) {
	i.h.clock.Move(to)
	i.sweep.Kick()
}
