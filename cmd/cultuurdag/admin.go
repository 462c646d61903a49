package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cultuurdag/enroll"
	"cultuurdag/scheduler/purge"
)

var requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{
	Name:    "cultuurdag_request_seconds",
	Help:    "Time to answer, by pattern of the route.",
	Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10},
}, []string{"method", "route", "status"})

// observe counts a request. route is a pattern, never a path.
func observe(method, route string, status int, d time.Duration) {
	requests.WithLabelValues(method, route, strconv.Itoa(status)).Observe(d.Seconds())
}

var (
	overdueDesc = prometheus.NewDesc("cultuurdag_purge_overdue", "Events whose purge should be complete and is not.", nil, nil)
	eventsDesc  = prometheus.NewDesc("cultuurdag_events", "Events by state.", []string{"state"}, nil)
)

// eventCollector tells how many events are in which state, and how many are
// late, as they are when asked.
type eventCollector struct{ app *app }

func (c eventCollector) Describe(ch chan<- *prometheus.Desc) { ch <- overdueDesc; ch <- eventsDesc }

func (c eventCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	events, err := c.app.store.Events(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(overdueDesc, err)
		return
	}
	late, states := 0, map[enroll.State]int{}
	for _, e := range events {
		states[e.State]++
	}
	purges, err := c.app.purger.Status(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(overdueDesc, err)
		return
	}
	for _, p := range purges {
		if p.State == purge.Overdue {
			late++
		}
	}
	ch <- prometheus.MustNewConstMetric(overdueDesc, prometheus.GaugeValue, float64(late))
	for state, n := range states {
		ch <- prometheus.MustNewConstMetric(eventsDesc, prometheus.GaugeValue, float64(n), string(state))
	}
}

// admin answers the operator: /healthz, /readyz and /metrics.
type admin struct {
	server *http.Server
	up     atomic.Bool
}

// startAdmin serves on addr until Close. It answers before the rest is ready.
func startAdmin(addr string, a *app) (*admin, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(requests, eventCollector{a})
	ad := &admin{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		if !ad.up.Load() {
			http.Error(w, "starting", http.StatusServiceUnavailable)
		} else if err := a.store.Ping(ctx); err != nil {
			http.Error(w, "Redis does not answer", http.StatusServiceUnavailable)
		} else {
			fmt.Fprintln(w, "ready")
		}
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("CULTUURDAG_ADMIN_ADDR: %w", err)
	}
	ad.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := ad.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.logger.Error("admin address", "err", err)
		}
	}()
	return ad, nil
}

func (ad *admin) ready() { ad.up.Store(true) }

// Close stops answering.
func (ad *admin) Close() error { return ad.server.Close() }
