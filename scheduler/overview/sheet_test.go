package overview

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
)

func TestAFormulaIsNeverRun(t *testing.T) {
	in := testDay(9, 1)
	bad := []string{"=1+1", "+31612345678", "-1", "@SUM(A1)", "\tx", "\rx", "＝1"}
	for i, s := range bad {
		in.Students[i].LastName, in.Students[i].FirstName, in.Students[i].Infix, in.Students[i].Number = s, s, s, s
	}
	in.Programme.Workshops[0].Title = "=HYPERLINK(\"https://evil.example\")"
	files := makeAll(t, in)
	for _, name := range Names {
		guarded := 0
		for _, row := range readCSV(t, files[name+".csv"]) {
			for _, c := range row {
				if c != "" && strings.ContainsRune("=+-@\t\r＝", []rune(c)[0]) {
					t.Errorf("%s.csv: cell %q", name, c)
				}
				if strings.HasPrefix(c, "'") {
					guarded++
				}
			}
		}
		if guarded < len(bad) {
			t.Errorf("%s.csv: %d cells guarded", name, guarded)
		}
		f := openXLSX(t, files[name+".xlsx"])
		strs := 0
		for _, sheet := range f.GetSheetList() {
			rows, err := f.GetRows(sheet)
			if err != nil {
				t.Fatal(err)
			}
			for i, row := range rows {
				for j, c := range row {
					at, err := excelize.CoordinatesToCellName(j+1, i+1)
					if err != nil {
						t.Fatal(err)
					}
					kind, err := f.GetCellType(sheet, at)
					if err != nil {
						t.Fatal(err)
					}
					if formula, err := f.GetCellFormula(sheet, at); err != nil || formula != "" {
						t.Errorf("%s.xlsx %s!%s: formula %q, %v", name, sheet, at, formula, err)
					}
					if c != "" && kind != excelize.CellTypeSharedString && kind != excelize.CellTypeInlineString {
						t.Errorf("%s.xlsx %s!%s: %q is of type %d, not text", name, sheet, at, c, kind)
					}
					strs++
				}
			}
		}
		if strs == 0 {
			t.Errorf("%s.xlsx is empty", name)
		}
	}
}

