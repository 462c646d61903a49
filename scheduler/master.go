package scheduler

import (
	"math"
	"math/rand/v2"
)

// master is the linear relaxation of the problem, restricted to the columns
// that pricing has found worth their place (Dantzig and Wolfe 1960; column
// generation, Gilmore and Gomory 1961). A column is one student's whole
// schedule. With x its share and a its sessions:
//
//	minimise  Σ cost·x + Σ penalty(y)
//	Σ x = 1                  over the columns of each student
//	Σ a·x + y = capacity     for each session
//
// y is the room that is left in a session. Its penalty is linear in pieces: y
// below 0 (overfull) costs overfill for each place, y above width (a session
// that must run has fewer than its minimum) costs shortfall, and between them
// it is free. So every set of columns is feasible, and the simplex method
// needs no first phase.
//
// The rows of the students are implicit (generalised upper bounds, Dantzig and
// Van Slyke 1967): each student has one key column, whose share is what the
// student's other columns leave of 1. With x(key) = 1 - Σ x(others) put into
// the rows of the sessions, the column of another schedule is a - a(key) and
// costs cost - cost(key), and the working basis has one row for each session,
// however many students there are.
type master struct {
	p    *problem
	node *decisions

	rhs    []float64 // capacity, perturbed so that hardly any pivot is degenerate
	width  []float64 // how large y may be for nothing
	key    []column  // by student
	basis  []basic   // by position
	others [][]int32 // by student: positions of basic columns beside the key
	x      []float64 // by position
	inv    [][]float64
	price  []float64 // by session: minus the dual value, 0 or more where capacity binds
	where  []int32   // by session: position of its y; -1: y is not basic
	y      []float64 // by session, where y is not basic

	overfill, shortfall float64

	alpha  []float64 // scratch: the entering column in terms of the basis
	touch  []int32   // scratch: its positions that are not 0
	steps  []float64 // scratch: alpha at those
	rates  []float64 // scratch by student
	seen   []int32   // scratch: students with a rate
	pivots int
	work   *work
	fresh  int // pivots since the inverse was made
}

// column is a schedule in the master, at what it costs there: with penalties
// for what the decisions of the node rule out.
type column struct {
	sessions schedule
	cost     float64
}

// basic is the variable at a position of the basis: a column of a student, or
// the y of a session where student is none.
type basic struct {
	student int32
	session int32
	piece   piece
	column  column
}

// piece is the part of the penalty of y in which y is.
type piece int8

const (
	free  piece = iota // 0 to width
	over               // below 0
	short              // above width
)

// The simplex method runs on floating point. What it finds is only believed
// where the bound, in whole numbers, agrees.
const (
	tiny      = 1e-9 // smaller is 0
	cost0     = 1e-5 // a column must save more than this to enter
	refactor  = 2000 // pivots, after which the inverse is made anew
	epsilon   = 0.0002
	epsilonTo = 0.001
)

// newMaster starts from a plan that exceeds no capacity: its schedules are
// the keys and every y is basic.
func newMaster(p *problem, node *decisions, w *work) *master {
	n := len(p.sessions)
	s := &master{
		p: p, node: node, work: w,
		rhs: make([]float64, n), width: make([]float64, n), key: make([]column, len(p.students)),
		basis: make([]basic, n), others: make([][]int32, len(p.students)), x: make([]float64, n),
		inv: make([][]float64, n), price: make([]float64, n), where: make([]int32, n), y: make([]float64, n),
		alpha: make([]float64, n), rates: make([]float64, len(p.students)),
		overfill: float64(4 * p.missing), shortfall: float64(p.shortfall()),
	}
	for i := range s.inv {
		s.inv[i] = make([]float64, n)
	}
	return s
}

// begin puts the master at a plan, with a new perturbation.
func (s *master) begin(pl plan, rng *rand.Rand) {
	for i := range s.rhs {
		s.rhs[i] = float64(s.p.sessions[i].capacity) + epsilon + float64(rng.Float64()*(epsilonTo-epsilon))
		s.basis[i] = basic{student: none, session: int32(i)}
		s.where[i] = int32(i)
		clear(s.inv[i])
		s.inv[i][i] = 1
	}
	for k := range s.key {
		s.key[k].sessions = pl[k]
		s.others[k] = s.others[k][:0]
	}
	s.decide()
}

// decide takes over what the node has decided: costs, widths and with them
// values and prices change, the basis stays.
func (s *master) decide() {
	for i := range s.width {
		s.width[i] = math.Inf(1)
		if s.node.running[i] {
			s.width[i] = float64(s.p.sessions[i].capacity-s.p.sessions[i].minimum) + 2*epsilonTo
		}
	}
	for k := range s.key {
		s.key[k].cost = s.cost(int32(k), s.key[k].sessions)
		for _, at := range s.others[k] {
			s.basis[at].column.cost = s.cost(int32(k), s.basis[at].column.sessions)
		}
	}
	s.evaluate()
}

// cost is what a schedule costs in the master.
func (s *master) cost(k int32, c schedule) float64 {
	sum := s.p.cost(&s.p.students[k], c) + s.node.penalty(k, c)
	return float64(sum)
}

// reduced is what one unit of a column of student k costs at the present
// prices beside the key.
func (s *master) reduced(k int32, c column) float64 {
	return s.priced(c) - s.priced(s.key[k])
}

func (s *master) priced(c column) float64 {
	sum := c.cost
	for _, i := range c.sessions {
		if i != none {
			sum += s.price[i]
		}
	}
	return sum
}

// slopes returns what one unit of penalty costs on either side of y.
func (s *master) slopes(i int32) (down, up float64) {
	y, width := s.y[i], s.width[i]
	switch {
	case y < -tiny:
		down = -s.overfill
		up = down
	case y <= tiny:
		down = -s.overfill
	case y < width-tiny:
	case y <= width+tiny:
		up = s.shortfall
	default:
		down, up = s.shortfall, s.shortfall
	}
	return down, up
}

func (s *master) slope(p piece) float64 {
	switch p {
	case over:
		return -s.overfill
	case short:
		return s.shortfall
	}
	return 0
}

func (s *master) pieceOf(i int32, y float64) piece {
	switch {
	case y < -tiny:
		return over
	case y > s.width[i]+tiny:
		return short
	}
	return free
}

// share returns the share of the key of student k.
func (s *master) share(k int32) float64 {
	v := 1.0
	for _, at := range s.others[k] {
		v -= s.x[at]
	}
	return v
}

// load returns the places given in each session, in shares.
func (s *master) load() []float64 {
	n := make([]float64, len(s.rhs))
	for i := range n {
		n[i] = s.rhs[i] - s.y[i]
	}
	for at, b := range s.basis {
		if b.student == none {
			n[b.session] = s.rhs[b.session] - s.x[at]
		}
	}
	return n
}
