package scheduler

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

// room returns the places of sessions beside those that are fixed; none where
// the solution cancels them.
func room(in Instance, s Solution) map[SessionKey]int {
	left := map[SessionKey]int{}
	for _, w := range in.Workshops {
		for _, x := range w.Sessions {
			left[SessionKey{w.ID, x.Round}] = x.Capacity
		}
	}
	for _, student := range in.Students {
		for r, w := range student.Fixed {
			left[SessionKey{w, r}]--
		}
	}
	for _, key := range s.Cancelled {
		left[key] = 0
	}
	return left
}

// lacks returns in how many of some rounds a student has no place, were all
// sessions but the dear ones theirs alone.
func lacks(in Instance, left map[SessionKey]int, s Student, rounds []int, dear []SessionKey) int {
	var try func(at int, has []string) int
	try = func(at int, has []string) int {
		if at == len(rounds) {
			return 0
		}
		r := rounds[at]
		if s.Fixed[r] != "" {
			return try(at+1, has)
		}
		least := 1 + try(at+1, has)
		for _, w := range in.Workshops {
			key := SessionKey{w.ID, r}
			if left[key] > 0 && open(w, s) && !holds(s, w.ID) && !slices.Contains(has, w.ID) && !slices.Contains(dear, key) {
				least = min(least, try(at+1, append(has[:len(has):len(has)], w.ID)))
			}
		}
		return least
	}
	return try(0, nil)
}

// checkShortages holds shortages against the instance and the plan alone.
func checkShortages(in Instance, s Solution) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	left := room(in, s)
	students := map[string]Student{}
	for _, x := range in.Students {
		students[x.ID] = x
	}
	sum, clear := 0, 0
	var dear []SessionKey
	told := map[Blocked]bool{}
	for _, x := range s.Report.Shortages {
		sum += x.Missing
		for _, id := range x.Students {
			for _, r := range x.Rounds {
				told[Blocked{Student: id, Round: r}] = true
			}
		}
		if x.Missing <= 0 || x.Needed-x.Places != x.Missing || !slices.IsSorted(x.Students) || !slices.IsSorted(x.Rounds) ||
			len(x.Rounds) == 1 != (x.Round == x.Rounds[0]) {
			fault("bad shortage %+v", x)
		}
		if x.Why == Unclear {
			continue
		}
		clear += x.Missing
		dear = append(dear, x.Sessions...)
		rounds := func(id string) []int { // but those that a shortage of one round is about
			if x.Round > 0 {
				return x.Rounds
			}
			return slices.DeleteFunc(slices.Clone(x.Rounds), func(r int) bool {
				return slices.ContainsFunc(s.Report.Shortages, func(y Shortage) bool { return y.Round == r && y.Why != Unclear && slices.Contains(y.Students, id) })
			})
		}
		short := func(sessions []SessionKey) int {
			n := 0
			for _, id := range x.Students {
				n += lacks(in, left, students[id], rounds(id), sessions)
			}
			for _, key := range sessions {
				n -= left[key]
			}
			return n
		}
		if n := short(x.Sessions); n != x.Missing {
			fault("short of %d, not %d: %+v", n, x.Missing, x)
		}
		for subset := range 1<<len(x.Sessions) - 1 {
			var sessions []SessionKey
			for i, key := range x.Sessions {
				if subset&(1<<i) != 0 {
					sessions = append(sessions, key)
				}
			}
			if short(sessions) >= x.Missing {
				fault("%v would do: %+v", sessions, x)
			}
		}
		for _, id := range x.Students {
			if lacks(in, left, students[id], rounds(id), x.Sessions) == 0 {
				fault("%s has no part in it: %+v", id, x)
			}
		}
	}
	if sum != s.Report.Unplaced {
		fault("%d of %d missing places are explained", sum, s.Report.Unplaced)
	}
	// All sets together: what they explain is missing in every plan.
	all := 0
	for _, x := range in.Students {
		rounds := make([]int, in.Rounds)
		for r := range rounds {
			rounds[r] = r + 1
		}
		all += lacks(in, left, x, rounds, dear)
	}
	for _, key := range dear {
		all -= left[key]
	}
	if all != clear {
		fault("%d places are missing in every plan, not %d", all, clear)
	}
	for _, b := range s.Report.Blocked {
		if !told[Blocked{Student: b.Student, Round: b.Round}] {
			fault("nothing explains %v", b)
		}
	}
	return faults
}

