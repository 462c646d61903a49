package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
	"cultuurdag/scheduler/purge"
	"cultuurdag/scheduler/purge/purgetest"
)

// Places of the story, beside those of the scanner.
const (
	placeKeystore = "keystore"
	placeProgram  = "program's folder"
	placeTemp     = "temporary folder"
	placeOutput   = "output"
	placePages    = "pages"
)

// kindSession and kindChoice are kinds of what the story marks itself.
const (
	kindSession  = "session"
	kindChoice   = "choice"
	kindFileName = "file name"
)

// marks is what a scanner looks for, and by kind what it has to find before the
// purge in every place where Redis keeps things.
type marks struct {
	*purgetest.Scanner
	now map[string][]string
}

// see marks students and codes as they are now, and returns them by kind.
func (m *marks) see(i *instance, event string) map[string][]string {
	ctx := context.Background()
	students, err := i.store.Students(ctx, event)
	i.h.check(err)
	codes, err := i.store.Codes(ctx, event)
	i.h.check(err)
	m.MarkStudents(event, students, codes)
	keys, err := i.keystore.Keys(event)
	i.h.check(err)
	into := map[string][]string{}
	for _, st := range students {
		for kind, value := range map[string]string{
			purgetest.KindID: st.ID, purgetest.KindNumber: st.Number, purgetest.KindClass: st.Class, purgetest.KindEmail: st.Email,
			purgetest.KindCode: string(codes[st.ID]), purgetest.KindIndex: keys.LoginMAC(codes[st.ID]),
		} {
			if value != "" {
				into[kind] = append(into[kind], value)
			}
		}
		into[purgetest.KindName] = append(into[purgetest.KindName], st.FirstName, st.LastName)
	}
	return into
}

// expect adds to what has to be found.
func (m *marks) expect(marked map[string][]string) {
	for kind, values := range marked {
		m.now[kind] = append(m.now[kind], values...)
	}
}

// foundIn holds that all of it is found in each of the places, and returns how
// many times that was looked at.
func foundIn(t *testing.T, found purgetest.Findings, marked map[string][]string, places ...string) (checked int) {
	t.Helper()
	for _, place := range places {
		for kind, values := range marked {
			seen := found.Of(kind, place)
			for _, value := range values {
				if checked++; !slices.Contains(seen, value) {
					t.Errorf("%s %q is not found in %s", kind, value, place)
				}
			}
		}
	}
	return checked
}

// session marks the login session of a student.
func (m *marks) session(p *person) {
	_, token, _ := strings.Cut(cookieOf(p), ".")
	m.Mark(kindSession, token, crypto.HashToken(token))
	m.now[kindSession] = append(m.now[kindSession], crypto.HashToken(token))
}

