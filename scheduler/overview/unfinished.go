package overview

import (
	"strconv"
	"strings"

	"cultuurdag/enroll/locale"
)

// UnfinishedCSV is the students of in who have no place in some round, sorted by
// class and name, each with those rounds: for mentors. Where students rank,
// ranked tells by student id how far they are, and stands there instead; else
// it is nil. Headings are in Dutch.
func UnfinishedCSV(in Input, ranked map[string]string) ([]byte, error) {
	in.Locale = locale.Dutch
	d := newDay(in)
	heads := []string{d.t("class"), d.t("first_name"), d.t("infix"), d.t("last_name"), d.t("rounds_missing")}
	if ranked != nil {
		heads[4] = d.t("ranked")
	}
	var rows [][]string
	for _, c := range d.classes {
		for _, p := range c.students {
			var missing []string
			for i, place := range p.places {
				if place.none() {
					missing = append(missing, strconv.Itoa(i+1))
				}
			}
			if len(missing) == 0 {
				continue
			}
			what := strings.Join(missing, ", ")
			if ranked != nil {
				what = ranked[p.ID]
			}
			rows = append(rows, []string{p.Class, p.FirstName, p.Infix, p.LastName, what})
		}
	}
	return writeCSV(heads, rows)
}