func TestShortagesOfSmallInstances(t *testing.T) {
	kinds, remedies, more := map[Why]int{}, map[ChangeKind]int{}, 0
	for seed := range uint64(5000) {
		in := small(rand.New(rand.NewPCG(seed, 9)))
		s := solve(t, in, 1)
		for _, fault := range checkShortages(in, s) {
			t.Errorf("instance %d: %s", seed, fault)
		}
		for _, x := range s.Report.Shortages {
			kinds[x.Why]++
			for _, r := range x.Remedies {
				remedies[r.Kind]++
				changed, err := in.With(r.Change)
				if err != nil {
					t.Fatal(err)
				}
				saved := s.Report.Unplaced - solve(t, changed, 1).Report.Unplaced
				if r.Solves < 1 || saved < r.Solves || r.Solves > x.Missing || r.Kind == Enlarge && (saved != r.Solves || r.Places != r.Solves) {
					t.Errorf("instance %d: %+v saves %d: %+v", seed, r, saved, x)
				}
				if saved > r.Solves {
					more++
				}
			}
		}
	}
	t.Log(kinds, remedies, more, "save more than they say")
	for _, why := range []Why{NoSession, Repeat, Cancelled, Full} {
		if kinds[why] < 20 {
			t.Errorf("only %d shortages with %s", kinds[why], why)
		}
	}
	for _, kind := range []ChangeKind{Enlarge, Admit, RunBelow, Repeated} {
		if remedies[kind] < 20 {
			t.Errorf("only %d remedies of kind %s", remedies[kind], kind)
		}
	}
}

// class returns n students of a year, called after it.
func class(n, year int) (students []Student) {
	for i := range n {
		students = append(students, Student{ID: fmt.Sprintf("y%d-%02d", year, i), Year: year, Class: fmt.Sprintf("%dA", year)})
	}
	return students
}

