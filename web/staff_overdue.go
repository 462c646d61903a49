package web

import (
	"context"
	"sync"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/scheduler/purge"
)

// overdueLife is for how long every page shows what one of them was told: the
// banner stands on each page of an organiser.
const overdueLife = 5 * time.Second

// overduePurges keeps what is overdue for a moment.
type overduePurges struct {
	mu   sync.Mutex
	at   time.Time
	late []purge.Status
}

// overdue returns the purges that should be complete by now. Where that cannot be
// told, a page goes without: what is wrong then shows elsewhere.
func (s *Server) overdue(ctx context.Context) []purge.Status {
	if s.cfg.Purges == nil {
		return nil
	}
	now := s.clock.Now()
	s.late.mu.Lock()
	defer s.late.mu.Unlock()
	if age := now.Sub(s.late.at); age >= 0 && age < overdueLife {
		return s.late.late
	}
	all, err := s.cfg.Purges(ctx)
	if err != nil {
		s.log.Error("how purges stand cannot be read", "error", err.Error())
		return s.late.late
	}
	s.late.at, s.late.late = now, nil
	for _, p := range all {
		if p.State == purge.Overdue {
			s.late.late = append(s.late.late, p)
		}
	}
	return s.late.late
}

// purgeLine is where a purge stands, in words.
type purgeLine struct {
	agendaEvent
	Stands string // waiting, due, running, overdue or done
	Since  string // for how long it should have been complete; empty before it is due
	Step   string // the next step
	Why    string // what keeps it; empty where nothing is known to
	Next   string // what somebody has to do about that
	Seen   time.Time
	Mails  []string // how its certificate stands
}

func (s *Server) purgeLine(l *locale.Locale, a agendaEvent, p purge.Status) purgeLine {
	line := purgeLine{agendaEvent: a, Stands: string(p.State)}
	if p.Since > 0 {
		line.Since = lasted(l, p.Since)
	}
	if p.State != purge.Waiting && p.Next != "" {
		line.Step = l.T("proof.next." + string(p.Next))
	}
	if p.Trouble != nil {
		line.Why, line.Next = l.T("purge.trouble."+p.Trouble.Code), l.T("purge.trouble."+p.Trouble.Code+".next")
		line.Seen = p.Trouble.Since
	} else if p.State == purge.Overdue {
		line.Why, line.Next = l.T("purge.trouble.none"), l.T("purge.trouble.none.next")
	}
	return line
}

// lasted writes how long something has lasted: 25 minuten.
func lasted(l *locale.Locale, d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return l.T("proof.lasted.days", "n", int(d/(24*time.Hour)))
	case d >= 2*time.Hour:
		return l.T("proof.lasted.hours", "n", int(d/time.Hour))
	}
	return l.T("proof.lasted.minutes", "n", max(1, int(d/time.Minute)))
}

// statuses returns where purges stand, by event.
func (s *Server) statuses(ctx context.Context) (map[string]purge.Status, error) {
	by := map[string]purge.Status{}
	if s.cfg.Purges == nil {
		return by, nil
	}
	all, err := s.cfg.Purges(ctx)
	for _, p := range all {
		by[p.Event] = p
	}
	return by, err
}

// letterWords tells how the mail with an event's certificate stands.
func (s *Server) letterWords(ctx context.Context, l *locale.Locale, e enroll.Event) ([]string, error) {
	letters, err := s.store.Letters(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, letter := range letters {
		counts[string(letter.State)]++
	}
	var words []string
	for _, state := range []string{"sent", "waits", "failed"} {
		if n := counts[state]; n > 0 {
			words = append(words, l.T("proof.letter."+state, "n", n))
		}
	}
	if e.Letters != nil && counts["waits"] > 0 {
		words = append(words, l.T("proof.letter.again", "at", l.Moment(e.Letters.NotUntil.In(enroll.Amsterdam))))
	}
	return words, nil
}
