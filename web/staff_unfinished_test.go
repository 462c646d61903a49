package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// Who still has to choose, for each mentor: on paper, as a table, for a program.
func TestWhoStillHasToChoose(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	s.open()
	page := s.browser(t).as("contact@example.org")
	for i, choices := range [][]string{{"w0", "w1", "w2"}, {"", "w0", ""}} {
		for round, workshop := range choices {
			if workshop == "" {
				continue
			}
			if r := s.program(t).signIn(i).json("PUT", "/student/choices/"+itoa(round+1), map[string]string{"workshop": workshop}); r.status != http.StatusOK {
				t.Fatalf("%d %s", r.status, r.body)
			}
		}
	}
	done, half := s.students[0], s.students[1]
	if r := v.json("PATCH", s.path("/events/EVENT/students/")+half.ID, map[string]string{"class": "10B"}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}

	var got struct{ Classes []unfinishedJSON }
	v.get(s.path("/events/EVENT/unfinished")).decode(t, &got)
	if len(got.Classes) != 2 || got.Classes[0].Class != "1A" || got.Classes[1].Class != "10B" {
		t.Fatalf("classes: %+v", got.Classes)
	}
	if len(got.Classes[0].Students) != 4 || !slices.Equal(got.Classes[0].Students[0].Missing, []int{1, 2, 3}) {
		t.Errorf("1A: %+v", got.Classes[0])
	}
	if b := got.Classes[1].Students; len(b) != 1 || b[0].ID != half.ID || !slices.Equal(b[0].Missing, []int{1, 3}) {
		t.Errorf("10B: %+v", b)
	}

	r := page.get(s.path("/events/EVENT/unfinished"))
	r.has(t, `<th scope="col">Klas 10B</th>`, half.ListName(), "nog kiezen", "unfinished.csv", "Vernietig deze lijst na vrijdag 4 december 2026", "Kiezen kan tot")
	r.lacks(t, done.ListName(), half.Number)
	if n := strings.Count(r.body, `<table class="mentor">`); n != 2 {
		t.Errorf("%d tables", n)
	}
	page.get(s.path("/events/EVENT/unfinished?class=1A")).lacks(t, "10B")

	rows := v.get(s.path("/events/EVENT/unfinished.csv")).rows(t)
	if want := []string{"10B", half.FirstName, half.Infix, half.LastName, "1, 3"}; len(rows) != 5 || !slices.Equal(rows[4], want) {
		t.Errorf("rows %v, want %v at the end", rows, want)
	}
	if rows := v.get(s.path("/events/EVENT/unfinished.csv?class=10b")).rows(t); len(rows) != 1 {
		t.Errorf("of one class: %v", rows)
	}
	page.get(s.path("/events/EVENT/students")).has(t, s.path("/events/EVENT/unfinished"))

	for _, st := range s.students[1:] {
		if err := s.Store.EraseStudent(t.Context(), s.event.ID, st.ID); err != nil {
			t.Fatal(err)
		}
	}
	page.get(s.path("/events/EVENT/unfinished")).has(t, "Iedereen heeft gekozen.")
	if r := v.get(s.path("/events/EVENT/unfinished")); r.body != `{"classes":[]}` {
		t.Errorf("nobody: %s", r.body)
	}
}
