package enroll

// By tells how a student came by a place.
type By string

// The ways to come by a place. A place that was chosen or pinned stays when
// places are given out; an allocated one may be given again.
const (
	Chosen   By = "c" // by the student
	Pinned   By = "p" // by hand, by the contact or organiser
	Assigned By = "a" // by the allocation
)

// Choice is a student's place in one round.
type Choice struct {
	Workshop string
	By       By
}

// Choices holds a student's places by round, counted from 1.
type Choices map[int]Choice

// Complete reports whether there is a place in each of that many rounds.
func (c Choices) Complete(rounds int) bool { return len(c) >= rounds }
