package web

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cultuurdag/enroll"
)

// programmeForm is the programme as a table of texts: a row a workshop, and in
// it a cell a round. Rows without anything in them are no workshops.
type programmeForm struct {
	Version int // that the form was made from
	Rounds  []roundFields
	Rows    []workshopFields
}

type roundFields struct{ Start, End string }

type workshopFields struct {
	ID, Title, Description, Teacher string
	For                             string // classes and years it is for, separated by commas; empty: everybody
	Cells                           []sessionFields
}

type sessionFields struct{ Room, Capacity, Minimum string }

// Most rows that a form may have.
const maxWorkshops = 200

func (w workshopFields) empty() bool {
	if w.Title != "" || w.Description != "" || w.Teacher != "" || w.For != "" {
		return false
	}
	return !slices.ContainsFunc(w.Cells, func(c sessionFields) bool { return c != sessionFields{} })
}

func (f *programmeForm) addRound() {
	if len(f.Rounds) == enroll.MaxRounds {
		return
	}
	f.Rounds = append(f.Rounds, roundFields{})
	for i := range f.Rows {
		f.Rows[i].Cells = append(f.Rows[i].Cells, sessionFields{})
	}
}

func (f *programmeForm) addWorkshops(n int) {
	for range min(n, maxWorkshops-len(f.Rows)) {
		f.Rows = append(f.Rows, workshopFields{Cells: make([]sessionFields, len(f.Rounds))})
	}
}

// formOfProgramme fills the form, with rows to spare while there can be more.
func formOfProgramme(p enroll.Programme, e enroll.Event) programmeForm {
	f := programmeForm{Version: p.Version}
	layout := "15:04"
	if e.LastDate != e.Date {
		layout = formMoment
	}
	for _, r := range p.Rounds {
		f.Rounds = append(f.Rounds, roundFields{r.Start.In(enroll.Amsterdam).Format(layout), r.End.In(enroll.Amsterdam).Format(layout)})
	}
	for len(f.Rounds) < 3 && p.Version == 0 {
		f.Rounds = append(f.Rounds, roundFields{})
	}
	for _, w := range p.Workshops {
		row := workshopFields{ID: w.ID, Title: w.Title, Description: w.Description, Teacher: w.Teacher, For: forText(w), Cells: make([]sessionFields, len(f.Rounds))}
		for _, session := range w.Sessions {
			cell := sessionFields{Room: session.Room, Capacity: strconv.Itoa(session.Capacity)}
			if session.Minimum > 0 {
				cell.Minimum = strconv.Itoa(session.Minimum)
			}
			row.Cells[session.Round-1] = cell
		}
		f.Rows = append(f.Rows, row)
	}
	switch {
	case e.State == enroll.Allocated || e.State == enroll.Published:
	case p.Version == 0:
		f.addWorkshops(8)
	default:
		f.addWorkshops(2)
	}
	return f
}

// forText writes who a workshop is for as whoFor reads it.
func forText(w enroll.Workshop) string {
	only := slices.Clone(w.Classes)
	for _, year := range w.Years {
		only = append(only, strconv.Itoa(year))
	}
	return strings.Join(only, ", ")
}

// readProgrammeForm reads what was typed, as it was typed.
func readProgrammeForm(values url.Values) programmeForm {
	get := func(format string, args ...any) string { return trim(values.Get(fmt.Sprintf(format, args...))) }
	f := programmeForm{Version: atoi(values.Get("version"))}
	for i := 0; i < enroll.MaxRounds && values.Has(fmt.Sprintf("rounds[%d].start", i)); i++ {
		f.Rounds = append(f.Rounds, roundFields{get("rounds[%d].start", i), get("rounds[%d].end", i)})
	}
	for i := 0; i < maxWorkshops && values.Has(fmt.Sprintf("workshops[%d].title", i)); i++ {
		at := fmt.Sprintf("workshops[%d].", i)
		row := workshopFields{
			ID: get("%sid", at), Title: get("%stitle", at), Description: get("%sdescription", at),
			Teacher: get("%steacher", at), For: get("%sfor", at),
		}
		for r := range f.Rounds {
			cell := fmt.Sprintf("%ssessions[%d].", at, r)
			row.Cells = append(row.Cells, sessionFields{get("%sroom", cell), get("%scapacity", cell), get("%sminimum", cell)})
		}
		f.Rows = append(f.Rows, row)
	}
	return f
}

// used returns the rows that are workshops, and the rounds that are rounds, by
// their place in the form. A round at the end that nothing is typed in is none.
func (f programmeForm) used() (rows, rounds []int) {
	for i, row := range f.Rows {
		if !row.empty() {
			rows = append(rows, i)
		}
	}
	last := len(f.Rounds)
	for last > 0 && f.Rounds[last-1] == (roundFields{}) && !slices.ContainsFunc(f.Rows, func(w workshopFields) bool {
		return w.Cells[last-1] != sessionFields{}
	}) {
		last--
	}
	for i := range last {
		rounds = append(rounds, i)
	}
	return rows, rounds
}

