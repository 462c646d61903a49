package classlist

import (
	"cmp"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"cultuurdag/enroll"
)

// interpret takes the students from the grids that have a row of headings.
func interpret(grids []grid, chosen choices) List {
	type table struct {
		*grid
		heading int // index of the row
	}
	var tables []table
	rows, filled := 0, false
	for i := range grids {
		g := &grids[i]
		filled = filled || len(g.rows) > 0
		first := g.rows[:min(len(g.rows), headingRows)]
		if h := slices.IndexFunc(first, func(r row) bool { return isHeading(r.cells, chosen) }); h >= 0 {
			tables = append(tables, table{g, h})
			rows += len(g.rows) - h - 1
		}
	}
	if len(tables) == 0 {
		for i := range grids {
			if h, ok := unknownHeading(grids[i], chosen); ok {
				tables = append(tables, table{&grids[i], h})
				rows += len(grids[i].rows) - h - 1
			}
		}
	}
	var whole *Problem
	switch {
	case !filled:
		whole = refuse(Empty)
	case len(tables) == 0:
		whole = refuse(NoHeading)
	case rows > MaxRows:
		whole = tooManyRows()
	}
	if whole != nil {
		list := List{Problems: []Problem{*whole}}
		for i := 0; i < len(grids) && list.Headings == nil; i++ {
			list.Headings = guessHeading(grids[i])
		}
		return list
	}
	r := reading{numbers: map[string]place{}, chosen: chosen}
	for _, t := range tables {
		r.sheet = ""
		if len(tables) > 1 {
			r.sheet = t.name
		}
		r.read(t.grid, t.heading)
	}
	return r.finish()
}

// place is where a number was first read.
type place struct {
	sheet   string
	row     int
	student enroll.Student
}

// reading is a list as far as it has been read.
type reading struct {
	list    List
	numbers map[string]place
	chosen  choices
	further bool // a table was read before this one

	sheet    string // named in problems
	grid     *grid
	layout   layout
	usual    int       // cells in a row
	problems []Problem // of this sheet
}

// read reads the rows of a sheet that follow its heading, whose index is -1 where
// it has none.
func (r *reading) read(g *grid, heading int) {
	r.grid = g
	r.problems = nil
	if heading < 0 {
		r.begin(row{})
	} else {
		r.begin(g.rows[heading])
	}
	r.usual = usualWidth(g.rows[heading+1:])
	for _, row := range g.rows[heading+1:] {
		switch {
		case slices.EqualFunc(row.cells, r.layout.heading, func(a, b string) bool { return plain(a) == plain(b) }):
			// the heading again, as on every page
		case isHeading(row.cells, r.chosen):
			r.begin(row) // a further table, with columns of its own
		case r.isStudent(row):
			r.student(row)
		case row.unclosed:
			r.doubt(row, "", QuoteUnclosed)
		}
	}
	for i := range r.problems {
		r.problems[i].Sheet = r.sheet
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return cmp.Compare(a.Row, b.Row) })
	r.list.Problems = append(r.list.Problems, r.problems...)
}

func (r *reading) begin(heading row) {
	l, problems := newLayout(heading, r.sheet != "" && !defaultSheet.MatchString(r.sheet), r.chosen, r.further)
	if !r.further {
		r.list.Columns, r.list.Headings = l.columns(), l.offered()
		r.chosen.settle(heading.cells)
	}
	r.layout, r.further = l, true
	r.problems = append(r.problems, problems...)
}

// defaultSheet matches the names that programs give to a sheet: no class.
var defaultSheet = regexp.MustCompile(`(?i)^(blad|sheet|tabelle|feuil|werkblad)[ 0-9]*$`)

// finish adds the problems of the whole list.
func (r *reading) finish() List {
	if !r.grid.exact && r.lengthsDiffer() {
		r.list.Problems = slices.Insert(r.list.Problems, 0, Problem{Code: ZerosLost})
	}
	switch {
	case r.list.Fatal():
		r.list.Students = nil
	case len(r.list.Students) == 0:
		r.list.Problems = append(r.list.Problems, *refuse(Empty))
	}
	return r.list
}

// lengthsDiffer reports whether numbers of digits alone have different lengths.
func (r *reading) lengthsDiffer() bool {
	length := 0
	for n := range r.numbers {
		if strings.Trim(n, "0123456789") != "" {
			continue
		}
		if length != 0 && length != len(n) {
			return true
		}
		length = len(n)
	}
	return false
}

