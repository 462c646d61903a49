package overview

import (
	"fmt"
	"image/png"
	"os"
	"slices"
	"strings"
	"testing"
)

func link(code string) string { return "https://cultuurdag.example/k#" + code }

func testSlips(in Input) []Slip {
	var slips []Slip
	for i, s := range in.Students {
		slips = append(slips, Slip{Student: s, Code: fmt.Sprintf("K7QF-9XTR-%04d", i)})
	}
	return slips
}

func TestEightSlipsToAPageEachWithItsCodeInWordsAndAsQR(t *testing.T) {
	in := testDay(20, 2)
	slips := testSlips(in)
	pdf, err := Slips(in, slips, link)
	if err != nil {
		t.Fatal(err)
	}
	all := pages(t, pdf)
	if len(all) != 3 {
		t.Fatalf("%d pages for 20 slips", len(all))
	}
	var scanned []string
	for i := range all {
		found := codes(t, pdf, fmt.Sprint(i+1))
		if want := []int{8, 8, 4}[i]; len(found) != want {
			t.Errorf("page %d: %d QR codes, want %d", i+1, len(found), want)
		}
		scanned = append(scanned, found...)
	}
	text := squeeze(strings.Join(all, ""))
	for _, x := range slips {
		if !slices.Contains(scanned, link(x.Code)+"\n") {
			t.Errorf("no QR code of %s", x.Code)
		}
		// The groups stand in frames of their own, one after the other.
		for _, want := range []string{x.Student.Name(), strings.ReplaceAll(x.Code, "-", "")} {
			if !strings.Contains(text, squeeze(want)) {
				t.Errorf("no %q", want)
			}
		}
	}
	for _, want := range []string{"Klas 3A · Het Waterland College", "Gooi dit weg na vrijdag 4 december 2026.", "cultuurdag.example", "tot maandag 30 november 2026 om 17:00."} {
		if n := strings.Count(text, squeeze(want)); n != 20 {
			t.Errorf("%q stands there %d times, want 20", want, n)
		}
	}
}

// The code of the first slip is looked for where nothing else is drawn.
func TestTheQRCodeIsAtLeast25MillimetresWide(t *testing.T) {
	in := testDay(1, 1)
	pdf, err := Slips(in, testSlips(in), link)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(render(t, pdf, "1"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	dots := func(mm float64) int { return int(mm / 25.4 * 200) }
	left, right := 1<<30, 0
	for x := dots(68); x < dots(104); x++ {
		for y := dots(38); y < dots(73); y++ {
			if r, _, _, _ := picture.At(x, y).RGBA(); r < 0x3000 {
				left, right = min(left, x), max(right, x)
			}
		}
	}
	if got := float64(right-left) / 200 * 25.4; got < 25 || got > 36 {
		t.Errorf("the QR code is %.1f mm wide", got)
	}
}

func TestASlipOfTheLongestNameStillHoldsAllOfIt(t *testing.T) {
	in := testDay(1, 1)
	in.Students[0].FirstName = strings.Repeat("Wilhelmina ", 5) + "🎨"
	in.School.Name = strings.Repeat("Christelijke Scholengemeenschap ", 4)
	in.Provider.Name = strings.Repeat("Stichting Kunst ", 6)
	pdf, err := Slips(in, testSlips(in), link)
	if err != nil {
		t.Fatal(err)
	}
	text := squeeze(pages(t, pdf)[0])
	for _, want := range []string{strings.Repeat("Wilhelmina", 5), strings.TrimSpace(in.School.Name), strings.TrimSpace(in.Provider.Name), "Gooi dit weg na"} {
		if !strings.Contains(text, squeeze(want)) {
			t.Errorf("no %q in %q", want, text)
		}
	}
	if got := codes(t, pdf, "1"); len(got) != 1 {
		t.Errorf("QR codes: %v", got)
	}
}

func TestALinkTooLongForAQRCodeIsAnError(t *testing.T) {
	in := testDay(1, 1)
	if _, err := Slips(in, testSlips(in), func(string) string { return strings.Repeat("x", 5000) }); err == nil {
		t.Error("no error")
	}
}

func TestSlipsAsATable(t *testing.T) {
	in := testDay(40, 1)
	data, err := SlipsCSV(testSlips(in), link)
	if err != nil {
		t.Fatal(err)
	}
	rows := readCSV(t, data)
	if want := []string{"Klas", "Leerlingnummer", "Voornaam", "Tussenvoegsel", "Achternaam", "Code", "Link"}; !slices.Equal(rows[0], want) {
		t.Errorf("headings %v", rows[0])
	}
	if len(rows) != 41 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows[1:] {
		if row[6] != link(row[5]) {
			t.Errorf("link %q of code %q", row[6], row[5])
		}
	}
	if !slices.ContainsFunc(rows, func(r []string) bool {
		return slices.Equal(r[:6], []string{"3A", "100005", "Zoë", "van ’t", "Hooft", "K7QF-9XTR-0004"})
	}) {
		t.Error("no row of Zoë van ’t Hooft")
	}
}
