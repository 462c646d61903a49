package web

import (
	"context"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// misplaced is a place that a student holds in a workshop that is not for the
// student's class: the class changed since. The place stays until somebody
// decides otherwise.
type misplaced struct {
	Student  enroll.Student
	Round    int
	Workshop string // title
}

// findMisplaced returns the places of those students in workshops that are not
// open to their classes, in the order of lists. A place that was given by hand
// is meant to be so.
func findMisplaced(p enroll.Programme, students []enroll.Student, choices map[string]enroll.Choices) []misplaced {
	var found []misplaced
	sorted := append([]enroll.Student(nil), students...)
	locale.SortStudents(sorted)
	for _, st := range sorted {
		for round := 1; round <= len(p.Rounds); round++ {
			choice, ok := choices[st.ID][round]
			if !ok || choice.By == enroll.Pinned {
				continue
			}
			if w, ok := p.Workshop(choice.Workshop); ok && !w.OpenTo(st.Class, st.Year) {
				found = append(found, misplaced{st, round, w.Title})
			}
		}
	}
	return found
}

// misplaced is findMisplaced for all students of an event.
func (s *Server) misplaced(ctx context.Context, event string) ([]misplaced, error) {
	students, err := s.store.Students(ctx, event)
	if err != nil {
		return nil, err
	}
	choices, _, err := s.store.Choices(ctx, event)
	if err != nil {
		return nil, err
	}
	p, err := s.store.Programme(ctx, event)
	if err != nil {
		return nil, err
	}
	return findMisplaced(p, students, choices), nil
}
