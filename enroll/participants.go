package enroll

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
)

// Participants is what is kept of a day after its purge: how many students of
// each year took part in each workshop, and of none of them anything else.
type Participants struct {
	Years     []int                  `json:"years"` // 0: unknown
	Workshops []WorkshopParticipants `json:"workshops"`
}

// WorkshopParticipants is one workshop's row.
type WorkshopParticipants struct {
	ID     string          `json:"id"`
	Title  string          `json:"title"`
	Counts []Participation `json:"counts"` // in the order of the years
}

// Participation is how many students of a year took part in a workshop, or why
// that is not told. In JSON it is a number, "<5" or "withheld".
type Participation int

const (
	// Few stands for fewer than fewest, none included.
	Few Participation = -1
	// Withheld stands for fewest or more, where the number would give away one that
	// is Few.
	Withheld Participation = -2

	// fewest is the smallest number that is told.
	fewest = 5
)

// MarshalJSON writes a number, "<5" or "withheld".
func (p Participation) MarshalJSON() ([]byte, error) {
	switch p {
	case Few:
		return []byte(`"<5"`), nil
	case Withheld:
		return []byte(`"withheld"`), nil
	}
	return strconv.AppendInt(nil, int64(p), 10), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *Participation) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case `"<5"`, `"\u003c5"`:
		*p = Few
	case `"withheld"`:
		*p = Withheld
	default:
		var n int
		if err := json.Unmarshal(data, &n); err != nil || n < 0 {
			return errors.New("not a number of participants")
		}
		*p = Participation(n)
	}
	return nil
}

// CountParticipants counts who took part in the workshops of p: count tells, for
// a workshop's id and a year, how many students of that year did. Numbers under
// five are not told; nor are as many others as it takes that somebody who knows
// every total (how many were in a workshop that was full, how many places a whole
// year had) still knows no more of them than that they are under five.
func CountParticipants(p Programme, years []int, count func(workshop string, year int) int) Participants {
	kept := Participants{Years: years}
	cells := make([][]int, len(p.Workshops))
	for i, w := range p.Workshops {
		for _, year := range years {
			cells[i] = append(cells[i], count(w.ID, year))
		}
	}
	told := suppress(cells)
	for i, w := range p.Workshops {
		kept.Workshops = append(kept.Workshops, WorkshopParticipants{w.ID, w.Title, told[i]})
	}
	return kept
}

// suppress returns what of a table can be told.
func suppress(cells [][]int) [][]Participation {
	s := suppression{cells: cells, hidden: map[cell]bool{}, on: map[line][]cell{}}
	for r, row := range cells {
		for c, n := range row {
			if n < fewest {
				s.hide(cell{r, c})
			}
		}
	}
	for r, row := range cells {
		for c, n := range row {
			if n < fewest && !s.safe(cell{r, c}) {
				s.hideSquare(cell{r, c})
			}
			for n < fewest && !s.safe(cell{r, c}) && s.hideNear(cell{r, c}) {
			}
		}
	}
	told := make([][]Participation, len(cells))
	for r, row := range cells {
		told[r] = make([]Participation, len(row))
		for c, n := range row {
			switch {
			case n < fewest:
				told[r][c] = Few
			case s.hidden[cell{r, c}]:
				told[r][c] = Withheld
			default:
				told[r][c] = Participation(n)
			}
		}
	}
	return told
}

type cell struct{ row, column int }

// suppression is a table of which some cells are hidden.
type suppression struct {
	cells  [][]int
	hidden map[cell]bool
	on     map[line][]cell // what is hidden of each line
}

func (s *suppression) hide(c cell) {
	s.hidden[c] = true
	for _, l := range []line{s.row(c), s.column(c)} {
		s.on[l] = append(s.on[l], c)
	}
}

// hideSquare hides what is told of the three other corners of a square, where one
// hides at well enough by itself: of these the one that costs the fewest cells,
// and then the fewest participants.
func (s *suppression) hideSquare(at cell) {
	n := s.cells[at.row][at.column]
	var best []cell
	bestSum := 0
	for r := range s.cells {
		for c := range s.cells[r] {
			beside, below, across := cell{at.row, c}, cell{r, at.column}, cell{r, c}
			if r == at.row || c == at.column ||
				!s.gives(beside, -1, fewest-1-n) || !s.gives(below, -1, fewest-1-n) || !s.gives(across, +1, fewest-1-n) ||
				!s.gives(beside, +1, n) || !s.gives(below, +1, n) || !s.gives(across, -1, n) {
				continue
			}
			var more []cell
			sum := 0
			for _, corner := range []cell{beside, below, across} {
				if !s.hidden[corner] {
					more, sum = append(more, corner), sum+s.cells[corner.row][corner.column]
				}
			}
			if best == nil || cmp.Or(cmp.Compare(len(more), len(best)), cmp.Compare(sum, bestSum)) < 0 {
				best, bestSum = more, sum
			}
		}
	}
	for _, c := range best {
		s.hide(c)
	}
}

