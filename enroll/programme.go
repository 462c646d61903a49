package enroll

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MaxRounds is the most rounds that an event may have.
const MaxRounds = 4

// maxWorkshops is how many workshops an event may have.
const maxWorkshops = 200

// maxCapacity is how many places a session may have.
const maxCapacity = 5000

// Programme is what there is to choose in an event.
type Programme struct {
	Version   int        `json:"version"`
	Rounds    []Round    `json:"rounds"`
	Workshops []Workshop `json:"workshops"`
}

// Round is a part of the day in which every student follows one workshop.
type Round struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Workshop is given in one or more rounds. Where Classes or Years is not
// empty, it is open to students of one of those classes or years alone.
type Workshop struct {
	ID          string    `json:"id"`
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Teacher     string    `json:"teacher"`
	Classes     []string  `json:"classes,omitempty"`
	Years       []int     `json:"years,omitempty"`
	Sessions    []Session `json:"sessions"`
}

// Session is a workshop in a round.
type Session struct {
	Round    int    `json:"round"` // counts from 1
	Room     string `json:"room"`
	Capacity int    `json:"capacity"` // places
	Minimum  int    `json:"minimum"`  // fewer students, and it is cancelled

	Cancelled bool `json:"cancelled,omitempty"` // called off by the organiser: nobody is placed here
}

// SessionKey names a session: its workshop and its round, counted from 1.
type SessionKey struct {
	Workshop string
	Round    int
}

// String writes the key as it stands in Redis and in routes: w3:2.
func (k SessionKey) String() string { return k.Workshop + ":" + strconv.Itoa(k.Round) }

// ParseSessionKey reads what String wrote.
func ParseSessionKey(s string) (SessionKey, error) {
	workshop, round, ok := strings.Cut(s, ":")
	r, err := strconv.Atoi(round)
	if !ok || err != nil {
		return SessionKey{}, fmt.Errorf("%q does not name a session", s)
	}
	return SessionKey{workshop, r}, nil
}

