package overview

// column of a table. Widths are millimetres.
type column struct {
	title string
	note  string // under the title
	width float64
	round int  // not 0: the heading has that round's colour
	mid   bool // what is in it stands in the middle
	head  bool // what is in it names the row
}

// cell of a table: a box to tick, text, or both.
type cell struct {
	text string
	note string // in small type under the text
	mark string // on a dark tag under that: what is new about it
	gone bool   // struck out
	bold bool
	box  bool
	size float64 // of the text, in points; 0: 10
}

const (
	cellPad = 1.6 // millimetres left and right of a cell's text
	tagPad  = 0.8 // and of a tag's
)

// laidRow is a row with its text set in lines.
type laidRow struct {
	cells  []cell
	runs   [][]run
	tags   [][]run // under those
	height float64
}

// lay sets the rows of a table; none is lower than least millimetres.
func (s *sheet) lay(columns []column, rows [][]cell, least float64) []laidRow {
	laid := make([]laidRow, len(rows))
	for i, cells := range rows {
		r := laidRow{cells: cells, runs: make([][]run, len(cells)), tags: make([][]run, len(cells)), height: least}
		for j, c := range cells {
			w := columns[j].width - 2*cellPad
			if c.box && c.text != "" {
				w -= 6.5
			}
			size := c.size
			if size == 0 {
				size = 10
			}
			r.runs[j] = append(s.flow(c.text, w, c.bold, size, ink), s.flow(c.note, w, false, size*0.84, grey)...)
			r.tags[j] = s.flow(c.mark, w-2*tagPad, true, 6.5, white)
			r.height = max(r.height, heightOf(r.runs[j])+heightOf(r.tags[j])+1.2)
		}
		laid[i] = r
	}
	return laid
}

// split deals rows over pages with that much room under the table's heading.
// A row is never broken over two pages. There is always at least one page.
func split(rows []laidRow, room float64) [][]laidRow {
	var pages [][]laidRow
	start, used := 0, 0.0
	for i, r := range rows {
		if used+r.height > room && i > start {
			pages = append(pages, rows[start:i])
			start, used = i, 0
		}
		used += r.height
	}
	return append(pages, rows[start:])
}

// classRow is the least height of a row in a class's table, in millimetres: a
// class of 28 goes on one page.
const classRow = 7.2

// roomiest returns the rows in the largest type that needs the fewest pages.
func (s *sheet) roomiest(h heading, columns []column, rows func(size float64) [][]cell) [][]cell {
	var best [][]cell
	fewest := 0
	for _, size := range []float64{8.5, 8, 7.5, 7} {
		try := rows(size)
		if n := len(split(s.lay(columns, try, classRow), s.room(h, columns))); best == nil || n < fewest {
			best, fewest = try, n
		}
	}
	return best
}

// room is how high the rows of a table under that heading may be together on a page.
func (s *sheet) room(h heading, columns []column) float64 {
	// The longest that the words for "sheet 1 of 2" can be is measured along.
	top := s.head(h, s.d.t("part", "part", 99, "parts", 99), true)
	return bottom - s.tableHead(columns, top, true)
}

// tableHead draws the headings of a table and returns where they end.
func (s *sheet) tableHead(columns []column, y float64, measure bool) float64 {
	height := 0.0
	runs := make([][]run, len(columns))
	for i, c := range columns {
		colour := ink
		if c.round > 0 {
			colour = white
		}
		runs[i] = append(s.flow(c.title, c.width-2*cellPad, true, 9, colour), s.flow(c.note, c.width-2*cellPad, false, 8, colour)...)
		height = max(height, heightOf(runs[i])+2)
	}
	if measure {
		return y + height
	}
	x := margin
	for i, c := range columns {
		if c.round > 0 {
			s.bar(x+0.3, y, c.width-0.6, height, roundColour(c.round))
		}
		s.cellText(x, y+height-1-heightOf(runs[i]), c, runs[i], false)
		x += c.width
	}
	s.rule(margin, y+height, pageWidth-margin, ink, 0.5)
	return y + height
}

// cellText writes runs in a cell, struck out where they are gone, and returns
// where they end.
func (s *sheet) cellText(x, y float64, c column, runs []run, gone bool) float64 {
	for _, r := range runs {
		w := s.width(r.s, r.bold, r.size)
		left, base := x+cellPad, y+r.height()*0.77
		if c.mid {
			left = x + (c.width-w)/2
		}
		s.text(left, base, r.s, r.bold, r.size, r.colour)
		if gone {
			s.rule(left, base-r.size*mm*0.26, left+w, ink, 0.25)
		}
		y += r.height()
	}
	return y
}

// cellTags writes runs as tags, from y.
func (s *sheet) cellTags(x, y float64, c column, runs []run) {
	for _, r := range runs {
		w := s.width(r.s, r.bold, r.size) + 2*tagPad
		left := x + cellPad
		if c.mid {
			left = x + (c.width-w)/2
		}
		s.bar(left, y+0.1, w, r.height()-0.2, ink)
		s.text(left+tagPad, y+r.height()*0.77, r.s, r.bold, r.size, r.colour)
		y += r.height()
	}
}

// tableRows draws rows and returns where they end.
func (s *sheet) tableRows(columns []column, rows []laidRow, y float64) float64 {
	for _, r := range rows {
		x := margin
		for j, c := range r.cells {
			middle := y + r.height/2
			at := x
			if c.box {
				switch {
				case c.text != "":
					s.tick(x+cellPad+2.2, middle, 4.4)
					at = x + 6.5
				default:
					s.tick(x+columns[j].width/2, middle, 4.4)
				}
			}
			top := middle - (heightOf(r.runs[j])+heightOf(r.tags[j]))/2
			s.cellTags(at, s.cellText(at, top, columns[j], r.runs[j], c.gone), columns[j], r.tags[j])
			x += columns[j].width
		}
		y += r.height
		s.rule(margin, y, pageWidth-margin, line, 0.2)
	}
	return y
}

// list plans the pages of one heading with one table: the heading and the
// table's heading stand on each. Where the last page has room left, after draws
// there; it may be nil.
func (s *sheet) list(h heading, columns []column, rows [][]cell, least float64, after func(y float64)) {
	accent := s.d.accent()
	if h.round > 0 {
		accent = roundColour(h.round)
	}
	laid := s.lay(columns, rows, least)
	pages := split(laid, s.room(h, columns))
	for i, rows := range pages {
		part, mark := "", ""
		if len(pages) > 1 {
			part = s.d.t("part", "part", i+1, "parts", len(pages))
		}
		if i == 0 {
			mark = join(" ", h.title)
			if h.round > 0 {
				mark = s.d.roundName(h.round) + " · " + h.title
			}
		}
		s.page(accent, mark, func() {
			y := s.head(h, part, false)
			if len(laid) > 0 {
				y = s.tableRows(columns, rows, s.tableHead(columns, y, false))
			}
			if i == len(pages)-1 && after != nil {
				after(y)
			}
		})
	}
}
