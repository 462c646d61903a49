package classlist

import (
	"encoding/xml"
	"errors"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// What a workbook may hold, so that no more can be built from 16 MB than the
// machine holds.
const (
	maxSheets       = 250
	maxBookElements = 20_000  // in the workbook's own part, its relations, its styles
	maxStrings      = 600_000 // elements in the strings that cells share
	maxCell         = 32767   // characters in a cell; Excel's own limit
)

// xlsx is an Excel workbook as far as it has been read. It is read as a
// stream (ECMA-376, part 1, chapter 18): a library would hold it several times.
type xlsx struct {
	parts   archive
	sheets  []sheetPart
	strings []string        // that cells refer to
	padded  map[string]int  // styles that show a number with leading zeros, and in how many digits
	dates   map[string]bool // styles that show a number as a date
	grids   []grid
	bytes   int // in all of them
}

type sheetPart struct {
	name, relation string
	hidden         bool
}

// problem carries a problem with a file through functions that return errors.
type problem struct{ *Problem }

func (p problem) Error() string { return p.Code }

// asProblem returns the problem that an error carries; any other says that the
// file is damaged.
func asProblem(err error) *Problem {
	if p, ok := errors.AsType[problem](err); ok {
		return p.Problem
	}
	return refuse(NotAList)
}

// readXLSX reads the visible sheets of an Excel workbook, whose own part is named.
func readXLSX(parts archive, book string) ([]grid, *Problem) {
	w := &xlsx{parts: parts, padded: map[string]int{}, dates: map[string]bool{}}
	if err := w.read(book); err != nil {
		return nil, asProblem(err)
	}
	return w.grids, nil
}

func (w *xlsx) read(book string) error {
	dir, base := path.Split(book)
	partOf := map[string]string{}
	if err := w.elements(dir+"_rels/"+base+".rels", maxBookElements, func(_ *parser, e xml.StartElement) error {
		if e.Name.Local == "Relationship" {
			target := attribute(e, "Target")
			if !strings.HasPrefix(target, "/") {
				target = dir + target
			}
			partOf[attribute(e, "Id")] = strings.ToLower(strings.TrimPrefix(path.Clean(target), "/"))
		}
		return nil
	}); err != nil {
		return err
	}
	if err := w.elements(book, maxBookElements, func(_ *parser, e xml.StartElement) error {
		if e.Name.Local == "sheet" {
			state := attribute(e, "state")
			w.sheets = append(w.sheets, sheetPart{attribute(e, "name"), attribute(e, "id"), state != "" && state != "visible"})
		}
		return nil
	}); err != nil {
		return err
	}
	if len(w.sheets) == 0 || len(w.sheets) > maxSheets {
		return errXML
	}
	if err := w.readStyles(); err != nil {
		return err
	}
	if err := w.readStrings(); err != nil {
		return err
	}
	read := map[string]bool{}
	for _, sheet := range w.sheets {
		if sheet.hidden {
			continue // the person does not see it either
		}
		part := partOf[sheet.relation]
		if w.parts[part] == nil || read[part] {
			return errXML
		}
		read[part] = true
		g := grid{name: sheet.name, bytes: w.bytes}
		if err := w.readSheet(part, &g); err != nil {
			return err
		}
		w.bytes = g.bytes
		w.grids = append(w.grids, g)
	}
	return nil
}

// elements calls each with every element of a part that begins, unless each has
// read it to its end.
func (w *xlsx) elements(part string, max int, each func(p *parser, e xml.StartElement) error) error {
	return w.parts.read(part, func(r io.Reader) error {
		p := newParser(r, max)
		for {
			token, err := p.next()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if e, ok := token.(xml.StartElement); ok {
				if err := each(p, e); err != nil {
					return err
				}
			}
		}
	})
}

var (
	// zerosFormat matches the format of numbers that are shown with leading zeros.
	zerosFormat = regexp.MustCompile(`^0{2,20}$`)
	// dateFormat matches a format with days or years, beside text and colours.
	dateFormat = regexp.MustCompile(`^(?i)("[^"]*"|\[[^]]*]|\\.|[^"[\\dy])*[dy]`)
)

// readStyles notes the styles that show leading zeros and dates.
func (w *xlsx) readStyles() error {
	digits, dates := map[string]int{}, map[string]bool{} // by the id of the format
	for id := range 4 {
		dates[strconv.Itoa(14+id)] = true // built in
	}
	dates["22"] = true
	styles, inCells := 0, false
	return w.elements("xl/styles.xml", maxElements, func(_ *parser, e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmt":
			code, id := attribute(e, "formatCode"), attribute(e, "numFmtId")
			switch {
			case len(digits)+len(dates) > maxBookElements, len(code) > 255:
			case zerosFormat.MatchString(code):
				digits[id] = len(code)
			case dateFormat.MatchString(code):
				dates[id] = true
			}
		case "cellStyleXfs", "cellStyles", "dxfs":
			inCells = false
		case "cellXfs":
			inCells = true
		case "xf":
			if !inCells || styles == maxBookElements {
				return nil
			}
			style, format := strconv.Itoa(styles), attribute(e, "numFmtId")
			if n := digits[format]; n > 0 {
				w.padded[style] = n
			}
			if dates[format] {
				w.dates[style] = true
			}
			styles++
		}
		return nil
	})
}

