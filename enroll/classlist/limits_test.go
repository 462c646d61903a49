package classlist

import (
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"cultuurdag/enroll/locale"
)

// rows is a CSV file of n students.
func rows(n int) []byte {
	var b strings.Builder
	b.WriteString("Klassenlijsten\r\n\r\n" + kop)
	for i := range n {
		fmt.Fprintf(&b, "%06d;Zoë;van den;Berg;%dHA\r\n", 100000+i, 1+i%6)
	}
	return []byte(b.String())
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name    string
		data    []byte
		message string // of the only problem, "" where there is none
	}{
		{"5,000 students", rows(5000), ""},
		{"5,001 students", rows(5001), "Het bestand heeft te veel rijen. Het maximum is 5000 leerlingen."},
		{"100,000 students", rows(100_000), "Het bestand heeft te veel rijen. Het maximum is 5000 leerlingen."},
		{"100 columns", []byte(strings.Repeat("x;", 95) + kop), "Het bestand is leeg."},
		{"101 columns", []byte(strings.Repeat("x;", 96) + kop), "Het bestand heeft te veel kolommen. Het maximum is 100."},
		{"columns without anything in them", []byte(strings.TrimSpace(kop) + strings.Repeat(";", 900) + "\n120001;Anna;;Berg;1A"), ""},
		{"a million columns", []byte(kop + strings.Repeat("x;", 1_000_000)), "Het bestand heeft te veel kolommen. Het maximum is 100."},
		{"5 MB of blank lines", []byte(strings.Repeat("\n", MaxBytes)), "Het bestand is leeg."},
		{"5 MB of separators", []byte(strings.Repeat(";\n", MaxBytes/2)), "Het bestand is leeg."},
		{"5 MB of a quote without end", []byte(kop + "120001;\"" + strings.Repeat("x;\n", MaxBytes/3-30)), "Het bestand heeft te veel rijen. Het maximum is 5000 leerlingen."},
		{"a byte more than 5 MB", append(rows(1), make([]byte, MaxBytes)...), "Het bestand is te groot (5,1 MB). Het maximum is 5 MB."},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := Read("", c.data)
			got := strings.Join(told(l), "\n")
			if got != c.message {
				t.Errorf("got %q, want %q", got, c.message)
			}
			if l.Fatal() != (c.message != "") {
				t.Errorf("fatal is %v", l.Fatal())
			}
		})
	}
}

// Every code has its sentence in both languages, with nothing left to fill in.
func TestEveryProblemHasItsMessage(t *testing.T) {
	all := []Problem{Missing(1), Missing(2)}
	for _, file := range []string{
		"", kop[:20], "x", "\x00", "\xD0\xCF\x11\xE0", "\xD0\xCF\x11\xE0E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e",
		strings.Repeat("x", MaxBytes+1), string(rows(5001)), strings.Repeat("x;", 200),
		"Roepnaam;Klas;Klas;Tussenvoegsel\n", "Nummer;Naam;Klas\n12;Anna Berg;1A\n1;Bo van den Kok;1A",
		kop + ";Zo?;;;\n1E+05;;;Kok;\n1;Anna;;Berg;1A\n1;Anna;;Berg;1A\n1;Bo;;Kok;1A\n;;;;;x\n22;B;;B;1A",
		strings.ReplaceAll(kop, ";", "\t") + "1\t2\t3\t4\t5\t6\n",
		"Stamnr;Naam;Klas;E-mail\n1;Berg, Anna;1A;geen\n", "Stamnr;Naam;Klas\n1;\"Gro\xE1, Anna;3-apr\n",
	} {
		all = append(all, Read("", []byte(file)).Problems...)
	}
	seen := map[string]bool{}
	for _, p := range all {
		seen[p.Code] = true
		for _, l := range []*locale.Locale{locale.Dutch, locale.English} {
			if text := Message(l, p); strings.HasPrefix(text, "list.") || strings.Contains(text, "<no value>") || text == "" {
				t.Errorf("%s in %s: %q", p.Code, l.Tag, text)
			}
		}
	}
	for _, code := range []string{
		NotAList, OldExcel, Locked, TooLarge, Empty, NoHeading, ColumnMissing, ColumnTwice, ColumnGuessed,
		NumberMissing, FirstMissing, LastMissing, ClassMissing, NumberShortened, NumberTwice, BadEmail,
		ClassIsDate, QuoteUnclosed, LettersGuessed, TooManyCells, LetterLost, NameSplit, SameRowTwice, ZerosLost, MissingStudents,
	} {
		if !seen[code] {
			t.Errorf("no problem %s among these files", code)
		}
	}
}

func TestMessagesAreWordedAsAgreed(t *testing.T) {
	split := Read("", []byte("Stamnr;Naam;Klas\n1;Anna van den Berg;1A\n")).Problems[0]
	twice := Read("", []byte("Stamnr;Naam;Klas;Groep\n")).Problems[0]
	cells := Read("", []byte(kop+"1;2;3;4;5;6\n")).Problems[0]
	half := Read("", []byte("Stamnr;Naam;Klas\n1;Anna;1A\n")).Problems[0]
	long := Read("", []byte(kop+"1;Zo?"+strings.Repeat("ë", 100)+";;Kok;1A\n")).Problems[0]
	elsewhere := Read("", workbook(t, func(f *excelize.File) {
		fill(t, f, "Brug", heading, []any{120001, "Anna", "van den", "Berg", "1A"})
		fill(t, f, "Onder", heading, []any{120001, "Bo", nil, "Kok", "1B"})
	})).Problems[0]
	for _, c := range []struct {
		locale *locale.Locale
		p      Problem
		want   string
	}{
		{locale.Dutch, split, "Rij 2: we splitsten ‘Anna van den Berg’ als roepnaam ‘Anna’, tussenvoegsel ‘van den’, achternaam ‘Berg’. Klopt dat?"},
		{locale.English, split, "Row 2: we split ‘Anna van den Berg’ into first name ‘Anna’, prefix ‘van den’, last name ‘Berg’. Is that right?"},
		{locale.Dutch, twice, "Twee kolommen lijken ‘klas’ te bevatten (Klas en Groep). Kies er één."},
		{locale.English, twice, "Two columns seem to hold ‘class’ (Klas and Groep). Choose one."},
		{locale.Dutch, cells, "Rij 2: meer kolommen dan de koprij. Staat er een ‘;’ in een naam?"},
		{locale.Dutch, half, "Rij 2, kolom Naam: achternaam ontbreekt."},
		{locale.Dutch, long, "Rij 2, kolom Roepnaam: ‘Zo?" + strings.Repeat("ë", 57) + "…’ bevat een ? of �. Waarschijnlijk ging een letter verloren bij het opslaan; gebruik .xlsx."},
		{locale.Dutch, elsewhere, "Onder: Rij 2: leerlingnummer 120001 staat ook in rij 2 van blad Brug."},
		{locale.Dutch, Missing(1), "1 leerling van de vorige lijst staat er niet meer in. Die blijft staan tot u die verwijdert."},
		{locale.Dutch, Missing(3), "3 leerlingen van de vorige lijst staan er niet meer in. Ze blijven staan tot u ze verwijdert."},
	} {
		if got := Message(c.locale, c.p); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}