// gives reports whether a cell, once it is hidden, could be that many more or
// fewer.
func (s *suppression) gives(c cell, step, n int) bool {
	return n == 0 || s.mayMove(c, s.cells[c.row][c.column]+step*(n-1), step)
}

// hideNear hides the smallest cell that is told and that helps to hide at: in its
// row where at is alone there, else in its column, else in any row or column
// that has something hidden, else anywhere. It reports whether there was one.
func (s *suppression) hideNear(at cell) bool {
	inRow, inColumn := map[int]bool{}, map[int]bool{}
	others := [2]int{}
	for h := range s.hidden {
		inRow[h.row], inColumn[h.column] = true, true
		if h != at && h.row == at.row {
			others[0]++
		}
		if h != at && h.column == at.column {
			others[1]++
		}
	}
	rank := func(c cell) int {
		switch {
		case c.row == at.row && others[0] == 0, c.column == at.column && others[1] == 0:
			return 0
		case inRow[c.row] && inColumn[c.column]:
			return 1
		case inRow[c.row] || inColumn[c.column]:
			return 2
		}
		return 3
	}
	var best cell
	found := false
	for r, row := range s.cells {
		for c, n := range row {
			here := cell{r, c}
			if !s.hidden[here] && (!found || cmp.Or(cmp.Compare(rank(here), rank(best)), cmp.Compare(n, s.cells[best.row][best.column])) < 0) {
				best, found = here, true
			}
		}
	}
	if found {
		s.hide(best)
	}
	return found
}

// safe reports whether a small cell could be anything from none to four, for all
// that who knows every total can tell.
func (s *suppression) safe(at cell) bool {
	return s.reaches(at, +1, fewest-1) && s.reaches(at, -1, 0)
}

// reaches reports whether the cell could be as far as to, when the others that
// are hidden make up for it, within their bounds. One student at a time goes
// round a ring of cells: one more here, one fewer there, so that no total
// changes.
func (s *suppression) reaches(at cell, step, to int) bool {
	now := map[cell]int{}
	for h := range s.hidden {
		now[h] = s.cells[h.row][h.column]
	}
	for now[at] != to {
		ring := s.ring(now, at, step)
		if ring == nil {
			return false
		}
		now[at] += step
		for i, h := range ring {
			if i%2 == 0 {
				now[h] -= step
			} else {
				now[h] += step
			}
		}
	}
	return true
}

// mayMove reports whether a hidden cell that is n may be one more or fewer: a
// reader knows on which side of five each is.
func (s *suppression) mayMove(h cell, n, step int) bool {
	if s.cells[h.row][h.column] < fewest {
		return n+step >= 0 && n+step < fewest
	}
	return n+step >= fewest
}

// line is a row or a column. In a table of one column a row has no total but the
// cell itself: then all rows are one line, and so the other way round.
type line struct {
	column bool
	n      int
}

func (s *suppression) row(c cell) line {
	if len(s.cells[0]) == 1 {
		return line{false, 0}
	}
	return line{false, c.row}
}

func (s *suppression) column(c cell) line {
	if len(s.cells) == 1 {
		return line{true, 0}
	}
	return line{true, c.column}
}

// ring returns the cells, from the column of at to its row, that in turn lose and
// gain what at gains; nil where there is no such way. The shortest comes first.
func (s *suppression) ring(now map[cell]int, at cell, step int) []cell {
	from, to := s.column(at), s.row(at)
	came := map[line]cell{from: at}
	before := map[line]line{}
	for queue := []line{from}; len(queue) > 0; queue = queue[1:] {
		here := queue[0]
		if here == to {
			var ring []cell
			for l := to; l != from; l = before[l] {
				ring = append(ring, came[l])
			}
			slices.Reverse(ring)
			return ring
		}
		for _, h := range s.on[here] {
			next, change := s.column(h), step
			if here.column {
				next, change = s.row(h), -step
			}
			if _, seen := came[next]; seen || h == at || !s.mayMove(h, now[h], change) {
				continue
			}
			came[next], before[next] = h, here
			queue = append(queue, next)
		}
	}
	return nil
}
