package classlist

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fields is every field, in the order in which problems and columns are told.
var fields = []Field{Number, First, Infix, Last, Full, Class, Year, Email}

// headings are those by which a field is known, as plain writes them.
var headings = byHeading(map[Field]string{
	Number: "stamnr stamnummer leerlingnummer leerlingnr llnr lnr studentnummer studentnumber",
	First:  "roepnaam voornaam firstname",
	Infix:  "tussenvoegsel tussenvoegsels tussenv tussenvoeg tv voorvoegsel voorvoegsels vv infix",
	Last:   "achternaam familienaam lastname surname",
	Full:   "naam volledigenaam leerling leerlingnaam name fullname",
	Class:  "klas klasnaam stamklas stamgroep groep groepsnaam huidigegroep basisgroep class",
	Year:   "leerjaar jaarlaag",
	Email:  "email emailadres mail schoolmail emailleerling",
})

// doubtful are headings that may mean a field: they are taken where nothing
// better is there, and reported.
var doubtful = byHeading(map[Field]string{
	Number: "code nummer",
	Class:  "lesgroep",
})

func byHeading(words map[Field]string) map[string]Field {
	field := map[string]Field{}
	for f, list := range words {
		for _, word := range strings.Fields(list) {
			field[word] = f
		}
	}
	return field
}

// plain writes a heading in lower case, without accents, with letters and digits alone.
func plain(heading string) string {
	if len(heading) > 200 {
		return "" // no heading is that long
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKD.String(heading))
}

// knownHeadings returns the columns whose heading is known, doubtful ones included.
func knownHeadings(cells []string) map[int]Field {
	known := map[int]Field{}
	for i, c := range cells {
		p := plain(c)
		if f, ok := headings[p]; ok {
			known[i] = f
		} else if f, ok := doubtful[p]; ok {
			known[i] = f
		}
	}
	return known
}

// isHeading tells the row with the headings: three known or chosen ones, or a
// number and a full name.
func isHeading(cells []string, chosen choices) bool {
	known := knownHeadings(cells)
	for f, c := range chosen {
		if c.heading == "" {
			continue
		}
		if i := byName(cells, c.heading); i >= 0 {
			known[i] = f
		}
	}
	number, full := false, false
	for _, f := range known {
		number = number || f == Number
		full = full || f == Full
	}
	return len(known) >= 3 || number && full
}

// layout says which column holds which field.
type layout struct {
	heading []string // the row of headings
	column  map[Field]int
}

// newLayout takes columns for fields, those that were chosen and the others by
// their headings, and returns the problems with that. A missing class is fine
// where the sheet's name is one. In a further table of the file a chosen heading
// need not be there.
func newLayout(heading row, sheetIsClass bool, chosen choices, further bool) (layout, []Problem) {
	l := layout{heading: heading.cells, column: map[Field]int{}}
	var problems []Problem
	missing := func(f Field) {
		problems = append(problems, Problem{
			Row: heading.number, Code: ColumnMissing, Fatal: true, Args: []any{"field", f},
		})
	}
	taken, settled := map[int]bool{}, map[Field]bool{}
	for f, c := range chosen {
		i := c.column(heading.cells)
		if i >= 0 {
			l.column[f], taken[i] = i, true
		}
		settled[f] = i >= 0 || !further || c == choice{}
	}
	if l.has(Full) {
		for _, f := range []Field{First, Infix, Last} {
			settled[f] = true // the chosen column of names counts for them, unless they were chosen too
		}
	}
	sure, unsure := map[Field][]int{}, map[Field][]int{}
	for i, c := range heading.cells {
		if taken[i] {
			continue
		}
		if f, ok := headings[plain(c)]; ok {
			sure[f] = append(sure[f], i)
		} else if f, ok := doubtful[plain(c)]; ok {
			unsure[f] = append(unsure[f], i)
		}
	}
	if (l.has(First) || len(sure[First]) > 0) && (l.has(Last) || len(sure[Last]) > 0) {
		delete(sure, Full) // says nothing that those do not
	}
	for _, f := range fields {
		if settled[f] {
			if c := chosen[f]; !l.has(f) && c != (choice{}) {
				missing(f)
			}
			continue
		}
		columns, guessed := sure[f], false
		if len(columns) == 0 && !(f == Class && sheetIsClass) {
			columns, guessed = unsure[f], true
		}
		if len(columns) == 0 {
			continue
		}
		l.column[f] = columns[0]
		switch {
		case len(columns) > 1:
			problems = append(problems, l.twice(heading.number, f, columns[0], columns[1]))
		case guessed:
			problems = append(problems, Problem{
				Row: heading.number, Column: l.name(columns[0]), Code: ColumnGuessed,
				Args: []any{"field", f, "k", l.name(columns[0])},
			})
		}
	}
	needed := []Field{Number, First, Last, Class}
	if l.has(Full) {
		needed = []Field{Number, Class}
	}
	if sheetIsClass {
		needed = slices.DeleteFunc(needed, func(f Field) bool { return f == Class })
	}
	for _, f := range needed {
		if !l.has(f) && !(settled[f] && chosen[f] != choice{}) {
			missing(f)
		}
	}
	return l, problems
}

