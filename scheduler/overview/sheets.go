package overview

import (
	"fmt"

	"cultuurdag/enroll"
)

// Sheet is what a page shows of a class, a session or a teacher: the same as the
// list prints.
type Sheet struct {
	ID     string      `json:"-"` // to link to, unlike that of any other sheet of the list
	Round  int         `json:"round,omitempty"`
	Kind   string      `json:"-"` // what kind of list it is
	Title  string      `json:"title"`
	Facts  [][2]string `json:"-"` // label and value
	Note   string      `json:"note,omitempty"`
	Tables []Table     `json:"tables"`
}

// Table is a table of a sheet; the only one has no caption of its own.
type Table struct {
	Caption string   `json:"caption,omitempty"`
	Round   int      `json:"round,omitempty"`
	Note    string   `json:"note,omitempty"`
	Columns []Column `json:"columns"`
	Rows    [][]Cell `json:"rows"`
}

// Column is the heading of a column.
type Column struct {
	Title string `json:"title"`
	Note  string `json:"note,omitempty"`
	Round int    `json:"round,omitempty"`
	Head  bool   `json:"-"` // what is in it names the row
}

// Cell is a box to tick, text, or both.
type Cell struct {
	Text string `json:"text"`
	Note string `json:"note,omitempty"`
	Box  bool   `json:"-"`
}

// Sheets returns a list, one of Names, to be shown on a page.
func Sheets(in Input, name string) ([]Sheet, error) {
	d := newDay(in)
	var sheets []Sheet
	switch name {
	case "rosters", "class-attendance":
		of := d.rosterTable
		if name == "class-attendance" {
			of = d.absenceTable
		}
		for _, c := range d.classes {
			h, columns, rows := of(c, nil)
			sheets = append(sheets, sheetOf(h, table(columns, rows(0))))
		}
	case "student-rosters":
		for _, c := range d.classes {
			sheets = append(sheets, d.studentSheet(c))
		}
	case "attendance":
		for _, x := range d.sessions {
			h, columns, rows := d.attendanceTable(x, nil)
			sheets = append(sheets, sheetOf(h, table(columns, rows)))
		}
	case "teachers":
		for _, t := range d.teachers {
			sheets = append(sheets, d.teacherSheet(t))
		}
	default:
		return nil, enroll.ErrNotFound
	}
	for i := range sheets {
		sheets[i].ID = fmt.Sprintf("sheet-%d", i+1)
	}
	return sheets, nil
}

func sheetOf(h heading, tables ...Table) Sheet {
	s := Sheet{Round: h.round, Kind: h.kind, Title: h.title, Note: h.note, Tables: tables}
	for _, f := range h.facts {
		s.Facts = append(s.Facts, [2]string{f.label, f.value})
	}
	return s
}

func table(columns []column, rows [][]cell) Table {
	t := Table{Rows: [][]Cell{}}
	for _, c := range columns {
		t.Columns = append(t.Columns, Column{c.title, c.note, c.round, c.head})
	}
	for _, row := range rows {
		cells := make([]Cell, len(row))
		for i, c := range row {
			cells[i] = Cell{c.text, c.note, c.box}
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// studentSheet is a table for each student of a class.
func (d *day) studentSheet(c class) Sheet {
	s := Sheet{Kind: d.t("list.student-rosters") + " · " + d.count(len(c.students)), Title: d.className(c.name)}
	for _, p := range c.students {
		t := Table{Caption: join(" · ", p.Name(), p.Class)}
		for i, head := range d.studentRosterHeads()[2:] {
			t.Columns = append(t.Columns, Column{Title: head, Head: i == 2})
		}
		for _, row := range d.studentRosterRows(p) {
			var cells []Cell
			for _, text := range row[2:] {
				cells = append(cells, Cell{Text: text})
			}
			t.Rows = append(t.Rows, cells)
		}
		s.Tables = append(s.Tables, t)
	}
	return s
}

// teacherSheet is a teacher's sessions, and then who is in each.
func (d *day) teacherSheet(t teacher) Sheet {
	columns, rows := d.teacherTable(t)
	for i, x := range t.sessions {
		rows[i][0].text = fmt.Sprint(x.Round) // drawn in colour on paper
	}
	summary := table(columns, rows)
	summary.Caption = d.t("day_of", "teacher", d.teacherName(t.name))
	s := sheetOf(heading{kind: d.t("list.teachers"), title: d.teacherName(t.name)}, summary)
	for _, x := range t.sessions {
		h, columns, rows := d.attendanceTable(x, nil)
		t := table(columns, rows)
		t.Caption, t.Round, t.Note = join(" · ", d.roundName(x.Round), h.title, d.time(x.Round), x.Room, d.taken(x)), x.Round, h.note
		s.Tables = append(s.Tables, t)
	}
	return s
}
