package enroll

import (
	"slices"
	"testing"
)

// How long a ranking has to be: what the event says, and no longer than what is
// open to the class.
func TestRanksFor(t *testing.T) {
	for _, c := range []struct {
		what string
		e    Event
		mask string
		want int
	}{
		{"what the event says", Event{Mode: Ranking, RankLength: 3}, "11111", 3},
		{"the event does not say", Event{Mode: Ranking}, "1111111", DefaultRankLength},
		{"fewer are open", Event{Mode: Ranking, RankLength: 3}, "01001", 2},
		{"none is open", Event{Mode: Ranking, RankLength: 3}, "000", 0},
		{"no programme yet", Event{Mode: Ranking, RankLength: 3}, "", 0},
		{"first come, first served", Event{Mode: FirstCome, RankLength: 3}, "11111", 0},
	} {
		if got := c.e.RanksFor(c.mask); got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
}

// Which wishes count, and how far that makes a student.
func TestWishesThatCount(t *testing.T) {
	p := Programme{Rounds: make([]Round, 2), Workshops: []Workshop{
		{ID: "a"}, {ID: "b", Years: []int{3}}, {ID: "c", Classes: []string{"1A"}}, {ID: "d"},
	}}
	first, third := Student{Class: "1A", Year: 1}, Student{Class: "3B", Year: 3}
	chosen := func(workshops ...string) Choices {
		c := Choices{}
		for i, w := range workshops {
			c[i+1] = Choice{Workshop: w, By: Pinned}
		}
		return c
	}
	for _, c := range []struct {
		what   string
		mode   Mode
		st     Student
		places Choices
		wishes []string
		count  []string
		far    Progress
	}{
		{"no wish", Ranking, first, nil, nil, nil, ProgressNone},
		{"one of three", Ranking, first, nil, []string{"d"}, []string{"d"}, ProgressPartly},
		{"all", Ranking, first, nil, []string{"d", "c", "a"}, []string{"d", "c", "a"}, ProgressComplete},
		{"one is for another year", Ranking, first, nil, []string{"d", "b", "a"}, []string{"d", "a"}, ProgressPartly},
		{"one is for another class", Ranking, third, nil, []string{"c", "b", "a", "d"}, []string{"b", "a", "d"}, ProgressComplete},
		{"one is gone", Ranking, first, nil, []string{"x"}, nil, ProgressNone},
		{"placed by hand in every round", Ranking, first, chosen("a", "d"), nil, nil, ProgressComplete},
		{"placed by hand in one", Ranking, first, chosen("a"), nil, nil, ProgressPartly},
		{"seats alone matter in the other mode", FirstCome, first, chosen("a"), []string{"d", "c", "a"}, []string{"d", "c", "a"}, ProgressPartly},
		{"and none of them is none", FirstCome, first, nil, []string{"d", "c", "a"}, []string{"d", "c", "a"}, ProgressNone},
	} {
		if got := p.Wishable(p.Mask(c.st.Class, c.st.Year), c.wishes); !slices.Equal(got, c.count) {
			t.Errorf("%s: %v count, want %v", c.what, got, c.count)
		}
		if got := (Event{Mode: c.mode, RankLength: 3}).ProgressOf(p, c.st, c.places, c.wishes); got != c.far {
			t.Errorf("%s: %s, want %s", c.what, got, c.far)
		}
	}
}
