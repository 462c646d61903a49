package overview

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// book is a workbook of a sheet for each class, session or teacher. Its stream
// writer is not used: that spills to the temporary folder.
type book struct {
	d     *day
	file  *excelize.File
	name  string
	plan  []tab
	names map[string]bool // of the sheets, in lower case
}

// tab is a sheet to be written.
type tab struct {
	name, title string
	lines       []string
	heads       []string
	rows        [][]string
	together    int // rows that a page break never parts: 1, or a student's rounds
}

func newBook(d *day, name string) *book {
	return &book{d: d, file: excelize.NewFile(), name: name, names: map[string]bool{}}
}

// sheet adds a sheet with a table under a title and lines that say what it is.
func (b *book) sheet(name, title string, lines, heads []string, rows [][]string) {
	b.plan = append(b.plan, tab{b.sheetName(name), title, lines, heads, rows, 1})
}

// maxSheetName is the most UTF-16 units that Excel allows in a sheet's name.
const maxSheetName = 31

// sheetName makes name legal and unlike that of any other sheet, in upper or
// lower case. It may shorten it: the whole title stands on the sheet itself.
func (b *book) sheetName(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\`, r) || unicode.IsControl(r) || r == utf8.RuneError || r == 0xFFFE || r == 0xFFFF {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, " "))
	name = strings.Trim(strings.Join(strings.Fields(name), " "), "' ")
	if name == "" || strings.EqualFold(name, "History") { // Excel keeps that name for itself
		name = strings.TrimSpace("- " + name)
	}
	for n := 1; ; n++ {
		suffix := ""
		if n > 1 {
			suffix = fmt.Sprintf(" (%d)", n)
		}
		try := strings.TrimRight(clip(name, maxSheetName-len(suffix)), "' ") + suffix
		if key := strings.ToLower(try); !b.names[key] {
			b.names[key] = true
			return try
		}
	}
}

// clip returns the longest beginning of s of at most n UTF-16 units.
func clip(s string, n int) string {
	for i, r := range s {
		if n -= utf16.RuneLen(r); n < 0 {
			return s[:i]
		}
	}
	return s
}

// bytes writes the sheets and returns the workbook.
func (b *book) bytes(ctx context.Context) (data []byte, err error) {
	defer func() {
		if e := b.file.Close(); err == nil && e != nil {
			err = fmt.Errorf("close workbook: %w", e)
		}
	}()
	if len(b.plan) == 0 {
		b.sheet(b.d.t("list."+b.name), b.d.t("list."+b.name), []string{b.d.t("nothing")}, []string{b.d.t("student")}, nil)
	}
	styles, err := b.styles()
	if err != nil {
		return nil, err
	}
	if err := b.file.SetSheetName("Sheet1", b.plan[0].name); err != nil {
		return nil, fmt.Errorf("name sheet: %w", err)
	}
	for i, t := range b.plan {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if i > 0 {
			if _, err := b.file.NewSheet(t.name); err != nil {
				return nil, fmt.Errorf("add sheet: %w", err)
			}
		}
		if err := b.write(t, styles); err != nil {
			return nil, err
		}
	}
	d := b.d
	properties := &excelize.DocProperties{Title: d.t("list."+b.name) + " – " + d.Event.Title, Creator: or(d.Provider.Name, "Cultuurdag"), Language: d.l.Tag}
	if !d.MadeAt.IsZero() {
		at := d.MadeAt.UTC().Format(time.RFC3339)
		properties.Created, properties.Modified = at, at
	}
	if err := b.file.SetDocProps(properties); err != nil {
		return nil, fmt.Errorf("set properties: %w", err)
	}
	var buf bytes.Buffer
	if err := b.file.Write(&buf); err != nil {
		return nil, fmt.Errorf("write workbook: %w", err)
	}
	return buf.Bytes(), nil
}

// bookStyles are the numbers of the styles in one workbook.
type bookStyles struct{ title, about, head, cell int }

func (b *book) styles() (s bookStyles, err error) {
	border := []excelize.Border{{Type: "bottom", Color: "B9B4AE", Style: 1}}
	for _, x := range []struct {
		at    *int
		style excelize.Style
	}{
		{&s.title, excelize.Style{Font: &excelize.Font{Bold: true, Size: 16}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}}},
		{&s.about, excelize.Style{Font: &excelize.Font{Size: 10, Color: "595552"}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}}},
		{&s.head, excelize.Style{Font: &excelize.Font{Bold: true, Color: "FFFFFF"}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"1C1A19"}},
			Alignment: &excelize.Alignment{WrapText: true, Vertical: "bottom"}}},
		// 49 is the format "@": text, so that Excel leaves 3-10 as it is when a cell is edited.
		{&s.cell, excelize.Style{NumFmt: 49, Border: border, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}}},
	} {
		if *x.at, err = b.file.NewStyle(&x.style); err != nil {
			return s, fmt.Errorf("make style: %w", err)
		}
	}
	return s, nil
}

// write fills one sheet: title, what it is about, headings, rows; frozen and
// repeated in print down to the headings.
func (b *book) write(t tab, styles bookStyles) error {
	d, f := b.d, b.file
	lines := []string{t.title, join(" · ", d.Event.Title, d.School.Name, d.date(), d.Event.Location)}
	for _, l := range t.lines {
		if l != "" {
			lines = append(lines, l)
		}
	}
	widths := make([]int, len(t.heads))
	put := func(row int, values []string, style int, measure bool) error {
		for i, v := range values {
			at, err := excelize.CoordinatesToCellName(i+1, row)
			if err != nil {
				return fmt.Errorf("name cell: %w", err)
			}
			if err := f.SetCellStr(t.name, at, v); err != nil {
				return fmt.Errorf("set cell: %w", err)
			}
			if err := f.SetCellStyle(t.name, at, at, style); err != nil {
				return fmt.Errorf("set style: %w", err)
			}
			if measure {
				widths[i] = max(widths[i], utf8.RuneCountInString(v))
			}
		}
		return nil
	}
	row := 0
	for _, l := range lines {
		row++
		style := styles.about
		if row == 1 {
			style = styles.title
		}
		if err := put(row, []string{l}, style, false); err != nil {
			return err
		}
	}
	row += 2
	head := row
	if err := put(row, t.heads, styles.head, true); err != nil {
		return err
	}
	for _, values := range t.rows {
		row++
		if err := put(row, values, styles.cell, true); err != nil {
			return err
		}
	}
	total := 0.0
	columns := make([]float64, len(widths))
	for i, w := range widths {
		name, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			return fmt.Errorf("name column: %w", err)
		}
		width := float64(min(max(w+3, 10), 44))
		if t.heads[i] == d.t("remark") {
			width = 30 // room to write
		}
		total += width
		columns[i] = width
		if err := f.SetColWidth(t.name, name, name, width); err != nil {
			return fmt.Errorf("set width: %w", err)
		}
	}
	above := 15 + b.height(t.heads, columns) // the empty row and the headings, which print on each page
	for i, l := range lines {
		height, err := b.span(t, i+1, l, total)
		if err != nil {
			return err
		}
		above += height
	}
	if err := b.breaks(t, head, above, columns, total); err != nil {
		return err
	}
	return b.layout(t, head, row)
}

// height is how many points high a row has to be for its text.
func (b *book) height(values []string, columns []float64) float64 {
	lines := 1.0
	for i, v := range values {
		lines = max(lines, math.Ceil(float64(utf8.RuneCountInString(v)+1)/columns[i]))
	}
	return 15*lines + 3
}

// breaks sets the height of each row under the headings, and breaks pages
// between rows as they fit on A4, so that a print looks the same in every
// program, and rows that belong together are never parted.
func (b *book) breaks(t tab, head int, above float64, columns []float64, total float64) error {
	// A4 within Excel's margins, in points; a column's width is in characters.
	width, room := 494.0, 734.0
	if t.landscape() {
		width, room = 741, 487
	}
	room = room*max(1, total*5.25/width)*0.94 - above // the sheet is made to fit the width
	used := 0.0
	for first := 0; first < len(t.rows); first += t.together {
		group := t.rows[first:min(first+t.together, len(t.rows))]
		high := 0.0
		for i, values := range group {
			h := b.height(values, columns)
			if err := b.file.SetRowHeight(t.name, head+1+first+i, min(h, 400)); err != nil {
				return fmt.Errorf("set height: %w", err)
			}
			high += h
		}
		if used > 0 && used+high > room {
			if err := b.file.InsertPageBreak(t.name, fmt.Sprintf("A%d", head+1+first)); err != nil {
				return fmt.Errorf("break page: %w", err)
			}
			used = 0
		}
		used += high
	}
	return nil
}

func (t tab) landscape() bool { return len(t.heads) > 6 }

// span gives a line over the table the whole width of the table and as many
// lines as it needs there, and returns its height: Excel sets the height of
// merged cells for nobody.
func (b *book) span(t tab, row int, text string, width float64) (float64, error) {
	last, err := excelize.CoordinatesToCellName(len(t.heads), row)
	if err != nil {
		return 0, fmt.Errorf("name cell: %w", err)
	}
	if err := b.file.MergeCell(t.name, fmt.Sprintf("A%d", row), last); err != nil {
		return 0, fmt.Errorf("merge cells: %w", err)
	}
	height, characters := 15.0, width
	if row == 1 {
		height, characters = 24, width*0.62 // the title is larger
	}
	lines := math.Ceil(float64(utf8.RuneCountInString(text)+1) / characters)
	height = min(height*lines, 400)
	if err := b.file.SetRowHeight(t.name, row, height); err != nil {
		return 0, fmt.Errorf("set height: %w", err)
	}
	return height, nil
}

// layout freezes the headings and sets how the sheet prints.
func (b *book) layout(t tab, head, last int) error {
	d, f := b.d, b.file
	corner, err := excelize.CoordinatesToCellName(1, head+1)
	if err != nil {
		return fmt.Errorf("name cell: %w", err)
	}
	if err := f.SetPanes(t.name, &excelize.Panes{Freeze: true, YSplit: head, TopLeftCell: corner, ActivePane: "bottomLeft",
		Selection: []excelize.Selection{{SQRef: corner, ActiveCell: corner, Pane: "bottomLeft"}}}); err != nil {
		return fmt.Errorf("freeze headings: %w", err)
	}
	column, err := excelize.ColumnNumberToName(len(t.heads))
	if err != nil {
		return fmt.Errorf("name column: %w", err)
	}
	quoted := "'" + strings.ReplaceAll(t.name, "'", "''") + "'"
	for _, n := range []excelize.DefinedName{
		{Name: "_xlnm.Print_Area", RefersTo: fmt.Sprintf("%s!$A$1:$%s$%d", quoted, column, last), Scope: t.name},
		{Name: "_xlnm.Print_Titles", RefersTo: fmt.Sprintf("%s!$%d:$%d", quoted, 1, head), Scope: t.name},
	} {
		if err := f.SetDefinedName(&n); err != nil {
			return fmt.Errorf("set print area: %w", err)
		}
	}
	a4, wide, high, orientation, yes := 9, 1, 0, "portrait", true
	if t.landscape() {
		orientation = "landscape"
	}
	if err := f.SetPageLayout(t.name, &excelize.PageLayoutOptions{Size: &a4, Orientation: &orientation, FitToWidth: &wide, FitToHeight: &high}); err != nil {
		return fmt.Errorf("set page: %w", err)
	}
	if err := f.SetSheetProps(t.name, &excelize.SheetPropsOptions{FitToPage: &yes}); err != nil {
		return fmt.Errorf("fit to page: %w", err)
	}
	foot := "&L" + strings.ReplaceAll(d.t("privacy", "date", d.l.Day(d.last())), "&", "&&") +
		"&R" + d.t("page", "page", "&P", "pages", "&N")
	if err := f.SetHeaderFooter(t.name, &excelize.HeaderFooterOptions{OddFooter: foot}); err != nil {
		return fmt.Errorf("set footer: %w", err)
	}
	return nil
}
