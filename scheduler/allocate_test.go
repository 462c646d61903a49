package scheduler

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"cultuurdag/enroll"
)

// A school of 60 in two years, two rounds and four workshops with seats for
// all: some chose, one was pinned, one was assigned before.
func school() (enroll.Programme, []enroll.Student, map[string]enroll.Choices) {
	p := enroll.Programme{Rounds: make([]enroll.Round, 2)}
	for i := range 4 {
		w := enroll.Workshop{ID: fmt.Sprintf("w%d", i), Sessions: []enroll.Session{{Round: 1, Capacity: 16}, {Round: 2, Capacity: 16}}}
		if i == 0 {
			w.Years = []int{1}
		}
		p.Workshops = append(p.Workshops, w)
	}
	var students []enroll.Student
	for i := range 60 {
		students = append(students, enroll.Student{ID: fmt.Sprintf("s%02d", i), Class: fmt.Sprintf("%dA", 1+i%2), Year: 1 + i%2})
	}
	return p, students, map[string]enroll.Choices{
		"s03": {1: {Workshop: "w1", By: enroll.Chosen}},
		"s07": {2: {Workshop: "w0", By: enroll.Pinned}}, // year 2: not open, but pinned by hand
		"s08": {1: {Workshop: "w2", By: enroll.Chosen}, 2: {Workshop: "w1", By: enroll.Assigned}},
	}
}

func TestAllocatePlacesEverybodyAndKeepsWhatWasChosen(t *testing.T) {
	p, students, choices := school()
	plan, report, err := Allocate(t.Context(), enroll.Event{Mode: enroll.FirstCome}, p, students, choices, nil, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if report.Unplaced != 0 {
		t.Errorf("%d places missing", report.Unplaced)
	}
	taken := map[enroll.SessionKey]int{}
	for _, s := range students {
		places := plan.Places[s.ID]
		if places[0] == places[1] {
			t.Errorf("%s has %s twice", s.ID, places[0])
		}
		for r, w := range places {
			taken[enroll.SessionKey{Workshop: w, Round: r + 1}]++
			if w == "w0" && s.Year != 1 && s.ID != "s07" {
				t.Errorf("%s of year %d is in w0", s.ID, s.Year)
			}
		}
	}
	for key, n := range taken {
		if n > 16 {
			t.Errorf("%v holds %d of 16", key, n)
		}
	}
	for id, kept := range map[string][2]string{"s03": {"w1", ""}, "s07": {"", "w0"}, "s08": {"w2", ""}} {
		for r, w := range kept {
			if w != "" && plan.Places[id][r] != w {
				t.Errorf("%s lost %s and has %v", id, w, plan.Places[id])
			}
		}
	}
}

func TestAllocateIsTheSameInAnyOrder(t *testing.T) {
	p, students, choices := school()
	event := enroll.Event{Mode: enroll.FirstCome}
	a, _, err := Allocate(t.Context(), event, p, students, choices, nil, Options{Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(students)
	b, _, err := Allocate(t.Context(), event, p, students, choices, nil, Options{Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Error("another order of students gives another plan")
	}
}

func TestAllocateCountsWishesInRankingAlone(t *testing.T) {
	p, students, _ := school()
	wishes := map[string][]string{"s00": {"gone", "w3"}}
	for mode, ranks := range map[enroll.Mode]int{enroll.Ranking: 1, enroll.FirstCome: 0} {
		_, report, err := Allocate(t.Context(), enroll.Event{Mode: mode}, p, students, nil, wishes, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if report.Ranks[0] != ranks {
			t.Errorf("%s: %d first wishes came true, not %d", mode, report.Ranks[0], ranks)
		}
	}
}

func TestAllocateRefusesAPlaceThatIsGone(t *testing.T) {
	p, students, _ := school()
	choices := map[string]enroll.Choices{"s00": {1: {Workshop: "gone", By: enroll.Chosen}}}
	_, _, err := Allocate(t.Context(), enroll.Event{}, p, students, choices, nil, Options{})
	var bad *InstanceError
	if !errors.As(err, &bad) || len(bad.Faults) != 1 || bad.Faults[0].Field != "students[0].fixed[1]" {
		t.Errorf("got %v", err)
	}
}