func TestStoriesOfShortage(t *testing.T) {
	every := func(rounds, capacity int) (s []Session) {
		for r := range rounds {
			s = append(s, Session{Round: r + 1, Capacity: capacity})
		}
		return s
	}
	ids := func(students []Student) (ids []string) {
		for _, s := range students {
			ids = append(ids, s.ID)
		}
		return ids
	}
	for _, story := range []struct {
		name string
		in   Instance
		want []Shortage
	}{
		{
			// Ronde 2: 14 leerlingen uit klas 1 kunnen alleen nog naar Breakdance of
			// Graffiti, samen 9 plaatsen. 5 plaatsen erbij, of klas 1 bij Podcast toelaten.
			"fourteen for nine places",
			Instance{Rounds: 2, Students: append(class(14, 1), class(6, 2)...), Workshops: []Workshop{
				{ID: "breakdance", Sessions: []Session{{2, 5, 0}}},
				{ID: "graffiti", Sessions: []Session{{2, 4, 0}}},
				{ID: "podcast", Years: []int{2}, Sessions: []Session{{2, 12, 0}}},
				{ID: "koor", Sessions: []Session{{1, 20, 0}}},
			}},
			[]Shortage{{
				Why: Full, Round: 2, Rounds: []int{2}, Students: ids(class(14, 1)), Years: []int{1}, Whole: true,
				Sessions:  []SessionKey{{"breakdance", 2}, {"graffiti", 2}},
				Workshops: []string{"breakdance", "graffiti"}, Needed: 14, Places: 9, Missing: 5,
				Remedies: []Remedy{
					{Change{Kind: Enlarge, Workshop: "breakdance", Round: 2, Places: 5}, 5},
					{Change{Kind: Enlarge, Workshop: "graffiti", Round: 2, Places: 5}, 5},
					{Change{Kind: Admit, Workshop: "podcast", Years: []int{1}}, 5},
					{Change{Kind: Repeated, Workshop: "koor", Round: 2, Places: 0}, 0}, // everybody sings in round 1
				},
			}},
		},
		{
			"three workshops for four rounds",
			Instance{Rounds: 4, Students: class(5, 1), Workshops: []Workshop{
				{ID: "a", Sessions: every(4, 9)}, {ID: "b", Sessions: every(4, 9)}, {ID: "c", Sessions: every(4, 9)},
				{ID: "d", Years: []int{2}, Sessions: every(4, 9)},
			}},
			[]Shortage{{
				Why: Repeat, Rounds: []int{1, 2, 3, 4}, Students: ids(class(5, 1)), Years: []int{1}, Whole: true,
				Once: []string{"a", "b", "c"}, Needed: 5, Missing: 5,
				Remedies: []Remedy{{Change{Kind: Admit, Workshop: "d", Years: []int{1}}, 5}},
			}},
		},
		{
			"nothing in a round",
			Instance{Rounds: 2, Students: class(3, 1), Workshops: []Workshop{
				{ID: "a", Sessions: every(1, 9)}, {ID: "b", Years: []int{2}, Sessions: every(2, 2)},
			}},
			[]Shortage{{
				Why: NoSession, Round: 2, Rounds: []int{2}, Students: ids(class(3, 1)), Years: []int{1}, Whole: true, Needed: 3, Missing: 3,
				Remedies: []Remedy{{Change{Kind: Admit, Workshop: "b", Years: []int{1}}, 2}},
			}},
		},
		{
			"below its minimum",
			Instance{Rounds: 1, Students: class(3, 1), Workshops: []Workshop{{ID: "a", Sessions: []Session{{1, 20, 8}}}}},
			[]Shortage{{
				Why: Cancelled, Round: 1, Rounds: []int{1}, Students: ids(class(3, 1)), Years: []int{1}, Whole: true,
				Cancelled: []string{"a"}, Needed: 3, Missing: 3,
				Remedies: []Remedy{{Change{Kind: RunBelow, Workshop: "a", Round: 1}, 3}},
			}},
		},
		{
			"full of those who chose",
			Instance{Rounds: 1, Students: append(class(2, 1), Student{ID: "z", Class: "1A", Year: 1, Fixed: map[int]string{1: "a"}}), Workshops: []Workshop{
				{ID: "a", Sessions: every(1, 1)},
			}},
			[]Shortage{{
				Why: Full, Round: 1, Rounds: []int{1}, Students: ids(class(2, 1)), Years: []int{1}, Whole: true,
				Full: []string{"a"}, Needed: 2, Missing: 2,
				Remedies: []Remedy{{Change{Kind: Enlarge, Workshop: "a", Round: 1, Places: 2}, 2}},
			}},
		},
		{
			// Each needs the small workshop in one of the rounds.
			"too few of what is left beside",
			Instance{Rounds: 2, Students: class(6, 1), Workshops: []Workshop{
				{ID: "big", Sessions: every(2, 6)}, {ID: "small", Sessions: every(2, 2)},
			}},
			[]Shortage{{
				Why: Repeat, Rounds: []int{1, 2}, Students: ids(class(6, 1)), Years: []int{1}, Whole: true,
				Sessions: []SessionKey{{"small", 1}, {"small", 2}}, Workshops: []string{"small"}, Once: []string{"big"},
				Needed: 6, Places: 4, Missing: 2,
			}},
		},
		{
			"a place for everybody",
			Instance{Rounds: 1, Students: class(3, 1), Workshops: []Workshop{{ID: "a", Sessions: every(1, 3)}}},
			nil,
		},
	} {
		t.Run(story.name, func(t *testing.T) {
			in := withFair(story.in)
			s := solve(t, in, 1)
			for _, fault := range checkShortages(in, s) {
				t.Error(fault)
			}
			got := s.Report.Shortages
			if len(got) != len(story.want) {
				t.Fatalf("%d shortages: %+v", len(got), got)
			}
			for i, want := range story.want {
				for _, r := range want.Remedies {
					same := func(x Remedy) bool { return reflect.DeepEqual(withoutEmpty(x), r) }
					if found := slices.ContainsFunc(got[i].Remedies, same); found != (r.Solves > 0) {
						t.Errorf("remedy %+v: %v, among %+v", r, found, got[i].Remedies)
					}
				}
				x := got[i]
				x.Remedies, want.Remedies = nil, nil
				if a, b := fmt.Sprintf("%+v", x), fmt.Sprintf("%+v", want); a != b {
					t.Errorf("got  %s\nwant %s", a, b)
				}
			}
		})
	}
}

