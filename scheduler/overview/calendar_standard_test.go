package overview

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"

	"cultuurdag/enroll"
)

// standard reads a calendar with a parser that has no part in writing it, and
// holds it to what RFC 5545 and calendar applications ask for.
func standard(t *testing.T, data []byte) []ical.Event {
	t.Helper()
	cal, err := ical.NewDecoder(bytes.NewReader(data)).Decode()
	if err != nil {
		t.Fatal(err)
	}
	if err := ical.NewEncoder(&bytes.Buffer{}).Encode(cal); err != nil { // it refuses what lacks a property
		t.Error(err)
	}
	ids := map[string]bool{}
	for _, e := range cal.Events() {
		for _, name := range []string{ical.PropUID, ical.PropDateTimeStamp, ical.PropDateTimeStart, ical.PropDateTimeEnd, ical.PropSummary, ical.PropSequence, ical.PropLastModified, ical.PropStatus} {
			if n := len(e.Props.Values(name)); n != 1 {
				t.Errorf("%d of %s", n, name)
			}
		}
		for _, name := range []string{ical.PropDateTimeStamp, ical.PropDateTimeStart, ical.PropDateTimeEnd, ical.PropLastModified} {
			// In UTC, for which no VTIMEZONE is needed.
			if p := e.Props.Get(name); !strings.HasSuffix(p.Value, "Z") || p.Params.Get(ical.ParamTimezoneID) != "" {
				t.Errorf("%s is %s", name, p.Value)
			}
		}
		id := propText(t, e, ical.PropUID)
		if ids[id] {
			t.Errorf("%s stands there twice", id)
		}
		ids[id] = true
	}
	return cal.Events()
}

func propText(t *testing.T, e ical.Event, name string) string {
	t.Helper()
	text, err := e.Props.Text(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func sequence(t *testing.T, e ical.Event) int {
	t.Helper()
	n, err := strconv.Atoi(e.Props.Get(ical.PropSequence).Value)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Google, Apple and Outlook update an entry with the same UID where SEQUENCE
// and the stamps are later; each kind of change makes them so.
func TestACalendarIsUpdatedNotDoubled(t *testing.T) {
	in := testDay(30, 3)
	me := in.Students[0].ID
	in.Event.Version, in.Event.Revision = 3, 40
	in.Event.Directions = "Hoofdingang, niet de fietsenstalling; let op de bel, én de vlag\n" +
		in.Programme.Workshops[0].Sessions[0].Room + ": trap op, tweede deur\\links – " + strings.Repeat("één trapje héél hoog, ", 12)
	in.Choices[me][1] = enroll.Choice{Workshop: in.Programme.Workshops[0].ID, By: enroll.Chosen}
	download := func() []ical.Event {
		t.Helper()
		data, err := Calendar(in, me)
		if err != nil {
			t.Fatal(err)
		}
		readCalendar(t, data) // line ends and lengths
		return standard(t, data)
	}
	old := download()
	if len(old) != 3 {
		t.Fatalf("%d entries", len(old))
	}
	if about := propText(t, old[0], ical.PropDescription); !strings.Contains(about, "\ntrap op, tweede deur\\links – één trapje") ||
		!strings.HasSuffix(about, "\nHoofdingang, niet de fietsenstalling; let op de bel, én de vlag") {
		t.Errorf("about the first entry: %q", about)
	}
	if about := propText(t, old[1], ical.PropDescription); strings.Contains(about, "trap op") || !strings.Contains(about, "Hoofdingang") {
		t.Errorf("about the second entry: %q", about)
	}
	for name, change := range map[string]func(){
		"another place": func() { in.Choices[me][2] = enroll.Choice{Workshop: "w1", By: enroll.Pinned}; in.Event.Revision++ },
		"cancelled":     func() { in.Event.Cancelled = []enroll.SessionKey{{Workshop: "w1", Round: 2}}; in.Event.Version++ },
		"another time": func() {
			for i := range in.Programme.Rounds {
				in.Programme.Rounds[i].Start = in.Programme.Rounds[i].Start.Add(5 * time.Minute)
			}
			in.Event.Revision++
		},
	} {
		change()
		in.MadeAt = in.MadeAt.Add(time.Minute)
		now := download()
		for i := range now {
			if propText(t, now[i], ical.PropUID) != propText(t, old[i], ical.PropUID) {
				t.Errorf("%s: an entry of another name", name)
			}
			if sequence(t, now[i]) <= sequence(t, old[i]) {
				t.Errorf("%s: sequence %d after %d", name, sequence(t, now[i]), sequence(t, old[i]))
			}
			for _, p := range []string{ical.PropDateTimeStamp, ical.PropLastModified} {
				if now[i].Props.Get(p).Value <= old[i].Props.Get(p).Value {
					t.Errorf("%s: %s %s after %s", name, p, now[i].Props.Get(p).Value, old[i].Props.Get(p).Value)
				}
			}
		}
		old = now
	}
	if again := download(); sequence(t, again[0]) != sequence(t, old[0]) {
		t.Error("nothing has changed, and the sequence has")
	}
}

// Nine o'clock is nine o'clock on both sides of the night in which summer or
// winter time begins.
func TestACalendarAroundTheClockChange(t *testing.T) {
	for date, utc := range map[enroll.Date][2]string{
		{Year: 2027, Month: time.March, Day: 27}:   {"20270327T080000Z", "20270328T070000Z"},
		{Year: 2027, Month: time.October, Day: 30}: {"20271030T070000Z", "20271031T080000Z"},
	} {
		in := testDay(30, 2)
		for i := range in.Programme.Rounds {
			day := date.AddDays(i)
			in.Programme.Rounds[i] = enroll.Round{Start: day.At(9, 0), End: day.At(10, 0)}
		}
		data, err := Calendar(in, in.Students[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range standard(t, data) {
			start, err := e.DateTimeStart(enroll.Amsterdam)
			if err != nil {
				t.Fatal(err)
			}
			if got := e.Props.Get(ical.PropDateTimeStart).Value; got != utc[i] || !start.Equal(in.Programme.Rounds[i].Start) || start.In(enroll.Amsterdam).Hour() != 9 {
				t.Errorf("%v, day %d: %s", date, i, got)
			}
		}
	}
}
