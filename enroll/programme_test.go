package enroll

import (
	"errors"
	"testing"
	"time"
)

// What may change once places are given out, and what may not.
func TestProgrammeKeepsPlaces(t *testing.T) {
	day := Date{Year: 2026, Month: time.December, Day: 4}
	programme := func() Programme {
		return Programme{
			Rounds: []Round{{day.At(9, 0), day.At(10, 0)}, {day.At(11, 0), day.At(12, 0)}},
			Workshops: []Workshop{
				{ID: "a", Title: "A", Teacher: "Bo", Years: []int{1}, Sessions: []Session{{Round: 1, Room: "1", Capacity: 5}, {Round: 2, Room: "1", Capacity: 5}}},
				{ID: "b", Title: "B", Classes: []string{"1A"}, Sessions: []Session{{Round: 1, Room: "2", Capacity: 5, Cancelled: true}}},
			},
		}
	}
	for _, c := range []struct {
		name   string
		field  string // "": may change
		change func(*Programme)
	}{
		{"words, room and teacher", "", func(p *Programme) {
			w := &p.Workshops[0]
			w.Title, w.Description, w.Teacher, w.Sessions[1].Room = "C", "Anders.", "An", "9"
		}},
		{"times", "", func(p *Programme) { p.Rounds[1].Start = day.At(11, 15) }},
		{"places", "", func(p *Programme) { p.Workshops[0].Sessions[0].Capacity, p.Workshops[0].Sessions[0].Minimum = 3, 2 }},
		{"sessions in another order", "", func(p *Programme) { s := p.Workshops[0].Sessions; s[0], s[1] = s[1], s[0] }},
		{"a round more", "rounds", func(p *Programme) { p.Rounds = append(p.Rounds, Round{day.At(13, 0), day.At(14, 0)}) }},
		{"a workshop less", "workshops", func(p *Programme) { p.Workshops = p.Workshops[:1] }},
		{"workshops in another order", "workshops", func(p *Programme) { w := p.Workshops; w[0], w[1] = w[1], w[0] }},
		{"another workshop", "workshops", func(p *Programme) { p.Workshops[1].ID = "c" }},
		{"for other years", "workshops[0].classes", func(p *Programme) { p.Workshops[0].Years = nil }},
		{"for another class", "workshops[1].classes", func(p *Programme) { p.Workshops[1].Classes = []string{"1B"} }},
		{"a session less", "workshops[0].sessions", func(p *Programme) { p.Workshops[0].Sessions = p.Workshops[0].Sessions[1:] }},
		{"a session more", "workshops[1].sessions", func(p *Programme) {
			p.Workshops[1].Sessions = append(p.Workshops[1].Sessions, Session{Round: 2, Capacity: 5})
		}},
		{"a session called off", "workshops[0].sessions", func(p *Programme) { p.Workshops[0].Sessions[0].Cancelled = true }},
		{"one called off that is given again", "workshops[1].sessions", func(p *Programme) { p.Workshops[1].Sessions[0].Cancelled = false }},
	} {
		p := programme()
		c.change(&p)
		err := p.Keeps(programme())
		var faults FieldErrors
		switch {
		case c.field == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.field != "" && (!errors.As(err, &faults) || len(faults) != 1 || faults[0].Field != c.field || faults[0].Code != "given_out"):
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
