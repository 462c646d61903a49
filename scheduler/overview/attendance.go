package overview

import (
	"context"
	"fmt"
)

// attendancePDF is a page or more for each session: its students with boxes to
// tick. A cancelled session and one without students has a page that says so.
func attendancePDF(ctx context.Context, d *day) ([]byte, error) {
	s := newSheet(d, "attendance")
	for _, x := range d.sessions {
		attendanceSession(s, x, nil)
	}
	if len(d.sessions) == 0 {
		s.emptyPage("attendance")
	}
	return s.bytes(ctx)
}

// attendanceSession plans the pages of one session; n marks what is new, or is nil.
func attendanceSession(s *sheet, x *session, n *news) {
	h, columns, rows := s.d.attendanceTable(x, n)
	s.list(h, columns, rows, 6.7, func(y float64) {
		if !x.none() && !x.cancelled {
			s.unexpected(y + 3)
		}
	})
}

func (d *day) attendanceTable(x *session, n *news) (heading, []column, [][]cell) {
	columns := []column{
		{width: 10, mid: true},
		{title: d.t("student"), width: 78, head: true},
		{title: d.t("class"), width: 20},
		{title: d.t("present"), width: 20, mid: true},
		{title: d.t("late"), width: 18, mid: true},
		{title: d.t("remark"), width: inner - 146},
	}
	var rows [][]cell
	for i, p := range x.students {
		rows = append(rows, []cell{
			{text: fmt.Sprint(i + 1), size: 8},
			{text: p.nameOnPaper(), bold: true, size: 10.5, mark: n.mark(d, p, x.Round, moveNew, moveName)},
			{text: p.Class, mark: n.mark(d, p, x.Round, moveClass)},
			{box: true}, {box: true}, {},
		})
	}
	for _, m := range n.left() {
		rows = append(rows, []cell{{}, {text: m.p.nameOnPaper(), size: 10.5, gone: true, mark: d.t("mark.gone")}, {text: m.Class, gone: true}, {}, {}, {text: d.t("mark.now", "place", m.Now), size: 9}})
	}
	return heading{round: x.Round, kind: join(" · ", d.t("list.attendance"), d.roundName(x.Round)), title: d.title(x), facts: d.where(x), news: n.words(), note: d.note(x)}, columns, rows
}

// unexpected draws lines for those who came and are not on the list, where
// there is room for them.
func (s *sheet) unexpected(y float64) {
	const label, step = 7.0, 8.0
	if y+label+step > bottom {
		return
	}
	s.write(margin+cellPad, y, s.flow(s.d.t("unexpected"), inner, false, 8.5, grey))
	y += label
	for i := 0; i < 3 && y+step <= bottom; i++ {
		y += step
		s.rule(margin, y, pageWidth-margin, line, 0.2)
	}
}

// sessionRows are the rows of a session as a table, after what names it.
func (d *day) sessionRows(x *session, row func(p *person) []string) [][]string {
	var rows [][]string
	for _, p := range x.students {
		rows = append(rows, row(p))
	}
	return rows
}

// sessionLines tell about a session above its table.
func (d *day) sessionLines(x *session) []string {
	lines := []string{}
	for _, f := range d.where(x) {
		lines = append(lines, f.label+": "+f.value)
	}
	return []string{join(" · ", append([]string{d.roundName(x.Round)}, lines...)...), d.note(x)}
}

func attendanceXLSX(ctx context.Context, d *day) ([]byte, error) {
	b := newBook(d, "attendance")
	for _, x := range d.sessions {
		rows := d.sessionRows(x, func(p *person) []string { return []string{p.ListName(), p.Class, "", "", ""} })
		heads := []string{d.t("student"), d.t("class"), d.t("present"), d.t("late"), d.t("remark")}
		b.sheet(d.sheetTitle(x), d.title(x), d.sessionLines(x), heads, rows)
	}
	return b.bytes(ctx)
}

// sheetTitle names a session's sheet: 1 Breakdance.
func (d *day) sheetTitle(x *session) string { return fmt.Sprintf("%d %s", x.Round, d.title(x)) }

// sessionCSV is a row for each student in each session, and one that says so
// for a session that is cancelled or has nobody.
func (d *day) sessionCSV(sessions []*session) [][]string {
	var rows [][]string
	for _, x := range sessions {
		about := []string{fmt.Sprint(x.Round), d.time(x.Round), d.title(x), x.Room, x.workshop.Teacher}
		note := ""
		switch {
		case x.cancelled:
			note = d.t("cancelled")
		case len(x.students) == 0:
			note = d.t("nobody")
		}
		for _, p := range x.students {
			rows = append(rows, append(about[:len(about):len(about)], p.ListName(), p.Class, "", note))
		}
		if len(x.students) == 0 {
			rows = append(rows, append(about, "", "", "", note))
		}
	}
	return rows
}

func (d *day) sessionHeads() []string {
	return []string{d.t("round_head"), d.t("time"), d.t("workshop"), d.t("room"), d.t("teacher"), d.t("student"), d.t("class"), d.t("present"), d.t("remark")}
}

func attendanceCSV(_ context.Context, d *day) ([]byte, error) {
	return writeCSV(d.sessionHeads(), d.sessionCSV(d.sessions))
}
