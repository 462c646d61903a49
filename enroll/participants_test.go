package enroll

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// possible returns every value that each small cell may have, for one who sees
// what is told and knows every total: all ways to fill the table are tried.
func possible(cells [][]int, told [][]Participation) map[cell]map[int]bool {
	found := map[cell]map[int]bool{}
	rows, columns := make([]int, len(cells)), make([]int, len(cells[0]))
	var at []cell
	for r, row := range cells {
		for c, n := range row {
			rows[r], columns[c] = rows[r]+n, columns[c]+n
			at = append(at, cell{r, c})
		}
	}
	value := map[cell]int{}
	var fill func(i int)
	fill = func(i int) {
		if i == len(at) {
			if slices.Max(rows) == 0 && slices.Max(columns) == 0 {
				for c, n := range value {
					if told[c.row][c.column] == Few {
						if found[c] == nil {
							found[c] = map[int]bool{}
						}
						found[c][n] = true
					}
				}
			}
			return
		}
		c := at[i]
		low, high := 0, 4
		switch t := told[c.row][c.column]; {
		case t == Withheld:
			low, high = 5, 100
		case t >= 0:
			low, high = int(t), int(t)
		}
		high = min(high, rows[c.row], columns[c.column])
		if c.column == len(cells[0])-1 { // the last of a row is what is left of it
			low, high = max(low, rows[c.row]), min(high, rows[c.row])
		}
		for n := low; n <= high; n++ {
			value[c] = n
			rows[c.row], columns[c.column] = rows[c.row]-n, columns[c.column]-n
			fill(i + 1)
			rows[c.row], columns[c.column] = rows[c.row]+n, columns[c.column]+n
		}
	}
	fill(0)
	return found
}

// Of no random table does anybody who knows the totals learn more about a small
// number than that it is under five.
func TestSmallNumbersCannotBeComputed(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	withheld := 0
	for i := range 400 {
		cells := make([][]int, 2+r.IntN(2))
		columns := 2 + r.IntN(2)
		for j := range cells {
			for range columns {
				n := r.IntN(5)
				if r.IntN(3) > 0 {
					n += 5
				}
				cells[j] = append(cells[j], n)
			}
		}
		told := suppress(cells)
		found := possible(cells, told)
		all := true // are all hidden, so that nothing else can be
		for j, row := range told {
			for k, what := range row {
				if what == Withheld {
					withheld++
				}
				all = all && what < 0
				if n := cells[j][k]; (n < 5) != (what == Few) || what >= 0 && int(what) != n {
					t.Fatalf("seed %d, table %d %v: told %v", seed, i, cells, told)
				}
			}
		}
		for c, values := range found {
			if len(values) < 5 && !all {
				t.Errorf("seed %d, table %d %v, told %v: cell %v can only be %v", seed, i, cells, told, c, values)
			}
		}
	}
	if withheld == 0 {
		t.Error("nothing was ever withheld")
	}
}

func TestSuppressionKeepsWhatItCan(t *testing.T) {
	const x, w = Few, Withheld
	for _, test := range []struct {
		cells [][]int
		want  [][]Participation
	}{
		{[][]int{{10, 11}, {12, 13}}, [][]Participation{{10, 11}, {12, 13}}},
		{[][]int{{3, 20, 30}, {9, 25, 35}, {40, 41, 42}}, [][]Participation{{x, w, 30}, {w, w, 35}, {40, 41, 42}}},
		{[][]int{{3}, {20}, {30}}, [][]Participation{{x}, {w}, {30}}},  // one year
		{[][]int{{3, 20, 30}}, [][]Participation{{x, w, 30}}},          // one workshop
		{[][]int{{2, 2}, {2, 2}}, [][]Participation{{x, x}, {x, x}}},   // they hide one another
		{[][]int{{0, 0}, {0, 0}}, [][]Participation{{x, x}, {x, x}}},   // which nothing can help
		{[][]int{{4, 50}, {50, 0}}, [][]Participation{{x, w}, {w, x}}}, // both rows and both columns
	} {
		if got := suppress(test.cells); fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%v: told %v, want %v", test.cells, got, test.want)
		}
	}
}

// The largest day: most is told, and it takes no time (0.7 s; it may not keep the
// key from being destroyed).
func TestSuppressionOfAWholeDay(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 0))
	cells := make([][]int, maxWorkshops)
	small := 0
	for i := range cells {
		for range 6 {
			n := r.IntN(20)
			if n < fewest {
				small++
			}
			cells[i] = append(cells[i], n)
		}
	}
	begin := time.Now()
	told := suppress(cells)
	hidden := 0
	for _, row := range told {
		for _, what := range row {
			if what < 0 {
				hidden++
			}
		}
	}
	t.Logf("%d of 1200 are small, %d are not told, in %v", small, hidden, time.Since(begin))
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if hidden > 2*small {
		t.Errorf("%d are small, and %d are not told", small, hidden)
	}
}

func TestParticipantsAreReadAsTheyWereWritten(t *testing.T) {
	p := CountParticipants(Programme{Workshops: []Workshop{{ID: "w1", Title: "Dans"}, {ID: "w2", Title: "Rap"}}}, []int{1, 2},
		func(workshop string, year int) int { return map[string]int{"w1": 3, "w2": 20}[workshop] + 10*(year-1) })
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"years":[1,2],"workshops":[{"id":"w1","title":"Dans","counts":["<5","withheld"]},{"id":"w2","title":"Rap","counts":["withheld","withheld"]}]}`
	var again Participants
	if err := json.Unmarshal(data, &again); err != nil || fmt.Sprint(again) != fmt.Sprint(p) {
		t.Errorf("%v, %v", again, err)
	}
	escaped, err := json.Marshal(json.RawMessage(want))
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != string(escaped) {
		t.Errorf("%s, want %s", data, escaped)
	}
	for _, bad := range []string{`-1`, `"many"`, `1.5`} {
		var n Participation
		if err := json.Unmarshal([]byte(bad), &n); err == nil {
			t.Errorf("%s is read as %d", bad, n)
		}
	}
}
