package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"cultuurdag/enroll"
	"cultuurdag/enroll/enrolltest"
	"cultuurdag/scheduler/jobs"
	"cultuurdag/scheduler/purge"
)

// held is an event with students, and with a student and a member of staff who
// look at it at one instance and another.
type held struct {
	enroll.Event
	looks []look
}

// look reads something personal by way of HTTP.
type look struct {
	what string
	ask  func() (status int, answer []byte)
}

// hold makes an event with three students straight in the store, and people who
// look at it at each of the instances.
func (h *house) hold(organiser *person, school string, change func(*enroll.Event), at ...*instance) held {
	h.t.Helper()
	ctx := context.Background()
	e := enroll.Event{School: school, Title: "Cultuurdag", Mode: enroll.FirstCome, Date: enroll.DateOf(h.clock.Now()).AddDays(5)}
	change(&e)
	if e.OpenAt.IsZero() {
		e.OpenAt, e.CloseAt = e.Date.AddDays(-3).At(9, 0), e.Date.AddDays(-2).At(12, 0)
	}
	i := at[0]
	e, err := i.store.CreateEvent(ctx, e)
	h.check(err)
	_, err = i.store.PutProgramme(ctx, e.ID, enrolltest.Programme(e.Date, 3, 2, 5))
	h.check(err)
	_, err = i.store.ApplyList(ctx, e.ID, enrolltest.Students(3), false, false)
	h.check(err)
	codes, err := i.store.Codes(ctx, e.ID)
	h.check(err)
	var cookie string
	for _, code := range codes {
		cookie, err = i.store.SignInStudent(ctx, code)
		h.check(err)
	}
	out := held{Event: e}
	for n, i := range at {
		student, staff := i.person(), organiser.at(i)
		base, err := url.Parse(i.url)
		h.check(err)
		student.jar.SetCookies(base, []*http.Cookie{{Name: "student", Value: cookie}})
		out.looks = append(out.looks,
			look{fmt.Sprintf("the student at instance %d", n), func() (int, []byte) { return student.ask(http.MethodGet, "/student/data", nil) }},
			look{fmt.Sprintf("staff at instance %d", n), func() (int, []byte) {
				return staff.ask(http.MethodGet, "/events/"+e.ID+"/students", nil)
			}})
	}
	return out
}

// shuts lives through the moment at which the event is due, in every instance:
// whoever asked before it may get an answer, whoever asks from then on does not.
// It returns after how long the last of them was told so.
func (e held) shuts(h *house, due time.Time) (told time.Duration) {
	h.t.Helper()
	h.clock.Move(due.Add(-70 * time.Millisecond))
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, l := range e.looks {
		all.Go(func() {
			for {
				asked := h.clock.Now()
				status, answer := l.ask()
				ended := h.clock.Now()
				switch {
				case status == http.StatusOK && asked.Before(due):
				case status == http.StatusGone && !ended.Before(due):
					mu.Lock()
					defer mu.Unlock()
					told = max(told, ended.Sub(due))
					return
				default:
					h.t.Errorf("%s, asked %v after it was due and answered %v after it: %d %s", l.what, asked.Sub(due), ended.Sub(due), status, answer)
					return
				}
			}
		})
	}
	all.Wait()
	return told
}

// pass lets time pass, as every clock there is sees it: that of the machine too,
// by which a step makes no progress.
func (h *house) pass(d time.Duration, events ...string) {
	h.t.Helper()
	h.clock.Move(h.clock.Now().Add(d))
	ctx, rdb := context.Background(), h.redis.Client(h.t)
	for _, event := range events {
		steps := "cd:{" + event + "}:k:steps"
		since, err := rdb.HGetAll(ctx, steps).Result()
		h.check(err)
		for step := range since {
			h.check(rdb.HIncrBy(ctx, steps, step, -d.Milliseconds()).Err())
		}
	}
	h.check(rdb.Close())
}

// inTime is how long after it was due a purge may be complete.
const inTime = 20 * time.Minute

// completed returns when the log says that the event's purge was complete.
func (h *house) completed(i *instance, event string) (at time.Time) {
	h.t.Helper()
	entries, err := i.purgeLog.Event(event)
	h.check(err)
	for _, e := range entries {
		if e.Step == purge.StepCompleted {
			return e.At
		}
	}
	return time.Time{}
}

// purgedInTime waits for the purge, and holds that it was in time.
func (h *house) purgedInTime(i *instance, event string, due time.Time) time.Duration {
	h.t.Helper()
	i.becomes(event, enroll.Purged)
	took := h.completed(i, event).Sub(due.Truncate(time.Second))
	if took < 0 || took > inTime {
		h.t.Errorf("due at %v, purged %v after that", due, took)
	}
	if has, err := i.keystore.Has(event); err != nil || has {
		h.t.Errorf("its key is there: %v, %v", has, err)
	}
	return took
}

