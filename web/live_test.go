package web

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// stream reads server-sent events.
type stream struct {
	t     *testing.T
	lines *bufio.Scanner
}

func (v *visitor) listen() *stream {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	v.t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", v.site.URL+"/student/live", nil)
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := v.client.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Content-Encoding") != "" {
		v.t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	return &stream{v.t, bufio.NewScanner(resp.Body)}
}

// next returns the next event of that name; "" where the stream ended.
func (s *stream) next(name string) string {
	for s.lines.Scan() {
		if s.lines.Text() == "event: "+name && s.lines.Scan() {
			return strings.TrimPrefix(s.lines.Text(), "data: ")
		}
	}
	return ""
}

func TestSeatsChangeLive(t *testing.T) {
	s := newSite(t)
	s.open()
	anna, bram := s.program(t).signIn(0), s.program(t).signIn(1)
	events := anna.listen()
	var got struct{ Sessions []seatLeft }
	read := func() {
		t.Helper()
		text := events.next("seats")
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	}
	if text := events.next("state"); text != `{"state":"open","programme":1}` {
		t.Fatalf("the first event: %s", text)
	}
	if read(); len(got.Sessions) != 12 || got.Sessions[0] != (seatLeft{"w0", 1, 2}) {
		t.Fatalf("the second event holds %v", got.Sessions)
	}
	if r := bram.json("PUT", "/student/choices/2", map[string]string{"workshop": "w1"}); r.status != 200 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if read(); len(got.Sessions) != 1 || got.Sessions[0] != (seatLeft{"w1", 2, 1}) {
		t.Errorf("after one choice: %v", got.Sessions)
	}
	s.close()
	if text := events.next("state"); text != `{"state":"closed","programme":1}` {
		t.Errorf("at closing: %s", text)
	}
	s.Clock.Move(s.event.PurgeDue())
	if text := events.next("gone"); text != "{}" {
		t.Errorf("at the purge: %s", text)
	}
	if text := events.next("seats"); text != "" {
		t.Errorf("the stream goes on: %s", text)
	}
}

// However many listen, the store is asked by one, and by none when all left.
func TestOneRoomAnEvent(t *testing.T) {
	asked := make(chan struct{})
	h := newSeatHub(func(ctx context.Context, _ string) (standing, error) {
		select {
		case asked <- struct{}{}:
		case <-ctx.Done():
		}
		return standing{}, ctx.Err()
	})
	defer h.close()
	_, leave1 := h.join("a")
	_, leave2 := h.join("a")
	<-asked
	if len(h.rooms) != 1 || len(h.rooms["a"].listeners) != 2 {
		t.Fatalf("rooms: %v", h.rooms)
	}
	leave1()
	leave2()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.rooms) != 0 {
		t.Errorf("an empty room stays: %v", h.rooms)
	}
}

// The server's deadline for answers holds for each event, not for the stream.
func TestAStreamOutlivesTheDeadlineForAnswers(t *testing.T) {
	s := newSite(t)
	s.open()
	anna, bram := s.program(t).signIn(0), s.program(t).signIn(1)
	hasty := httptest.NewUnstartedServer(s.Server.Config.Handler)
	hasty.Config.WriteTimeout = 50 * time.Millisecond
	hasty.Start()
	anna.site = &site{Server: hasty}
	events := anna.listen()
	t.Cleanup(func() {
		hasty.CloseClientConnections() // streams never end by themselves
		hasty.Close()
	})
	for _, workshop := range []string{"", "w1", "w2"} { // the news of each comes a second after the last
		if workshop != "" {
			bram.json("PUT", "/student/choices/1", map[string]any{"workshop": workshop})
		}
		if text := events.next("seats"); !strings.Contains(text, workshop) || text == "" {
			t.Fatalf("after choosing %q: %q", workshop, text)
		}
	}
}
