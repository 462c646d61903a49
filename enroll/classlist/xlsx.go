package classlist

import (
	"archive/zip"
	"bytes"
	"cmp"
	"encoding/xml"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// neededOfWorkbook tells the parts of an Excel workbook that hold cells. All
// others (styles, pictures, macros, the history of a shared workbook) are never
// unpacked: they cost memory, and hold what nobody asked for.
func neededOfWorkbook(name string) bool {
	switch dir, base := path.Split(name); dir {
	case "":
		return base == "[content_types].xml"
	case "_rels/":
		return base == ".rels"
	case "xl/_rels/":
		return strings.HasPrefix(base, "workbook") && strings.HasSuffix(base, ".rels")
	case "xl/":
		return base == "sharedstrings.xml" || strings.HasPrefix(base, "workbook") && strings.HasSuffix(base, ".xml")
	case "xl/worksheets/":
		return strings.HasSuffix(base, ".xml")
	}
	return false
}

// readXLSX reads the visible sheets of an Excel workbook.
func readXLSX(parts archive) (grids []grid, p *Problem) {
	// The library panics on some damaged workbooks.
	defer func() {
		if recover() != nil {
			grids, p = nil, refuse(NotAList)
		}
	}()
	scanned := map[string]grid{} // sheets without their cells, by the name of the part
	for name, part := range parts {
		switch lower := strings.ToLower(name); {
		case strings.HasPrefix(lower, "xl/worksheets/"):
			g, p := scanSheet(part)
			if p != nil {
				return nil, p
			}
			scanned[name] = g
		case lower == "xl/sharedstrings.xml":
			if !scanStrings(part) {
				return nil, refuse(NotAList)
			}
		default:
			if !scanXML(part, maxBookElements, func(xml.Token) {}) {
				return nil, refuse(NotAList)
			}
		}
	}
	packed, ok := pack(parts)
	if !ok {
		return nil, refuse(NotAList)
	}
	// Both limits alike: above the limit for XML alone the library would write
	// the sheet, in clear, to the temporary folder.
	book, err := excelize.OpenReader(packed, excelize.Options{
		RawCellValue:      true, // 120001, whatever way Excel shows it
		UnzipSizeLimit:    MaxUnpacked,
		UnzipXMLSizeLimit: MaxUnpacked,
	})
	if err != nil {
		return nil, refuse(NotAList)
	}
	defer func() {
		if err := book.Close(); err != nil && p == nil {
			grids, p = nil, refuse(NotAList)
		}
	}()
	sheets := book.WorkBook.Sheets.Sheet
	if len(sheets) == 0 || len(sheets) > maxSheets {
		return nil, refuse(NotAList)
	}
	partOf := sheetParts(parts)
	total := 0
	for _, sheet := range sheets {
		part, ok := parts[partOf[sheet.ID]]
		if !ok || cmp.Or(sheet.State, "visible") != "visible" {
			continue // a chart, or what the person does not see either
		}
		if part == nil {
			return nil, refuse(NotAList) // one part as several sheets
		}
		parts[partOf[sheet.ID]] = nil
		g := scanned[partOf[sheet.ID]]
		g.name = sheet.Name
		if p := readSheet(book, &g); p != nil {
			return nil, p
		}
		if total += g.bytes; total > MaxUnpacked {
			return nil, tooMuchUnpacked()
		}
		grids = append(grids, g)
	}
	return grids, nil
}

func readSheet(book *excelize.File, g *grid) *Problem {
	rows, err := book.Rows(g.name)
	if err != nil {
		return refuse(NotAList)
	}
	for number := 1; rows.Next(); number++ {
		cells, err := rows.Columns()
		if err != nil {
			return refuse(NotAList)
		}
		if p := g.add(number, cells); p != nil {
			return p
		}
	}
	if rows.Close() != nil {
		return refuse(NotAList)
	}
	return nil
}

// What a workbook may hold, so that the library cannot be made to build more
// from 16 MB than the machine holds.
const (
	maxSheets       = 250
	maxBookElements = 20_000  // in the workbook's own part and in its relations
	maxStrings      = 600_000 // elements in the strings that cells share
	maxCell         = 32767   // characters in a cell; Excel's own limit
)

// scanSheet looks through a sheet before the library does, and returns the cells
// that are merged over rows.
func scanSheet(part []byte) (g grid, p *Problem) {
	cells, most := 0, 0 // with a value, in a row
	ok := scanXML(part, maxElements, func(t xml.Token) {
		e, start := t.(xml.StartElement)
		if !start {
			return
		}
		switch e.Name.Local {
		case "row":
			cells = 0
		case "v", "is":
			cells++
			most = max(most, cells)
		case "mergeCell":
			g.merge(mergedSpan(e))
		}
	})
	switch {
	case most > MaxColumns:
		return g, tooManyColumns()
	case !ok:
		return g, refuse(NotAList)
	}
	return g, nil
}

// scanStrings looks through the strings that sheets refer to: each may be
// referred to by every cell.
func scanStrings(part []byte) bool {
	length, longest := 0, 0
	ok := scanXML(part, maxStrings, func(t xml.Token) {
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local == "si" {
				length = 0
			}
		case xml.CharData:
			length += utf8.RuneCount(t)
			longest = max(longest, length)
		}
	})
	return ok && longest <= maxCell
}

// mergedSpan returns the rows that a merged cell spans, none where it names no cells.
func mergedSpan(e xml.StartElement) span {
	from, to, _ := strings.Cut(attribute(e, "ref"), ":")
	left, top, err := excelize.CellNameToCoordinates(from)
	if err != nil {
		return span{}
	}
	_, bottom, err := excelize.CellNameToCoordinates(to)
	if err != nil {
		return span{}
	}
	return span{left - 1, top, bottom}
}

// sheetParts returns the names of the parts that hold the sheets, by the id of
// their relation to the workbook.
func sheetParts(parts archive) map[string]string {
	part := map[string]string{}
	for name, content := range parts {
		if !strings.HasPrefix(strings.ToLower(name), "xl/_rels/") {
			continue
		}
		var relations struct {
			Relationship []struct {
				ID     string `xml:"Id,attr"`
				Target string `xml:"Target,attr"`
			}
		}
		if xml.Unmarshal(content, &relations) != nil {
			continue // then merged cells count for their first row alone
		}
		for _, r := range relations.Relationship {
			target := r.Target
			if !strings.HasPrefix(target, "/") {
				target = "xl/" + target
			}
			part[r.ID] = strings.TrimPrefix(path.Clean(target), "/")
		}
	}
	return part
}

// pack zips the parts again, in memory and uncompressed, for the library.
func pack(parts archive) (*bytes.Buffer, bool) {
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for name, content := range parts {
		part, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			return nil, false
		}
		if _, err := part.Write(content); err != nil {
			return nil, false
		}
	}
	return &packed, w.Close() == nil
}
