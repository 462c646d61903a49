package web

import (
	"net/http"
	"testing"
)

// One session cannot hold all streams of the server: of its own it has a few.
func TestStreamsOfASession(t *testing.T) {
	s := newSite(t)
	anna, bram := s.program(t).signIn(0), s.program(t).signIn(1)
	for range liveStreams {
		anna.listen()
	}
	if r := anna.get("/student/live"); r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", r.status, r.body)
	}
	bram.listen()
}

// A stream that ends makes room for another.
func TestAStreamThatEndsMakesRoom(t *testing.T) {
	h := newSeatHub(nil)
	defer h.close()
	leave := func() {}
	for range liveStreams {
		var err error
		if leave, err = h.enter("a"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.enter("a"); err == nil {
		t.Error("one too many")
	}
	leave()
	if _, err := h.enter("a"); err != nil {
		t.Error(err)
	}
}
