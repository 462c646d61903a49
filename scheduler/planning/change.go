package planning

import (
	"slices"

	"cultuurdag/enroll"
	"cultuurdag/scheduler"
)

// Change is a change to a programme, as an organiser tries it out.
type Change struct {
	scheduler.Change
	Room string `json:"room,omitempty"` // of new sessions
}

// Apply returns the programme after the change; programme itself stays as it
// is. A session that is not given any more stays in it, called off. The error
// is a scheduler.InstanceError, or FieldErrors as of Programme.Check.
func (c Change) Apply(e enroll.Event, programme enroll.Programme) (enroll.Programme, error) {
	before := scheduler.NewInstance(e, programme, nil, nil, nil)
	after, err := before.With(c.Change)
	if err != nil {
		return programme, err
	}
	out := programme
	out.Workshops = slices.Clone(programme.Workshops)
	for i, w := range after.Workshops {
		if i == len(out.Workshops) {
			out.Workshops = append(out.Workshops, enroll.Workshop{ID: w.ID, Title: w.Title})
		}
		o := &out.Workshops[i]
		o.Classes, o.Years, o.Sessions = w.Classes, w.Years, slices.Clone(o.Sessions)
		for j := range o.Sessions {
			s := &o.Sessions[j]
			now, given := session(w, s.Round)
			if given {
				s.Capacity, s.Minimum = now.Capacity, now.Minimum
			}
			s.Cancelled = !given
		}
		for _, s := range w.Sessions {
			if !slices.ContainsFunc(o.Sessions, func(known enroll.Session) bool { return known.Round == s.Round }) {
				o.Sessions = append(o.Sessions, enroll.Session{Round: s.Round, Room: c.Room, Capacity: s.Capacity, Minimum: s.Minimum})
			}
		}
	}
	return out, out.Check()
}

func session(w scheduler.Workshop, round int) (scheduler.Session, bool) {
	i := slices.IndexFunc(w.Sessions, func(s scheduler.Session) bool { return s.Round == round })
	if i < 0 {
		return scheduler.Session{}, false
	}
	return w.Sessions[i], true
}

// resize gives each session as many places as the programme has, or as many as
// are fixed in it where somebody put in more by hand.
func resize(in *scheduler.Instance, p enroll.Programme) {
	fixed := map[scheduler.SessionKey]int{}
	for _, s := range in.Students {
		for round, w := range s.Fixed {
			fixed[scheduler.SessionKey{Workshop: w, Round: round}]++
		}
	}
	for i, w := range in.Workshops {
		for j, s := range w.Sessions {
			given, ok := p.Workshops[i].Session(s.Round)
			if ok {
				in.Workshops[i].Sessions[j].Capacity = max(given.Capacity, fixed[scheduler.SessionKey{Workshop: w.ID, Round: s.Round}])
			}
		}
	}
}
