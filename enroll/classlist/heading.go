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
	for i, c := range cells[:min(len(cells), MaxColumns)] {
		p := plain(c)
		if f, ok := headings[p]; ok {
			known[i] = f
		} else if f, ok := doubtful[p]; ok {
			known[i] = f
		}
	}
	return known
}

// isHeading tells the row with the headings: three known ones, or a number and
// a full name.
func isHeading(cells []string) bool {
	known := knownHeadings(cells)
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

// newLayout takes columns for fields by their headings, and returns the problems
// with that. A missing class is fine where the sheet's name is one.
func newLayout(heading row, sheetIsClass bool) (layout, []Problem) {
	l := layout{heading: heading.cells, column: map[Field]int{}}
	sure, unsure := map[Field][]int{}, map[Field][]int{}
	for i, c := range heading.cells {
		if f, ok := headings[plain(c)]; ok {
			sure[f] = append(sure[f], i)
		} else if f, ok := doubtful[plain(c)]; ok {
			unsure[f] = append(unsure[f], i)
		}
	}
	if len(sure[First]) > 0 && len(sure[Last]) > 0 {
		delete(sure, Full) // says nothing that those do not
	}
	var problems []Problem
	for _, f := range fields {
		columns, guessed := sure[f], false
		if len(columns) == 0 {
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
		if !l.has(f) {
			problems = append(problems, Problem{
				Row: heading.number, Code: ColumnMissing, Fatal: true, Args: []any{"field", f},
			})
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