// The days on which clocks and calendars are odd, the whole way: two instances,
// requests over HTTP, the sweep, a worker and Redis.
func TestOddDaysArePurgedInTime(t *testing.T) {
	h := newHouse(t)
	a, b := h.serving("all"), h.serving("web")
	organiser := a.organiser()
	school := organiser.school()
	date := func(text string) enroll.Date {
		d, err := enroll.ParseDate(text)
		h.check(err)
		return d
	}
	patch := func(e held, path string, fields map[string]any) {
		method := http.MethodPost
		if path == "" {
			method = http.MethodPatch
		}
		organiser.do(method, "/events/"+e.ID+path, fields)
	}
	var latest, longest time.Duration
	cases := 0
	for _, c := range []struct {
		what, day, last string
		now             string // when the event is made, a week before where it is left out
		change          func(held)
		open            string // a midnight at which it is open
		due             string // midnight of Amsterdam, in UTC
	}{
		{what: "the last day of a year", day: "2026-12-31", due: "2026-12-31T23:00:00Z"},
		{what: "the day before summer time", day: "2027-03-27", due: "2027-03-27T23:00:00Z"},
		{what: "the day that summer time begins", day: "2027-03-28", due: "2027-03-28T22:00:00Z"},
		{what: "the day that it ends", day: "2027-10-31", due: "2027-10-31T23:00:00Z"},
		{what: "a leap day", day: "2028-02-29", due: "2028-02-29T23:00:00Z"},
		{what: "days over the beginning of summer time", day: "2029-03-23", last: "2029-03-26", open: "2029-03-25T22:00:00Z", due: "2029-03-26T22:00:00Z"},
		{what: "days over the end of a year", day: "2029-12-30", last: "2030-01-02", open: "2029-12-31T23:00:00Z", due: "2030-01-02T23:00:00Z"},
		{what: "moved later", day: "2030-05-14", change: func(e held) { patch(e, "", map[string]any{"date": "2030-05-16"}) },
			open: "2030-05-14T22:00:00Z", due: "2030-05-16T22:00:00Z"},
		{what: "moved earlier", day: "2030-10-29", change: func(e held) { patch(e, "", map[string]any{"date": "2030-10-27"}) }, due: "2030-10-27T23:00:00Z"},
		{what: "made longer", day: "2031-02-27", change: func(e held) { patch(e, "", map[string]any{"last_date": "2031-02-28"}) },
			open: "2031-02-27T23:00:00Z", due: "2031-02-28T23:00:00Z"},
		{what: "cancelled a week before", day: "2031-06-20", now: "2031-06-13", change: func(e held) { patch(e, "/cancel", nil) }, due: "2031-06-13T22:00:00Z"},
		{what: "cancelled on its day", day: "2031-11-20", now: "2031-11-15", change: func(e held) {
			h.clock.Move(e.Date.At(10, 0))
			patch(e, "/cancel", nil)
		}, due: "2031-11-20T23:00:00Z"},
		{what: "of several days, cancelled on the first", day: "2032-02-28", last: "2032-03-02", change: func(e held) {
			h.clock.Move(e.Date.At(23, 59))
			patch(e, "/cancel", nil)
		}, due: "2032-02-28T23:00:00Z"},
		{what: "a leap day, cancelled on that day", day: "2032-02-29", change: func(e held) {
			h.clock.Move(e.Date.At(0, 0))
			patch(e, "/cancel", nil)
		}, due: "2032-02-29T23:00:00Z"},
		{what: "the last day that it ends", day: "2035-10-28", due: "2035-10-28T23:00:00Z"},
		{what: "the last day of all", day: "2035-12-31", due: "2035-12-31T23:00:00Z"},
	} {
		day := date(c.day)
		due, err := time.Parse(time.RFC3339, c.due)
		h.check(err)
		made := day.AddDays(-5)
		if c.now != "" {
			made = date(c.now)
		}
		h.clock.Move(made.At(9, 0))
		e := h.hold(organiser, school, func(e *enroll.Event) {
			e.Date = day
			if c.last != "" {
				e.LastDate = date(c.last)
			}
		}, a, b)
		if c.change != nil {
			c.change(e)
		}
		if c.open != "" {
			midnight, err := time.Parse(time.RFC3339, c.open)
			h.check(err)
			a.moved(midnight.Add(time.Second))
			for _, l := range e.looks {
				if status, answer := l.ask(); status != http.StatusOK {
					t.Errorf("%s: %s at a midnight that it lasts over: %d %s", c.what, l.what, status, answer)
				}
			}
		}
		latest = max(latest, e.shuts(h, due))
		a.sweep.Kick() // its timer ran by the clock as it was before
		longest = max(longest, h.purgedInTime(a, e.ID, due))
		if t.Failed() {
			t.Fatal(c.what)
		}
		cases++
	}
	t.Logf("%d days, everybody told within %v of midnight, purged %v after it at the latest", cases, latest, longest)
}

