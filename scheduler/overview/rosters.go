package overview

import (
	"context"
	"fmt"
)

// rostersPDF is a page or more for each class, for its mentor.
func rostersPDF(ctx context.Context, d *day) ([]byte, error) {
	s := newSheet(d, "rosters")
	for _, c := range d.classes {
		rosterClass(s, c, nil)
	}
	if len(d.classes) == 0 {
		s.emptyPage("rosters")
	}
	return s.bytes(ctx)
}

// emptyPage plans the one page of a list of nothing.
func (s *sheet) emptyPage(name string) {
	s.list(heading{title: s.d.t("list." + name), note: s.d.t("nothing")}, nil, nil, 0, nil)
}

// roundColumns are the columns of the rounds over w millimetres.
func (d *day) roundColumns(w float64) []column {
	var columns []column
	for round := 1; round <= d.rounds; round++ {
		columns = append(columns, column{title: d.roundName(round), note: d.time(round), width: w / float64(d.rounds), round: round})
	}
	return columns
}

// place writes where a student is in a round, for a class's table.
func (d *day) place(s *session, size float64) cell {
	c := cell{text: d.title(s), bold: true, size: size}
	switch {
	case s.none():
		c.bold = false
	case s.cancelled:
		c.note = d.t("cancelled")
	default:
		c.note = s.Room
	}
	return c
}

// rosterClass plans the pages of one class; n marks what is new, or is nil.
func rosterClass(s *sheet, c class, n *news) {
	h, columns, rows := s.d.rosterTable(c, n)
	s.list(h, columns, s.roomiest(h, columns, rows), classRow, nil)
}

// rosterTable returns the rows of a class by the size of their type.
func (d *day) rosterTable(c class, n *news) (heading, []column, func(size float64) [][]cell) {
	const names = 54.0
	columns := append([]column{{title: d.t("student"), width: names, head: true}}, d.roundColumns(inner-names)...)
	rows := func(size float64) [][]cell {
		var rows [][]cell
		for _, p := range c.students {
			row := []cell{{text: p.nameOnPaper(), size: size + 1, mark: n.mark(d, p, 0, moveNew, moveName)}}
			for i, place := range p.places {
				x := d.place(place, size)
				x.mark = n.mark(d, p, i+1, movePlace)
				row = append(row, x)
			}
			rows = append(rows, row)
		}
		return append(rows, d.leftClass(n, 0, size)...)
	}
	return heading{kind: d.t("list.rosters") + " · " + d.count(len(c.students)), title: d.className(c.name), news: n.words()}, columns, rows
}

// rosterHeads are the headings of a roster as a table.
func (d *day) rosterHeads() []string {
	heads := []string{d.t("class"), d.t("student"), d.t("number"), d.t("first_name"), d.t("infix"), d.t("last_name")}
	for round := 1; round <= d.rounds; round++ {
		for _, key := range []string{"workshop", "time", "room", "teacher"} {
			heads = append(heads, fmt.Sprintf("%s %d", d.t(key), round))
		}
	}
	return heads
}

func (d *day) rosterRow(p *person) []string {
	row := []string{p.Class, p.ListName(), p.Number, p.FirstName, p.Infix, p.LastName}
	for i, place := range p.places {
		row = append(row, d.titleAndState(place), d.time(i+1), place.Room, place.workshop.Teacher)
	}
	return row
}

// rostersXLSX has a sheet for each class.
func rostersXLSX(ctx context.Context, d *day) ([]byte, error) {
	b := newBook(d, "rosters")
	for _, c := range d.classes {
		var rows [][]string
		for _, p := range c.students {
			rows = append(rows, d.rosterRow(p)[1:])
		}
		b.sheet(c.name, d.className(c.name), []string{d.count(len(c.students))}, d.rosterHeads()[1:], rows)
	}
	return b.bytes(ctx)
}

func rostersCSV(_ context.Context, d *day) ([]byte, error) {
	var rows [][]string
	for _, c := range d.classes {
		for _, p := range c.students {
			rows = append(rows, d.rosterRow(p))
		}
	}
	return writeCSV(d.rosterHeads(), rows)
}
