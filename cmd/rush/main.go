// Command rush rehearses the minute in which enrolment opens, against a server
// that runs: every student of an info file (cultuurdag demo --info FILE) signs
// in and takes a seat in each round, as many at a time as asked for. It prints
// how long the answers took and what they were.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"sync"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "rush: %v\n", err)
		os.Exit(1)
	}
}

// info is what rush reads of the info file.
type info struct {
	BaseURL  string                  `json:"base_url"`
	Students []struct{ Code string } `json:"students"`
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("rush", flag.ContinueOnError)
	file := flags.String("info", "", "the `FILE` that cultuurdag demo --info wrote")
	phones := flags.Int("phones", 200, "how many students are busy at a time")
	if err := flags.Parse(args); err != nil {
		return err
	}
	data, err := os.ReadFile(*file)
	if err != nil {
		return fmt.Errorf("--info: %w", err)
	}
	var in info
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("--info: %w", err)
	}
	if *phones < 1 || *phones > 2000 {
		return errors.New("--phones takes a number from 1 to 2000")
	}

	log := &log{answers: map[string]int{}}
	codes := make(chan string)
	var group sync.WaitGroup
	began := time.Now()
	for range *phones {
		group.Go(func() {
			// One transport a phone, as phones share no connections.
			p := phone{client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}, base: in.BaseURL, log: log}
			for code := range codes {
				p.student(ctx, code)
			}
			p.client.CloseIdleConnections()
		})
	}
	for _, s := range in.Students {
		codes <- s.Code
	}
	close(codes)
	group.Wait()
	log.print(out, time.Since(began))
	return ctx.Err()
}

// log gathers how long answers took and what they were.
type log struct {
	mu      sync.Mutex
	took    []time.Duration
	answers map[string]int
}

func (l *log) add(what string, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took = append(l.took, took)
	l.answers[what]++
}

func (l *log) print(out io.Writer, total time.Duration) {
	slices.Sort(l.took)
	fmt.Fprintf(out, "%d requests in %v, %.0f a second\n", len(l.took), total.Round(time.Millisecond), float64(len(l.took))/total.Seconds())
	if n := len(l.took); n > 0 {
		at := func(q float64) time.Duration { return l.took[int(q*float64(n-1))].Round(100 * time.Microsecond) }
		fmt.Fprintf(out, "median %v, 95%% %v, 99%% %v, longest %v\n", at(.5), at(.95), at(.99), at(1))
	}
	var kinds []string
	for kind := range l.answers {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		fmt.Fprintf(out, "%6d %s\n", l.answers[kind], kind)
	}
}

// phone is one student's at a time.
type phone struct {
	client *http.Client
	base   string
	cookie *http.Cookie
	log    *log
}

// student signs in, looks, and takes a seat in each round, trying workshops in
// an order of their own until one has a seat.
func (p *phone) student(ctx context.Context, code string) {
	p.cookie = nil
	if status, _ := p.call(ctx, "sign in", http.MethodPost, "/student/sign-in", map[string]string{"code": code}); status != http.StatusNoContent {
		return
	}
	status, body := p.call(ctx, "look", http.MethodGet, "/student", nil)
	if status != http.StatusOK {
		return
	}
	var view struct {
		Rounds []struct {
			Round    int
			Sessions []struct{ Workshop string }
		}
	}
	if err := json.Unmarshal(body, &view); err != nil {
		p.log.add("look: not JSON", 0)
		return
	}
	for _, round := range view.Rounds {
		for _, i := range rand.Perm(len(round.Sessions)) {
			status, _ := p.call(ctx, "choose", http.MethodPut, fmt.Sprintf("/student/choices/%d", round.Round),
				map[string]string{"workshop": round.Sessions[i].Workshop})
			if status != http.StatusConflict {
				break
			}
		}
	}
}

func (p *phone) call(ctx context.Context, what, method, path string, in any) (int, []byte) {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			panic(err) // maps of strings always fit
		}
		body = bytes.NewReader(data)
	}
	began := time.Now()
	status, answer, err := p.send(ctx, method, path, body)
	if err != nil {
		p.log.add(what+": no answer", time.Since(began))
		return 0, nil
	}
	p.log.add(fmt.Sprintf("%s: %d", what, status), time.Since(began))
	return status, answer
}

func (p *phone) send(ctx context.Context, method, path string, body io.Reader) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, p.base+path, body)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	if p.cookie != nil {
		request.AddCookie(p.cookie)
	}
	response, err := p.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	for _, c := range response.Cookies() {
		if c.Name == "student" {
			p.cookie = c
		}
	}
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}
