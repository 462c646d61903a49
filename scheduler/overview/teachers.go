package overview

import (
	"context"
	"fmt"
)

// teachersPDF is the day of each teacher: their sessions first, then who is in
// each of them.
func teachersPDF(ctx context.Context, d *day) ([]byte, error) {
	s := newSheet(d, "teachers")
	for _, t := range d.teachers {
		teacherPages(s, t, nil)
	}
	if len(d.teachers) == 0 {
		s.emptyPage("teachers")
	}
	return s.bytes(ctx)
}

// piece is a part of a teacher's day that is never broken over two pages.
type piece struct {
	height float64
	draw   func(y float64)
	again  *piece // what has to be repeated above it at the top of a page
	keep   float64
}

// teacherPages plans the pages of one teacher; n marks what is new, or is nil.
func teacherPages(s *sheet, t teacher, n *news) {
	d := s.d
	h := heading{kind: d.t("list.teachers"), title: d.teacherName(t.name), news: n.words()}
	pieces := teacherSummary(s, t)
	for _, x := range t.sessions {
		pieces = append(pieces, teacherSession(s, x, n)...)
	}
	top := s.head(h, d.t("part", "part", 99, "parts", 99), true) + 1
	var pages [][]piece
	var page []piece
	y := top
	for _, p := range pieces {
		if y+p.height+p.keep > bottom && len(page) > 0 {
			pages, page, y = append(pages, page), nil, top
			if p.again != nil {
				page, y = append(page, *p.again), y+p.again.height
			}
		}
		page, y = append(page, p), y+p.height
	}
	pages = append(pages, page)
	for i, page := range pages {
		part, mark := "", ""
		if len(pages) > 1 {
			part = d.t("part", "part", i+1, "parts", len(pages))
		}
		if i == 0 {
			mark = h.title
		}
		s.page(d.accent(), mark, func() {
			s.head(h, part, false)
			y := top
			for _, p := range page {
				p.draw(y)
				y += p.height
			}
		})
	}
}

// teacherTable is the table of a teacher's sessions.
func (d *day) teacherTable(t teacher) ([]column, [][]cell) {
	columns := []column{
		{title: d.t("round_head"), width: 16, mid: true},
		{title: d.t("time"), width: 34},
		{title: d.t("workshop"), width: inner - 122, head: true},
		{title: d.t("room"), width: 42},
		{title: d.t("in_it"), width: 30},
	}
	var rows [][]cell
	for _, x := range t.sessions {
		row := []cell{{}, {text: d.time(x.Round)}, {text: x.workshop.Title, bold: true}, {text: or(x.Room, "–")}, {text: d.taken(x)}}
		if x.cancelled {
			row[4].text = d.t("cancelled")
		}
		rows = append(rows, row)
	}
	return columns, rows
}

// teacherSummary plans that table; the number of a round is drawn in its colour.
func teacherSummary(s *sheet, t teacher) []piece {
	columns, rows := s.d.teacherTable(t)
	head := s.tableHead(columns, 0, true)
	pieces := []piece{{height: head, draw: func(y float64) { s.tableHead(columns, y, false) }}}
	for i, row := range s.lay(columns, rows, 8) {
		pieces = append(pieces, piece{height: row.height, draw: func(y float64) {
			s.tableRows(columns, []laidRow{row}, y)
			s.badge(margin+8-2.9, y+row.height/2-2.9, 5.8, t.sessions[i].Round)
		}})
	}
	return append(pieces, piece{height: 5, draw: func(float64) {}})
}

