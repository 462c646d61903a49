package web

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"cultuurdag/enroll/enrolltest"
)

// roundTrips counts what a client sends to Redis.
type roundTrips struct{ n atomic.Int64 }

func (r *roundTrips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r *roundTrips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		r.n.Add(1)
		return next(ctx, cmd)
	}
}

func (r *roundTrips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		r.n.Add(1)
		return next(ctx, cmds)
	}
}

// A seat costs one round trip to Redis, the check of the login session and the
// whole of the answer included; so does the page.
func TestSeatCostsOneRoundTrip(t *testing.T) {
	s := newSite(t)
	s.open()
	v := s.program(t).signIn(0)
	v.json("PUT", "/student/choices/1", map[string]any{"workshop": "w0"}) // loads scripts, event and school
	v.json("GET", "/student", nil)
	count := &roundTrips{}
	s.Redis.(*redis.Client).AddHook(count)
	for _, call := range []struct {
		method, path string
		body         map[string]any
	}{
		{"PUT", "/student/choices/1", map[string]any{"workshop": "w1"}},
		{"PUT", "/student/choices/1", map[string]any{"workshop": "w1"}},
		{"DELETE", "/student/choices/1", nil},
		{"GET", "/student", nil},
	} {
		count.n.Store(0)
		if r := v.json(call.method, call.path, call.body); r.status != http.StatusOK {
			t.Fatalf("%s %s: %d %s", call.method, call.path, r.status, r.body)
		}
		if n := count.n.Load(); n != 1 {
			t.Errorf("%s %s: %d round trips, want 1", call.method, call.path, n)
		}
	}
	// Signing in: the rate limit, the event, the session, and giving the try back.
	count.n.Store(0)
	s.program(t).signIn(1)
	if n := count.n.Load(); n > 4 {
		t.Errorf("signing in: %d round trips, want 4 at most", n)
	}
}

// BenchmarkSeat puts taking a seat, PUT /student/choices/…, beside a bare gin
// handler that runs one EVALSHA with two writes. Both on the same Redis, with
// the shipped settings, over HTTP on loopback; read the ratio, not the times.
func BenchmarkSeat(b *testing.B) {
	world := enrolltest.New(b)
	e := world.Event(b, world.School(b, "De Springplank"))
	world.Programme(b, e, 14, 3, 2000)
	students, codes := world.Enrol(b, e.ID, 400)
	world.Clock.Move(e.OpenAt)
	app, err := New(Config{
		Store: world.Store, Clock: world.Clock, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		BaseURL: "http://cultuurdag.example", RateSecret: []byte("a secret of the benchmark"),
	})
	if err != nil {
		b.Fatal(err)
	}
	defer app.Close()
	cookies := make([]string, len(students))
	for i, st := range students {
		if cookies[i], err = world.Store.SignInStudent(b.Context(), codes[st.ID]); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("choose", func(b *testing.B) {
		puts(b, app.Handler(), func(i int64) *http.Request {
			r, _ := http.NewRequest(http.MethodPut, fmt.Sprintf("/student/choices/%d", i%3+1),
				strings.NewReader(fmt.Sprintf(`{"workshop":"w%d"}`, i%3*4+i/1200%4)))
			r.AddCookie(&http.Cookie{Name: studentCookie, Value: cookies[i/3%int64(len(cookies))]})
			return r
		})
	})
	b.Run("bare", func(b *testing.B) {
		script := redis.NewScript(`redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) return {redis.call('HINCRBY', KEYS[2], ARGV[2], 1)}`)
		gin.SetMode(gin.ReleaseMode)
		bare := gin.New()
		bare.PUT("/student/choices/:round", func(c *gin.Context) {
			n, err := script.Run(c.Request.Context(), world.Redis, []string{"{bare}:places", "{bare}:taken"}, c.Param("round"), "w1").Slice()
			if err != nil {
				c.Status(http.StatusInternalServerError)
				return
			}
			c.JSON(http.StatusOK, n)
		})
		puts(b, bare, func(i int64) *http.Request {
			r, _ := http.NewRequest(http.MethodPut, fmt.Sprintf("/student/choices/%d", i%3+1), strings.NewReader(`{"workshop":"w1"}`))
			return r
		})
	})
}

// puts sends requests over HTTP, forty at a time, and reports how many a second.
func puts(b *testing.B, handler http.Handler, request func(i int64) *http.Request) {
	server := httptest.NewServer(handler)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var next atomic.Int64
	b.SetParallelism(20) // times GOMAXPROCS
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r := request(next.Add(1) - 1)
			r.URL.Scheme, r.URL.Host = "http", server.Listener.Addr().String()
			r.Header.Set("Accept", "application/json")
			r.Header.Set("Content-Type", "application/json")
			response, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, err = io.Copy(io.Discard, response.Body)
			if response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
				b.Errorf("%s: %s, %v", r.URL.Path, response.Status, err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}
