package overview

import (
	"strconv"
	"strings"

	"cultuurdag/enroll/locale"
)

// UnfinishedCSV is the students of in who have no place in some round, sorted by
// class and name, each with those rounds: for mentors. Headings are in Dutch.
func UnfinishedCSV(in Input) ([]byte, error) {
	in.Locale = locale.Dutch
	d := newDay(in)
	heads := []string{d.t("class"), d.t("first_name"), d.t("infix"), d.t("last_name"), d.t("rounds_missing")}
	var rows [][]string
	for _, c := range d.classes {
		for _, p := range c.students {
			var missing []string
			for i, place := range p.places {
				if place.none() {
					missing = append(missing, strconv.Itoa(i+1))
				}
			}
			if len(missing) > 0 {
				rows = append(rows, []string{p.Class, p.FirstName, p.Infix, p.LastName, strings.Join(missing, ", ")})
			}
		}
	}
	return writeCSV(heads, rows)
}
