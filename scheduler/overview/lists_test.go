package overview

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// Nobody may be missing from a list, in any format, however hard the name.
func TestEveryNameStandsInEveryListAndFormat(t *testing.T) {
	in := testDay(120, 3)
	files := makeAll(t, in)
	want := map[string]int{"rosters": 1, "student-rosters": 3, "attendance": 3, "teachers": 3, "class-attendance": 1}
	for _, name := range Names {
		pdf := squeeze(strings.Join(pages(t, files[name+".pdf"]), " "))
		xlsx := cells(t, files[name+".xlsx"])
		csv := map[string]int{}
		for _, row := range readCSV(t, files[name+".csv"]) {
			for _, c := range row {
				csv[c]++
			}
		}
		for _, s := range in.Students {
			asPrinted, times := s.ListName(), want[name]
			if name == "student-rosters" {
				asPrinted, times = s.Name()+" · "+s.Class, 1 // as the student reads it, in one block
			}
			if n := strings.Count(pdf, squeeze(asPrinted)); n < times {
				t.Errorf("%s.pdf: %q stands there %d times, want %d", name, asPrinted, n, times)
			}
			if n := xlsx[s.ListName()]; n != want[name] {
				t.Errorf("%s.xlsx: %q stands there %d times, want %d", name, s.ListName(), n, want[name])
			}
			if n := csv[s.ListName()]; n != want[name] {
				t.Errorf("%s.csv: %q stands there %d times, want %d", name, s.ListName(), n, want[name])
			}
		}
	}
}

func TestEachPageSaysWhatItIsAndWhichOfHowMany(t *testing.T) {
	in := testDay(120, 3)
	files := makeAll(t, in)
	for _, name := range Names {
		all := pages(t, files[name+".pdf"])
		for i, page := range all {
			for _, want := range []string{in.Event.Title, in.School.Name, "vrijdag 4 december 2026", fmt.Sprintf("pagina %d van %d", i+1, len(all)),
				"Vernietig deze lijst na vrijdag 4 december 2026", in.Provider.Name} {
				if !strings.Contains(page, want) {
					t.Errorf("%s.pdf, page %d: no %q", name, i+1, want)
				}
			}
		}
	}
}

func TestStudentsStandInDutchOrderWithTheirWorkshops(t *testing.T) {
	in := testDay(28, 3)
	page := pages(t, makeAll(t, in)["class-attendance.pdf"])[0]
	at := -1
	for _, name := range []string{"Bakker, Jens", "Çağlayan, Şeyma", "Đặng, Minh", "Hooft, Zoë van ’t", "Işık, İbrahim", "Nguyễn, Thị Hồng", "Wójcik, Łukasz", "Žižka, Dvořák"} {
		i := strings.Index(page, name)
		if i <= at {
			t.Errorf("%q is not where it belongs", name)
		}
		at = i
	}
	for _, row := range readCSV(t, makeAll(t, in)["rosters.csv"])[1:] {
		if row[3] == "Łukasz" {
			want := "Breakdance|09:00–09:55|Lokaal 0.01|Sam de Boer"
			if got := strings.Join(row[6:10], "|"); got != want {
				t.Errorf("round 1 of Łukasz: %q, want %q", got, want)
			}
		}
	}
}

// bigDay puts 60 students into one session and leaves the other workshop
// without any in round 1 and cancelled in round 2.
func bigDay() Input {
	in := testDay(60, 2)
	in.Programme.Workshops = in.Programme.Workshops[:2]
	in.Programme.Workshops[1].Title = "Zeefdrukken"
	for _, s := range in.Students {
		in.Choices[s.ID] = enroll.Choices{1: {Workshop: "w1", By: enroll.Chosen}, 2: {Workshop: "w1", By: enroll.Chosen}}
	}
	in.Cancelled = []enroll.SessionKey{{Workshop: "w2", Round: 2}}
	return in
}

func TestSixtyStudentsInASessionGoOnTwoPagesWithTheHeadingsOnBoth(t *testing.T) {
	in := bigDay()
	all := pages(t, makeAll(t, in)["attendance.pdf"])
	both := all[0] + all[1]
	for i, page := range all[:2] {
		for _, want := range []string{"Breakdance", "Ronde 1", "09:00–09:55", "Lokaal 0.01", "Sam de Boer", "60 van 28", "Leerling", "Aanwezig", "Te laat", fmt.Sprintf("blad %d van 2", i+1)} {
			if !strings.Contains(page, want) {
				t.Errorf("page %d: no %q", i+1, want)
			}
		}
	}
	for _, s := range in.Students {
		if n := strings.Count(squeeze(both), squeeze(s.ListName())); n != 1 {
			t.Errorf("%q stands there %d times", s.ListName(), n)
		}
	}
}

