package overview

import (
	"context"
	"fmt"
)

// studentRostersPDF is a block for each student to cut out, eight to a page.
func studentRostersPDF(ctx context.Context, d *day) ([]byte, error) {
	s := newSheet(d, "student-rosters")
	for _, c := range d.classes {
		studentBlocks(s, c)
	}
	if len(d.classes) == 0 {
		s.emptyPage("student-rosters")
	}
	return s.bytes(ctx)
}

// studentBlocks plans the pages of blocks of one class, so that a mentor gets
// their own stack.
func studentBlocks(s *sheet, c class) {
	d := s.d
	const top = headTop - 2
	const down = 4 // eight to a page
	w, h := inner/2, (bottom-top)/down
	for first := 0; first < len(c.students); first += 2 * down {
		students := c.students[first:min(first+2*down, len(c.students))]
		mark := ""
		if first == 0 {
			mark = d.className(c.name)
		}
		s.page(d.accent(), mark, func() {
			for i := 1; i < down; i++ {
				s.cut(margin, top+float64(i)*h, pageWidth-margin, top+float64(i)*h)
			}
			s.cut(pageWidth/2, top, pageWidth/2, bottom)
			for i, p := range students {
				studentBlock(s, p, margin+float64(i%2)*w, top+float64(i/2)*h, w, h)
			}
		})
	}
}

// studentBlock draws one student's day, in type as large as all of it fits.
func studentBlock(s *sheet, p *person, x, y, w, h float64) {
	const pad = 4.0
	for scale := 1.25; ; scale *= 0.95 {
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
	put(x, s.flow(join(" · ", onPaper(p.Name(), p.Student), p.Class), w, true, 12.5*scale, ink))
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

// studentRosterRows are a row for each of a student's rounds.
func (d *day) studentRosterRows(p *person) [][]string {
	rows := make([][]string, len(p.places))
	for i, place := range p.places {
		rows[i] = []string{p.Class, p.ListName(), fmt.Sprint(i + 1), d.time(i + 1), d.titleAndState(place), place.Room, place.workshop.Teacher}
	}
	return rows
}

func (d *day) studentRosterHeads() []string {
	return []string{d.t("class"), d.t("student"), d.t("round_head"), d.t("time"), d.t("workshop"), d.t("room"), d.t("teacher")}
}

// studentRostersXLSX has a sheet for each class, on which each student's rounds
// stand under one another.
func studentRostersXLSX(ctx context.Context, d *day) ([]byte, error) {
	b := newBook(d, "student-rosters")
	for _, c := range d.classes {
		var rows [][]string
		for _, p := range c.students {
			for _, row := range d.studentRosterRows(p) {
				rows = append(rows, row[1:])
			}
		}
		b.sheet(c.name, d.className(c.name), []string{d.count(len(c.students))}, d.studentRosterHeads()[1:], rows)
		b.plan[len(b.plan)-1].together = max(1, d.rounds)
	}
	return b.bytes(ctx)
}

func studentRostersCSV(_ context.Context, d *day) ([]byte, error) {
	var rows [][]string
	for _, c := range d.classes {
		for _, p := range c.students {
			rows = append(rows, d.studentRosterRows(p)...)
		}
	}
	return writeCSV(d.studentRosterHeads(), rows)
}
