package enroll

import "strings"

// How many workshops an event of mode ranking may ask each student to rank,
// and how many it asks for where it does not say.
const (
	MaxRankLength     = 20
	DefaultRankLength = 5
)

// Ranks returns how many workshops the event asks each student to rank; 0 in
// mode first_come.
func (e Event) Ranks() int {
	switch {
	case e.Mode != Ranking:
		return 0
	case e.RankLength == 0:
		return DefaultRankLength
	}
	return e.RankLength
}

// RanksFor returns how many workshops a student with that mask has to rank: as
// many as the event asks for, and all that are open to the student's class
// where those are fewer.
func (e Event) RanksFor(mask string) int { return min(e.Ranks(), strings.Count(mask, "1")) }

// Wishable returns which of these wishes count for a student with that mask:
// those for workshops that the programme has and that are open to the student's
// class, in their order. A wish that does not count is kept all the same, and
// counts again where the programme or the class is put right.
func (p Programme) Wishable(mask string, wishes []string) []string {
	open := make(map[string]bool, len(p.Workshops))
	for i, w := range p.Workshops {
		open[w.ID] = i < len(mask) && mask[i] == '1'
	}
	var count []string
	for _, id := range wishes {
		if open[id] {
			count = append(count, id)
		}
	}
	return count
}

// Progress is how far a student is with choosing.
type Progress string

// The ways to be on.
const (
	ProgressNone     Progress = "none"
	ProgressPartly   Progress = "partly"
	ProgressComplete Progress = "complete"
)

// ProgressOf tells how far a student with these places and wishes is. Complete
// is a place in every round, and in mode ranking also a ranking that is as long
// as it has to be.
func (e Event) ProgressOf(p Programme, st Student, places Choices, wishes []string) Progress {
	mask := p.Mask(st.Class, st.Year)
	count, ranks := len(p.Wishable(mask, wishes)), e.RanksFor(mask)
	switch {
	case len(places) == 0 && (ranks == 0 || count == 0):
		return ProgressNone
	case places.Complete(len(p.Rounds)), ranks > 0 && count >= ranks:
		return ProgressComplete
	}
	return ProgressPartly
}
