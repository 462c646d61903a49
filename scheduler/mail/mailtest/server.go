// Package mailtest is test support: a mail server on this machine that keeps
// what it gets and can be told to refuse, to put off and to hang up.
package mailtest

import (
	"bufio"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
)

// HangUp is what a rule answers to have the server close the connection without
// a word.
const HangUp = "hang up"

// Mail is a mail that the server took.
type Mail struct {
	To      string // as the envelope has it
	Header  mail.Header
	Subject string // decoded
	Body    string // decoded
}

// Server speaks SMTP (RFC 5321) without TLS.
type Server struct {
	listener net.Listener
	open     sync.WaitGroup

	mu          sync.Mutex
	rule        func(command, address string) string
	mails       []Mail
	connections int
	conns       map[net.Conn]bool
}

// New starts a server on a free port, and stops it when the test ends.
func New(t testing.TB) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{listener: listener, conns: map[net.Conn]bool{}}
	s.open.Go(s.accept)
	t.Cleanup(s.Close)
	return s
}

// URL returns the server's address as CULTUURDAG_SMTP_URL has it.
func (s *Server) URL() string { return "smtp://" + s.listener.Addr().String() }

// Rule has every command asked first: rule gets HELO, MAIL, RCPT, DATA, which
// is before the mail, DOT, which is after its last byte, or RSET, and the address
// of the envelope. It answers "" for the usual reply, HangUp, or a reply like "550
// no such user". It may block: the command waits for it. Nil takes it away.
func (s *Server) Rule(rule func(command, address string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rule = rule
}

// Mails returns what was taken, in order.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Connections returns how many there were.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

// Close stops the server: nobody can connect, and connections break off.
func (s *Server) Close() {
	s.listener.Close()
	s.mu.Lock()
	for conn := range s.conns {
		conn.Close()
	}
	s.mu.Unlock()
	s.open.Wait()
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		s.mu.Lock()
		s.connections++
		s.conns[conn] = true
		s.mu.Unlock()
		s.open.Go(func() {
			s.serve(conn)
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
			conn.Close()
		})
	}
}

// ask returns the rule's answer, or the usual one.
func (s *Server) ask(command, address, usual string) string {
	s.mu.Lock()
	rule := s.rule
	s.mu.Unlock()
	if rule != nil {
		if reply := rule(command, address); reply != "" {
			return reply
		}
	}
	return usual
}

func (s *Server) serve(conn net.Conn) {
	in := textproto.NewReader(bufio.NewReader(conn))
	// say answers, and reports whether the connection goes on.
	say := func(reply string) bool {
		if reply == HangUp {
			return false
		}
		_, err := fmt.Fprintf(conn, "%s\r\n", reply)
		return err == nil && !strings.HasPrefix(reply, "421")
	}
	if !say("220 test") {
		return
	}
	to := ""
	for {
		command, err := in.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(command, " ")
		switch strings.ToUpper(verb) {
		case "EHLO", "HELO":
			if !say(s.ask("HELO", "", "250 test")) {
				return
			}
		case "MAIL":
			if !say(s.ask("MAIL", angled(rest), "250 ok")) {
				return
			}
		case "RCPT":
			reply := s.ask("RCPT", angled(rest), "250 ok")
			if strings.HasPrefix(reply, "250") {
				to = angled(rest)
			}
			if !say(reply) {
				return
			}
		case "DATA":
			reply := s.ask("DATA", to, "354 go on")
			if !say(reply) {
				return
			}
			if !strings.HasPrefix(reply, "354") {
				continue
			}
			data, err := in.ReadDotBytes()
			if err != nil {
				return
			}
			reply = s.ask("DOT", to, "250 taken")
			if strings.HasPrefix(reply, "250") {
				s.keep(to, string(data))
			}
			if !say(reply) {
				return
			}
		case "RSET":
			to = ""
			if !say(s.ask("RSET", "", "250 ok")) {
				return
			}
		case "NOOP":
			if !say("250 ok") {
				return
			}
		case "QUIT":
			say("221 bye")
			return
		default:
			if !say("502 not here") {
				return
			}
		}
	}
}

// angled returns what stands between < and >.
func angled(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}

func (s *Server) keep(to, data string) {
	m := Mail{To: to}
	if msg, err := mail.ReadMessage(strings.NewReader(data)); err == nil {
		m.Header = msg.Header
		m.Subject, _ = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
		body := io.Reader(msg.Body)
		if msg.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(body)
		}
		text, _ := io.ReadAll(body)
		m.Body = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
}