// MarshalText writes the key as String does.
func (k SessionKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (k *SessionKey) UnmarshalText(b []byte) (err error) {
	*k, err = ParseSessionKey(string(b))
	return err
}

// Workshop returns the workshop with that id.
func (p Programme) Workshop(id string) (Workshop, bool) {
	i := slices.IndexFunc(p.Workshops, func(w Workshop) bool { return w.ID == id })
	if i < 0 {
		return Workshop{}, false
	}
	return p.Workshops[i], true
}

// Session returns the session of w in that round.
func (w Workshop) Session(round int) (Session, bool) {
	i := slices.IndexFunc(w.Sessions, func(s Session) bool { return s.Round == round })
	if i < 0 {
		return Session{}, false
	}
	return w.Sessions[i], true
}

// OpenTo reports whether a student of that class and year may take w.
func (w Workshop) OpenTo(class string, year int) bool {
	if len(w.Classes) == 0 && len(w.Years) == 0 {
		return true
	}
	return slices.ContainsFunc(w.Classes, func(c string) bool { return strings.EqualFold(c, class) }) ||
		slices.Contains(w.Years, year)
}

// CalledOff returns the sessions that the organiser called off.
func (p Programme) CalledOff() []SessionKey {
	var off []SessionKey
	for _, w := range p.Workshops {
		for _, s := range w.Sessions {
			if s.Cancelled {
				off = append(off, SessionKey{w.ID, s.Round})
			}
		}
	}
	return off
}

// Mask says which workshops a student of that class and year may take: one
// character for each workshop in order, 1 or 0. It is what Redis keeps instead
// of the class.
func (p Programme) Mask(class string, year int) string {
	mask := make([]byte, len(p.Workshops))
	for i, w := range p.Workshops {
		mask[i] = '0'
		if w.OpenTo(class, year) {
			mask[i] = '1'
		}
	}
	return string(mask)
}

// Places returns the capacity of each round, in order.
func (p Programme) Places() []int {
	places := make([]int, len(p.Rounds))
	for _, w := range p.Workshops {
		for _, s := range w.Sessions {
			if !s.Cancelled {
				places[s.Round-1] += s.Capacity
			}
		}
	}
	return places
}

// Keeps returns what in p does not fit the places that were given out by was,
// and nil where everybody can stay where they are: the workshops are the same
// ones in the same order, in the same rounds and for the same classes and years.
// Texts, rooms, teachers, times, capacities and minimums may differ. Fields are
// named as by Check, the code is "given_out".
func (p Programme) Keeps(was Programme) error {
	var errs FieldErrors
	if len(p.Rounds) != len(was.Rounds) {
		errs.Add("rounds", "given_out")
	}
	if !slices.EqualFunc(p.Workshops, was.Workshops, func(w, old Workshop) bool { return w.ID == old.ID }) {
		errs.Add("workshops", "given_out")
		return errs
	}
	for i, w := range p.Workshops {
		old := was.Workshops[i]
		if !slices.Equal(w.Classes, old.Classes) || !slices.Equal(w.Years, old.Years) {
			errs.Add(fmt.Sprintf("workshops[%d].classes", i), "given_out")
		}
		other := func(s Session) bool {
			known, ok := old.Session(s.Round)
			return !ok || known.Cancelled != s.Cancelled
		}
		if len(w.Sessions) != len(old.Sessions) || slices.ContainsFunc(w.Sessions, other) {
			errs.Add(fmt.Sprintf("workshops[%d].sessions", i), "given_out")
		}
	}
	return errs.OrNil()
}

var workshopID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// Check returns what is wrong with a programme that somebody entered, one
// FieldError for each fault, and nil when nothing is. Fields are named by
// their place: workshops[3].sessions[1].room.
func (p Programme) Check() error {
	var errs FieldErrors
	if len(p.Rounds) == 0 || len(p.Rounds) > MaxRounds {
		errs.Add("rounds", "one_to_four")
	}
	for i, r := range p.Rounds {
		field := fmt.Sprintf("rounds[%d]", i)
		switch {
		case r.Start.IsZero():
			errs.Add(field+".start", "required")
		case r.End.IsZero():
			errs.Add(field+".end", "required")
		case r.End.Sub(r.Start) > 24*time.Hour:
			errs.Add(field+".end", "off_day")
		case !r.End.After(r.Start):
			errs.Add(field+".end", "before_start")
		}
		if i > 0 && r.Start.Before(p.Rounds[i-1].End) {
			errs.Add(field+".start", "overlaps")
		}
	}
	switch {
	case len(p.Workshops) == 0:
		errs.Add("workshops", "required")
	case len(p.Workshops) > maxWorkshops:
		errs.Add("workshops", "too_much", strconv.Itoa(maxWorkshops))
	}
	ids := map[string]bool{}
	rooms := map[string]bool{}
	teachers := map[string]bool{}
	for i, w := range p.Workshops {
		field := fmt.Sprintf("workshops[%d]", i)
		switch {
		case !workshopID.MatchString(w.ID):
			errs.Add(field+".id", "bad_id")
		case ids[w.ID]:
			errs.Add(field+".id", "twice")
		}
		ids[w.ID] = true
		errs.need(field+".title", w.Title)
		errs.text(field+".description", w.Description, maxParagraph)
		errs.text(field+".teacher", w.Teacher, maxLine)
		if len(w.Sessions) == 0 {
			errs.Add(field+".sessions", "required")
		}
		rounds := map[int]bool{}
		for j, s := range w.Sessions {
			at := fmt.Sprintf("%s.sessions[%d]", field, j)
			switch {
			case s.Round < 1 || s.Round > len(p.Rounds):
				errs.Add(at+".round", "no_round")
			case rounds[s.Round]:
				errs.Add(at+".round", "twice")
			}
			rounds[s.Round] = true
			errs.text(at+".room", s.Room, maxLine)
			if s.Capacity < 1 || s.Capacity > maxCapacity {
				errs.Add(at+".capacity", "out_of_range")
			}
			if s.Minimum < 0 || s.Minimum > s.Capacity {
				errs.Add(at+".minimum", "out_of_range")
			}
			if s.Cancelled { // its room and teacher are free
				continue
			}
			if place := fmt.Sprintf("%d\x00%s", s.Round, strings.ToLower(strings.TrimSpace(s.Room))); strings.TrimSpace(s.Room) != "" {
				if rooms[place] {
					errs.Add(at+".room", "room_twice")
				}
				rooms[place] = true
			}
			if who := fmt.Sprintf("%d\x00%s", s.Round, strings.ToLower(strings.TrimSpace(w.Teacher))); strings.TrimSpace(w.Teacher) != "" {
				if teachers[who] {
					errs.Add(field+".teacher", "teacher_twice")
				}
				teachers[who] = true
			}
		}
	}
	return errs.OrNil()
}