// value returns what a row holds for a field, "" where there is no such column.
func (r *reading) value(row row, f Field) string {
	column, ok := r.layout.column[f]
	if !ok {
		return ""
	}
	v := clean(row.cell(column))
	if isExcelError(v) {
		return ""
	}
	return v
}

// mergedValue is value, and where the cell is part of one that is merged over
// rows, what that one holds.
func (r *reading) mergedValue(row row, f Field) string {
	v := r.value(row, f)
	column, ok := r.layout.column[f]
	if v != "" || !ok {
		return v
	}
	first, merged := r.grid.mergedRow(column, row.number)
	if !merged {
		return ""
	}
	i, found := slices.BinarySearchFunc(r.grid.rows, first, byNumber)
	if !found {
		return ""
	}
	return r.value(r.grid.rows[i], f)
}

func byNumber(r row, number int) int { return cmp.Compare(r.number, number) }

// footers are words with which the rows begin that programs put below a list.
var footers = strings.Fields("totaal total aantal gemiddelde pagina page blad afgedrukt geprint printdatum datum bron legenda gegenereerd")

// isStudent reports whether a row tells of a student, not of the list: a total,
// a date, the name of the next class, or cells that were filled in beforehand.
// What might be a student, of whom something is missing, is one.
func (r *reading) isStudent(row row) bool {
	n := r.value(row, Number)
	filled, begins := 0, "" // cells, and with what the first begins
	for _, c := range row.cells {
		if c = clean(c); c == "" {
			continue
		}
		if filled++; filled == 1 {
			begins = c
		}
	}
	word, _, _ := strings.Cut(begins, " ")
	footer := slices.Contains(footers, plain(word))
	switch {
	case footer && filled <= 2 && (len(n) < 4 || isDate(n)):
		return false // Aantal, 28; Afgedrukt op, 12-09-2026
	case looksLikeNumber(n):
		return true
	case footer && (r.value(row, First) == "" || r.value(row, Last) == ""):
		return false
	case filled == 1 && strings.ContainsAny(begins, "©:/0123456789"):
		return false
	}
	for _, f := range []Field{First, Infix, Last, Full, Email} {
		if r.value(row, f) != "" {
			return true
		}
	}
	return n != "" && filled > 1
}

// looksLikeNumber reports whether a cell may be a student's number, not a
// sentence that stands in its column.
func looksLikeNumber(cell string) bool {
	return len(cell) <= 20 && strings.ContainsAny(cell, "0123456789") && !strings.Contains(cell, " ")
}

// student reads one row.
func (r *reading) student(row row) {
	switch {
	case r.grid.separator == "" || len(r.layout.heading) == 0:
	case r.tooWide(row):
		r.fault(row, "", TooManyCells, "separator", r.grid.separator)
		return // its cells stand in the wrong columns
	case len(row.cells) > max(r.layout.width(), r.usual):
		// Those behind the headings are blank: whether the others stand in the
		// right columns nothing tells.
		r.doubt(row, "", TooManyCells, "separator", r.grid.separator)
	}
	if row.unclosed {
		r.doubt(row, "", QuoteUnclosed)
	}
	faults := len(r.problems)
	s := enroll.Student{
		Number: number(r.value(row, Number)),
		Class:  r.mergedValue(row, Class),
		Email:  strings.TrimPrefix(r.value(row, Email), "mailto:"),
	}
	if m := pointZero.FindStringSubmatch(s.Class); m != nil {
		s.Class = m[1]
	}
	if !r.layout.has(Class) && r.sheet != "" {
		s.Class = clean(r.grid.name)
	}
	if s.Year = year(r.mergedValue(row, Year)); s.Year == 0 {
		s.Year = firstNumber(s.Class)
	}

	switch {
	case s.Number == "":
		r.missing(row, Number, NumberMissing)
	case shortened.MatchString(s.Number), isDate(s.Number):
		r.fault(row, Number, NumberShortened, "v", clip(s.Number))
		s.Number = ""
	}
	r.name(row, &s)
	switch {
	case s.Class == "":
		r.missing(row, Class, ClassMissing)
	case isDate(s.Class):
		r.doubt(row, Class, ClassIsDate, "v", clip(s.Class))
	}
	if s.Email != "" && !isEmail(s.Email) {
		r.fault(row, Email, BadEmail, "v", clip(s.Email))
	}
	for _, f := range []Field{First, Infix, Last, Full, Class} {
		switch v := r.value(row, f); {
		case lostLetter(v):
			r.doubt(row, f, LetterLost, "v", clip(v))
		case r.grid.guessed && strings.ContainsFunc(v, func(c rune) bool { return c >= utf8.RuneSelf }):
			r.doubt(row, f, LettersGuessed, "v", clip(v))
		}
	}
	if r.twice(row, s) {
		return
	}
	if !slices.ContainsFunc(r.problems[faults:], func(p Problem) bool { return p.Fatal }) {
		r.list.Students = append(r.list.Students, s)
	}
}

