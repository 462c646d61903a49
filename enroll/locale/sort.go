package locale

import (
	"slices"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"cultuurdag/enroll"
)

// SortStudents puts students in the order of a Dutch list: by last name, then
// first name, then infix (van den Berg stands under B), then number.
func SortStudents(students []enroll.Student) {
	type keyed struct {
		key     []byte
		student enroll.Student
	}
	// A Collator and its Buffer are not safe for concurrent use.
	c := collate.New(language.Dutch, collate.IgnoreCase, collate.Numeric)
	var buf collate.Buffer
	list := make([]keyed, len(students))
	for i, s := range students {
		var key []byte
		for _, part := range []string{s.LastName, s.FirstName, s.Infix, s.Number} {
			key = append(append(key, c.KeyFromString(&buf, part)...), 0, 0)
			buf.Reset()
		}
		list[i] = keyed{key, s}
	}
	slices.SortStableFunc(list, func(a, b keyed) int { return slices.Compare(a.key, b.key) })
	for i := range list {
		students[i] = list[i].student
	}
}

// SortClasses puts class names in order, 2A before 10A.
func SortClasses(classes []string) {
	c := collate.New(language.Dutch, collate.IgnoreCase, collate.Numeric)
	c.SortStrings(classes)
}
