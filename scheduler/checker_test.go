package scheduler

import (
	"fmt"
	"slices"
	"strings"
)

// check recomputes everything that a solution says from the instance alone and
// returns what is wrong. It shares no code with the solver but the JSON types.
func check(in Instance, s Solution) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	c := in.Costs
	missing := max(5000, 4*(in.Rounds*c.Unranked+at(c.Obtained, 0, 0)))
	workshops := map[string]Workshop{}
	for _, w := range in.Workshops {
		workshops[w.ID] = w
	}
	load, kept := map[SessionKey]int{}, map[SessionKey]int{}
	objective, unplaced := 0, 0
	if len(s.Places) != len(in.Students) {
		fault("%d students in, %d out", len(in.Students), len(s.Places))
	}
	for _, student := range in.Students {
		places := s.Places[student.ID]
		if len(places) != in.Rounds {
			fault("%s has %d rounds", student.ID, len(places))
			continue
		}
		got := 0
		for i, id := range places {
			round := i + 1
			fixed := student.Fixed[round]
			switch {
			case fixed != "" && fixed != id:
				fault("%s lost a fixed place in round %d", student.ID, round)
			case id == "":
				unplaced++
				objective += missing
				continue
			case fixed == "" && !open(workshops[id], student):
				fault("%s is in %s, which is not open to them", student.ID, id)
			}
			if slices.Index(places, id) != i {
				fault("%s is in %s twice", student.ID, id)
			}
			load[SessionKey{id, round}]++
			if fixed != "" {
				kept[SessionKey{id, round}]++
			}
			if n := slices.Index(student.Wishes, id); n >= 0 {
				objective += at(c.Rank, n, c.Unranked)
				got++
			} else if len(student.Wishes) > 0 {
				objective += c.Unranked
			}
		}
		if len(student.Wishes) > 0 {
			objective += at(c.Obtained, got, 0)
		}
	}
	var cancelled, short []SessionKey
	given := map[SessionKey]bool{}
	for _, w := range in.Workshops {
		sessions := slices.SortedFunc(slices.Values(w.Sessions), func(a, b Session) int { return a.Round - b.Round })
		for _, x := range sessions {
			key := SessionKey{w.ID, x.Round}
			given[key] = true
			n := load[key]
			switch {
			case n > x.Capacity:
				fault("%v holds %d of %d", key, n, x.Capacity)
			case n >= x.Minimum:
			case kept[key] > 0:
				short = append(short, key)
			case n > 0:
				fault("%v holds %d, below its minimum of %d", key, n, x.Minimum)
			default:
				cancelled = append(cancelled, key)
			}
		}
	}
	for key := range load {
		if !given[key] {
			fault("%v does not exist", key)
		}
	}
	r := s.Report
	if !slices.Equal(cancelled, s.Cancelled) || !slices.Equal(short, r.Short) {
		fault("cancelled %v and short %v, reported %v and %v", cancelled, short, s.Cancelled, r.Short)
	}
	if objective != r.Objective || unplaced != r.Unplaced || unplaced != len(r.Blocked) {
		fault("objective %d and %d missing, reported %d and %d, %d blocked", objective, unplaced, r.Objective, r.Unplaced, len(r.Blocked))
	}
	if r.Gap != r.Objective-r.Bound || r.Gap < 0 || r.Proven != (r.Gap == 0) {
		fault("objective %d, bound %d, gap %d, proven %v", r.Objective, r.Bound, r.Gap, r.Proven)
	}
	loads := func(key SessionKey) int { return load[key] }
	if proven, err := prove(in, r, loads, nil); err != nil {
		fault("proof: %v", err)
	} else if proven < r.Bound {
		fault("the prices prove %d, not %d", proven, r.Bound)
	}
	return faults
}

func at(costs []int, i, beyond int) int {
	if i < len(costs) {
		return costs[i]
	}
	return beyond
}

func open(w Workshop, s Student) bool {
	if len(w.Years) == 0 && len(w.Classes) == 0 {
		return true
	}
	return slices.Contains(w.Years, s.Year) ||
		slices.ContainsFunc(w.Classes, func(c string) bool { return strings.EqualFold(c, s.Class) })
}
