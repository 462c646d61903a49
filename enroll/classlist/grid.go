package classlist

import "strings"

// grid is one sheet, or a text file, as a person sees it on the screen.
type grid struct {
	name      string // of the sheet, "" for a text file
	rows      []row  // those with something in them
	merged    []span
	separator string // between the cells of a text file, "" for a sheet
	exact     bool   // written by a program as text: no zeros fell off
	guessed   bool   // the encoding is not sure
	bytes     int    // in all cells of this file so far, with what it takes to hold them
}

type row struct {
	number   int // as Excel shows it
	cells    []string
	unclosed bool // its quotes do not pair: the cells are a guess
}

// span is a cell of a sheet that is merged over several rows.
type span struct {
	column      int // from 0
	first, last int // numbers of rows
}

// headingRows is among how many rows, blank ones not counted, the heading is looked for.
const headingRows = 20

// What a row and a cell take of memory beside their text, roughly.
const bytesOfRow, bytesOfCell = 64, 16

// maxMerged is how many merged cells of a sheet are looked at.
const maxMerged = 5_000

// merge notes a cell that is merged over several rows.
func (g *grid) merge(s span) {
	if s.first < s.last && len(g.merged) < maxMerged {
		g.merged = append(g.merged, s)
	}
}

// add appends a row unless it is blank. It returns the problem that the sheet
// is too long, too wide or holds too much, and then the reader stops.
func (g *grid) add(number int, cells []string) *Problem {
	width, bytes := 0, bytesOfRow+len(cells)*bytesOfCell
	for i, c := range cells {
		bytes += len(c)
		if strings.TrimSpace(c) != "" {
			width = i + 1
		}
	}
	if width > 0 {
		g.bytes += bytes
	}
	switch {
	case width == 0:
		return nil
	case width > MaxColumns:
		return tooManyColumns()
	case g.bytes > MaxUnpacked:
		return tooMuchUnpacked()
	case len(g.rows) == MaxRows+headingRows:
		return tooManyRows()
	}
	g.rows = append(g.rows, row{number: number, cells: cells[:min(len(cells), MaxColumns)]})
	return nil
}

func tooManyRows() *Problem     { return refuse(TooLarge, "limit", "rows", "max", MaxRows) }
func tooManyColumns() *Problem  { return refuse(TooLarge, "limit", "columns", "max", MaxColumns) }
func tooMuchUnpacked() *Problem { return refuse(TooLarge, "limit", "unpacked", "max", MaxUnpacked>>20) }

// cell returns a cell, "" where the row ends before it.
func (r row) cell(column int) string {
	if column < len(r.cells) {
		return r.cells[column]
	}
	return ""
}

// mergedRow returns the row in which the merged cell that covers this one
// begins, and false where none does.
func (g *grid) mergedRow(column, number int) (int, bool) {
	for _, s := range g.merged {
		if s.column == column && s.first < number && number <= s.last {
			return s.first, true
		}
	}
	return 0, false
}

// letter names a column as Excel does.
func letter(column int) string {
	name := ""
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name
}