// usualWidth returns how many cells more than half of the rows have, 0 where
// there is no such number.
func usualWidth(rows []row) int {
	count := map[int]int{}
	for _, r := range rows {
		n := len(r.cells)
		if count[n]++; count[n] > len(rows)/2 {
			return n
		}
	}
	return 0
}

// tooWide reports whether a row has something to the right of the headings.
func (r *reading) tooWide(row row) bool {
	for i := r.layout.width(); i < len(row.cells); i++ {
		if clean(row.cells[i]) != "" {
			return true
		}
	}
	return false
}

// name reads the name of a row's student, from its own columns or a full one.
func (r *reading) name(row row, s *enroll.Student) {
	n := name{r.value(row, First), r.value(row, Infix), r.value(row, Last)}
	full, sure := r.value(row, Full), true
	switch {
	case full == "" || n.first != "" && n.last != "":
		n = n.tidy()
	case n.first != "" && !strings.Contains(full, ","):
		// Beside a first name, a name is the last one, or all of it again.
		n.last = strings.TrimPrefix(full, n.first+" ")
		n = n.tidy()
	case n.last != "" && !strings.Contains(full, ",") && !strings.HasSuffix(full, " "+n.last):
		// Beside a last name, a name is the first one.
		n.first = full
		n = n.tidy()
	default:
		var split name
		split, sure = splitName(full)
		if n.first != "" {
			split.first = n.first
		}
		if n.infix != "" {
			split.infix = apostrophes.Replace(n.infix)
		}
		n = split
	}
	s.FirstName, s.Infix, s.LastName = n.first, n.infix, n.last

	switch {
	case n.first == "" && n.last == "" && r.layout.has(Full):
		r.missing(row, Full, LastMissing)
		return
	case n.first == "":
		r.missing(row, First, FirstMissing)
	}
	if n.last == "" {
		r.missing(row, Last, LastMissing)
	}
	if !sure && n.first != "" && n.last != "" {
		r.doubt(row, Full, NameSplit, "v", clip(full), "a", clip(n.first), "b", clip(n.infix), "c", clip(n.last))
	}
}

// isEmail reports whether text is an address and nothing else, in a domain with a dot.
func isEmail(text string) bool {
	a, err := mail.ParseAddress(text)
	if err != nil || a.Name != "" || a.Address != text {
		return false
	}
	domain := text[strings.LastIndexByte(text, '@')+1:]
	return strings.Contains(strings.Trim(domain, "."), ".")
}

// twice reports whether the number was read before, and notes which problem that is.
func (r *reading) twice(row row, s enroll.Student) bool {
	if s.Number == "" {
		return false
	}
	before, ok := r.numbers[s.Number]
	switch {
	case !ok:
		r.numbers[s.Number] = place{r.sheet, row.number, s}
	case before.student == s:
		r.doubt(row, "", SameRowTwice)
	default:
		r.fault(row, "", NumberTwice, "v", clip(s.Number), "r2", before.row, "sheet2", before.sheet)
	}
	return ok
}

// missing notes that a row lacks a field, in its column or in that of full names.
// That a whole column is missing was said already.
func (r *reading) missing(row row, f Field, code string) {
	switch {
	case r.layout.has(f):
		r.fault(row, f, code, "field", f)
	case r.layout.has(Full) && (f == First || f == Last):
		r.fault(row, Full, code, "field", f)
	}
}

// fault notes a problem that forbids storing the list, doubt one that does not.
func (r *reading) fault(row row, f Field, code string, args ...any) {
	r.note(row, f, code, true, args)
}

func (r *reading) doubt(row row, f Field, code string, args ...any) {
	r.note(row, f, code, false, args)
}

func (r *reading) note(row row, f Field, code string, fatal bool, args []any) {
	p := Problem{Row: row.number, Code: code, Fatal: fatal, Args: append([]any{"r", row.number}, args...)}
	if column, ok := r.layout.column[f]; ok {
		p.Column = r.layout.name(column)
		p.Args = append(p.Args, "k", p.Column)
	}
	r.problems = append(r.problems, p)
}