func TestAnEmptyAndACancelledSessionSaySo(t *testing.T) {
	files := makeAll(t, bigDay())
	empty, cancelled := "", ""
	for _, page := range pages(t, files["attendance.pdf"]) {
		if strings.Contains(page, "Zeefdrukken") && strings.Contains(page, "Ronde 1") {
			empty = page
		}
		if strings.Contains(page, "Zeefdrukken") && strings.Contains(page, "Ronde 2") {
			cancelled = page
		}
	}
	if !strings.Contains(empty, "Er is niemand ingedeeld.") {
		t.Errorf("the empty session: %q", empty)
	}
	if !strings.Contains(cancelled, "Deze workshop gaat in deze ronde niet door.") {
		t.Errorf("the cancelled session: %q", cancelled)
	}
	teachers := strings.Join(pages(t, files["teachers.pdf"]), "")
	notes := map[string]int{}
	for _, row := range readCSV(t, files["attendance.csv"]) {
		notes[row[len(row)-1]]++
	}
	sheets := cells(t, files["attendance.xlsx"])
	for text, n := range map[string]int{"niemand ingedeeld": notes["niemand ingedeeld"], "gaat niet door": notes["gaat niet door"],
		"sheet: empty": sheets["Er is niemand ingedeeld."], "sheet: cancelled": sheets["Deze workshop gaat in deze ronde niet door."],
		"teachers: cancelled": strings.Count(teachers, "gaat niet door"), "teachers: empty": strings.Count(teachers, "niemand ingedeeld")} {
		if n != 1 {
			t.Errorf("%s: %d times, want 1", text, n)
		}
	}
}

func TestWhoHasNoPlaceStandsOnAPageOfTheirOwn(t *testing.T) {
	in := testDay(30, 2)
	lost := in.Students[7]
	in.Choices[lost.ID] = enroll.Choices{1: in.Choices[lost.ID][1], 2: {Workshop: "gone", By: enroll.Chosen}}
	files := makeAll(t, in)
	all := pages(t, files["attendance.pdf"])
	page := all[len(all)-1]
	for _, want := range []string{"Nog geen plek", "Ronde 2", lost.ListName()} {
		if !strings.Contains(page, want) {
			t.Errorf("the last page has no %q", want)
		}
	}
	if n := cells(t, files["class-attendance.xlsx"])["Nog geen plek"]; n != 1 {
		t.Errorf("%d students without a place, want 1", n)
	}
}

func TestANameThatNoFontHasStillGetsARow(t *testing.T) {
	in := testDay(10, 2)
	long := strings.Repeat("Wilhelmina-", 5) + "Anna" // 59 characters
	in.Students[0].FirstName, in.Students[0].LastName = "Noor 🎨👩🏽‍🎤", "Emmer"
	in.Students[1].FirstName, in.Students[1].LastName = long, "Q"
	in.Students[2].FirstName, in.Students[2].LastName = "Zoe\u0308 \u202E", "Bad\x00\xffbyte\n\tname" // decomposed, and hostile
	in.Students[3].FirstName, in.Students[3].LastName = "🎨", "𝕏"
	in.Students[5].FirstName, in.Students[5].Infix, in.Students[5].LastName = "小明", "", "王"
	files := makeAll(t, in)
	for _, name := range Names {
		text := squeeze(strings.Join(pages(t, files[name+".pdf"]), ""))
		wanted := []string{"Emmer,Noor", "Q," + long, "name,Zoë", "(100004)", "(100006)"}
		if name == "student-rosters" {
			wanted = []string{"NoorEmmer", long + "Q", "ZoëBad", "(100004)", "(100006)"}
		}
		for _, want := range append(wanted, "staatvoortekensdienietgedruktkunnenworden") {
			if !strings.Contains(text, want) {
				t.Errorf("%s.pdf: no %q", name, want)
			}
		}
		if strings.Contains(text, string(missing)) {
			t.Errorf("%s.pdf has the sign for what cannot be read, which looks like a fault", name)
		}
	}
	if text := strings.Join(pages(t, makeAll(t, testDay(10, 2))["attendance.pdf"]), ""); strings.Contains(text, "niet gedrukt kunnen worden") {
		t.Error("all can be printed, and the foot tells of signs")
	}
	if cells(t, files["rosters.xlsx"])["Emmer, Noor 🎨👩🏽‍🎤"] == 0 {
		t.Error("the XLSX lost the emoji")
	}
	if !strings.Contains(string(files["rosters.csv"]), "Emmer, Noor 🎨👩🏽‍🎤") {
		t.Error("the CSV lost the emoji")
	}
}

