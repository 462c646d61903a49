package scheduler

import "math/rand/v2"

const infinite = int(1) << 50

// start divides the rounds one after the other, each at the least cost that is
// left after the rounds before it: a plan that is legal but for minimums, some
// per cent above the best.
func (p *problem) start(rng *rand.Rand) plan {
	pl := make(plan, len(p.students))
	for k := range pl {
		pl[k] = noSchedule
	}
	for r := range p.rounds {
		f := newFlow(p, pl, r)
		for _, k := range rng.Perm(len(p.students)) {
			if p.students[k].fixed[r] == none {
				f.place(k)
			}
		}
		for k, node := range f.in {
			if node >= 0 && node < len(f.sessions) {
				pl[k][r] = f.sessions[node]
			}
		}
	}
	return pl
}

// flow divides one round by successive shortest paths (Jewell 1958, Busacker
// and Gowen 1960), over the nodes of the sessions alone: an arc from a to b is
// the cheapest move of a student who is in a. Prices are the potentials of
// Edmonds and Karp (1972): with them every arc costs 0 or more, so that
// Dijkstra's algorithm finds the paths. The last node is "missing", where
// there is always room.
type flow struct {
	p        *problem
	sessions []int32
	costs    [][]int // by student and node; -1: may not
	in       []int   // node by student; -1
	members  [][]int // students by node
	room     []int
	price    []int
	arc      [][]move
	dist     []int
	from     []int
	done     []bool
}

type move struct {
	student int
	cost    int // without prices; infinite: nobody can
}

func newFlow(p *problem, pl plan, round int) *flow {
	f := &flow{p: p}
	for i, s := range p.sessions {
		if s.round == round {
			f.sessions = append(f.sessions, int32(i))
			f.room = append(f.room, s.capacity)
		}
	}
	f.room = append(f.room, infinite)
	n := len(f.room)
	f.members, f.price, f.arc = make([][]int, n), make([]int, n), make([][]move, n)
	f.dist, f.from, f.done = make([]int, n), make([]int, n), make([]bool, n)
	for a := range f.arc {
		f.arc[a] = make([]move, n)
		f.recount(a)
	}
	f.in, f.costs = make([]int, len(p.students)), make([][]int, len(p.students))
	flat := make([]int, n*len(p.students))
	for k := range p.students {
		f.in[k] = -1
		f.costs[k] = flat[k*n : (k+1)*n]
		f.fill(k, round, pl[k])
	}
	return f
}

// fill sets what each node costs student k, whose earlier rounds are in s. A
// wish is cheaper by what it saves in obtained.
func (f *flow) fill(k, round int, s schedule) {
	u := &f.p.students[k]
	got := u.got
	for _, i := range s {
		if i != none {
			if _, wished := f.p.wish(u, f.p.sessions[i].workshop); wished {
				got++
			}
		}
	}
	saved := f.p.obtained[min(got, f.p.rounds-1)] - f.p.obtained[min(got+1, f.p.rounds)]
	row := f.costs[k]
	for a, i := range f.sessions {
		row[a] = -1
		if !f.p.may(u, i) || f.p.repeats(s, i) {
			continue
		}
		c, wished := f.p.wish(u, f.p.sessions[i].workshop)
		switch {
		case !u.wished:
			row[a] = 0
		case wished:
			row[a] = max(0, c+max(0, f.p.obtained[0])-saved)
		default:
			row[a] = c + max(0, f.p.obtained[0])
		}
		row[a] += f.p.leave(u, round, i)
	}
	row[len(f.sessions)] = f.p.missing + f.p.obtained[0] + f.p.leave(u, round, none)
}

// repeats reports whether s holds the workshop of session i already.
func (p *problem) repeats(s schedule, i int32) bool {
	for _, j := range s {
		if j != none && p.sessions[j].workshop == p.sessions[i].workshop {
			return true
		}
	}
	return false
}

// recount finds the cheapest moves out of node a again.
func (f *flow) recount(a int) {
	row := f.arc[a]
	for b := range row {
		row[b] = move{-1, infinite}
	}
	for _, k := range f.members[a] {
		costs := f.costs[k]
		here := costs[a]
		for b, c := range costs {
			if c >= 0 && c-here < row[b].cost {
				row[b] = move{k, c - here}
			}
		}
	}
}

// place gives student k a node and moves others along the cheapest path to one
// with room.
func (f *flow) place(k int) {
	for b, c := range f.costs[k] {
		f.dist[b], f.from[b], f.done[b] = infinite, -1, false
		if c >= 0 {
			f.dist[b] = c + f.price[b]
		}
	}
	target := -1
	for {
		a := -1
		for b, d := range f.dist {
			if !f.done[b] && d < infinite && (a < 0 || d < f.dist[a]) {
				a = b
			}
		}
		f.done[a] = true
		if f.room[a] > 0 {
			target = a
			break
		}
		base := f.dist[a] - f.price[a]
		for b, m := range f.arc[a] {
			if m.cost < infinite && base+m.cost+f.price[b] < f.dist[b] {
				f.dist[b], f.from[b] = base+m.cost+f.price[b], a
			}
		}
	}
	for b, d := range f.dist {
		if d < f.dist[target] {
			f.price[b] += f.dist[target] - d
		}
	}
	f.room[target]--
	for b := target; ; b = f.from[b] {
		a := f.from[b]
		if a < 0 {
			f.join(k, b)
			f.recount(b)
			break
		}
		m := f.arc[a][b].student
		f.leave(m, a)
		f.join(m, b)
		f.recount(b)
	}
}

func (f *flow) join(k, b int) {
	f.in[k] = b
	f.members[b] = append(f.members[b], k)
}

func (f *flow) leave(k, a int) {
	m := f.members[a]
	for i, x := range m {
		if x == k {
			m[i] = m[len(m)-1]
			f.members[a] = m[:len(m)-1]
			return
		}
	}
}
