package scheduler

import (
	"container/heap"
	"context"
	"math"
	"math/rand/v2"
	"time"
)

const (
	attempts     = 20        // dives from the root, each with another perturbation
	someAttempts = 3         // where minimums are undecided: deciding them helps more
	keptPrices   = 2_000_000 // prices that the tree of the search may hold: 16 MB
	leafSize     = 64        // what a leaf takes beside its prices, in prices
)

// search looks for the best plan and for a proof that there is none better.
type search struct {
	p       *problem
	rng     *rand.Rand
	work    *work
	node    *decisions
	master  *master
	columns *generator
	exact   *pricer

	best  plan
	value int // of best: cost and, dearly, places short of a minimum that cannot be cancelled

	root  leaf
	cases []leaf // where the tree proves more than the root: a bound for each way to decide
	bound int    // no plan has a smaller value
}

// leaf is a bound on the plans that keep to some decisions.
type leaf struct {
	path   []decision
	prices []int64
	bound  int
	empty  bool // there is no such plan
}

// decision says whether a session runs, or where there is a student whether
// that student is in it.
type decision struct {
	session int32
	student int32 // none
	yes     bool
}

func newSearch(ctx context.Context, p *problem, o Options, began time.Time) *search {
	s := &search{p: p, rng: rand.New(rand.NewPCG(uint64(o.Seed), 0)), work: newWork(ctx, began, o.TimeLimit), value: math.MaxInt}
	s.node = newDecisions(p)
	s.master = newMaster(p, s.node, s.work)
	s.exact = newPricer(p, s.node, priceScale)
	return s
}

// offer repairs a plan and keeps it where it is better than the best so far.
func (s *search) offer(pl plan) {
	s.p.repair(pl)
	if v := s.p.value(pl); v < s.value {
		s.best, s.value = pl, v
		s.work.better = s.work.steps
		s.hasten()
	}
}

// hasten ends the work earlier where places are missing and a better plan would
// hardly miss fewer: prices as high as that make for dives that go on for long
// and gain next to nothing.
func (s *search) hasten() {
	if s.value >= s.p.missing && s.value-s.bound < s.p.missing {
		s.work.patience = stepsInVain
	}
}

// run looks until the best plan is proven or the work is done.
func (s *search) run() {
	first := s.p.start(s.rng)
	s.offer(append(plan(nil), first...))
	s.begin(first)
	s.root = leaf{prices: make([]int64, len(s.p.sessions))}
	s.root.bound, _ = s.exact.bound(s.root.prices)
	prices := s.master.roundPrices()
	if bound, _ := s.exact.bound(prices); bound > s.root.bound { // it is not where there was no time for the master
		s.root = leaf{prices: prices, bound: bound}
	}
	s.bound = s.root.bound
	s.hasten()
	tries := attempts
	if len(s.master.between()) > 0 {
		tries = someAttempts
	}
	for try := range tries {
		if try > 0 {
			s.begin(s.best)
		}
		s.dive(s.bound)
		if s.value <= s.bound || s.work.done() {
			break
		}
	}
	if s.value > s.bound && !s.work.done() {
		s.branch()
	}
}

// begin optimises the master from a plan, with a new perturbation.
func (s *search) begin(pl plan) {
	s.master.begin(pl, s.rng)
	s.columns = newGenerator(s.master, s.rng)
	s.columns.optimise()
}

// branch is branch and price (Barnhart et al. 1998), the node of the smallest
// bound first: it decides sessions that are between 0 and their minimum, then
// students who are divided between sessions. The least bound of what is left
// undecided is a bound on everything.
func (s *search) branch() {
	open := &leaves{s.root}
	var done []leaf
	for open.Len() > 0 && !s.work.done() && (open.Len()+len(done))*(len(s.p.sessions)+leafSize) < keptPrices {
		n := heap.Pop(open).(leaf)
		if n.bound >= s.value {
			done = append(done, n)
			continue
		}
		s.visit(&n)
		if n.empty || n.bound >= s.value {
			done = append(done, n)
			continue
		}
		next, ok := s.undecided()
		s.dive(n.bound)
		if !ok {
			done = append(done, n)
			continue
		}
		for _, yes := range []bool{true, false} {
			next.yes = yes
			child := n
			child.path = append(n.path[:len(n.path):len(n.path)], next)
			heap.Push(open, child)
		}
	}
	s.settle(nil)
	bound := s.value
	all := append(done, *open...)
	for _, n := range all {
		if !n.empty {
			bound = min(bound, n.bound)
		}
	}
	if bound > s.bound {
		s.bound, s.cases = bound, all
	}
}

// visit optimises the master under the decisions of n and sharpens its bound.
func (s *search) visit(n *leaf) {
	s.settle(n.path)
	s.master.decide()
	s.columns.optimise()
	s.work.spend(stepsPerStudent * len(s.p.students))
	prices := s.master.roundPrices()
	bound, ok := s.exact.bound(prices)
	if !ok {
		n.prices, n.empty = prices, true
	} else if bound > n.bound {
		n.prices, n.bound = prices, bound
	}
}

// settle makes the decisions of a path those of the node.
func (s *search) settle(path []decision) {
	*s.node = *newDecisions(s.p)
	for _, d := range path {
		switch {
		case d.student != none:
			s.node.seats[d.student] = append(s.node.seats[d.student], seat{d.session, d.yes})
		case d.yes:
			s.node.running[d.session] = true
		default:
			s.node.closed[d.session] = true
		}
	}
}

// undecided returns what to decide next: the session that lacks most of its
// minimum, or else whether the student who is most evenly divided is in a
// session.
func (s *search) undecided() (decision, bool) {
	next, most := decision{student: none}, 0.0
	loads := s.master.load()
	for _, i := range s.master.between() {
		if lack := min(loads[i], float64(s.p.sessions[i].minimum)-loads[i]); lack > most {
			next.session, most = i, lack
		}
	}
	if most > 0 {
		return next, true
	}
	m := s.master
	for _, f := range m.fractions(whole) {
		shares := map[int32]float64{}
		add := func(c schedule, share float64) {
			for _, i := range c {
				if i != none {
					shares[i] += share
				}
			}
		}
		add(m.key[f.student].sessions, m.share(f.student))
		for _, at := range m.others[f.student] {
			add(m.basis[at].column.sessions, m.x[at])
		}
		for _, i := range sortedKeys(shares) {
			if lack := min(shares[i], 1-shares[i]); lack > max(most, whole) {
				next, most = decision{session: i, student: f.student}, lack
			}
		}
	}
	return next, most > 0
}

// leaves is a heap: the smallest bound first, the deepest of equals.
type leaves []leaf

func (l leaves) Len() int { return len(l) }
func (l leaves) Less(a, b int) bool {
	if l[a].bound != l[b].bound {
		return l[a].bound < l[b].bound
	}
	return len(l[a].path) > len(l[b].path)
}
func (l leaves) Swap(a, b int) { l[a], l[b] = l[b], l[a] }

// Push is for the heap.
func (l *leaves) Push(x any) { *l = append(*l, x.(leaf)) }

// Pop is for the heap.
func (l *leaves) Pop() any {
	last := len(*l) - 1
	n := (*l)[last]
	*l = (*l)[:last]
	return n
}
