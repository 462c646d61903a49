package scheduler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// model is an instance as an integer program for CBC. It is written down from
// the rules alone and shares no code with the solver:
//
//	x_s_r_w  student s is in workshop w in round r
//	m_s_r    student s has no place in round r
//	z_s_k    k wishes of student s came true
//	y_r_w    a session takes place: only of those with a minimum
//	l_r_w    places that a session lacks of its minimum: only where some are fixed
//
// All but l are 0 or 1. Students and workshops are numbered as in the instance.
type model struct {
	cost     map[string]int // of variables that cost something
	lacks    map[string]int // the highest l_r_w may be
	binaries []string       // the names of the others
	rows     []row
	peak     int           // bytes that CBC held at most
	spent    time.Duration // of a processor by CBC
}

type row struct {
	terms    []term
	relation string // <=, = or >=
	value    int
}

type term struct {
	factor int
	name   string
}

func (m *model) add(terms []term, relation string, value int) {
	if len(terms) > 0 {
		m.rows = append(m.rows, row{terms, relation, value})
	}
}

// binary makes a variable that is 0 or 1.
func (m *model) binary(cost int, kind string, numbers ...int) string {
	name := kind
	for _, n := range numbers {
		name += "_" + strconv.Itoa(n)
	}
	m.binaries = append(m.binaries, name)
	if cost != 0 {
		m.cost[name] = cost
	}
	return name
}

func newModel(in Instance) *model {
	m := &model{cost: map[string]int{}, lacks: map[string]int{}}
	inside, fixed := map[SessionKey][]term{}, map[SessionKey]bool{}
	for s, student := range in.Students {
		m.student(in, s, inside)
		for r, w := range student.Fixed {
			fixed[SessionKey{w, r}] = true
		}
	}
	for w, workshop := range in.Workshops {
		for _, x := range workshop.Sessions {
			key := SessionKey{workshop.ID, x.Round}
			with := func(factor int, name string) []term { return append(slices.Clip(inside[key]), term{factor, name}) }
			switch {
			case len(inside[key]) == 0:
			case x.Minimum == 0:
				m.add(inside[key], "<=", x.Capacity)
			case fixed[key]:
				lack := fmt.Sprintf("l_%d_%d", x.Round, w)
				m.lacks[lack] = x.Minimum
				m.add(inside[key], "<=", x.Capacity)
				m.add(with(1, lack), ">=", x.Minimum)
			default:
				runs := m.binary(0, "y", x.Round, w)
				m.add(with(-x.Capacity, runs), "<=", 0)
				m.add(with(-x.Minimum, runs), ">=", 0)
			}
		}
	}
	return m
}

// student adds the variables and rows of one student, and to each session
// those that say that the student is inside.
func (m *model) student(in Instance, s int, inside map[SessionKey][]term) {
	c, student := in.Costs, in.Students[s]
	wished := len(student.Wishes) > 0
	var came []term // wishes that came true, less the k of the z that is 1
	everyRound := map[int][]term{}
	for w, workshop := range in.Workshops {
		var once []term
		for _, x := range workshop.Sessions {
			if f := student.Fixed[x.Round]; f != "" && f != workshop.ID || f == "" && !open(workshop, student) {
				continue
			}
			cost, rank := 0, slices.Index(student.Wishes, workshop.ID)
			if rank >= 0 {
				cost = at(c.Rank, rank, c.Unranked)
			} else if wished {
				cost = c.Unranked
			}
			t := term{1, m.binary(cost, "x", s, x.Round, w)}
			once = append(once, t)
			everyRound[x.Round] = append(everyRound[x.Round], t)
			inside[SessionKey{workshop.ID, x.Round}] = append(inside[SessionKey{workshop.ID, x.Round}], t)
			if rank >= 0 {
				came = append(came, t)
			}
		}
		m.add(once, "<=", 1)
	}
	for r := 1; r <= in.Rounds; r++ {
		places := everyRound[r]
		if student.Fixed[r] == "" {
			places = append(places, term{1, m.binary(max(5000, 4*(in.Rounds*c.Unranked+at(c.Obtained, 0, 0))), "m", s, r)})
		}
		m.add(places, "=", 1)
	}
	if !wished {
		return
	}
	var one []term
	for k := range in.Rounds + 1 {
		z := m.binary(at(c.Obtained, k, 0), "z", s, k)
		one = append(one, term{1, z})
		if k > 0 {
			came = append(came, term{-k, z})
		}
	}
	m.add(one, "=", 1)
	m.add(came, "=", 0)
}

