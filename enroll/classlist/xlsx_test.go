package classlist

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// workbook writes sheets of cells, each "name" followed by its rows.
func workbook(t testing.TB, edit func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	edit(f)
	b, err := f.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func fill(t testing.TB, f *excelize.File, sheet string, rows ...[]any) {
	t.Helper()
	if _, err := f.NewSheet(sheet); err != nil {
		t.Fatal(err)
	}
	for i, r := range rows {
		if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &r); err != nil {
			t.Fatal(err)
		}
	}
}

var heading = []any{"Leerlingnummer", "Roepnaam", "Tussenvoegsel", "Achternaam", "Klas"}

func TestWorkbooks(t *testing.T) {
	for _, c := range []struct {
		name     string
		edit     func(f *excelize.File)
		students []string
		problems []string
	}{
		{"numbers as numbers and as text", func(f *excelize.File) {
			fill(t, f, "Sheet1", heading,
				[]any{120001, "Anna", "van den", "Berg", "1A"},
				[]any{"000123", "Bo", nil, "Kok", 7},
				[]any{123456789012, "Cas", nil, "Bos", 7.0},
				[]any{"1,23E+05", "Dex", nil, "Smit", "1A"})
			must(t, f.SetCellFormula("Sheet1", "F2", "1+1"))
		}, nil, []string{"zeros_lost@0", "number_shortened@5/Leerlingnummer!"}},
		{"a number that Excel shows as 1.2E+05 is whole", func(f *excelize.File) {
			fill(t, f, "Sheet1", heading, []any{123456, "Anna", "van den", "Berg", "1A"})
			style, err := f.NewStyle(&excelize.Style{NumFmt: 11})
			must(t, err)
			must(t, f.SetCellStyle("Sheet1", "A2", "A2", style))
		}, []string{"123456|Anna|van den|Berg|1A"}, nil},
		{"what Excel took for a date", func(f *excelize.File) {
			fill(t, f, "Sheet1", heading, []any{123456, "Anna", "van den", "Berg", 46115}, []any{123457, "Bo", nil, "Kok", 46115}, []any{46115, "Cas", nil, "Bos", "1A"})
			for cell, format := range map[string]string{"E2": "d-mmm", "E3": `"klas" [Red]0`, "A4": "dd/mm/yyyy"} {
				style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
				must(t, err)
				must(t, f.SetCellStyle("Sheet1", cell, cell, style))
			}
		}, nil, []string{"class_is_date@2/Klas", "number_shortened@4/Leerlingnummer!"}},
		{"numbers that a format shows with leading zeros", func(f *excelize.File) {
			fill(t, f, "Sheet1", heading, []any{123, "Anna", "van den", "Berg", "1A"}, []any{1234567, "Bo", nil, "Kok", "1A"})
			format := "000000"
			style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
			must(t, err)
			must(t, f.SetCellStyle("Sheet1", "A2", "A3", style))
		}, []string{"000123|Anna|van den|Berg|1A", "1234567|Bo||Kok|1A"}, []string{"zeros_lost@0"}},
		{"a remark beside the table is no fault", func(f *excelize.File) {
			fill(t, f, "Sheet1", heading, []any{120001, "Anna", "van den", "Berg", "1A", nil, "nieuw"})
		}, []string{"120001|Anna|van den|Berg|1A"}, nil},
		{"rows above, blank rows, footers", func(f *excelize.File) {
			fill(t, f, "Sheet1", []any{"Klassenlijst"}, nil, heading, nil,
				[]any{120001, "Anna", "van den", "Berg", "1A"},
				[]any{120002, "Bo"},
				nil, []any{"Totaal", 2})
		}, nil, []string{"last_missing@6/Achternaam!", "class_missing@6/Klas!"}},
		{"a class that is merged over rows", func(f *excelize.File) {
			fill(t, f, "Sheet1", []any{"Klas", "Stamnr", "Naam"},
				[]any{"1A", 120001, "Berg, Anna van den"}, []any{nil, 120002, "Kok, Bo"}, []any{nil, nil, nil},
				[]any{"1B", 120003, "Bos, Cas"}, []any{nil, 120004, "Smit, Dex"})
			must(t, f.MergeCell("Sheet1", "A2", "A4"))
		}, nil, []string{"class_missing@6/Klas!"}},
		{"several sheets with their name for a class", func(f *excelize.File) {
			head := []any{"Stamnr", "Roepnaam", "Achternaam"}
			fill(t, f, "1A", head, []any{120001, "Anna", "van den Berg"})
			fill(t, f, "1B", head, []any{120002, "Bo", "Kok"})
			fill(t, f, "Toelichting", []any{"Dit is de lijst"})
			fill(t, f, "Oud", head, []any{999999, "Weg", "Is"})
			must(t, f.SetSheetVisible("Oud", false))
		}, []string{"120001|Anna|van den|Berg|1A", "120002|Bo||Kok|1B"}, nil},
		{"faults of several sheets name theirs", func(f *excelize.File) {
			fill(t, f, "Brug", heading, []any{120001, "Anna", "van den", "Berg", "1A"})
			fill(t, f, "Onder", heading, []any{120001, "Bo", nil, "Kok", "1B"}, []any{120003, "Cas", nil, nil, "1B"})
		}, nil, []string{"Onder!number_twice@2!", "Onder!last_missing@3/Achternaam!"}},
		{"sheets with the name of a program have no class", func(f *excelize.File) {
			fill(t, f, "Sheet1", []any{"Stamnr", "Roepnaam", "Achternaam"}, []any{120001, "Anna", "Berg"})
			fill(t, f, "Blad2", []any{"Stamnr", "Roepnaam", "Achternaam"}, []any{120002, "Bo", "Kok"})
		}, nil, []string{"Sheet1!column_missing@1!", "Blad2!column_missing@1!"}},
		{"nothing in it", func(*excelize.File) {}, nil, []string{"empty@0!"}},
		{"too wide", func(f *excelize.File) {
			fill(t, f, "Sheet1", heading)
			must(t, f.SetCellValue("Sheet1", "XFD5000", "x"))
		}, nil, []string{"too_large@0!"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			students, problems := summary(Read("", workbook(t, c.edit)))
			if !slices.Equal(students, c.students) {
				t.Errorf("students\n got %q\nwant %q", students, c.students)
			}
			if !slices.Equal(problems, c.problems) {
				t.Errorf("problems\n got %q\nwant %q", problems, c.problems)
			}
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// zipped packs parts by name.
func zipped(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, content := range parts {
		part, err := w.Create(name)
		must(t, err)
		_, err = part.Write([]byte(content))
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes()
}

const declaration = `<?xml version="1.0" encoding="UTF-8"?>`

// handmade is a workbook of one sheet, with what a sheet and the strings hold.
func handmade(t testing.TB, sheet, strings string) []byte {
	t.Helper()
	return zipped(t, map[string]string{
		"[Content_Types].xml":        declaration + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels":                declaration + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            declaration + `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Blad1" sheetId="1" r:id="r2"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": declaration + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml":   declaration + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` + sheet + `</worksheet>`,
		"xl/sharedStrings.xml":       declaration + `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` + strings + `</sst>`,
	})
}

func inline(cells ...string) string {
	var b strings.Builder
	for _, c := range cells {
		b.WriteString(`<c t="inlineStr"><is><t>` + c + `</t></is></c>`)
	}
	return "<row>" + b.String() + "</row>"
}

func TestNumbersAsOtherProgramsWriteThem(t *testing.T) {
	head := inline("Leerlingnummer", "Roepnaam", "Achternaam", "Klas")
	rest := `<c t="inlineStr"><is><t>Anna</t></is></c><c t="inlineStr"><is><t>Berg</t></is></c><c t="inlineStr"><is><t>1A</t></is></c></row>`
	for written, want := range map[string]string{
		"120001": "120001", "120001.0": "120001", "1.2000123E7": "12000123", "1.20001E7": "12000100",
	} {
		l := Read("", handmade(t, `<sheetData>`+head+`<row><c><v>`+written+`</v></c>`+rest+`</sheetData>`, ""))
		if len(l.Students) != 1 || l.Students[0].Number != want {
			t.Errorf("%s: %+v %v", written, l.Students, told(l))
		}
	}
}

// Files that are made to exhaust their reader are refused, and soon: the tests
// would take gigabytes or minutes if they were parsed.
func TestBombsAreRefused(t *testing.T) {
	full := strings.Repeat(`<row>`+strings.Repeat(`<c t="s"><v>0</v></c>`, 90)+`</row>`, 4900)
	for _, c := range []struct{ name, code, sheet, strings string }{
		{"unpacks to more than 16 MB", TooLarge, "<sheetData/>" + strings.Repeat(" ", MaxUnpacked), ""},
		{"a million columns", TooLarge, "<sheetData><row>" + strings.Repeat("<c><v>1</v></c>", 1_000_000) + "</row></sheetData>", ""},
		{"rows that reach the last column", TooLarge, "<sheetData>" + strings.Repeat(`<row><c r="XFD1"><v>1</v></c></row>`, 300_000) + "</sheetData>", ""},
		{"too many rows", TooLarge, "<sheetData>" + strings.Repeat(`<row><c><v>1</v></c></row>`, 400_000) + "</sheetData>", ""},
		{"a last row far down", NoHeading, `<sheetData><row r="1048576"><c r="A1048576"><v>1</v></c></row></sheetData>`, ""},
		{"a long string in every cell", TooLarge, "<sheetData>" + full + "</sheetData>", "<si><t>" + strings.Repeat("x", 32_000) + "</t></si>"},
		{"a string of megabytes", NotAList, "<sheetData/>", "<si><t>" + strings.Repeat("x", 8<<20) + "</t></si>"},
		{"elements without end", NotAList, strings.Repeat("<a>", 4_000_000), ""},
		{"a million elements within one another", NotAList, "<sheetData/>" + strings.Repeat("<a>", 1_000_000) + strings.Repeat("</a>", 1_000_000), ""},
		{"millions of empty strings", NotAList, "<sheetData/>", strings.Repeat("<si/>", 3_000_000)},
		{"a sheet that breaks off", NotAList, "<sheetData><row>", ""},
		{"a document type", NotAList, `<!DOCTYPE a [<!ENTITY b "c">]><sheetData/>`, ""},
		{"merged cells without end", Empty, "<sheetData/><mergeCells>" + strings.Repeat(`<mergeCell ref="A1:A1048576"/>`, 400_000) + "</mergeCells>", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := Read("", handmade(t, c.sheet, c.strings))
			if len(l.Problems) != 1 || l.Problems[0].Code != c.code || !l.Fatal() {
				t.Errorf("got %v, want %s", told(l), c.code)
			}
		})
	}
}

// Parts that state a smaller size than they have are refused, not unpacked.
func TestPartThatLiesAboutItsSize(t *testing.T) {
	data := handmade(t, "<sheetData/>"+strings.Repeat(" ", 1<<20), "")
	size := []byte{0, 0, 0, 0}
	honest := uint32(0)
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	must(t, err)
	for _, f := range z.File {
		if f.Name == "xl/worksheets/sheet1.xml" {
			honest = uint32(f.UncompressedSize64)
		}
	}
	for i := range size {
		size[i] = byte(honest >> (8 * i))
	}
	lying := bytes.ReplaceAll(data, size, []byte{100, 0, 0, 0})
	if bytes.Equal(lying, data) {
		t.Fatal("the size was not found in the file")
	}
	if got := Read("", lying).Problems; len(got) != 1 || got[0].Code != NotAList {
		t.Errorf("got %v", got)
	}
}

func TestOtherZippedFiles(t *testing.T) {
	for _, c := range []struct {
		name, code string
		data       []byte
	}{
		{"a document of Word", NotAList, zipped(t, map[string]string{"[Content_Types].xml": "<Types/>", "word/document.xml": "<document/>"})},
		{"a binary workbook", NotAList, zipped(t, map[string]string{"[Content_Types].xml": "<Types/>", "xl/workbook.bin": "\x00\x01"})},
		{"a workbook with nothing in it", NotAList, zipped(t, map[string]string{"xl/workbook.xml": "<workbook/>"})},
		{"an empty archive", NotAList, zipped(t, nil)},
		{"half a workbook", NotAList, sample(t, "klassen.xlsx")[:4000]},
		{"the beginning of one", NotAList, []byte("PK\x03\x04")},
	} {
		if got := Read("", c.data).Problems; len(got) != 1 || got[0].Code != c.code || !got[0].Fatal {
			t.Errorf("%s: got %v, want %s", c.name, got, c.code)
		}
	}
}

// No student reaches a temporary folder, however large the sheet is.
func TestNothingIsWrittenToTemporaryFolder(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	// A file may be removed again: only the folder's own time tells.
	untouched := time.Date(2026, 12, 4, 0, 0, 0, 0, time.UTC)
	must(t, os.Chtimes(dir, untouched, untouched))
	row := inline("120001", "Anna", "Berg", "1A")
	large := "<sheetData>" + inline("Stamnr", "Roepnaam", "Achternaam", "Klas") + strings.Repeat(row, 4000) + "</sheetData>" +
		strings.Repeat("<!--"+strings.Repeat("x", 1<<19)+"-->", 30)
	l := Read("", handmade(t, large, ""))
	if len(l.Students) != 1 || len(l.Problems) != 3999 {
		t.Errorf("%d students, %d problems", len(l.Students), len(l.Problems))
	}
	info, err := os.Stat(dir)
	must(t, err)
	if !info.ModTime().Equal(untouched) {
		t.Error("a file was written to the temporary folder")
	}
}