// teacherSession is one session: a bar in the colour of its round, and the
// names in two columns with boxes to tick.
func teacherSession(s *sheet, x *session, n *news) []piece {
	d := s.d
	const barPad, gap = 2.0, 4.0
	about := join(" · ", d.time(x.Round), x.Room, d.taken(x))
	title := s.flow(x.workshop.Title, inner-14, true, 13, white)
	small := s.flow(about, inner-14, false, 9.5, white)
	height := heightOf(title) + heightOf(small) + 2*barPad
	bar := piece{height: height + 1.5, draw: func(y float64) {
		c := roundColour(x.Round)
		s.bar(margin, y, inner, height, c)
		s.centre(margin+6.5, y+height/2+2.5, fmt.Sprint(x.Round), true, 20, white)
		s.write(margin+13, s.write(margin+13, y+barPad, title), small)
	}}
	pieces := []piece{bar}
	pieces[0].keep = 16 // never alone at the foot of a page
	if note := d.note(x); note != "" {
		runs := s.flow(note, inner-4, true, 11, ink)
		pieces = append(pieces, piece{height: heightOf(runs) + 4, again: &bar, draw: func(y float64) { s.write(margin+2, y+2, runs) }})
	}
	half := (inner - gap) / 2
	columns := []column{{width: half - 17}, {width: 17}, {width: gap}, {width: half - 17}, {width: 17}}
	down := (len(x.students) + 1) / 2
	var rows [][]cell
	for i := range down {
		row := make([]cell, 5)
		row[0], row[1] = nameCells(d, x, x.students[i], n)
		if i+down < len(x.students) {
			row[3], row[4] = nameCells(d, x, x.students[i+down], n)
		}
		rows = append(rows, row)
	}
	for _, m := range n.left() {
		if m.Round == x.Round && m.from == x {
			rows = append(rows, []cell{{text: m.p.nameOnPaper(), gone: true, mark: d.t("mark.gone")}, {text: m.Class, size: 9, gone: true}, {}, {text: d.t("mark.now", "place", m.Now), size: 9}, {}})
		}
	}
	for _, row := range s.lay(columns, rows, 6.6) {
		pieces = append(pieces, piece{height: row.height, again: &bar, draw: func(y float64) { s.tableRows(columns, []laidRow{row}, y) }})
	}
	return append(pieces, piece{height: 5, draw: func(float64) {}})
}

func nameCells(d *day, x *session, p *person, n *news) (name, class cell) {
	return cell{text: p.nameOnPaper(), box: true, mark: n.mark(d, p, x.Round, moveNew, moveName)},
		cell{text: p.Class, size: 9, mark: n.mark(d, p, x.Round, moveClass)}
}

func teachersXLSX(ctx context.Context, d *day) ([]byte, error) {
	b := newBook(d, "teachers")
	heads := []string{d.t("round_head"), d.t("time"), d.t("workshop"), d.t("room"), d.t("student"), d.t("class"), d.t("present"), d.t("remark")}
	for _, t := range d.teachers {
		var rows [][]string
		for _, row := range d.sessionCSV(t.sessions) {
			rows = append(rows, append(row[:4:4], row[5:]...))
		}
		var lines []string
		for _, x := range t.sessions {
			state := d.taken(x)
			if x.cancelled {
				state = d.t("cancelled")
			}
			lines = append(lines, join(" · ", d.roundName(x.Round), d.time(x.Round), x.workshop.Title, x.Room, state))
		}
		b.sheet(or(t.name, d.t("no_teacher")), d.teacherName(t.name), lines, heads, rows)
	}
	return b.bytes(ctx)
}

func teachersCSV(_ context.Context, d *day) ([]byte, error) {
	var sessions []*session
	for _, t := range d.teachers {
		sessions = append(sessions, t.sessions...)
	}
	var rows [][]string
	for _, row := range d.sessionCSV(sessions) {
		// The teacher comes first: the file is sorted by teacher.
		teacher := or(row[4], d.t("no_teacher"))
		rows = append(rows, append(append([]string{teacher}, row[:4]...), row[5:]...))
	}
	heads := d.sessionHeads()
	return writeCSV(append(append([]string{heads[4]}, heads[:4]...), heads[5:]...), rows)
}