// readStrings reads the strings that cells share.
func (w *xlsx) readStrings() error {
	return w.elements("xl/sharedstrings.xml", maxStrings, func(p *parser, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		s, err := readString(p)
		w.strings = append(w.strings, s)
		return err
	})
}

// readString reads the runs of a string whose element has just begun, without
// the phonetic ones that some languages write above it.
func readString(p *parser) (string, error) {
	var text strings.Builder
	for depth := p.depth; ; {
		e, ok, err := p.start(depth)
		if err != nil || !ok {
			return unescape(text.String()), err
		}
		switch e.Name.Local {
		case "t":
			t, err := p.text()
			if err != nil {
				return "", err
			}
			text.WriteString(t)
		case "rPh":
			if err := p.skip(); err != nil {
				return "", err
			}
		}
		if text.Len() > maxCell && utf8.RuneCountInString(text.String()) > maxCell {
			return "", errXML
		}
	}
}

// escaped matches the way in which characters are written that XML does not know.
var escaped = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

func unescape(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	return escaped.ReplaceAllStringFunc(text, func(e string) string {
		n, err := strconv.ParseUint(e[2:6], 16, 16)
		if err != nil {
			return e
		}
		return string(rune(n))
	})
}

// readSheet reads the rows of a sheet.
func (w *xlsx) readSheet(part string, g *grid) error {
	number := 0
	return w.elements(part, maxElements, func(p *parser, e xml.StartElement) error {
		switch e.Name.Local {
		case "row":
			number++
			if r, err := strconv.Atoi(attribute(e, "r")); err == nil {
				if r < number || r > maxRepeated {
					return errXML // rows that are not in order
				}
				number = r
			}
			cells, err := w.readRow(p)
			if err != nil {
				return err
			}
			if problem := g.add(number, cells); problem != nil {
				return asError(problem)
			}
		case "mergeCell":
			g.merge(mergedSpan(e))
		}
		return nil
	})
}

func asError(p *Problem) error { return problem{p} }

// readRow reads the cells of the row that has just begun, to its end.
func (w *xlsx) readRow(p *parser) ([]string, error) {
	var cells []string
	column := -1
	for depth := p.depth; ; {
		e, ok, err := p.start(depth)
		if err != nil || !ok {
			return cells, err
		}
		if e.Name.Local != "c" {
			continue
		}
		column++
		if named, _, ok := parseCell(attribute(e, "r")); ok {
			column = named
		}
		text, err := w.cell(p, e)
		if err != nil {
			return nil, err
		}
		switch {
		case strings.TrimSpace(text) == "":
			continue
		case column >= MaxColumns:
			return nil, asError(tooManyColumns())
		}
		for len(cells) <= column {
			cells = append(cells, "")
		}
		cells[column] = text
	}
}

// cell returns what a cell holds: a number as it is, whatever way it is shown
// (but for leading zeros and dates), and else its text.
func (w *xlsx) cell(p *parser, c xml.StartElement) (string, error) {
	text, kind := "", attribute(c, "t")
	for depth := p.depth; ; {
		e, ok, err := p.start(depth)
		if err != nil {
			return "", err
		}
		if !ok {
			break
		}
		switch e.Name.Local {
		case "v":
			text, err = p.text()
		case "is":
			text, err = readString(p)
		default:
			err = p.skip()
		}
		if err != nil {
			return "", err
		}
	}
	switch kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || i < 0 || i >= len(w.strings) {
			return "", nil
		}
		return w.strings[i], nil
	case "str":
		return unescape(text), nil
	case "", "n":
		if width := w.padded[attribute(c, "s")]; len(text) < width && strings.Trim(text, "0123456789") == "" && text != "" {
			return strings.Repeat("0", width-len(text)) + text, nil
		}
		// The person sees a date. Days count from the last but one of 1899.
		if days, err := strconv.ParseFloat(text, 64); err == nil && w.dates[attribute(c, "s")] && 0 < days && days < 3_000_000 {
			return time.Date(1899, 12, 30+int(days), 0, 0, 0, 0, time.UTC).Format(time.DateOnly), nil
		}
	}
	return text, nil
}

// parseCell returns the column, from 0, and the row of a cell's name: B12.
func parseCell(name string) (column, row int, ok bool) {
	letters := strings.TrimRight(name, "0123456789")
	if len(letters) == 0 || len(letters) > 3 {
		return 0, 0, false
	}
	for _, r := range letters {
		if r < 'A' || r > 'Z' {
			return 0, 0, false
		}
		column = column*26 + int(r-'A') + 1
	}
	row, err := strconv.Atoi(name[len(letters):])
	return column - 1, row, err == nil && row > 0
}

// mergedSpan returns the rows that a merged cell spans, none where it names no cells.
func mergedSpan(e xml.StartElement) span {
	from, to, _ := strings.Cut(attribute(e, "ref"), ":")
	column, top, ok := parseCell(from)
	_, bottom, also := parseCell(to)
	if !ok || !also {
		return span{}
	}
	return span{column, top, bottom}
}
