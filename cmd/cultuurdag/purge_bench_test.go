package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// BenchmarkPurge has events purged by `cultuurdag serve` while eight students of
// another event look and choose without a pause. Beside the time of the purges it
// reports how long the answers to those students took, in milliseconds: meanwhile,
// and for as long before with nothing being purged.
//
//	deploy/bench Purge -benchtime 3x
func BenchmarkPurge(b *testing.B) {
	mixed := make([]int, 100) // 20 to 416 students, 21,800 in all
	for i := range mixed {
		mixed[i] = 20 + i*4
	}
	for _, night := range []struct {
		name   string
		events []int // how many students each
	}{
		{"one event of 3000 students", []int{3000}},
		{"100 events in one night", mixed},
	} {
		b.Run(night.name, func(b *testing.B) {
			r := newRig(b)
			load := newLoad(r)
			r.start()
			r.ready()
			var quiet, busy []time.Duration
			for b.Loop() {
				b.StopTimer()
				var events []culture
				for i, students := range night.events {
					events = append(events, r.full(fmt.Sprintf("Cultuurdag %d", i), students))
				}
				stop := load.begin()
				time.Sleep(5 * time.Second)
				quiet = append(quiet, stop()...)
				for _, c := range events[1:] {
					r.makeDue(c)
				}
				stop = load.begin()
				b.StartTimer()
				r.purgeEarly(events[0])
				r.until(10*time.Minute, "all are purged", func() bool {
					time.Sleep(20 * time.Millisecond)
					all, err := r.store.Events(b.Context())
					return err == nil && !slices.ContainsFunc(all, func(e enroll.Event) bool { return e.ID != load.event.ID && e.State != enroll.Purged })
				})
				b.StopTimer()
				busy = append(busy, stop()...)
				for _, c := range events {
					r.complete(c)
				}
				b.StartTimer()
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/night")
			for name, took := range map[string][]time.Duration{"quiet": quiet, "purge": busy} {
				slices.Sort(took)
				ms := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000 }
				b.ReportMetric(ms(.5), name+"-p50")
				b.ReportMetric(ms(.99), name+"-p99")
				b.ReportMetric(ms(1), name+"-max")
				b.ReportMetric(float64(len(took)), name+"-answers")
			}
		})
	}
}

// full keeps an event of which all students have three places, and all lists are
// made.
func (r *rig) full(title string, students int) culture {
	r.Helper()
	c := r.event(title, students)
	ctx := r.Context()
	all, err := r.store.Students(ctx, c.ID)
	r.must(err)
	var places []any
	for i, st := range all {
		for round := range 3 {
			places = append(places, fmt.Sprintf("%s:%d", st.ID, round+1), fmt.Sprintf("c:w%d", (i+round)%6))
		}
	}
	r.must(r.client.HSet(ctx, "cd:{"+c.ID+"}:p:places", places...).Err())
	files := map[string][]byte{}
	for _, name := range []string{"rosters", "attendance", "teachers", "class-attendance"} {
		for kind, bytes := range map[string]int{"pdf": 300, "xlsx": 200, "csv": 80} { // a student
			files[name+"."+kind] = []byte(strings.Repeat(crypto.NewID(), students*bytes/16))
		}
	}
	r.must(r.store.PutFiles(ctx, c.ID, 1, 0, files))
	return c
}

// load is eight students of an event that is not due.
type load struct {
	*rig
	event   culture
	cookies []string
}

func newLoad(r *rig) *load {
	ctx := context.Background()
	l := &load{rig: r, event: r.event("Niet aan de beurt", 400)}
	codes, err := r.store.Codes(ctx, l.event.ID)
	r.must(err)
	for _, code := range codes {
		cookie, err := r.store.SignInStudent(ctx, code)
		r.must(err)
		if l.cookies = append(l.cookies, cookie); len(l.cookies) == 8 {
			break
		}
	}
	return l
}

// begin has the students look and choose, by turns, until stop, which returns how
// long each answer took.
func (l *load) begin() (stop func() []time.Duration) {
	var group sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	end := make(chan struct{})
	for _, cookie := range l.cookies {
		group.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for i := 0; ; i++ {
				begun := time.Now()
				status, _, err := l.get(client, cookie)
				looked := time.Now()
				if err != nil || status != http.StatusOK {
					l.Errorf("a student looks: %d, %v", status, err)
				}
				if status, err := l.choose(client, cookie, i); err != nil || status != http.StatusOK {
					l.Errorf("a student chooses: %d, %v", status, err)
				}
				mu.Lock()
				took = append(took, looked.Sub(begun), time.Since(looked))
				mu.Unlock()
				select {
				case <-end:
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		})
	}
	return func() []time.Duration {
		close(end)
		group.Wait()
		return took
	}
}

func (l *load) choose(client *http.Client, cookie string, i int) (status int, err error) {
	body := strings.NewReader(fmt.Sprintf(`{"workshop":"w%d"}`, 3+i%3)) // w0 to w2 some have in round 1
	request, err := http.NewRequest(http.MethodPut, "http://"+l.base+"/student/choices/2", body)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	request.AddCookie(&http.Cookie{Name: "student", Value: cookie})
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}