// twice is the problem of two columns for one field, told apart by their letters
// where their headings are the same.
func (l layout) twice(row int, f Field, a, b int) Problem {
	k1, k2 := l.name(a), l.name(b)
	if k1 == k2 {
		k1, k2 = k1+" "+letter(a), k2+" "+letter(b)
	}
	return Problem{
		Row: row, Column: k2, Code: ColumnTwice, Fatal: true,
		Args: []any{"field", f, "k1", k1, "k2", k2},
	}
}

func (l layout) has(f Field) bool {
	_, ok := l.column[f]
	return ok
}

// name returns the heading of a column, or its letter.
func (l layout) name(column int) string {
	if column < len(l.heading) {
		if heading := clean(l.heading[column]); heading != "" {
			return heading
		}
	}
	return letter(column)
}

// width returns how many columns the table has.
func (l layout) width() int {
	width := len(l.heading)
	for _, i := range l.column {
		width = max(width, i+1)
	}
	return width
}

// columns lists which column was taken for what.
func (l layout) columns() []Column {
	var list []Column
	for _, f := range fields {
		if i, ok := l.column[f]; ok {
			list = append(list, Column{f, l.name(i), letter(i)})
		}
	}
	return list
}

// offered lists every column with a heading, and what it was taken for.
func (l layout) offered() []Column {
	var list []Column
	for i, c := range l.heading {
		if c = clean(c); c == "" || i >= MaxColumns {
			continue
		}
		column := Column{Heading: clip(c), Letter: letter(i)}
		for _, f := range fields {
			if taken, ok := l.column[f]; ok && taken == i {
				column.Field = f
			}
		}
		list = append(list, column)
	}
	return list
}

// guessHeading returns the columns of a grid without a row of known headings:
// those of its first row with three filled cells. Where that row seems to tell
// of a student already, they have letters alone.
func guessHeading(g grid) []Column {
	for _, r := range g.rows[:min(len(g.rows), headingRows)] {
		list := layout{heading: r.cells}.offered()
		if len(list) < 3 {
			continue
		}
		if slices.ContainsFunc(r.cells, func(c string) bool { return looksLikeNumber(clean(c)) }) {
			for i := range list {
				list[i].Heading = ""
			}
		}
		return list
	}
	return nil
}

// unknownHeading returns the index of the row of headings in a grid where none
// are known but a person chose the column of the numbers by its letter: the row
// above the first number, -1 where the list begins with that one. It returns
// false where there is no such column.
func unknownHeading(g grid, chosen choices) (int, bool) {
	column := byLetter(chosen[Number].letter)
	if column < 0 {
		return 0, false
	}
	first := slices.IndexFunc(g.rows, func(r row) bool { return looksLikeNumber(clean(r.cell(column))) })
	if first < 0 || first > headingRows {
		return 0, false
	}
	if first > 0 && len(layout{heading: g.rows[first-1].cells}.offered()) >= 3 {
		return first - 1, true
	}
	return -1, true
}
