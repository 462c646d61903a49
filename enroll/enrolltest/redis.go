// Package enrolltest is test support: a private redis-server with the shipped
// settings, a clock that tests move, and an invented school with its event.
package enrolltest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a private redis-server.
type Server struct {
	Dir    string // its data folder
	Socket string // its unix socket

	cmd  *exec.Cmd
	conf string
}

// StartRedis starts a redis-server with deploy/redis.conf in a temporary
// folder, and stops it when the test ends. A missing program fails the test.
func StartRedis(t testing.TB) *Server {
	t.Helper()
	// A unix socket's path may be a hundred characters long, which t.TempDir exceeds.
	dir, err := os.MkdirTemp("", "cd-redis-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	s := &Server{Dir: dir, Socket: filepath.Join(dir, "redis.sock"), conf: shipped("deploy", "redis.conf")}
	s.Start(t)
	t.Cleanup(s.Kill)
	return s
}

// shipped returns the path of a file of the repository.
func shipped(parts ...string) string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(append([]string{filepath.Dir(here), "..", ".."}, parts...)...)
}

// Start starts the server, again after Kill, and waits until it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("redis-server is missing; deploy/test installs it")
	}
	s.cmd = exec.Command(path, s.conf, "--port", "0", "--unixsocket", s.Socket, "--dir", s.Dir,
		"--daemonize", "no", "--logfile", filepath.Join(s.Dir, "redis.log"))
	s.cmd.Stdout, s.cmd.Stderr = io.Discard, io.Discard
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		err := ping(s.Socket)
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(s.Dir, "redis.log"))
			t.Fatalf("redis-server does not answer: %v\n%s", err, log)
		}
		time.Sleep(5 * time.Millisecond) // nothing tells when a socket appears
	}
}

// ping asks the server at the socket whether it answers, and is ready to.
func ping(socket string) error {
	conn, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	reply, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && reply != "+PONG\r\n" {
		err = fmt.Errorf("it says %q", reply)
	}
	return err
}

// Kill stops the server at once, as kill -9 does.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	if err := s.cmd.Process.Kill(); err == nil {
		// Wait reports the signal that was just sent.
		if _, err := s.cmd.Process.Wait(); err != nil {
			fmt.Fprintln(os.Stderr, "redis-server:", err)
		}
	}
	s.cmd = nil
}

// URL returns the server's address as CULTUURDAG_REDIS_URL has it.
func (s *Server) URL() string { return "unix://" + s.Socket }

// Client returns a client of the server, closed when the test ends.
func (s *Server) Client(t testing.TB) *redis.Client {
	rdb := s.client()
	t.Cleanup(func() {
		if err := rdb.Close(); err != nil && !strings.Contains(err.Error(), "closed") {
			t.Error(err)
		}
	})
	return rdb
}

func (s *Server) client() *redis.Client {
	return redis.NewClient(&redis.Options{
		Network: "unix", Addr: s.Socket, MaxRetries: -1, PoolSize: 64,
		ContextTimeoutEnabled: true, DisableIdentity: true,
	})
}
