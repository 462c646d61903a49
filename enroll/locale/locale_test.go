package locale

import (
	"encoding/json"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"cultuurdag/enroll"
)

// Both languages have the same messages: a key that one lacks would show as a
// bare key on somebody's page.
func TestCataloguesAgree(t *testing.T) {
	keys := map[string][]string{}
	files, err := fs.Glob(catalogue, "catalogue/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		data, err := catalogue.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var messages map[string]json.RawMessage
		if err := json.Unmarshal(data, &messages); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		tag := strings.Split(name, ".")[1]
		keys[tag] = append(keys[tag], slices.Collect(maps.Keys(messages))...)
	}
	for _, tag := range []string{"nl", "en"} {
		slices.Sort(keys[tag])
		if twice := slices.Compact(slices.Clone(keys[tag])); len(twice) != len(keys[tag]) {
			t.Errorf("%s: a key stands in two files", tag)
		}
	}
	for _, key := range keys["nl"] {
		if !slices.Contains(keys["en"], key) {
			t.Errorf("English lacks %q", key)
		}
	}
	for _, key := range keys["en"] {
		if !slices.Contains(keys["nl"], key) {
			t.Errorf("Dutch lacks %q", key)
		}
	}
}

func TestNamesSortAsDutchNamesDo(t *testing.T) {
	students := []enroll.Student{
		{FirstName: "Zoë", LastName: "Visser"},
		{FirstName: "Anna", Infix: "van den", LastName: "Berg"},
		{FirstName: "Éva", LastName: "Çelik"},
		{FirstName: "Bram", LastName: "berg"},
		{FirstName: "Anna", LastName: "Berg"},
		{FirstName: "Ömer", LastName: "Dekker"},
		{FirstName: "Piet", LastName: "Bergman"},
	}
	SortStudents(students)
	var got []string
	for _, s := range students {
		got = append(got, s.Name())
	}
	want := []string{"Anna Berg", "Anna van den Berg", "Bram berg", "Piet Bergman", "Éva Çelik", "Ömer Dekker", "Zoë Visser"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestDatesAreLocal(t *testing.T) {
	at := time.Date(2026, 12, 3, 23, 30, 0, 0, time.UTC) // half past midnight in Amsterdam
	if got, want := Dutch.Moment(at), "vrijdag 4 december 2026 om 00:30"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := English.Moment(at), "Friday 4 December 2026 at 00:30"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLanguageOfAReader(t *testing.T) {
	for _, c := range []struct{ chosen, accept, want string }{
		{"", "", "nl"},
		{"", "en-GB,en;q=0.9", "en"},
		{"", "de-DE,de;q=0.9", "nl"},
		{"", "fy,nl;q=0.8,en;q=0.5", "nl"},
		{"en", "nl", "en"},
		{"nl", "en", "nl"},
		{"xx", "\x00;;;", "nl"},
	} {
		if got := For(c.chosen, c.accept).Tag; got != c.want {
			t.Errorf("For(%q, %q) = %s, want %s", c.chosen, c.accept, got, c.want)
		}
	}
}