// Names as they come from other systems: composed and decomposed letters print
// alike, and a row of signs that no font has is one frame.
func TestLettersArePrintedAsTheyAreWritten(t *testing.T) {
	for in, want := range map[string]string{
		"Nguye\u0302\u0303n Thi\u0323 Ho\u0302\u0300ng": "Nguyễn Thị Hồng", "Đặng": "Đặng", "Ươ": "Ươ",
		"S\u0327eyma C\u0327ag\u0306layan": "Şeyma Çağlayan", "I\u0307brahim Is\u0327\u0131k": "İbrahim Işık",
		"Łukasz Wo\u0301jcik Z\u0307o\u0301łc\u0301": "Łukasz Wójcik Żółć",
		"Noor 🎨👩🏽‍🎤🇳🇱❤️":                             "Noor \uFFFD",
		"王小明":                                        "\uFFFD", "أحمد محمد": "\uFFFD \uFFFD", "a\uFFFD\uFFFDb": "a\uFFFDb",
	} {
		if got := printable(in); got != want {
			t.Errorf("%q is printed as %q, want %q", in, got, want)
		}
	}
}

func TestEightStudentsToAPageToCut(t *testing.T) {
	all := pages(t, makeAll(t, testDay(37, 4))["student-rosters.pdf"]) // 28 and 9
	if len(all) != 6 {
		t.Fatalf("%d pages, want 4 for one class and 2 for the other", len(all))
	}
	for i, page := range all {
		if n, want := strings.Count(page, "Het Waterland College")-1, []int{8, 8, 8, 4, 8, 1}[i]; n != want {
			t.Errorf("page %d: %d students, want %d", i+1, n, want)
		}
	}
}

func TestInEnglishAndOverSeveralDays(t *testing.T) {
	in := testDay(10, 2)
	in.Locale = locale.English
	in.Event.LastDate = in.Event.Date.AddDays(1)
	page := pages(t, makeAll(t, in)["attendance.pdf"])[0]
	for _, want := range []string{"Attendance list", "Round 1", "4 Dec 09:00–09:55", "Friday 4 December 2026 – Saturday 5 December 2026", "page 1 of", "Destroy it after Saturday 5 December 2026"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in %q", want, page)
		}
	}
}

// A key that no catalogue has would be printed as it is.
func TestNoMessageIsMissing(t *testing.T) {
	key := regexp.MustCompile(`overview\.[a-z_.]+|<no value>`)
	for _, in := range []Input{bigDay(), testDay(0, 0), testDay(60, 4)} {
		for _, l := range []*locale.Locale{locale.Dutch, locale.English} {
			in.Locale = l
			for name, data := range makeAll(t, in) {
				text := string(data)
				switch {
				case strings.HasSuffix(name, ".pdf"):
					text = strings.Join(pages(t, data), "")
				case strings.HasSuffix(name, ".xlsx"):
					text = fmt.Sprint(cells(t, data))
				}
				if k := key.FindString(text); k != "" {
					t.Errorf("%s in %s: %s", name, l.Tag, k)
				}
			}
		}
	}
}

func TestMakeTellsProgressAndStops(t *testing.T) {
	in := testDay(5, 1)
	var told []string
	if _, err := Make(context.Background(), in, func(done, total int) { told = append(told, fmt.Sprintf("%d/%d", done, total)) }); err != nil {
		t.Fatal(err)
	}
	if len(told) != 15 || told[0] != "1/15" || told[14] != "15/15" {
		t.Errorf("told %v", told)
	}
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Make(ctx, in, func(done, _ int) {
		if done == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// The lists are full of students: not even a temporary file may hold them.
// Where there is no temporary folder, writing one would fail.
func TestNoFileIsWritten(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	if got := len(makeAll(t, testDay(600, 3))); got != 15 {
		t.Errorf("%d files", got)
	}
}
