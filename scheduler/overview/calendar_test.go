package overview

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// readCalendar reads a calendar with the library, after a look at what the
// library is lenient about: line ends, long lines, characters cut in two.
func readCalendar(t *testing.T, data []byte) *ics.Calendar {
	t.Helper()
	text := string(data)
	if !strings.HasSuffix(text, "\r\n") || strings.Count(text, "\n") != strings.Count(text, "\r\n") || strings.Count(text, "\r") != strings.Count(text, "\r\n") {
		t.Fatalf("not every line ends in CRLF: %q", text)
	}
	for l := range strings.SplitSeq(text, "\r\n") {
		if len(l) > 75 || !utf8.ValidString(l) {
			t.Errorf("a line of %d octets: %q", len(l), l)
		}
	}
	cal, err := ics.ParseCalendar(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return cal
}

func value(e *ics.VEvent, p ics.ComponentProperty) string {
	if e.GetProperty(p) == nil {
		return ""
	}
	return e.GetProperty(p).Value
}

func TestCalendarOfADay(t *testing.T) {
	in := testDay(30, 3)
	me := in.Students[0]
	w := &in.Programme.Workshops[0]
	w.Title = "Zeefdrukken; maak, knip \\ plak je eigen poster – één met héél véél létters én accénten erop"
	w.Teacher = "Şeyma\r\nATTENDEE:mailto:x@example.org"
	in.Choices[me.ID] = enroll.Choices{1: {Workshop: w.ID, By: enroll.Chosen}, 3: {Workshop: in.Programme.Workshops[1].ID, By: enroll.Assigned}}
	in.Event.Cancelled = []enroll.SessionKey{{Workshop: in.Programme.Workshops[1].ID, Round: 3}}

	data, err := Calendar(in, me.ID)
	if err != nil {
		t.Fatal(err)
	}
	cal := readCalendar(t, data)
	got := map[string]string{}
	for _, p := range cal.CalendarProperties {
		got[p.IANAToken] = p.Value
	}
	if got["METHOD"] != "PUBLISH" || got["VERSION"] != "2.0" || !strings.Contains(got["PRODID"], "Cultuurdag") || got["X-WR-CALNAME"] != in.Event.Title {
		t.Errorf("the calendar says %v", got)
	}
	entries := cal.Events()
	if len(entries) != 2 {
		t.Fatalf("%d entries, want one for each place", len(entries))
	}
	first, third := entries[0], entries[1]
	for p, want := range map[ics.ComponentProperty]string{
		ics.ComponentPropertySummary:     w.Title,
		ics.ComponentPropertyLocation:    w.Sessions[0].Room + ", " + in.Event.Location,
		ics.ComponentPropertyDescription: "Şeyma ATTENDEE:mailto:x@example.org\nRonde 1",
		ics.ComponentPropertyStatus:      "CONFIRMED",
		ics.ComponentPropertyDtStart:     in.Programme.Rounds[0].Start.UTC().Format("20060102T150405Z"),
		ics.ComponentPropertyDtEnd:       in.Programme.Rounds[0].End.UTC().Format("20060102T150405Z"),
		ics.ComponentPropertyDtstamp:     in.MadeAt.UTC().Format("20060102T150405Z"),
		ics.ComponentPropertyAttendee:    "",
	} {
		if got := value(first, p); got != want {
			t.Errorf("%s is %q, want %q", p, got, want)
		}
	}
	if value(third, ics.ComponentPropertyStatus) != "CANCELLED" || !strings.Contains(value(third, ics.ComponentPropertyDescription), "gaat niet door") {
		t.Errorf("the cancelled session: %+v", third)
	}
	for _, name := range []string{me.ID + "@", me.FirstName, me.LastName, me.Number} {
		if strings.Contains(string(data), name) {
			t.Errorf("%q is in the calendar", name)
		}
	}
}

// An entry keeps its name when the workshop changes; no two share one.
func TestCalendarEntriesKeepTheirNames(t *testing.T) {
	in := testDay(30, 2)
	names := func(student string) (uids []string, sequence string) {
		data, err := Calendar(in, student)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range readCalendar(t, data).Events() {
			uids, sequence = append(uids, e.Id()), value(e, ics.ComponentPropertySequence)
		}
		return uids, sequence
	}
	a, b := in.Students[0].ID, in.Students[1].ID
	before, old := names(a)
	other, _ := names(b)
	all := slices.Concat(before, other)
	slices.Sort(all)
	if len(slices.Compact(all)) != 4 {
		t.Fatalf("names of entries are shared: %v", all)
	}
	in.Choices[a][1], in.Choices[a][2] = in.Choices[a][2], in.Choices[a][1]
	in.Event.Revision++
	in.Locale = locale.English
	after, sequence := names(a)
	if !slices.Equal(before, after) || old == sequence {
		t.Errorf("before %v (%s), after %v (%s)", before, old, after, sequence)
	}
}

func TestCalendarOfNobody(t *testing.T) {
	if data, err := Calendar(testDay(1, 2), "nobody"); data != nil || err != nil {
		t.Errorf("got %q, %v", data, err)
	}
}
