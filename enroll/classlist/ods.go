package classlist

import (
	"bytes"
	"encoding/xml"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// neededOfDocument tells the parts of an OpenDocument file that are read.
func neededOfDocument(name string) bool {
	return name == "content.xml" || name == "meta-inf/manifest.xml"
}

// readODS reads the visible sheets of an OpenDocument spreadsheet.
func readODS(parts archive) ([]grid, *Problem) {
	if bytes.Contains(parts["META-INF/manifest.xml"], []byte("encryption-data")) {
		return nil, refuse(Locked)
	}
	content := parts["content.xml"]
	if !scanXML(content, maxElements, func(xml.Token) {}) {
		return nil, refuse(NotAList)
	}
	o := ods{decoder: newDecoder(content), hidden: map[string]bool{}}
	p, err := o.read()
	switch {
	case err != nil, p == nil && !o.spreadsheet:
		return nil, refuse(NotAList)
	case p != nil:
		return nil, p
	}
	return o.grids, nil
}

// ods is a spreadsheet as far as it has been read.
type ods struct {
	decoder     *xml.Decoder
	spreadsheet bool
	style       string          // that is being read
	hidden      map[string]bool // styles of sheets that are not shown
	grids       []grid
}

// read goes through content.xml. An error is one of the XML.
func (o *ods) read() (*Problem, error) {
	bytes := 0
	for {
		token, err := o.decoder.Token()
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		e, start := token.(xml.StartElement)
		if !start {
			continue
		}
		switch e.Name.Local {
		case "style":
			o.style = attribute(e, "name")
		case "table-properties":
			if attribute(e, "display") == "false" {
				o.hidden[o.style] = true
			}
		case "spreadsheet":
			o.spreadsheet = true
		case "tracked-changes", "dde-links", "shapes":
			err = o.decoder.Skip()
		case "table":
			if len(o.grids) == maxSheets {
				return refuse(NotAList), nil
			}
			g := grid{name: attribute(e, "name")}
			var p *Problem
			if p, err = o.sheet(&g); p != nil {
				return p, nil
			}
			if bytes += g.bytes; bytes > MaxUnpacked {
				return tooMuchUnpacked(), nil
			}
			if !o.hidden[attribute(e, "style-name")] {
				o.grids = append(o.grids, g)
			}
		}
		if err != nil {
			return nil, err
		}
	}
}

// sheet reads the rows of one sheet, up to its end.
func (o *ods) sheet(g *grid) (*Problem, error) {
	number := 1
	for {
		token, err := o.decoder.Token()
		if err != nil {
			return nil, err
		}
		switch e := token.(type) {
		case xml.EndElement:
			if e.Name.Local == "table" {
				return nil, nil
			}
		case xml.StartElement:
			switch e.Name.Local {
			case "shapes":
				err = o.decoder.Skip()
			case "table-row":
				repeated := repetition(e, "number-rows-repeated")
				var cells []string
				if cells, err = o.row(g, number); err != nil {
					return nil, err
				}
				for i := 0; i < repeated && len(cells) > 0; i++ {
					if p := g.add(number+i, cells); p != nil {
						return p, nil
					}
				}
				number += repeated
			}
			if err != nil {
				return nil, err
			}
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

// row reads the cells of one row, up to its end. Of those beyond the last column
// that may be filled, one tells that they are there.
func (o *ods) row(g *grid, number int) ([]string, error) {
	var cells []string
	column := 0
	for {
		token, err := o.decoder.Token()
		if err != nil {
			return nil, err
		}
		switch e := token.(type) {
		case xml.EndElement:
			if e.Name.Local == "table-row" {
				return cells, nil
			}
		case xml.StartElement:
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
}

// zeroPadded matches a number that a format shows with leading zeros.
var zeroPadded = regexp.MustCompile(`^0[0-9]+$`)

// cell returns what a cell holds: a number as it is, whatever way it is shown
// (but for leading zeros), and else its text.
func (o *ods) cell(e xml.StartElement) (string, error) {
	var text strings.Builder
	paragraphs := 0
	for depth := 1; depth > 0; {
		token, err := o.decoder.Token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth > 1 {
				text.Write(t)
			}
		case xml.StartElement:
			switch t.Name.Local {
			case "annotation", "frame", "custom-shape": // not in the cell, but over it
				if err := o.decoder.Skip(); err != nil {
					return "", err
				}
				continue
			case "s", "tab", "line-break":
				text.WriteByte(' ')
			case "p":
				if paragraphs++; paragraphs > 1 {
					text.WriteByte('\n')
				}
			}
			depth++
		}
	}
	shown := strings.TrimSpace(text.String())
	if value := attribute(e, "value"); value != "" && attribute(e, "value-type") == "float" && !zeroPadded.MatchString(shown) {
		return value, nil
	}
	return shown, nil
}