// lp returns the model in the LP format with an objective to be minimised.
func (m *model) lp(objective map[string]int) []byte {
	var b bytes.Buffer
	b.WriteString("Minimize\nobj:\n")
	for _, name := range sortedKeys(objective) {
		fmt.Fprintf(&b, " %+d %s\n", objective[name], name)
	}
	if len(objective) == 0 {
		fmt.Fprintf(&b, " +0 %s\n", m.binaries[0])
	}
	b.WriteString("Subject To\n")
	for i, row := range m.rows {
		fmt.Fprintf(&b, "c%d:\n", i)
		for _, t := range row.terms {
			fmt.Fprintf(&b, " %+d %s\n", t.factor, t.name)
		}
		fmt.Fprintf(&b, " %s %d\n", row.relation, row.value)
	}
	b.WriteString("Bounds\n")
	for _, name := range sortedKeys(m.lacks) {
		fmt.Fprintf(&b, " 0 <= %s <= %d\n", name, m.lacks[name])
	}
	if len(m.lacks) > 0 {
		fmt.Fprintf(&b, "Generals\n %s\n", strings.Join(sortedKeys(m.lacks), "\n "))
	}
	fmt.Fprintf(&b, "Binaries\n %s\nEnd\n", strings.Join(m.binaries, "\n "))
	return b.Bytes()
}

// keeps returns an error where values break a row.
func (m *model) keeps(values map[string]int) error {
	for i, row := range m.rows {
		sum := 0
		for _, t := range row.terms {
			sum += t.factor * values[t.name]
		}
		if sum > row.value && row.relation != ">=" || sum < row.value && row.relation != "<=" {
			return fmt.Errorf("row %d is %d, not %s %d", i, sum, row.relation, row.value)
		}
	}
	return nil
}

func value(costs, values map[string]int) int {
	sum := 0
	for name, c := range costs {
		sum += c * values[name]
	}
	return sum
}

// optimal is what is known of the best plan of an instance.
type optimal struct {
	lacking int // places that sessions with fixed places lack of their minimum: nothing may make these more
	cost    int
	missing int // places
}

// exact returns what CBC proves to be optimal. It works in a folder of its
// own; whatever is short of a proof is an error.
func (m *model) exact(ctx context.Context, dir string) (optimal, error) {
	var best optimal
	if len(m.binaries) == 0 {
		return best, nil
	}
	if len(m.lacks) > 0 {
		each, all := map[string]int{}, []term(nil)
		for name := range m.lacks {
			each[name] = 1
			all = append(all, term{1, name})
		}
		values, err := m.run(ctx, dir, each)
		if err != nil {
			return best, err
		}
		best.lacking = value(each, values)
		m.add(all, "<=", best.lacking)
	}
	values, err := m.run(ctx, dir, m.cost)
	if err != nil {
		return best, err
	}
	best.cost = value(m.cost, values)
	for name, v := range values {
		if strings.HasPrefix(name, "m_") {
			best.missing += v
		}
	}
	return best, nil
}

// run solves the model in a folder and returns the variables that are not 0.
func (m *model) run(ctx context.Context, dir string, objective map[string]int) (map[string]int, error) {
	file, out := filepath.Join(dir, "model.lp"), filepath.Join(dir, "solution")
	if err := os.WriteFile(file, m.lp(objective), 0o600); err != nil {
		return nil, err
	}
	// Once in some thousand models CBC 2.10 aborts in its feasibility pump, on an
	// assertion of its own. It finds the optimum without.
	err := m.start(ctx, file, out, "on")
	if stopped := (*exec.ExitError)(nil); errors.As(err, &stopped) && ctx.Err() == nil {
		err = m.start(ctx, file, out, "off")
	}
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(out)
	if err != nil {
		return nil, fmt.Errorf("cbc: %w", err)
	}
	status, list, _ := strings.Cut(string(text), "\n")
	claim, ok := strings.CutPrefix(status, "Optimal - objective value ")
	if !ok {
		return nil, fmt.Errorf("cbc proved nothing: %s", status)
	}
	values := map[string]int{}
	for line := range strings.Lines(list) {
		fields := strings.Fields(line) // number, name, value, reduced cost; ** before what is infeasible
		if len(fields) != 4 {
			return nil, fmt.Errorf("cbc: %s", line)
		}
		v, err := strconv.ParseFloat(fields[2], 64)
		if err != nil || math.Abs(v-math.Round(v)) > 1e-6 {
			return nil, fmt.Errorf("cbc: %s is %s", fields[1], fields[2])
		}
		values[fields[1]] = int(math.Round(v))
	}
	if v, err := strconv.ParseFloat(claim, 64); err != nil || math.Abs(v-float64(value(objective, values))) > 1e-3 {
		return nil, fmt.Errorf("cbc: %s, but the values make %d", status, value(objective, values))
	}
	return values, m.keeps(values)
}

// start has CBC solve the model in a file, with heuristics on or off, and write
// the solution to another.
func (m *model) start(ctx context.Context, file, out, heuristics string) error {
	if err := os.Remove(out); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	// No gap at all, and integers that are integers.
	cmd := exec.CommandContext(ctx, "cbc", file, "ratioGap", "0", "allowableGap", "0", "integerTolerance", "1e-9",
		"heuristicsOnOff", heuristics, "solve", "solution", out)
	said, err := cmd.CombinedOutput()
	if cmd.ProcessState != nil {
		m.peak = max(m.peak, peak(cmd.ProcessState))
		m.spent += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	if err != nil {
		return fmt.Errorf("cbc: %w: %s", err, said)
	}
	return nil
}

// peak returns the most memory that a process that ended held, in bytes.
func peak(state *os.ProcessState) int {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "darwin":
		return int(usage.Maxrss)
	}
	return int(usage.Maxrss) << 10
}
