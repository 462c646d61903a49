package overview

import (
	"context"
	"fmt"
)

// rostersPDF is a page or more for each class, for its mentor, and after those
// a block for each student to cut out.
func rostersPDF(ctx context.Context, d *day) ([]byte, error) {
	s := newSheet(d, "rosters")
	for _, c := range d.classes {
		rosterClass(s, c)
	}
	for _, c := range d.classes {
		rosterBlocks(s, c)
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

func rosterClass(s *sheet, c class) {
	d := s.d
	const names = 54.0
	columns := append([]column{{title: d.t("student"), width: names}}, d.roundColumns(inner-names)...)
	rows := func(size float64) [][]cell {
		var rows [][]cell
		for _, p := range c.students {
			row := []cell{{text: p.ListName(), size: size + 1}}
			for _, place := range p.places {
				row = append(row, d.place(place, size))
			}
			rows = append(rows, row)
		}
		return rows
	}
	h := heading{kind: d.t("list.rosters") + " · " + d.count(len(c.students)), title: d.className(c.name)}
	s.list(h, columns, s.roomiest(h, columns, rows), classRow, nil)
}

// rosterBlocks plans the pages of blocks of one class, so that a mentor gets
// their own stack.
func rosterBlocks(s *sheet, c class) {
	d := s.d
	const top = headTop - 2
	down := 5
	if d.rounds > 3 {
		down = 4
	}
	w, h := inner/2, (bottom-top)/float64(down)
	for first := 0; first < len(c.students); first += 2 * down {
		students := c.students[first:min(first+2*down, len(c.students))]
		mark := ""
		if first == 0 {
			mark = d.t("blocks", "class", d.className(c.name))
		}
		s.page(d.accent(), mark, func() {
			for i := 1; i < down; i++ {
				s.cut(margin, top+float64(i)*h, pageWidth-margin, top+float64(i)*h)
			}
			s.cut(pageWidth/2, top, pageWidth/2, bottom)
			for i, p := range students {
				rosterBlock(s, p, margin+float64(i%2)*w, top+float64(i/2)*h, w, h)
			}
		})
	}
}

// rosterBlock draws one student's day, in type as large as all of it fits.
func rosterBlock(s *sheet, p *person, x, y, w, h float64) {
	const pad = 4.0
	for scale := 1.12; ; scale *= 0.95 {
		if scale < 0.3 || s.block(p, x+pad, y+pad*0.7, w-2*pad, scale, true) <= y+h-pad*0.4 {
			s.block(p, x+pad, y+pad*0.7, w-2*pad, scale, false)
			return
		}
	}
}

func (s *sheet) block(p *person, x, y, w, scale float64, measure bool) float64 {
	d := s.d
	put := func(x float64, runs []run) {
		if !measure {
			s.write(x, y, runs)
		}
		y += heightOf(runs)
	}
	put(x, s.flow(join(" · ", p.Name(), p.Class), w, true, 12.5*scale, ink))
	put(x, s.flow(join(" · ", d.Event.Title, d.School.Name), w, false, 7.5*scale, grey))
	put(x, s.flow(d.date(), w, false, 7.5*scale, grey))
	y += 1.6 * scale
	size := 8.4 * scale
	for i, place := range p.places {
		top := y
		if !measure {
			s.badge(x, y, size, i+1)
		}
		left := x + size + 2.2*scale
		room := w - size - 2.2*scale
		title := d.title(place)
		if place.cancelled {
			title = join(" · ", title, d.t("cancelled"))
		}
		y -= 0.5 * scale
		put(left, s.flow(title, room, true, 10*scale, ink))
		where := d.time(i + 1)
		if !place.none() {
			where = join(" · ", where, place.Room, place.workshop.Teacher)
		}
		put(left, s.flow(where, room, false, 8.8*scale, ink))
		y = max(y, top+size) + 1.4*scale
	}
	return y
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
		title := d.title(place)
		if place.cancelled {
			title += " (" + d.t("cancelled") + ")"
		}
		row = append(row, title, d.time(i+1), place.Room, place.workshop.Teacher)
	}
	return row
}

// rostersXLSX has a sheet for each class, and one on which each student's
// rounds stand under one another.
func rostersXLSX(ctx context.Context, d *day) ([]byte, error) {
	b := newBook(d, "rosters")
	for _, c := range d.classes {
		var rows [][]string
		for _, p := range c.students {
			rows = append(rows, d.rosterRow(p)[1:])
		}
		b.sheet(c.name, d.className(c.name), []string{d.count(len(c.students))}, d.rosterHeads()[1:], rows)
	}
	var rows [][]string
	for _, c := range d.classes {
		for _, p := range c.students {
			for i, place := range p.places {
				title := d.title(place)
				if place.cancelled {
					title += " (" + d.t("cancelled") + ")"
				}
				rows = append(rows, []string{p.Class, p.ListName(), fmt.Sprint(i + 1), d.time(i + 1), title, place.Room, place.workshop.Teacher})
			}
		}
	}
	heads := []string{d.t("class"), d.t("student"), d.t("round_head"), d.t("time"), d.t("workshop"), d.t("room"), d.t("teacher")}
	b.sheet(d.t("per_student"), d.t("per_student"), []string{d.count(len(d.students))}, heads, rows)
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
