package overview

import (
	"context"
	"fmt"
)

// classAttendancePDF is a page or more for each class: a box in each round,
// with where the student ought to be.
func classAttendancePDF(ctx context.Context, d *day) ([]byte, error) {
	s := newSheet(d, "class-attendance")
	for _, c := range d.classes {
		attendanceClass(s, c, nil)
	}
	if len(d.classes) == 0 {
		s.emptyPage("class-attendance")
	}
	return s.bytes(ctx)
}

// attendanceClass plans the pages of one class; n marks what is new, or is nil.
func attendanceClass(s *sheet, c class, n *news) {
	h, columns, rows := s.d.absenceTable(c, n)
	s.list(h, columns, s.roomiest(h, columns, rows), classRow, nil)
}

// absenceTable returns the rows of a class by the size of their type.
func (d *day) absenceTable(c class, n *news) (heading, []column, func(size float64) [][]cell) {
	const number, names = 8.0, 52.0
	columns := append([]column{{width: number, mid: true}, {title: d.t("student"), width: names, head: true}}, d.roundColumns(inner-number-names)...)
	rows := func(size float64) [][]cell {
		var rows [][]cell
		for i, p := range c.students {
			row := []cell{{text: fmt.Sprint(i + 1), size: 8}, {text: p.nameOnPaper(), bold: true, size: size + 1, mark: n.mark(d, p, 0, moveNew, moveName)}}
			for i, place := range p.places {
				x := d.place(place, size)
				x.box, x.bold, x.mark = true, false, n.mark(d, p, i+1, movePlace)
				row = append(row, x)
			}
			rows = append(rows, row)
		}
		return append(rows, d.leftClass(n, 1, size)...)
	}
	return heading{kind: d.t("list.class-attendance") + " · " + d.count(len(c.students)), title: d.className(c.name), news: n.words()}, columns, rows
}

// leftClass are the rows of those who are in the class no longer, their names
// in the column after that many.
func (d *day) leftClass(n *news, before int, size float64) [][]cell {
	var rows [][]cell
	for _, m := range n.left() {
		row := make([]cell, before, before+1+d.rounds)
		row = append(row, cell{text: m.p.nameOnPaper(), size: size + 1, gone: true, mark: d.t("mark.gone")})
		for range d.rounds {
			row = append(row, cell{})
		}
		if d.rounds > 0 {
			row[before+1] = cell{text: d.t("mark.now", "place", m.Now), size: size}
		}
		rows = append(rows, row)
	}
	return rows
}

func (d *day) classAttendanceHeads() []string {
	heads := []string{d.t("class"), d.t("student"), d.t("number")}
	for round := 1; round <= d.rounds; round++ {
		heads = append(heads, fmt.Sprintf("%s %d", d.t("workshop"), round), fmt.Sprintf("%s %d", d.t("room"), round), fmt.Sprintf("%s %d", d.t("present"), round))
	}
	return heads
}

func (d *day) classAttendanceRow(p *person) []string {
	row := []string{p.Class, p.ListName(), p.Number}
	for _, place := range p.places {
		row = append(row, d.titleAndState(place), place.Room, "")
	}
	return row
}

func classAttendanceXLSX(ctx context.Context, d *day) ([]byte, error) {
	b := newBook(d, "class-attendance")
	for _, c := range d.classes {
		var rows [][]string
		for _, p := range c.students {
			rows = append(rows, d.classAttendanceRow(p)[1:])
		}
		b.sheet(c.name, d.className(c.name), []string{d.count(len(c.students))}, d.classAttendanceHeads()[1:], rows)
	}
	return b.bytes(ctx)
}

func classAttendanceCSV(_ context.Context, d *day) ([]byte, error) {
	var rows [][]string
	for _, c := range d.classes {
		for _, p := range c.students {
			rows = append(rows, d.classAttendanceRow(p))
		}
	}
	return writeCSV(d.classAttendanceHeads(), rows)
}