func withoutEmpty(r Remedy) Remedy {
	if len(r.Classes) == 0 {
		r.Classes = nil
	}
	if len(r.Years) == 0 {
		r.Years = nil
	}
	return r
}

func TestShortagesDoNotDependOnTheOrderOfStudents(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for range 300 {
		in := small(rng)
		s := solve(t, in, 1)
		shuffled := in
		shuffled.Students = slices.Clone(in.Students)
		rng.Shuffle(len(in.Students), func(a, b int) {
			shuffled.Students[a], shuffled.Students[b] = shuffled.Students[b], shuffled.Students[a]
		})
		if got := Shortages(shuffled, s); !reflect.DeepEqual(got, s.Report.Shortages) {
			t.Fatalf("got %+v, not %+v", got, s.Report.Shortages)
		}
	}
}

// rough divides an instance in no time, and not well.
func rough(t *testing.T, in Instance) Solution {
	t.Helper()
	s := newSearch(t.Context(), newProblem(in, *in.Costs), Options{Seed: 1}, time.Now())
	s.offer(s.p.start(s.rng))
	s.root = leaf{prices: make([]int64, len(s.p.sessions))}
	return s.solution(1, 0)
}

// A large school with a fifth of its places gone, and one class of 9,500.
func TestShortagesOfALargeSchool(t *testing.T) {
	large := readInstance(t, "3000x60")
	for w := range large.Workshops {
		for j := range large.Workshops[w].Sessions {
			x := &large.Workshops[w].Sessions[j]
			x.Capacity = x.Capacity * 8 / 10
			x.Minimum = min(x.Minimum, x.Capacity)
		}
	}
	one := withFair(Instance{Rounds: 2, Students: class(9500, 1), Workshops: []Workshop{
		{ID: "a", Sessions: []Session{{1, 4000, 0}, {2, 3000, 0}}},
		{ID: "b", Sessions: []Session{{1, 3000, 0}, {2, 4000, 0}}},
		{ID: "c", Years: []int{2}, Sessions: []Session{{1, 5000, 0}, {2, 5000, 0}}},
	}})
	for _, in := range []Instance{large, one} {
		s := rough(t, in)
		began := time.Now()
		shortages := Shortages(in, s)
		took := time.Since(began)
		sum := 0
		for _, x := range shortages {
			sum += x.Missing
			if x.Why == Unclear || len(x.Remedies) == 0 {
				t.Errorf("%d students, unclear or hopeless: %d in round %d", len(x.Students), x.Missing, x.Round)
			}
		}
		t.Logf("%d students: %d missing places explained by %d shortages in %v", len(in.Students), sum, len(shortages), took)
		if sum != s.Report.Unplaced || sum == 0 || took > 10*time.Second {
			t.Errorf("%d of %d missing places explained, in %v", sum, s.Report.Unplaced, took)
		}
	}
}
