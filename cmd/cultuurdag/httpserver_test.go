package main

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"
)

// A request that never ends is cut off, and the program still ends well.
func TestStoppingCutsOffWhatDoesNotEnd(t *testing.T) {
	begun, over := make(chan struct{}), make(chan struct{})
	server := newHTTPServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(over)
	}), slog.New(slog.DiscardHandler))
	if server.WriteTimeout == 0 || server.ReadTimeout == 0 || server.ReadHeaderTimeout == 0 {
		t.Errorf("a slow client may stay for ever: %+v", server)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served, answered := make(chan error, 1), make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	go func() {
		resp, err := http.Get("http://" + listener.Addr().String())
		if err == nil {
			err = resp.Body.Close()
		}
		answered <- err
	}()
	<-begun
	if err := stopHTTPServer(server, 10*time.Millisecond); err != nil {
		t.Errorf("stopping: %v", err)
	}
	<-over
	if err := <-answered; err == nil {
		t.Error("the request that never ends was answered")
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("serving: %v", err)
	}
}
