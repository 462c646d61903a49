package classlist

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"cultuurdag/enroll"
)

// generatedLists is how many lists are read: some thousands, in seconds.
const generatedLists = 12_000

// A list is read as the school knows its students, or it is refused, or a warning
// names the row of each student of whom that is not so: nobody is stored wrongly,
// or left out, in silence. And no list is refused that gives no reason to.
func TestGeneratedListsAreReadRightOrSaid(t *testing.T) {
	var lists, students, refused, warned, wrong int
	of := map[string]int{}
	for i := range generatedLists {
		g := generate(t, i)
		l := Read("", g.data)
		lists++
		of[g.kind]++
		of[g.encoding]++
		for _, o := range g.odd {
			of[o]++
		}
		if l.Fatal() {
			refused++
			if g.sound {
				t.Errorf("list %d (%s) is refused: %q", i, g, told(l))
			}
			continue
		}
		students += len(g.students)
		if len(l.Problems) > 0 {
			warned++
		}
		for _, w := range wrongly(g, l) {
			wrong++
			t.Errorf("list %d (%s): %s", i, g, w)
		}
	}
	t.Logf("%d lists, %d students, %d lists refused, %d with warnings, %d students wrong", lists, students, refused, warned, wrong)
	for _, o := range slices.Sorted(maps.Keys(of)) {
		t.Logf("%5d %s", of[o], o)
	}
}

// wrongly returns what is wrong with the students of a list and not warned of.
func wrongly(g generated, l List) (wrong []string) {
	warnings := map[place]int{}
	for _, p := range l.Problems {
		if p.Row > 0 {
			warnings[place{sheet: p.Sheet, row: p.Row}]++
		}
	}
	// That a column was guessed is said once, of all rows.
	guessed := slices.ContainsFunc(l.Problems, func(p Problem) bool {
		return p.Code == ColumnGuessed && slices.Contains(p.Args, any(Class))
	})
	read := map[string]enroll.Student{}
	for _, s := range l.Students {
		read[s.Number] = s
	}
	others := len(l.Students) - len(g.students) // who are on no row that is known
	for _, k := range g.students {
		s, found := read[k.Number]
		if guessed {
			k.Class, k.Year = s.Class, s.Year
		}
		warned := warnings[place{sheet: k.sheet, row: k.row}] > 0
		switch {
		case s == k.Student:
		case !warned && found:
			wrong = append(wrong, fmt.Sprintf("row %d: %+v is read as %+v", k.row, k.Student, s))
		case !warned:
			wrong = append(wrong, fmt.Sprintf("row %d: %+v is not found", k.row, k.Student))
		}
	}
	unclosed := 0 // a quote without end makes one row two
	for _, p := range l.Problems {
		if p.Code == QuoteUnclosed {
			unclosed++
		}
	}
	if others > unclosed {
		wrong = append(wrong, fmt.Sprintf("%d students too many", others))
	}
	if len(wrong) > 0 {
		wrong = append(wrong, strings.Join(told(l), "; "))
	}
	return wrong
}
