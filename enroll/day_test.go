package enroll

import "testing"

func dayBefore() (Event, Programme, Choices) {
	date := Date{Year: 2026, Month: 12, Day: 4}
	p := Programme{Rounds: []Round{{date.At(9, 0), date.At(10, 0)}, {date.At(10, 30), date.At(11, 30)}}}
	for _, id := range []string{"a", "b"} {
		p.Workshops = append(p.Workshops, Workshop{ID: id, Title: "Workshop " + id, Sessions: []Session{{Round: 1, Room: "R1" + id}, {Round: 2, Room: "R2" + id}}})
	}
	return Event{Directions: "Hoofdingang aan de Kade.\r\nR1A : trap op,  tweede deur.\nLet op: geen fietsen.\nr1a: niet de eerste\n:\n"}, p, Choices{1: {Workshop: "a"}}
}

func TestWhatOfADayHasChanged(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Event, *Programme, Choices)
		rounds [2]bool
	}{
		"nothing":            {func(*Event, *Programme, Choices) {}, [2]bool{}},
		"a title":            {func(_ *Event, p *Programme, _ Choices) { p.Workshops[0].Title = "W" }, [2]bool{}},
		"another workshop":   {func(_ *Event, _ *Programme, c Choices) { c[1] = Choice{Workshop: "b"} }, [2]bool{true, false}},
		"a place at last":    {func(_ *Event, _ *Programme, c Choices) { c[2] = Choice{Workshop: "b"} }, [2]bool{false, true}},
		"no place any more":  {func(_ *Event, _ *Programme, c Choices) { delete(c, 1) }, [2]bool{true, false}},
		"another room":       {func(_ *Event, p *Programme, _ Choices) { p.Workshops[0].Sessions[0].Room = "R9" }, [2]bool{true, false}},
		"the room of others": {func(_ *Event, p *Programme, _ Choices) { p.Workshops[1].Sessions[0].Room = "R9" }, [2]bool{}},
		"a later start":      {func(_ *Event, p *Programme, _ Choices) { p.Rounds[1].Start = p.Rounds[1].End.Add(-1e9) }, [2]bool{false, true}},
		"cancelled":          {func(e *Event, _ *Programme, _ Choices) { e.Cancelled = []SessionKey{{"a", 1}} }, [2]bool{true, false}},
	} {
		was := DayOf(dayBefore())
		e, p, choices := dayBefore()
		c.change(&e, &p, choices)
		now := DayOf(e, p, choices)
		for i, old := range now.Since(was) {
			if (old != nil) != c.rounds[i] || old != nil && old.Differs(was[i]) {
				t.Errorf("%s: round %d was %v", name, i+1, old)
			}
		}
		if (now.Version() == was.Version()) != (name == "nothing" || name == "the room of others") {
			t.Errorf("%s: versions %s and %s", name, was.Version(), now.Version())
		}
		for i, old := range now.Since(nil) {
			if old != nil {
				t.Errorf("%s: round %d has changed for who never looked", name, i+1)
			}
		}
	}
}

func TestTheWay(t *testing.T) {
	e, p, _ := dayBefore()
	for room, want := range map[string]string{
		"":    "Hoofdingang aan de Kade.\nLet op: geen fietsen.\n:",
		"R1a": "trap op,  tweede deur.\nniet de eerste",
		"R2a": "",
	} {
		if got := e.Way(p, room); got != want {
			t.Errorf("to %q: %q, want %q", room, got, want)
		}
	}
}
