package scheduler

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"cultuurdag/enroll"
)

// Limits of an instance: far above any school, low enough that whole-number
// arithmetic cannot overflow.
const (
	maxPlaces = 100_000   // places in a session
	maxCost   = 1_000_000 // any one cost
)

// Instance is a culture day to be divided, in the form in which it is read
// and written as JSON.
type Instance struct {
	Rounds    int        `json:"rounds"`
	Workshops []Workshop `json:"workshops"`
	Students  []Student  `json:"students"`
	Costs     *Costs     `json:"costs,omitempty"` // nil: as the options say
}

// Workshop is given in one or more rounds. Where Years or Classes is not
// empty, it is open to students of one of those years or classes alone.
type Workshop struct {
	ID       string    `json:"id"`
	Title    string    `json:"title,omitempty"`
	Years    []int     `json:"years,omitempty"`
	Classes  []string  `json:"classes,omitempty"`
	Sessions []Session `json:"sessions"`
}

// Session is a workshop in a round.
type Session struct {
	Round    int `json:"round"`    // counts from 1
	Capacity int `json:"capacity"` // places
	Minimum  int `json:"minimum"`  // it takes place with nobody in it or with at least this many
}

// Student is somebody to be placed.
type Student struct {
	ID     string         `json:"id"`
	Class  string         `json:"class,omitempty"`
	Year   int            `json:"year,omitempty"`
	Wishes []string       `json:"wishes"`           // workshop ids, the dearest first; none: did not choose
	Fixed  map[int]string `json:"fixed,omitempty"`  // by round: places that stay, open to the student or not
	Pinned []int          `json:"pinned,omitempty"` // the rounds of Fixed that were given by hand: the last to be released, see Change
}

// InstanceError lists every fault of an instance.
type InstanceError struct{ Faults []Fault }

// Fault is one thing that is wrong with an instance.
type Fault struct {
	Field string // as in the JSON form: students[3].wishes[1]
	Text  string
}

func (e *InstanceError) Error() string {
	parts := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		parts[i] = f.Field + ": " + f.Text
	}
	return "bad instance: " + strings.Join(parts, "; ")
}

func (e *InstanceError) add(field, format string, args ...any) {
	e.Faults = append(e.Faults, Fault{field, fmt.Sprintf(format, args...)})
}

// ReadInstance reads one instance as JSON and checks it. Unknown fields and
// anything after it are errors; faults of its content are an InstanceError.
func ReadInstance(r io.Reader) (Instance, error) {
	var in Instance
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return Instance{}, fmt.Errorf("bad instance: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Instance{}, errors.New("bad instance: something follows it")
	}
	if err := in.Check(); err != nil {
		return Instance{}, err
	}
	return in, nil
}

// Check returns an InstanceError that names every fault, or nil. A student for
// whom no session is open is no fault.
func (in Instance) Check() error {
	var e InstanceError
	if in.Rounds < 1 || in.Rounds > enroll.MaxRounds {
		e.add("rounds", "%d is not 1 to %d", in.Rounds, enroll.MaxRounds)
	}
	free := in.checkWorkshops(&e)
	in.checkStudents(&e, free)
	if in.Costs != nil {
		in.Costs.check(&e)
	}
	if len(e.Faults) > 0 {
		return &e
	}
	return nil
}

// checkWorkshops returns the capacity of each session, by workshop and round.
func (in Instance) checkWorkshops(e *InstanceError) map[string]map[int]int {
	free := make(map[string]map[int]int, len(in.Workshops))
	for i, w := range in.Workshops {
		field := fmt.Sprintf("workshops[%d]", i)
		if w.ID == "" {
			e.add(field+".id", "is empty")
		} else if free[w.ID] != nil {
			e.add(field+".id", "%q stands here twice", w.ID)
		}
		rounds := map[int]int{}
		for j, s := range w.Sessions {
			at := fmt.Sprintf("%s.sessions[%d]", field, j)
			if s.Round < 1 || s.Round > in.Rounds {
				e.add(at+".round", "there is no round %d", s.Round)
			}
			if _, twice := rounds[s.Round]; twice {
				e.add(at+".round", "round %d stands here twice", s.Round)
			}
			if s.Capacity < 0 || s.Capacity > maxPlaces {
				e.add(at+".capacity", "%d is not 0 to %d", s.Capacity, maxPlaces)
			}
			if s.Minimum < 0 || s.Minimum > s.Capacity {
				e.add(at+".minimum", "%d is not 0 to the capacity, %d", s.Minimum, s.Capacity)
			}
			rounds[s.Round] = s.Capacity
		}
		if free[w.ID] == nil {
			free[w.ID] = rounds
		}
	}
	return free
}

func (in Instance) checkStudents(e *InstanceError, free map[string]map[int]int) {
	ids := make(map[string]bool, len(in.Students))
	for i, s := range in.Students {
		field := fmt.Sprintf("students[%d]", i)
		if s.ID == "" {
			e.add(field+".id", "is empty")
		} else if ids[s.ID] {
			e.add(field+".id", "%q stands here twice", s.ID)
		}
		ids[s.ID] = true
		wished := make(map[string]bool, len(s.Wishes))
		for j, w := range s.Wishes {
			at := fmt.Sprintf("%s.wishes[%d]", field, j)
			if free[w] == nil {
				e.add(at, "there is no workshop %q", w)
			}
			if wished[w] {
				e.add(at, "workshop %q stands here twice", w)
			}
			wished[w] = true
		}
		has := map[string]bool{}
		for _, r := range sortedKeys(s.Fixed) {
			w := s.Fixed[r]
			at := fmt.Sprintf("%s.fixed[%d]", field, r)
			_, given := free[w][r]
			switch {
			case r < 1 || r > in.Rounds:
				e.add(at, "there is no round %d", r)
			case free[w] == nil:
				e.add(at, "there is no workshop %q", w)
			case !given:
				e.add(at, "workshop %q is not given in round %d", w, r)
			case has[w]:
				e.add(at, "workshop %q is fixed in two rounds", w)
			}
			has[w] = true
			if given {
				free[w][r]--
			}
		}
	}
	for i, w := range in.Workshops {
		for j, s := range w.Sessions {
			if left := free[w.ID][s.Round]; left < 0 && s.Capacity >= 0 {
				e.add(fmt.Sprintf("workshops[%d].sessions[%d].capacity", i, j),
					"%d places of %q in round %d are fixed, and there are %d", s.Capacity-left, w.ID, s.Round, s.Capacity)
			}
		}
	}
}