// Whatever is broken at midnight, the gate shuts, and the purge is complete in
// time.
func TestPurgedInTimeWhateverIsBroken(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	inspector := asynq.NewInspectorFromRedisClient(h.redis.Client(t))
	archive := func(string) {
		if _, err := inspector.ArchiveAllPendingTasks(jobs.QueuePurge); err != nil && !errors.Is(err, asynq.ErrQueueNotFound) {
			t.Fatal(err)
		}
	}
	wipe := func(string) {
		rdb := h.redis.Client(t)
		it := rdb.Scan(ctx, 0, "asynq:*", 1000).Iterator()
		for it.Next(ctx) {
			h.check(rdb.Del(ctx, it.Val()).Err())
		}
		h.check(it.Err())
	}
	nothing := func(string) {}
	queue := func() asynq.QueueInfo {
		info, err := inspector.GetQueueInfo(jobs.QueuePurge)
		if err != nil && strings.HasPrefix(err.Error(), "NOT_FOUND") {
			return asynq.QueueInfo{} // no key of it is there
		}
		h.check(err)
		return *info
	}
	any := func() bool { return true }
	first := h.serving("web")
	organiser := first.organiser()
	school := organiser.school()
	first.stop()
	for _, c := range []struct {
		what   string
		roles  [2]string
		before func(event string) // just before midnight
		then   func(event string) // after each sweep
		broken func() bool        // looked at before the sweep takes the purge itself
	}{
		{"the worker is dead", [2]string{"web", "web"}, nothing, nothing, func() bool { return queue().Pending > 0 }},
		{"the queue is paused", [2]string{"all", "worker"}, func(string) { h.check(inspector.PauseQueue(jobs.QueuePurge)) }, nothing,
			func() bool { return queue().Paused && queue().Pending > 0 }},
		{"the task is archived", [2]string{"web", "web"}, nothing, archive, func() bool { return queue().Archived > 0 }},
		{"asynq's keys are wiped, and the worker is dead", [2]string{"web", "web"}, wipe, wipe, func() bool { return queue().Size == 0 }},
		{"asynq's keys are wiped, and a worker runs", [2]string{"all", "web"}, wipe, nothing, any},
		{"nothing", [2]string{"web", "worker"}, nothing, nothing, any},
	} {
		t.Run(c.what, func(t *testing.T) {
			instances := []*instance{h.serving(c.roles[0]), h.serving(c.roles[1])}
			var serving []*instance
			for n, role := range c.roles {
				if role != "worker" {
					serving = append(serving, instances[n])
				}
			}
			h.clock.Move(enroll.DateOf(h.clock.Now()).AddDays(2).At(9, 0))
			e := h.hold(organiser, school, func(*enroll.Event) {}, serving...)
			due := e.PurgeDue()
			h.clock.Move(due.Add(-time.Hour))
			c.before(e.ID)
			told := e.shuts(h, due)
			done := func() bool { return !h.completed(instances[0], e.ID).IsZero() }
			for minutes := 0; minutes < 19 && !done(); minutes++ {
				for _, i := range instances {
					if _, err := i.sweep.Once(ctx); err != nil {
						t.Fatal(err)
					}
				}
				c.then(e.ID)
				if minutes == 14 && !c.broken() {
					t.Errorf("after a quarter of an hour it is not so: %+v", queue())
				}
				broken := c.what != "nothing" && !strings.HasSuffix(c.what, "a worker runs")
				if !broken || minutes >= 15 {
					h.until("it is purged", done)
					break
				}
				h.pass(time.Minute, e.ID)
			}
			took := h.purgedInTime(instances[0], e.ID, due)
			t.Logf("everybody told within %v of midnight, purged %v after it", told, took)
			for _, i := range instances {
				i.stop()
			}
			if err := inspector.UnpauseQueue(jobs.QueuePurge); err != nil && !strings.Contains(err.Error(), "not paused") && !errors.Is(err, asynq.ErrQueueNotFound) {
				t.Fatal(err)
			}
		})
	}

	t.Run("the program is down for a week", func(t *testing.T) {
		i := h.serving("all")
		h.clock.Move(enroll.DateOf(h.clock.Now()).AddDays(2).At(9, 0))
		e := h.hold(organiser, school, func(*enroll.Event) {}, i)
		h.clock.Move(e.Date.At(10, 0))
		i.stop()
		h.clock.Move(e.PurgeDue().AddDate(0, 0, 7))
		started := h.clock.Now()
		i = h.start("web") // no worker, and it is asked before it is ready
		status, answer := organiser.at(i).ask(http.MethodGet, "/events/"+e.ID, nil)
		at := h.completed(i, e.ID)
		var seen struct{ State enroll.State }
		h.check(json.Unmarshal(answer, &seen))
		if status != http.StatusOK || seen.State != enroll.Purged || at.IsZero() {
			t.Errorf("the first request is answered %d, %s, and the log says %v", status, answer, at)
		}
		if took := at.Sub(started); took > inTime {
			t.Errorf("purged %v after it started", took)
		}
		if has, err := i.keystore.Has(e.ID); err != nil || has {
			t.Errorf("its key is there: %v, %v", has, err)
		}
	})
}
