package classlist

import (
	"encoding/xml"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// readODS reads the visible sheets of an OpenDocument spreadsheet.
func readODS(parts archive) ([]grid, *Problem) {
	var o ods
	err := parts.read("meta-inf/manifest.xml", func(r io.Reader) error {
		o.parser = newParser(r, maxBookElements)
		return o.manifest()
	})
	if err != nil {
		return nil, asProblem(err)
	}
	err = parts.read("content.xml", func(r io.Reader) error {
		o.parser = newParser(r, maxElements)
		return o.content()
	})
	if err != nil || !o.spreadsheet {
		return nil, asProblem(err)
	}
	return o.grids, nil
}

// ods is a spreadsheet as far as it has been read.
type ods struct {
	*parser
	spreadsheet bool
	style       string          // that is being read
	hidden      map[string]bool // styles of sheets that are not shown
	grids       []grid
	bytes       int // in all of them
}

// manifest looks whether the spreadsheet is locked.
func (o *ods) manifest() error {
	for {
		token, err := o.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "encryption-data" {
			return asError(refuse(Locked))
		}
	}
}

// content goes through content.xml.
func (o *ods) content() error {
	o.hidden = map[string]bool{}
	for {
		token, err := o.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		e, start := token.(xml.StartElement)
		if !start {
			continue
		}
		switch e.Name.Local {
		case "style":
			o.style = attribute(e, "name")
		case "table-properties":
			if attribute(e, "display") == "false" && len(o.hidden) < maxBookElements {
				o.hidden[o.style] = true
			}
		case "spreadsheet":
			o.spreadsheet = true
		case "tracked-changes", "dde-links", "shapes":
			err = o.skip()
		case "table":
			err = o.table(e)
		}
		if err != nil {
			return err
		}
	}
}

// table reads the sheet that has just begun, to its end.
func (o *ods) table(e xml.StartElement) error {
	if o.hidden[attribute(e, "style-name")] {
		return o.skip()
	}
	if len(o.grids) == maxSheets {
		return errXML
	}
	g := grid{name: attribute(e, "name"), bytes: o.bytes}
	if err := o.rows(&g); err != nil {
		return err
	}
	o.bytes = g.bytes
	o.grids = append(o.grids, g)
	return nil
}

// rows reads the rows of a sheet. They may be in groups, and in those of headings.
func (o *ods) rows(g *grid) error {
	number := 1
	for depth := o.depth; ; {
		e, ok, err := o.start(depth)
		if err != nil || !ok {
			return err
		}
		switch e.Name.Local {
		case "shapes":
			if err := o.skip(); err != nil {
				return err
			}
		case "table-row":
			repeated := repetition(e, "number-rows-repeated")
			cells, err := o.row(g, number)
			if err != nil {
				return err
			}
			for i := 0; i < repeated && len(cells) > 0; i++ {
				if p := g.add(number+i, cells); p != nil {
					return asError(p)
				}
			}
			number += repeated
		}
	}
}

// maxRepeated caps how often a row or a cell is repeated: the rows of the largest sheet.
const maxRepeated = 1 << 20

func repetition(e xml.StartElement, name string) int {
	n, err := strconv.Atoi(attribute(e, name))
	if err != nil || n < 1 {
		return 1
	}
	return min(n, maxRepeated)
}

// row reads the cells of the row that has just begun, to its end. Of those beyond
// the last column that may be filled, one tells that they are there.
func (o *ods) row(g *grid, number int) ([]string, error) {
	var cells []string
	column := 0
	for depth := o.depth; ; {
		e, ok, err := o.start(depth)
		if err != nil || !ok {
			return slices.Clip(cells), err
		}
		text, err := o.cell(e)
		if err != nil {
			return nil, err
		}
		g.merge(span{column, number, number - 1 + repetition(e, "number-rows-spanned")})
		repeated := repetition(e, "number-columns-repeated")
		if text != "" && e.Name.Local != "covered-table-cell" { // which nobody sees
			for len(cells) < min(column, MaxColumns) {
				cells = append(cells, "")
			}
			for i := 0; i < repeated && len(cells) <= MaxColumns; i++ {
				cells = append(cells, text)
			}
		}
		column += repeated
	}
}

// zeroPadded matches a number that a format shows with leading zeros.
var zeroPadded = regexp.MustCompile(`^0[0-9]+$`)

// cell returns what the cell that has just begun holds: a number as it is,
// whatever way it is shown (but for leading zeros), and else its text.
func (o *ods) cell(e xml.StartElement) (string, error) {
	var text strings.Builder
	paragraphs := 0
	for depth := o.depth; o.depth >= depth; {
		token, err := o.next()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.CharData:
			if o.depth > depth {
				text.Write(t)
			}
		case xml.StartElement:
			switch t.Name.Local {
			case "annotation", "frame", "custom-shape": // not in the cell, but over it
				if err := o.skip(); err != nil {
					return "", err
				}
			case "s", "tab", "line-break":
				text.WriteByte(' ')
			case "p":
				if paragraphs++; paragraphs > 1 {
					text.WriteByte('\n')
				}
			}
		}
		if text.Len() > maxToken {
			return "", asError(tooMuchUnpacked())
		}
	}
	shown := strings.TrimSpace(text.String())
	if value := attribute(e, "value"); value != "" && attribute(e, "value-type") == "float" && !zeroPadded.MatchString(shown) {
		return value, nil
	}
	return shown, nil
}
