package scheduler

import (
	"context"
	"slices"

	"cultuurdag/enroll"
)

// Allocate divides the places of an event. Places that a student chose or that
// were pinned stay; those that were assigned before are given anew. Students
// are taken by id and choices and wishes are looked up under it; a wish that does
// not count (enroll.Programme.Wishable) is left out.
//
// The error is an InstanceError, which names students by their place in the
// order of the arguments and by opaque ids alone: a kept place in a session
// that is no longer there, or one in a session that was called off.
func Allocate(ctx context.Context, event enroll.Event, programme enroll.Programme, students []enroll.Student,
	choices map[string]enroll.Choices, wishes map[string][]string, o Options,
) (enroll.Plan, Report, error) {
	s, err := Solve(ctx, NewInstance(event, programme, students, choices, wishes), o)
	if err != nil {
		return enroll.Plan{}, Report{}, err
	}
	return s.Plan(), s.Report, nil
}

// Plan returns the solution as the domain has it.
func (s Solution) Plan() enroll.Plan {
	plan := enroll.Plan{Places: s.Places}
	for _, c := range s.Cancelled {
		plan.Cancelled = append(plan.Cancelled, enroll.SessionKey{Workshop: c.Workshop, Round: c.Round})
	}
	return plan
}

// NewInstance writes an event down as Allocate divides it, without sessions that
// were called off. Wishes count in an event of mode ranking alone.
func NewInstance(event enroll.Event, programme enroll.Programme, students []enroll.Student,
	choices map[string]enroll.Choices, wishes map[string][]string,
) Instance {
	in := Instance{Rounds: len(programme.Rounds)}
	for _, w := range programme.Workshops {
		workshop := Workshop{ID: w.ID, Title: w.Title, Years: w.Years, Classes: w.Classes}
		for _, s := range w.Sessions {
			if !s.Cancelled {
				workshop.Sessions = append(workshop.Sessions, Session{s.Round, s.Capacity, s.Minimum})
			}
		}
		in.Workshops = append(in.Workshops, workshop)
	}
	for _, s := range students {
		student := Student{ID: s.ID, Class: s.Class, Year: s.Year, Wishes: []string{}}
		for round, c := range choices[s.ID] {
			if c.By == enroll.Chosen || c.By == enroll.Pinned {
				if student.Fixed == nil {
					student.Fixed = map[int]string{}
				}
				student.Fixed[round] = c.Workshop
			}
			if c.By == enroll.Pinned {
				student.Pinned = append(student.Pinned, round)
			}
		}
		slices.Sort(student.Pinned)
		if event.Mode == enroll.Ranking {
			student.Wishes = append(student.Wishes, programme.Wishable(programme.Mask(s.Class, s.Year), wishes[s.ID])...)
		}
		in.Students = append(in.Students, student)
	}
	in.makeRoom()
	return in
}

// makeRoom gives a session in which more places are kept than it has, as
// somebody put in more by hand on purpose, as many as that.
func (in Instance) makeRoom() {
	kept := map[SessionKey]int{}
	for _, s := range in.Students {
		for round, w := range s.Fixed {
			kept[SessionKey{w, round}]++
		}
	}
	for _, w := range in.Workshops {
		for i, s := range w.Sessions {
			w.Sessions[i].Capacity = max(s.Capacity, kept[SessionKey{w.ID, s.Round}])
		}
	}
}