func TestGuardLeavesOrdinaryTextAlone(t *testing.T) {
	for in, want := range map[string]string{"": "", "’t Hooft": "’t Hooft", "Jan-Piet": "Jan-Piet", "09:00–09:55": "09:00–09:55", "=x": "'=x", "-x": "'-x"} {
		if got := guard(in); got != want {
			t.Errorf("guard(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSheetsPrintWithTheirHeadings(t *testing.T) {
	f := openXLSX(t, makeAll(t, testDay(60, 2))["attendance.xlsx"])
	sheets := f.GetSheetList()
	if len(sheets) != 6 { // three workshops in two rounds
		t.Fatalf("sheets %v", sheets)
	}
	names := map[string]int{}
	for _, n := range f.GetDefinedName() {
		names[n.Name]++
	}
	if names["_xlnm.Print_Titles"] != 6 || names["_xlnm.Print_Area"] != 6 {
		t.Errorf("defined names %v", names)
	}
	for _, sheet := range sheets {
		panes, err := f.GetPanes(sheet)
		if err != nil {
			t.Fatal(err)
		}
		head, err := f.GetCellValue(sheet, fmt.Sprintf("A%d", panes.YSplit))
		if err != nil {
			t.Fatal(err)
		}
		if !panes.Freeze || head != "Leerling" {
			t.Errorf("%s: frozen %v down to %q", sheet, panes.Freeze, head)
		}
	}
}

// Sixty students do not fit on one page: the break stands between two rows, in
// the roster per student between two students, and the sheet is A4 and as wide
// as the paper.
func TestSheetsBreakBetweenRows(t *testing.T) {
	in := bigDay()
	files := makeAll(t, in)
	breaks := func(name, sheet string) []string {
		t.Helper()
		f := openXLSX(t, files[name])
		layout, err := f.GetPageLayout(sheet)
		if err != nil {
			t.Fatal(err)
		}
		if *layout.Size != 9 || *layout.FitToWidth != 1 || *layout.FitToHeight != 0 {
			t.Errorf("%s: paper %d, %d wide, %d high", name, *layout.Size, *layout.FitToWidth, *layout.FitToHeight)
		}
		r, err := zip.NewReader(bytes.NewReader(files[name]), int64(len(files[name])))
		if err != nil {
			t.Fatal(err)
		}
		index, err := f.GetSheetIndex(sheet)
		if err != nil {
			t.Fatal(err)
		}
		xml, err := fs.ReadFile(r, fmt.Sprintf("xl/worksheets/sheet%d.xml", index+1))
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for _, m := range regexp.MustCompile(`<brk id="(\d+)"`).FindAllStringSubmatch(string(xml), -1) {
			rows = append(rows, m[1])
		}
		return rows
	}
	if got := breaks("attendance.xlsx", "1 Breakdance"); len(got) != 1 {
		t.Errorf("60 students break after rows %v", got)
	}
	if got := breaks("attendance.xlsx", "1 Zeefdrukken"); len(got) != 0 {
		t.Errorf("an empty session breaks after rows %v", got)
	}
	got := breaks("student-rosters.xlsx", "3A")
	if len(got) == 0 {
		t.Fatal("no break")
	}
	f := openXLSX(t, files["student-rosters.xlsx"])
	for _, row := range got {
		n, err := strconv.Atoi(row)
		if err != nil {
			t.Fatal(err)
		}
		above, err := f.GetCellValue("3A", fmt.Sprintf("A%d", n))
		if err != nil {
			t.Fatal(err)
		}
		below, err := f.GetCellValue("3A", fmt.Sprintf("A%d", n+1))
		if err != nil {
			t.Fatal(err)
		}
		if above == below || above == "" || below == "" {
			t.Errorf("the page breaks between %q and %q", above, below)
		}
	}
}

func TestSheetNamesAreLegalAndUnlikeEachOther(t *testing.T) {
	b := newBook(newDay(testDay(0, 1)), "attendance")
	seen := map[string]bool{}
	for _, name := range []string{"", "History", "history", "3A", "3a", "'t Hooft'", "a/b\\c?d*e[f]:g", strings.Repeat("x", 40), strings.Repeat("x", 41),
		strings.Repeat("🎨", 20), strings.Repeat("🎨", 21), "tab\tand\x01control", "\xff\xfe", "😀"} {
		got := b.sheetName(name)
		if n := len(utf16.Encode([]rune(got))); n == 0 || n > 31 {
			t.Errorf("%q becomes %q of %d units", name, got, n)
		}
		if strings.ContainsAny(got, `[]:*?/\`) || strings.HasPrefix(got, "'") || strings.HasSuffix(got, "'") || strings.EqualFold(got, "History") {
			t.Errorf("%q becomes %q", name, got)
		}
		if seen[strings.ToLower(got)] {
			t.Errorf("%q becomes %q, which is there already", name, got)
		}
		seen[strings.ToLower(got)] = true
	}
}

func TestFileNamesSortAndNameNobody(t *testing.T) {
	in := testDay(3, 1)
	for school, want := range map[string]string{
		"Het Waterland College": "2026-12-04-het-waterland-college-rosters.pdf",
		"’t Çäfé & Co./../x":    "2026-12-04-t-cafe-co-x-rosters.pdf",
		"学校":                    "2026-12-04-rosters.pdf",
		"":                      "2026-12-04-rosters.pdf",
	} {
		in.School.Name = school
		if got := FileName(in, "rosters", "pdf"); got != want {
			t.Errorf("%q: %q, want %q", school, got, want)
		}
	}
}

func TestTheZipHoldsEveryFile(t *testing.T) {
	in := testDay(3, 1)
	data, err := Zip(in, []File{{"rosters", "pdf", []byte("a")}, {"rosters", "csv", []byte("b")}}, File{"slips", "pdf", []byte("c")})
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range r.File {
		names = append(names, f.Name)
	}
	want := []string{"2026-12-04-het-waterland-college-rosters.pdf", "2026-12-04-het-waterland-college-rosters.csv", "2026-12-04-het-waterland-college-slips.pdf"}
	if !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

func TestALogoIsShownAndABrokenOneIsNoFault(t *testing.T) {
	deep := image.NewNRGBA64(image.Rect(0, 0, 40, 20)) // 16 bits a colour, which fpdf cannot read
	deep.Set(3, 3, color.Black)
	var buf bytes.Buffer
	if err := png.Encode(&buf, deep); err != nil {
		t.Fatal(err)
	}
	in := testDay(3, 1)
	in.Provider.Logo = buf.Bytes()
	if pdf := makeAll(t, in)["rosters.pdf"]; !bytes.Contains(pdf, []byte("/Subtype /Image")) {
		t.Error("no logo in the PDF")
	}
	in.Provider.Logo = []byte("<svg/>")
	page := pages(t, makeAll(t, in)["rosters.pdf"])[0]
	if !strings.HasPrefix(page, in.Provider.Name) && !strings.Contains(page, "\n"+in.Provider.Name+"\n") {
		t.Errorf("no name in place of the logo: %q", page)
	}
}
