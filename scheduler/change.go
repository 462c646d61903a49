package scheduler

import (
	"fmt"
	"slices"

	"cultuurdag/enroll"
)

// ChangeKind says what a Change does.
type ChangeKind string

// The kinds of change.
const (
	Cancel   ChangeKind = "cancel"   // the workshop is not given: in Round, or in no round
	Halve    ChangeKind = "halve"    // half the places, rounded down
	Resize   ChangeKind = "capacity" // Places in all
	Enlarge  ChangeKind = "places"   // Places more
	Admit    ChangeKind = "open"     // the workshop is open to Classes and Years too, in every round
	RunBelow ChangeKind = "run"      // the session runs with fewer than its minimum
	Repeated ChangeKind = "session"  // one more session, in Round, with Places
	Add      ChangeKind = "add"      // the workshop New
)

// Change is something that an organiser can do to a programme.
type Change struct {
	Kind     ChangeKind `json:"kind"`
	Workshop string     `json:"workshop,omitempty"` // all but Add
	Round    int        `json:"round,omitempty"`    // 0: every round in which the workshop is given
	Places   int        `json:"places,omitempty"`   // Resize, Enlarge, Repeated
	Classes  []string   `json:"classes,omitempty"`  // Admit
	Years    []int      `json:"years,omitempty"`    // Admit
	New      *Workshop  `json:"new,omitempty"`      // Add
}

// With returns the instance after a change; in itself stays as it is. A minimum
// above the new number of places is lowered to it.
//
// Where more places are fixed in a session than it has, all that students chose
// in it are fixed no longer, and where those given by hand are too many by
// themselves, these neither. They are still current places, so that Replan
// moves as few of them as it can and picks those for whom it is best.
//
// The error is an InstanceError: an unknown workshop or session, or what makes
// a bad instance.
func (in Instance) With(c Change) (Instance, error) {
	out := in
	out.Workshops = slices.Clone(in.Workshops)
	if c.Kind == Add {
		if c.New == nil {
			return Instance{}, badChange("new", "is empty")
		}
		out.Workshops = append(out.Workshops, *c.New)
		return out, out.Check()
	}
	i := slices.IndexFunc(in.Workshops, func(w Workshop) bool { return w.ID == c.Workshop })
	if i < 0 {
		return Instance{}, badChange("workshop", "there is no workshop %q", c.Workshop)
	}
	w := &out.Workshops[i]
	w.Sessions = slices.Clone(w.Sessions)
	meant := func(s Session) bool { return c.Round == 0 || s.Round == c.Round }
	given := slices.ContainsFunc(w.Sessions, meant)
	switch c.Kind {
	case Admit:
		if len(w.Classes) > 0 || len(w.Years) > 0 {
			w.Classes = append(slices.Clone(w.Classes), c.Classes...)
			w.Years = append(slices.Clone(w.Years), c.Years...)
		}
		return out, out.Check()
	case Repeated:
		if c.Round == 0 || given {
			return Instance{}, badChange("round", "workshop %q is given in round %d", c.Workshop, c.Round)
		}
		w.Sessions = append(w.Sessions, Session{Round: c.Round, Capacity: c.Places})
		return out, out.Check()
	}
	if !given {
		return Instance{}, badChange("round", "workshop %q is not given in round %d", c.Workshop, c.Round)
	}
	if c.Kind == Cancel {
		w.Sessions = slices.DeleteFunc(w.Sessions, meant)
	}
	for j := range w.Sessions {
		s := &w.Sessions[j]
		if !meant(*s) {
			continue
		}
		switch c.Kind {
		case Halve:
			s.Capacity /= 2
		case Resize:
			s.Capacity = c.Places
		case Enlarge:
			s.Capacity += c.Places
		case RunBelow:
			s.Minimum = 0
		default:
			return Instance{}, badChange("kind", "there is no change %q", c.Kind)
		}
		s.Minimum = min(s.Minimum, max(0, s.Capacity))
	}
	out.release(*w)
	return out, out.Check()
}

func badChange(field, format string, args ...any) error {
	return &InstanceError{[]Fault{{"change." + field, fmt.Sprintf(format, args...)}}}
}

// release frees the fixed places of a workshop for which there is no room.
func (in *Instance) release(w Workshop) {
	var fixed, pinned [enroll.MaxRounds + 1]int
	for _, s := range in.Students {
		for r, id := range s.Fixed {
			if id == w.ID {
				fixed[r]++
				if slices.Contains(s.Pinned, r) {
					pinned[r]++
				}
			}
		}
	}
	var room [enroll.MaxRounds + 1]int
	for _, s := range w.Sessions {
		room[s.Round] = s.Capacity
	}
	in.Students = slices.Clone(in.Students)
	for k := range in.Students {
		s := &in.Students[k]
		for _, r := range sortedKeys(s.Fixed) {
			if s.Fixed[r] != w.ID || fixed[r] <= room[r] || slices.Contains(s.Pinned, r) && pinned[r] <= room[r] {
				continue
			}
			fewer := map[int]string{}
			for other, id := range s.Fixed {
				if other != r {
					fewer[other] = id
				}
			}
			s.Fixed = fewer
			s.Pinned = slices.DeleteFunc(slices.Clone(s.Pinned), func(p int) bool { return p == r })
		}
	}
}
