package overview

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"cultuurdag/enroll"
)

// printAll is every list, printed at that moment.
func printAll(t *testing.T, in Input, at time.Time) map[string]Printed {
	t.Helper()
	data, err := Snapshot(in)
	if err != nil {
		t.Fatal(err)
	}
	printed := map[string]Printed{}
	for _, name := range Names {
		printed[name] = Printed{at, data}
	}
	return printed
}

// compare returns the changes, and what changed of each sheet, by list and title.
func compare(t *testing.T, in Input, printed map[string]Printed) (*Changes, map[string]string) {
	t.Helper()
	c, err := Compare(in, printed)
	if err != nil {
		t.Fatal(err)
	}
	what := map[string]string{}
	for _, l := range c.Lists {
		for _, x := range l.Sheets {
			title := l.Name + "|" + x.Title
			if x.Round > 0 {
				title += "|" + string(rune('0'+x.Round))
			}
			what[title] = strings.Join(x.What, " · ")
		}
	}
	return c, what
}

func changedFile(t *testing.T, c *Changes, format string) []byte {
	t.Helper()
	f, err := c.File(context.Background(), format)
	if err != nil {
		t.Fatal(err)
	}
	return f.Data
}

// eve is a day as it was printed the evening before; morning is what changed
// overnight.
func eve() Input { return testDay(84, 2) }

func morning() Input {
	in := eve()
	in.MadeAt = in.MadeAt.AddDate(0, 0, 1)
	// Łukasz goes from Breakdance to Djembé in round 1.
	in.Choices["id0"] = enroll.Choices{1: {Workshop: "w3", By: enroll.Pinned}, 2: in.Choices["id0"][2]}
	return in
}

func TestNothingChangedSinceThePrint(t *testing.T) {
	in := eve()
	c, what := compare(t, in, printAll(t, in, in.MadeAt))
	if len(what) != 0 || c.Sheets() != 0 || len(c.Lists) != len(Names) {
		t.Errorf("changed: %v", what)
	}
	in.Locale, in.MadeAt = nil, in.MadeAt.Add(time.Hour) // the hour of making changes no sheet
	slices.Reverse(in.Students)                          // nor does the order in which students come
	if c, what = compare(t, in, printAll(t, eve(), in.MadeAt)); len(what) != 0 {
		t.Errorf("changed: %v", what)
	}
	if text := strings.Join(pages(t, changedFile(t, c, "pdf")), ""); !strings.Contains(text, "Er is niets gewijzigd.") {
		t.Errorf("the PDF says %q", text)
	}
}

func TestOneStudentMovedChangesFiveSheets(t *testing.T) {
	in := morning()
	c, what := compare(t, in, printAll(t, eve(), eve().MadeAt))
	want := map[string]string{
		"rosters|Klas 3A":          "1 plek gewijzigd",
		"student-rosters|Klas 3A":  "1 plek gewijzigd",
		"attendance|Breakdance|1":  "1 eraf",
		"attendance|Djembé|1":      "1 nieuw",
		"teachers|Sam de Boer":     "1 Breakdance: 1 eraf",
		"teachers|Kees ’t Hart":    "1 Djembé: 1 nieuw",
		"class-attendance|Klas 3A": "1 plek gewijzigd",
	}
	for sheet, words := range want {
		if what[sheet] != words {
			t.Errorf("%s: %q, want %q", sheet, what[sheet], words)
		}
	}
	if len(what) != len(want) {
		t.Errorf("changed: %v", what)
	}
	all := pages(t, changedFile(t, c, "pdf"))
	text := func(n int) string { return squeeze(all[n]) }
	if len(all) != 8 { // what changed, and a page for each
		t.Fatalf("%d pages", len(all))
	}
	for i, wants := range [][]string{
		{"Alleen gewijzigde lijsten", "sinds 2-12 14:05", "Breakdance", "1 eraf"},
		{"Klas 3A", "Gewijzigd sinds de afdruk van woensdag 2 december 2026 om 14:05", "gewijzigd", "Wójcik, Łukasz"},
		{"Łukasz Wójcik", "Djembé"},
		{"Breakdance", "Wójcik, Łukasz", "eraf", "nu: Djembé"},
		{"Djembé", "Wójcik, Łukasz", "nieuw"},
	} {
		for _, want := range wants {
			if !strings.Contains(text(i), squeeze(want)) {
				t.Errorf("page %d has no %q: %s", i+1, want, all[i])
			}
		}
	}
	if strings.Count(text(2), "HetWaterlandCollege") != 2 { // in the frame, and one block
		t.Errorf("more blocks than the one that changed: %s", all[2])
	}
	csv := readCSV(t, changedFile(t, c, "csv"))
	if !slices.ContainsFunc(csv, func(r []string) bool {
		return slices.Equal(r, []string{"Presentielijst", "Djembé", "1", "Wójcik, Łukasz", "3A", "nieuw", "Breakdance", "Djembé"})
	}) || !slices.ContainsFunc(csv, func(r []string) bool {
		return slices.Equal(r, []string{"Rooster", "Klas 3A", "1", "Wójcik, Łukasz", "3A", "gewijzigd", "Breakdance · Lokaal 0.01", "Djembé · Lokaal 0.03"})
	}) {
		t.Errorf("the CSV says %v", csv)
	}
	if n := cells(t, changedFile(t, c, "xlsx"))["Wójcik, Łukasz"]; n != 7 {
		t.Errorf("Łukasz stands %d times in the XLSX", n)
	}
}

