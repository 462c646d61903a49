package scheduler

import (
	"errors"
	"reflect"
	"slices"
	"testing"
)

func TestChanges(t *testing.T) {
	in := Instance{Rounds: 2, Workshops: []Workshop{
		{ID: "a", Years: []int{1}, Sessions: []Session{{1, 5, 4}, {2, 7, 0}}},
		{ID: "b", Sessions: []Session{{1, 3, 0}}},
	}, Students: []Student{
		{ID: "ann", Year: 1, Fixed: map[int]string{1: "a"}},
	}}
	before, _ := in.With(Change{Kind: Enlarge, Workshop: "a"}) // as it is: no place more
	for _, c := range []struct {
		change Change
		want   []Workshop
		fixed  map[int]string
	}{
		{Change{Kind: Cancel, Workshop: "a"}, []Workshop{{ID: "a", Years: []int{1}, Sessions: []Session{}}, in.Workshops[1]}, map[int]string{}},
		{Change{Kind: Cancel, Workshop: "a", Round: 1}, []Workshop{{ID: "a", Years: []int{1}, Sessions: []Session{{2, 7, 0}}}, in.Workshops[1]}, map[int]string{}},
		{Change{Kind: Halve, Workshop: "a"}, []Workshop{{ID: "a", Years: []int{1}, Sessions: []Session{{1, 2, 2}, {2, 3, 0}}}, in.Workshops[1]}, nil},
		{Change{Kind: Halve, Workshop: "b", Round: 1}, []Workshop{in.Workshops[0], {ID: "b", Sessions: []Session{{1, 1, 0}}}}, nil},
		{Change{Kind: Resize, Workshop: "a", Round: 1, Places: 3}, []Workshop{{ID: "a", Years: []int{1}, Sessions: []Session{{1, 3, 3}, {2, 7, 0}}}, in.Workshops[1]}, nil},
		{Change{Kind: Enlarge, Workshop: "b", Places: 2}, []Workshop{in.Workshops[0], {ID: "b", Sessions: []Session{{1, 5, 0}}}}, nil},
		{Change{Kind: RunBelow, Workshop: "a", Round: 1}, []Workshop{{ID: "a", Years: []int{1}, Sessions: []Session{{1, 5, 0}, {2, 7, 0}}}, in.Workshops[1]}, nil},
		{Change{Kind: Repeated, Workshop: "b", Round: 2, Places: 4}, []Workshop{in.Workshops[0], {ID: "b", Sessions: []Session{{1, 3, 0}, {2, 4, 0}}}}, nil},
		{Change{Kind: Admit, Workshop: "a", Classes: []string{"2B"}, Years: []int{3}}, []Workshop{{ID: "a", Years: []int{1, 3}, Classes: []string{"2B"}, Sessions: in.Workshops[0].Sessions}, in.Workshops[1]}, nil},
		{Change{Kind: Admit, Workshop: "b", Classes: []string{"2B"}}, in.Workshops, nil}, // is open to all
		{Change{Kind: Add, New: &Workshop{ID: "c"}}, append(slices.Clone(in.Workshops), Workshop{ID: "c"}), nil},
	} {
		got, err := in.With(c.change)
		if err != nil {
			t.Errorf("%+v: %v", c.change, err)
			continue
		}
		if !reflect.DeepEqual(got.Workshops, c.want) {
			t.Errorf("%+v: %+v, not %+v", c.change, got.Workshops, c.want)
		}
		if c.fixed == nil {
			c.fixed = map[int]string{1: "a"}
		}
		if !reflect.DeepEqual(got.Students[0].Fixed, c.fixed) {
			t.Errorf("%+v: fixed are %v", c.change, got.Students[0].Fixed)
		}
	}
	if !reflect.DeepEqual(in, before) {
		t.Errorf("the instance itself has changed: %+v", in)
	}
	for _, bad := range []Change{
		{Kind: Cancel, Workshop: "z"}, {Kind: Cancel, Workshop: "b", Round: 2}, {Kind: Resize, Workshop: "a", Places: -1},
		{Kind: Repeated, Workshop: "b", Round: 1}, {Kind: Repeated, Workshop: "b"}, {Kind: Repeated, Workshop: "b", Round: 3},
		{Kind: Add}, {Kind: Add, New: &Workshop{ID: "a"}}, {Kind: "burn", Workshop: "a"}, {},
	} {
		var e *InstanceError
		if _, err := in.With(bad); !errors.As(err, &e) {
			t.Errorf("%+v: got %v", bad, err)
		}
	}
}

// Of the places for which there is no room any more, those that were chosen go
// before those given by hand, and no more than have to.
func TestTooSmallARoomForThoseWhoAreFixed(t *testing.T) {
	in := Instance{Rounds: 1, Workshops: []Workshop{{ID: "a", Sessions: []Session{{1, 6, 0}}}, {ID: "b", Sessions: []Session{{1, 9, 0}}}}}
	current := map[string][]string{}
	for _, id := range []string{"c1", "c2", "c3", "c4", "p1", "p2"} {
		s := Student{ID: id, Fixed: map[int]string{1: "a"}}
		if id[0] == 'p' {
			s.Pinned = []int{1}
		}
		in.Students = append(in.Students, s)
		current[id] = []string{"a"}
	}
	for places, want := range map[int]struct{ moved, pinned int }{6: {0, 0}, 5: {1, 0}, 3: {3, 0}, 2: {4, 0}, 1: {5, 2}, 0: {6, 2}} {
		changed, err := in.With(Change{Kind: Resize, Workshop: "a", Places: places})
		if err != nil {
			t.Fatal(err)
		}
		s, moves, err := Replan(t.Context(), changed, current, Options{})
		if err != nil {
			t.Fatal(err)
		}
		pinned := 0
		for _, m := range moves {
			if m.Student[0] == 'p' {
				pinned++
			}
			if m.From != "a" || m.To != "b" {
				t.Errorf("%d places: %+v", places, m)
			}
		}
		if len(moves) != want.moved || pinned > want.pinned || s.Report.Unplaced != 0 {
			t.Errorf("%d places: %d moves, %d of those given by hand", places, len(moves), pinned)
		}
	}
}
