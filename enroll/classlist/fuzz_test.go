package classlist

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"cultuurdag/enroll/locale"
)

// hold checks what holds of every list, whatever the file was.
func hold(t *testing.T, data []byte) { holdWith(t, data, Options{}) }

func holdWith(t *testing.T, data []byte, o Options) {
	t.Helper()
	l := ReadWith("", data, o)
	if len(l.Problems) == 0 && l.Columns == nil {
		t.Error("neither columns nor a problem")
	}
	if l.Fatal() && len(l.Students) > 0 {
		t.Error("students beside a fatal problem")
	}
	if len(l.Students) > MaxRows {
		t.Errorf("%d students", len(l.Students))
	}
	numbers := map[string]bool{}
	for _, s := range l.Students {
		if s.Number == "" || s.FirstName == "" || s.LastName == "" || s.Class == "" {
			t.Errorf("half a student: %+v", s)
		}
		if numbers[s.Number] {
			t.Errorf("number %q twice", s.Number)
		}
		numbers[s.Number] = true
		for _, text := range []string{s.Number, s.FirstName, s.Infix, s.LastName, s.Class} {
			if !utf8.ValidString(text) || strings.TrimSpace(text) != text || strings.ContainsAny(text, "\x00\r\n\t") {
				t.Errorf("not clean: %q", text)
			}
		}
	}
	for _, p := range l.Problems {
		if text := Message(locale.Dutch, p); !utf8.ValidString(text) || strings.Contains(text, "<no value>") || strings.HasPrefix(text, "list.") {
			t.Errorf("message of %+v: %q", p, text)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	for _, name := range []string{"fouten.csv", "magister.csv", "excel-nl.csv"} {
		f.Add(sample(f, name)[:350]) // a fuzzer is slow with more
	}
	for _, text := range []string{
		"", kop, kop + "120001;\"Anna;van den;Berg;1A\n", "sep=|\n", "Stamnr\tNaam\tKlas\n1\t\"Jong-van Ginkel; de, Bo\"\t1A\n",
		"Nummer,Naam,Lesgroep\n1,Anna van 't Hof,1A\n", "\xFF\xFES\x00t\x00", "\xEF\xBB\xBF", "a\xE9\x91\x82", kop + "1,23E+05;?;\uFFFD;,;#N/B\n",
		`<?xml version="1.0" encoding="ISO-8859-1"?><EDEX><groepen><groep key="g1"><naam>7A</naam></groep></groepen><leerlingen><leerling key="1"><roepnaam>Zo` + "\xEB" + `</roepnaam><achternaam>Berg</achternaam><groep key="g1"/></leerling></leerlingen></EDEX>`,
		kop + kop + "Totaal: 1;;;;\n1.0;e\u0301;;de;1\n", "Stamnr;Naam;Naam;Klas\n;,;,;\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(hold)
}

func FuzzReadXLSX(f *testing.F) {
	f.Add(workbook(f, func(w *excelize.File) { fill(f, w, "Sheet1", heading, []any{120001, "Anna", "van den", "Berg", "1A"}) }))
	f.Add(handmade(f, "<sheetData>"+inline("Stamnr", "Naam", "Klas")+inline("1", "Berg, Anna", "1A")+"</sheetData>", ""))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(hold)
}

// The parts of a workbook, not packed: a fuzzer seldom gets through a checksum.
func FuzzReadSheet(f *testing.F) {
	f.Add("<sheetData>"+inline("Stamnr", "Naam", "Klas")+inline("1", "Berg, Anna", "1A")+"</sheetData>", "<si><t>x</t></si>")
	f.Add(`<sheetData><row r="3"><c r="B3" t="s"><v>0</v></c><c r="A1" t="b"><v>1</v></c></row></sheetData><mergeCells><mergeCell ref="A1:A9"/></mergeCells>`, "<si><r><t>x</t></r></si>")
	f.Add(`<sheetData><row r="9"/><row r="1"><c t="d"><v>2026-12-04</v><f>1</f></c></row></sheetData>`, "")
	f.Fuzz(func(t *testing.T, sheet, strings string) { hold(t, handmade(t, sheet, strings)) })
}

func FuzzReadODS(f *testing.F) {
	f.Add(table("Blad1", odsRow("Stamnr", "Naam", "Klas")+odsRow("1", "Berg, Anna", "1A")))
	f.Add(`<table:table><table:table-row table:number-rows-repeated="9"><table:table-cell table:number-columns-repeated="3" office:value-type="float" office:value="1"/></table:table-row></table:table>`)
	f.Fuzz(func(t *testing.T, sheets string) { hold(t, document(t, sheets)) })
}

func FuzzReadWith(f *testing.F) {
	f.Add([]byte("ID;Given;Family;Form\n120001;Zo\xEB;Berg;1A\n"), "A", "Given", "Family", "D", "MacRoman")
	f.Add([]byte("120001;Anna;Berg;1A\n"), "A", "B", "C", "D", "")
	f.Add([]byte(kop+"1;Anna;;Berg;1A\n"), "", "CV", "achternaam", "\xFF", "UTF-16LE")
	f.Fuzz(func(t *testing.T, data []byte, number, first, last, class, encoding string) {
		holdWith(t, data, Options{Columns: map[Field]string{Number: number, First: first, Last: last, Class: class}, Encoding: encoding})
	})
}

// A workbook cut off or damaged anywhere is refused, or read whole.
func TestDamagedWorkbooks(t *testing.T) {
	data := workbook(t, func(f *excelize.File) {
		fill(t, f, "Sheet1", heading, []any{120001, "Anna", "van den", "Berg", "1A"})
	})
	whole := Read("", data)
	for i := 0; i < len(data); i += 7 {
		damaged := bytes.Clone(data)
		damaged[i] ^= 0x55
		for _, file := range [][]byte{data[:i], damaged} {
			if l := Read("", file); !l.Fatal() && (len(l.Students) != 1 || l.Students[0] != whole.Students[0]) {
				t.Errorf("byte %d: read as %+v", i, l)
			}
		}
	}
}