// Each change has its word, on each list that shows it and on no other.
func TestEveryKindOfChangeIsSaid(t *testing.T) {
	for name, story := range map[string]struct {
		change func(in *Input)
		want   map[string]string
		none   []string // lists that do not change
	}{
		"a room": {func(in *Input) { in.Programme.Workshops[0].Sessions[0].Room = "Aula" },
			map[string]string{"attendance|Breakdance|1": "lokaal was Lokaal 0.01", "teachers|Sam de Boer": "1 Breakdance: lokaal was Lokaal 0.01", "rosters|Klas 3A": "7 plekken gewijzigd"}, nil},
		"a teacher": {func(in *Input) { in.Programme.Workshops[0].Teacher = "Lotte Vos" },
			map[string]string{"attendance|Breakdance|1": "docent was Sam de Boer", "attendance|Breakdance|2": "docent was Sam de Boer", "teachers|Lotte Vos": "nieuw blad", "teachers|Sam de Boer": "vervalt: gooi het oude blad weg"},
			[]string{"rosters", "class-attendance"}},
		"a title": {func(in *Input) { in.Programme.Workshops[0].Title = "Hiphop" },
			map[string]string{"attendance|Hiphop|1": "heette Breakdance", "teachers|Sam de Boer": "1 Hiphop: heette Breakdance · 2 Hiphop: heette Breakdance"}, nil},
		"a time": {func(in *Input) { in.Programme.Rounds[0].Start = in.Programme.Rounds[0].Start.Add(-15 * time.Minute) },
			map[string]string{"attendance|Breakdance|1": "tijd was 09:00–09:55", "rosters|Klas 3B": "Ronde 1: tijd was 09:00–09:55", "student-rosters|Klas 3A": "28 plekken gewijzigd"}, nil},
		"a cancelled session": {func(in *Input) { in.Cancelled = []enroll.SessionKey{{Workshop: "w1", Round: 2}} },
			map[string]string{"attendance|Breakdance|2": "gaat niet door", "teachers|Sam de Boer": "2 Breakdance: gaat niet door"}, nil},
		"a name": {func(in *Input) { in.Students[0].LastName = "Wojcik" },
			map[string]string{"attendance|Breakdance|1": "1 naam gewijzigd", "rosters|Klas 3A": "1 naam gewijzigd", "student-rosters|Klas 3A": "1 naam gewijzigd"}, nil},
		"a class": {func(in *Input) { in.Students[0].Class = "3B" },
			map[string]string{"rosters|Klas 3A": "1 eraf", "rosters|Klas 3B": "1 nieuw", "attendance|Breakdance|1": "1 van klas gewisseld", "student-rosters|Klas 3B": "1 nieuw"}, nil},
		"a class of its own": {func(in *Input) { in.Students[0].Class = "9Z" },
			map[string]string{"rosters|Klas 9Z": "nieuw blad", "class-attendance|Klas 9Z": "nieuw blad"}, nil},
		"a new student": {func(in *Input) {
			in.Students = append(in.Students, enroll.Student{ID: "late", Number: "9", FirstName: "Pien", LastName: "Laat", Class: "3C"})
			in.Choices["late"] = enroll.Choices{1: {Workshop: "w1"}, 2: {Workshop: "w2"}}
		}, map[string]string{"rosters|Klas 3C": "1 nieuw", "attendance|Breakdance|1": "1 nieuw"}, nil},
		"an erased student": {func(in *Input) { in.Students = in.Students[1:] },
			map[string]string{"rosters|Klas 3A": "1 leerling verwijderd", "attendance|Breakdance|1": "1 leerling verwijderd", "teachers|Sam de Boer": "1 Breakdance: 1 leerling verwijderd"}, []string{"student-rosters"}},
		"a place lost": {func(in *Input) { delete(in.Choices["id0"], 1) },
			map[string]string{"attendance|Breakdance|1": "1 eraf", "attendance|Nog geen plek|1": "nieuw blad", "rosters|Klas 3A": "1 plek gewijzigd"}, nil},
		"a workshop gone": {func(in *Input) { in.Programme.Workshops = in.Programme.Workshops[1:] },
			map[string]string{"attendance|Breakdance|1": "vervalt: gooi het oude blad weg", "teachers|Sam de Boer": "vervalt: gooi het oude blad weg", "attendance|Nog geen plek|1": "nieuw blad"}, nil},
		"another place": {func(in *Input) { in.Event.Location = "De Kring" },
			map[string]string{"rosters|Klas 3C": "naam, datum of plaats van de dag", "teachers|Sam de Boer": "naam, datum of plaats van de dag", "student-rosters|Klas 3A": "naam, datum of plaats van de dag"}, nil},
		"a round less": {func(in *Input) { in.Programme.Rounds = in.Programme.Rounds[:1] },
			map[string]string{"rosters|Klas 3A": "er zijn minder rondes", "attendance|Breakdance|2": "vervalt: gooi het oude blad weg", "teachers|Sam de Boer": "eraf: 2 Breakdance"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			in := eve()
			story.change(&in)
			c, what := compare(t, in, printAll(t, eve(), eve().MadeAt))
			for sheet, words := range story.want {
				if what[sheet] != words {
					t.Errorf("%s: %q, want %q", sheet, what[sheet], words)
				}
			}
			for _, list := range story.none {
				for sheet, words := range what {
					if strings.HasPrefix(sheet, list+"|") {
						t.Errorf("%s: %s", sheet, words)
					}
				}
			}
			text := strings.Join(pages(t, changedFile(t, c, "pdf")), "")
			if strings.Contains(text, "overview.") || strings.Contains(text, "<no value>") {
				t.Errorf("a word is missing: %s", text)
			}
		})
	}
}

// Each list is compared with its own print; one that was not printed is left out.
func TestEachListHasItsOwnPrint(t *testing.T) {
	old := printAll(t, eve(), eve().MadeAt)
	later := printAll(t, morning(), morning().MadeAt)
	c, what := compare(t, morning(), map[string]Printed{"attendance": old["attendance"], "rosters": later["rosters"]})
	if len(c.Lists) != 2 || c.Lists[0].Name != "rosters" || !c.Lists[0].Since.Equal(morning().MadeAt) || len(what) != 2 {
		t.Errorf("lists %v, changed %v", c.Lists, what)
	}
}

func TestASnapshotNamesNobody(t *testing.T) {
	in := eve()
	data, err := Snapshot(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range in.Students {
		if strings.Contains(string(data), s.LastName) || strings.Contains(string(data), s.Number) {
			t.Fatalf("the snapshot names %q", s.Name())
		}
	}
	if _, err := Compare(in, map[string]Printed{"rosters": {in.MadeAt, []byte("{")}}); err == nil {
		t.Error("half a snapshot is taken for one")
	}
}
