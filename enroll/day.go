package enroll

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// Day is what a student's day looks like, round by round: what they saw of it
// is kept, so that the page can say what has changed since.
type Day []DayRound

// DayRound is a round of a student's day.
type DayRound struct {
	Start     time.Time `json:"start,omitzero"` // zero: the student knows nothing of this round
	End       time.Time `json:"end,omitzero"`
	Workshop  string    `json:"workshop,omitempty"` // its id; "": no place
	Title     string    `json:"title,omitempty"`
	Room      string    `json:"room,omitempty"`
	Cancelled bool      `json:"cancelled,omitempty"`
}

// DayOf returns the day of a student with these places.
func DayOf(e Event, p Programme, places Choices) Day {
	day := make(Day, len(p.Rounds))
	for i, r := range p.Rounds {
		round := DayRound{Start: r.Start, End: r.End}
		if w, ok := p.Workshop(places[i+1].Workshop); ok {
			s, _ := w.Session(i + 1)
			round.Workshop, round.Title, round.Room = w.ID, w.Title, s.Room
			round.Cancelled = slices.Contains(e.Cancelled, SessionKey{w.ID, i + 1})
		}
		day[i] = round
	}
	return day
}

// Version names a day: two that differ in anything have different ones.
func (d Day) Version() string {
	data, err := json.Marshal(d)
	if err != nil {
		panic(err) // texts and times always fit, but for years beyond 9999, which no event has
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}

// Differs reports whether somebody has to be elsewhere, or at another time, than
// they thought. A corrected title is no change.
func (r DayRound) Differs(was DayRound) bool {
	return r.Workshop != was.Workshop || r.Room != was.Room || r.Cancelled != was.Cancelled ||
		!r.Start.Equal(was.Start) || !r.End.Equal(was.End)
}

// DayChosen returns what a student knows of a day who has not looked since
// choosing: of rounds without a place that was chosen or pinned, nothing.
func DayChosen(e Event, p Programme, places Choices) Day {
	day := DayOf(e, p, places)
	for i := range day {
		if by := places[i+1].By; by != Chosen && by != Pinned {
			day[i] = DayRound{}
		}
	}
	return day
}

// Since returns of each round of d how it was when the student last looked,
// nil where it is the same or the student knew nothing of it. was is nil where
// they never looked.
func (d Day) Since(was Day) []*DayRound {
	changes := make([]*DayRound, len(d))
	for i := range d {
		if i < len(was) && !was[i].Start.IsZero() && d[i].Differs(was[i]) {
			changes[i] = &was[i]
		}
	}
	return changes
}