// programme returns what the form says, and what in it is no time or number,
// by its place in the form. What the form cannot say stays as it was.
func (f programmeForm) programme(e enroll.Event, was enroll.Programme) (enroll.Programme, enroll.FieldErrors) {
	var errs enroll.FieldErrors
	p := enroll.Programme{Version: f.Version}
	rows, rounds := f.used()
	for _, i := range rounds {
		var r enroll.Round
		for _, end := range []struct {
			name, text string
			to         *time.Time
		}{{"start", f.Rounds[i].Start, &r.Start}, {"end", f.Rounds[i].End, &r.End}} {
			field := fmt.Sprintf("rounds[%d].%s", i, end.name)
			t, ok := parseHour(end.text, e.Date)
			switch {
			case end.text == "":
				errs.Add(field, "required")
			case !ok:
				errs.Add(field, "bad_hour")
			}
			*end.to = t
		}
		p.Rounds = append(p.Rounds, r)
	}
	ids := map[string]bool{}
	for _, row := range f.Rows {
		ids[row.ID] = true
	}
	next := 1
	for _, i := range rows {
		row := f.Rows[i]
		w := enroll.Workshop{ID: row.ID, Title: row.Title, Description: row.Description, Teacher: row.Teacher}
		for ; w.ID == ""; next++ {
			if id := fmt.Sprintf("w%d", next); !ids[id] {
				w.ID, ids[id] = id, true
			}
		}
		old, _ := was.Workshop(w.ID)
		if w.Classes, w.Years = whoFor(row.For); row.For == forText(old) {
			w.Classes, w.Years = old.Classes, old.Years // a class may be called 4, as a year is
		}
		for r := range rounds {
			cell := row.Cells[r]
			if cell == (sessionFields{}) {
				continue
			}
			known, _ := old.Session(r + 1)
			session := enroll.Session{Round: r + 1, Room: cell.Room, Cancelled: known.Cancelled}
			field := fmt.Sprintf("workshops[%d].sessions[%d].", i, r)
			session.Capacity = number(&errs, field+"capacity", cell.Capacity)
			if cell.Minimum != "" {
				session.Minimum = number(&errs, field+"minimum", cell.Minimum)
			}
			w.Sessions = append(w.Sessions, session)
		}
		p.Workshops = append(p.Workshops, w)
	}
	return p, errs
}

func number(errs *enroll.FieldErrors, field, text string) int {
	n, err := strconv.Atoi(text)
	switch {
	case text == "":
		errs.Add(field, "required")
	case err != nil:
		errs.Add(field, "bad_number")
	}
	return n
}

// parseHour reads 9:30 or 09.30 on that day, or a whole moment.
func parseHour(text string, day enroll.Date) (time.Time, bool) {
	if t, err := time.Parse("15:04", strings.Replace(text, ".", ":", 1)); err == nil {
		return day.At(t.Hour(), t.Minute()), true
	}
	return parseMoment(text)
}

// whoFor takes 3A, 3B, 4 apart: numbers are years, the rest are classes.
func whoFor(text string) (classes []string, years []int) {
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ';' }) {
		part = trim(part)
		if n, err := strconv.Atoi(part); err == nil {
			years = append(years, n)
		} else if part != "" {
			classes = append(classes, part)
		}
	}
	return classes, years
}

var (
	workshopField = regexp.MustCompile(`^workshops\[(\d+)\]`)
	sessionField  = regexp.MustCompile(`^(workshops\[\d+\]\.sessions)\[(\d+)\]`)
)

// inForm names faults by their place in the form: there a workshop has a cell
// for every round, and rows may be empty.
func (f programmeForm) inForm(err error) error {
	fields, ok := err.(enroll.FieldErrors)
	if !ok {
		return err
	}
	rows, _ := f.used()
	moved := make(enroll.FieldErrors, len(fields))
	for n, fault := range fields {
		if m := workshopField.FindStringSubmatch(fault.Field); m != nil && atoi(m[1]) < len(rows) {
			row := rows[atoi(m[1])]
			fault.Field = fmt.Sprintf("workshops[%d]", row) + fault.Field[len(m[0]):]
			if m := sessionField.FindStringSubmatch(fault.Field); m != nil {
				fault.Field = fmt.Sprintf("%s[%d]", m[1], f.Rows[row].cellOf(atoi(m[2]))) + fault.Field[len(m[0]):]
			}
		}
		switch {
		case strings.HasSuffix(fault.Field, "].sessions"):
			fault.Field += "[0].capacity"
			if fault.Code == "required" {
				fault.Code = "no_sessions"
			}
		case strings.HasSuffix(fault.Field, "].classes"):
			fault.Field = strings.TrimSuffix(fault.Field, "classes") + "for"
		case fault.Field == "workshops" && fault.Code != "too_much":
			fault.Field = "workshops[0].title"
		case fault.Field == "rounds":
			fault.Field = "rounds[0].start"
		}
		moved[n] = fault
	}
	return moved
}

// cellOf returns which cell the n-th session of the row stands in.
func (w workshopFields) cellOf(n int) int {
	for i, cell := range w.Cells {
		if cell == (sessionFields{}) {
			continue
		}
		if n == 0 {
			return i
		}
		n--
	}
	return 0
}

var inTable = regexp.MustCompile(`^(?:workshops\[(\d+)\]\.)?(?:(rounds|sessions)\[(\d+)\]\.)?(\w+)$`)

// nameRows says in the summary of faults which row and round each is about.
func (p *programmePage) nameRows() {
	for i, m := range p.Errors {
		at := inTable.FindStringSubmatch(m.Field)
		if at == nil {
			continue
		}
		var parts []string
		if at[1] != "" {
			n := atoi(at[1])
			name := p.Locale.T("staff.programme.row", "row", n+1)
			if n < len(p.Form.Rows) && p.Form.Rows[n].Title != "" { // a form may come without rows
				name = p.Form.Rows[n].Title
			}
			parts = append(parts, name)
		}
		if at[2] != "" {
			parts = append(parts, p.Locale.T("staff.round", "round", atoi(at[3])+1))
		}
		if key := "label." + at[4]; p.Locale.Has(key) {
			parts = append(parts, strings.ToLower(p.Locale.T(key)))
		}
		p.Errors[i].Label = strings.Join(parts, ", ")
	}
}