// places are all those of a house. What pages say is among them.
func (h *house) places(i *instance, organiser *person, events ...string) purgetest.Places {
	h.t.Helper()
	metrics := httptest.NewRecorder()
	i.admin.server.Handler.ServeHTTP(metrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	pages := metrics.Body.Bytes()
	for _, path := range []string{"/audit", "/purge-log", "/purge-log/checkpoint", "/events", "/schools"} {
		_, page := organiser.ask(http.MethodGet, path, nil)
		pages = append(pages, page...)
	}
	for _, event := range events {
		for _, path := range []string{"", "/purge", "/purge/certificate.pdf", "/programme", "/allocation"} {
			if status, page := organiser.ask(http.MethodGet, "/events/"+event+path, nil); status == http.StatusOK {
				pages = append(pages, page...)
			}
		}
	}
	return purgetest.Places{
		Redis: h.redis.Client(h.t), RedisDir: h.redis.Dir,
		Folders: map[string]string{placeKeystore: h.config.Keystore, placeProgram: h.dir, placeTemp: h.tmp},
		Texts:   map[string][]byte{placeOutput: h.out.Bytes(), placePages: pages},
	}
}

// leftBehind puts in Redis's folder what a restart, a broken save and a broken
// rewrite leave there: whole copies of the append-only file as it is now.
func (h *house) leftBehind() {
	h.t.Helper()
	ctx, rdb := context.Background(), h.redis.Client(h.t)
	h.check(rdb.BgSave(ctx).Err())
	h.until("a snapshot is written", func() bool {
		info, err := rdb.Info(ctx, "persistence").Result()
		return err == nil && strings.Contains(info, "rdb_bgsave_in_progress:0")
	})
	aof := filepath.Join(h.redis.Dir, "appendonlydir")
	for part, copies := range map[string][]string{
		"*.base.rdb": {"appendonlydir/appendonly.aof.0.base.rdb", "temp-4711.rdb"},
		"*.incr.aof": {"appendonlydir/appendonly.aof.0.incr.aof", "appendonlydir/temp-appendonly.aof.incr", "temp-rewriteaof-bg-4711.aof"},
	} {
		names, err := filepath.Glob(filepath.Join(aof, part))
		h.check(err)
		for _, name := range copies {
			h.check(os.WriteFile(filepath.Join(h.redis.Dir, name), contentsOf(h, names[0]), 0o600))
		}
	}
}

// faultyTasks leaves tasks of the event in each state that asynq has, as a
// careless handler would: with a student's data in errors, results and payloads.
func (h *house) faultyTasks(event, text string) {
	h.t.Helper()
	ctx, rdb := context.Background(), h.redis.Client(h.t)
	server := asynq.NewServerFromRedisClient(rdb, asynq.Config{
		Queues: map[string]int{"faulty": 1}, TaskCheckInterval: 10 * time.Millisecond, Logger: quiet{},
	})
	h.check(server.Start(asynq.HandlerFunc(func(_ context.Context, task *asynq.Task) error {
		if task.Type() == "completed" {
			_, err := task.ResultWriter().Write([]byte("sent to " + text))
			return err
		}
		return errors.New("cannot send to " + text)
	})))
	client := asynq.NewClientFromRedisClient(rdb)
	for kind, options := range map[string][]asynq.Option{
		"archived": {asynq.MaxRetry(0)}, "completed": {asynq.Retention(24 * time.Hour)}, "retry": {asynq.MaxRetry(9)},
		"scheduled": {asynq.ProcessIn(time.Hour), asynq.Unique(time.Hour)},
	} {
		_, err := client.EnqueueContext(ctx, asynq.NewTask(kind, []byte(event+" "+text)), append(options, asynq.Queue("faulty"))...)
		h.check(err)
	}
	inspector := asynq.NewInspectorFromRedisClient(rdb)
	h.until("tasks are in every state", func() bool {
		info, err := inspector.GetQueueInfo("faulty")
		return err == nil && info.Archived == 1 && info.Completed == 1 && info.Retry == 1 && info.Scheduled == 1
	})
	server.Shutdown()
	_, err := client.EnqueueContext(ctx, asynq.NewTask("pending", []byte(event+" "+text)), asynq.Queue("faulty"))
	h.check(err)
}

// quiet is an asynq logger that says nothing: the text of an error is no log of ours.
type quiet struct{}

func (quiet) Debug(...any) {}
func (quiet) Info(...any)  {}
func (quiet) Warn(...any)  {}
func (quiet) Error(...any) {}
func (quiet) Fatal(...any) {}

// A culture day with all that the program does for it, by way of HTTP. Before
// the purge every mark is found in every place that keeps it, and in no other;
// after it there is none anywhere, whatever the scanner can open.
func TestNothingStays(t *testing.T) {
	h := newHouse(t)
	i := h.serving("all")
	organiser := i.organiser()
	school := organiser.school()
	contact := organiser.contact(school)
	day := enroll.Date{Year: 2026, Month: 12, Day: 4}
	first := organiser.event(school, day, map[string]any{"invitations": true})
	ranked := organiser.event(school, day, map[string]any{"mode": "ranking", "title": "Wensendag", "rank_length": 2})
	other := organiser.event(school, day.AddDays(30), map[string]any{"title": "Lentedag"})
	const fileName = "zwaluwnest-klas-geheim.csv"

	contact.upload(first, classList(0, 12), "dry_run=true&name="+fileName)
	contact.upload(first, classList(0, 12), "name="+fileName)
	contact.upload(ranked, classList(100, 6), "name="+fileName)
	contact.upload(other, classList(200, 4), "")
	scanner, err := purgetest.New(h.config.Keystore, contentsOf(h, h.config.MasterKeyFile), t.TempDir(), first.ID, ranked.ID)
	h.check(err)
	m := &marks{Scanner: scanner, now: map[string][]string{}}
	m.Mark(kindFileName, fileName)

	// The list is corrected by hand, and in another one that nobody saves.
	places := func() purgetest.Places { return h.places(i, organiser, first.ID, ranked.ID) }
	found, err := m.Search(t.Context(), places())
	h.check(err)
	if len(found) == 0 || found.Has(purgetest.KindName, purgetest.PlaceLog) {
		t.Fatalf("of names that nobody has marked yet: %v", found)
	}
	past := m.see(i, first.ID)
	found, err = m.Search(t.Context(), places())
	h.check(err)
	foundIn(t, found, past, purgetest.PlacePersonal, purgetest.PlaceLog)
	students, err := i.store.Students(t.Context(), first.ID)
	h.check(err)
	base := "/events/" + first.ID
	at := func(n int) string { return base + "/students/" + students[n].ID }
	contact.do(http.MethodPatch, at(0), map[string]string{"last_name": "Vlinderveld-Quist"})
	contact.do(http.MethodPost, at(1)+"/code", nil)
	contact.do(http.MethodDelete, at(2), nil)
	h.until("Redis's files are without the student who was erased", func() bool {
		entries, err := i.purgeLog.Event(first.ID)
		return err == nil && slices.ContainsFunc(entries, func(e purge.Entry) bool { return e.Step == purge.StepErasureRewritten })
	})
	found, err = m.Search(t.Context(), places())
	h.check(err)
	for _, f := range found {
		if slices.Contains([]string{students[0].LastName, students[2].ID, students[2].Number, students[2].FirstName, students[2].Email}, f.What) {
			t.Errorf("of a student who was erased, or a name that was mended: %v", f)
		}
	}
	contact.do(http.MethodPost, base+"/students", map[string]string{"number": "731999999", "first_name": "Oudewijntje", "last_name": "Zonderland", "class": "1QzzX-9"})
	contact.upload(first, classList(50, 3), "preview=true&name="+fileName)
	contact.do(http.MethodPost, base+"/students/search", map[string]string{"q": "Quispël"})
	for _, path := range []string{"/slips.pdf", "/slips.csv", "/students", "/class-lists/preview", "/progress"} {
		contact.do(http.MethodGet, base+path, nil)
	}
	m.expect(m.see(i, first.ID))
	m.expect(m.see(i, ranked.ID))

	// Mail: to some it goes, some are refused, one is put off.
	h.mail.Rule(func(command, address string) string {
		switch {
		case command == "RCPT" && strings.HasPrefix(address, "leerling.ad@"):
			return "550 no such user"
		case command == "RCPT" && strings.HasPrefix(address, "leerling.ae@"):
			return "451 later"
		}
		return ""
	})
	contact.do(http.MethodPost, base+"/invitations", map[string]string{"to": "all"})
	h.until("invitations are sent", func() bool { return len(h.mail.Mails()) >= 9 })

	// They choose, and wish.
	i.moved(first.day.AddDays(-3).At(9, 1))
	i.becomes(first.ID, enroll.Open)
	i.becomes(ranked.ID, enroll.Open)
	person := i.person()
	if status, _ := person.ask(http.MethodPost, "/student/sign-in", map[string]string{"code": first.Code + "-ZZZZ-ZZZZ"}); status != http.StatusUnauthorized {
		t.Fatalf("a code that is none: %d", status)
	}
	signIn := func(event schoolDay) (signed []string) {
		codes, err := i.store.Codes(t.Context(), event.ID)
		h.check(err)
		for id, code := range codes {
			person = i.person()
			person.do(http.MethodPost, "/student/sign-in", map[string]string{"code": string(code)})
			m.session(person)
			if event.ID == first.ID {
				person.do(http.MethodPut, "/student/choices/1", map[string]string{"workshop": "w1"})
				m.Mark(kindChoice, id+":1")
				m.now[kindChoice] = append(m.now[kindChoice], id+":1")
			} else if _, err := i.store.Rank(t.Context(), cookieOf(person), []string{"w3", "w0"}, 0); err != nil {
				t.Fatal(err)
			}
			if signed = append(signed, id); len(signed) == 5 {
				break
			}
		}
		return signed
	}
	signIn(ranked)
	signed := signIn(first)
	contact.do(http.MethodPut, base+"/students/"+signed[0]+"/choices/2", map[string]string{"workshop": "w2"})

	// Places are given out, and lists made.
	i.moved(first.day.AddDays(-2).At(12, 1))
	i.becomes(first.ID, enroll.Published)
	i.becomes(ranked.ID, enroll.Published)
	h.until("the lists are made", func() bool {
		files, stale, err := i.store.Files(t.Context(), first.ID)
		return err == nil && len(files) > 0 && !stale
	})
	for _, path := range []string{"/overviews/all.zip", "/overviews/rosters.pdf", "/overviews/attendance.xlsx", "/overviews/teachers.csv", "/unfinished.csv", "/students"} {
		contact.do(http.MethodGet, base+path, nil)
	}
	for _, path := range []string{"/student", "/student/schedule", "/student/schedule.ics", "/student/data"} {
		person.do(http.MethodGet, path, nil)
	}
	h.faultyTasks(first.ID, m.now[purgetest.KindEmail][0])
	h.leftBehind()
	h.check(m.Remember(t.Context(), h.redis.Client(t)))
	elsewhere, err := i.store.Students(t.Context(), other.ID)
	h.check(err)

	t.Run("all is found before", func(t *testing.T) {
		found, err := m.Search(t.Context(), places())
		h.check(err)
		m.foundBefore(t, found)
	})

	i.moved(first.Due.Add(time.Second))
	i.becomes(first.ID, enroll.Purged)
	i.becomes(ranked.ID, enroll.Purged)
	search := func(when string) {
		t.Helper()
		found, err := m.Search(t.Context(), places())
		h.check(err)
		if len(found) > 0 {
			t.Errorf("%s there is left:\n%v", when, found)
		}
	}
	search("after the purge")
	if status, _ := person.ask(http.MethodGet, "/student/data", nil); status != http.StatusGone {
		t.Errorf("a page that was open: %d", status)
	}
	search("once somebody looked")

	// Nor once everything was stopped and started.
	i.stop()
	h.redis.Kill()
	h.redis.Start(t)
	i = h.serving("all")
	organiser = i.organiser()
	search("started again")

	// What had nothing to do with it is as it was.
	after, err := i.store.Students(t.Context(), other.ID)
	h.check(err)
	if byID := func(a, b enroll.Student) int { return strings.Compare(a.ID, b.ID) }; true {
		slices.SortFunc(elsewhere, byID)
		slices.SortFunc(after, byID)
	}
	if len(after) != 4 || !reflect.DeepEqual(elsewhere, after) {
		t.Errorf("another event's students: %v, were %v", after, elsewhere)
	}
}

// foundBefore holds that everything is found where Redis keeps it, and nothing
// where nothing may ever be.
func (m *marks) foundBefore(t *testing.T, found purgetest.Findings) {
	t.Helper()
	files := []string{purgetest.PlaceLog, purgetest.PlaceUnlisted, purgetest.PlaceTemp}
	checked := foundIn(t, found, m.now, append(files, purgetest.PlacePersonal, purgetest.PlaceSnapshot)...)
	for _, kind := range []string{purgetest.KindTag, purgetest.KindAge, purgetest.KindCiphertext} {
		for _, place := range append(files, purgetest.PlacePersonal, purgetest.PlaceSnapshot) {
			if checked++; !found.Has(kind, place) {
				t.Errorf("no %s is found in %s", kind, place)
			}
		}
	}
	if !found.Has(purgetest.KindKey, placeKeystore) || !found.Has(purgetest.KindEmail, purgetest.PlaceAsynq) {
		t.Error("a key file, or what a task holds, is not found")
	}
	for _, how := range []string{"utf8 in record", "utf8 in age", "utf8 in zip in age", "utf8 in pdf in age"} {
		if !slices.ContainsFunc(found, func(f purgetest.Finding) bool {
			return f.Kind == purgetest.KindName && strings.Contains(f.How, how) && f.Place == purgetest.PlaceLog
		}) {
			t.Errorf("no name is found as %s", how)
		}
	}
	where := map[string]int{}
	for _, f := range found {
		where[f.Place]++
		keys := f.Kind == purgetest.KindKey && (f.Place == placeKeystore || f.Place == placeProgram) // the one lies in the other
		switch f.Place {
		case purgetest.PlacePersonal, purgetest.PlaceLog, purgetest.PlaceUnlisted, purgetest.PlaceTemp, purgetest.PlaceSnapshot:
		case purgetest.PlaceAsynq:
			if f.Kind != purgetest.KindEmail || !strings.Contains(f.Where, "{faulty}") {
				t.Errorf("in a task of ours: %v", f)
			}
		default:
			if !keys {
				t.Errorf("even before the purge: %v", f)
			}
		}
		if f.Kind != purgetest.KindTag && f.Kind != purgetest.KindCiphertext && f.Place == purgetest.PlacePersonal && f.How == "utf8" &&
			f.Kind != purgetest.KindID && f.Kind != kindChoice && f.Kind != purgetest.KindIndex && f.Kind != kindSession {
			t.Errorf("in clear in Redis: %v", f)
		}
	}
	values, forms := m.Markers()
	t.Logf("%d values in %d forms; %d times one was to be found in a place, and was; findings: %v", values, forms, checked, where)
}

func contentsOf(h *house, name string) []byte {
	h.t.Helper()
	data, err := os.ReadFile(name)
	h.check(err)
	return data
}

// cookieOf returns a student's cookie as the store takes it.
func cookieOf(p *person) string {
	request, err := http.NewRequest(http.MethodGet, p.i.url, nil)
	p.i.h.check(err)
	for _, cookie := range p.jar.Cookies(request.URL) {
		if strings.Contains(cookie.Value, ".") {
			return cookie.Value
		}
	}
	p.i.h.t.Fatal("a student has no cookie")
	return ""
}
