package scheduler

import (
	"math"
	"math/rand/v2"
)

// Partial pricing (Dantzig 1963; multiple and partial pricing): columns come
// from a pool that is filled by going round the students in a random order,
// and is filled again once its best column is weak beside what it began with.
// The figures are those that took the least time on 3,000 students; a larger
// pool takes fewer rounds of pricing and more pivots.
const (
	poolSize = 100
	weak     = 0.5
	patience = 2       // room enters only where it saves so many times as much as the best column
	fine     = 1 << 20 // parts of 1 in which prices are counted to find columns
)

type candidate struct {
	student int32
	column  column
}

// generator finds columns for a master until there are none.
type generator struct {
	s      *master
	q      *pricer
	order  []int32 // of the students
	next   int
	pool   []candidate
	strong float64 // what the best column of the pool saved when it was filled
}

func newGenerator(s *master, rng *rand.Rand) *generator {
	g := &generator{s: s, q: newPricer(s.p, s.node, fine)}
	for _, k := range rng.Perm(len(s.key)) {
		g.order = append(g.order, int32(k))
	}
	return g
}

// optimise brings the master to its optimum. It returns false where the work
// came to its end before.
func (g *generator) optimise() bool {
	g.pool = g.pool[:0]
	for !g.s.work.done() {
		best, saved := -1, cost0
		for i := range g.pool {
			if v := -g.s.reduced(g.pool[i].student, g.pool[i].column); v > saved {
				best, saved = i, v
			}
		}
		g.s.work.spend(len(g.pool))
		if g.room(patience * saved) {
			continue
		}
		if best >= 0 && saved >= weak*g.strong {
			c := g.pool[best]
			g.pool[best] = g.pool[len(g.pool)-1]
			g.pool = g.pool[:len(g.pool)-1]
			g.s.enterColumn(c.student, c.column)
			continue
		}
		if !g.fill() && !g.room(cost0) {
			return true
		}
	}
	return false
}

// fill fills the pool and reports whether it found a column.
func (g *generator) fill() bool {
	g.pool, g.strong = g.pool[:0], 0
	for i, v := range g.s.price {
		g.q.prices[i] = int64(math.Round(v * fine))
	}
	g.q.sort()
	for range g.order {
		g.s.work.spend(stepsPerStudent)
		k := g.order[g.next]
		g.next = (g.next + 1) % len(g.order)
		if _, held := g.s.node.held[k]; held {
			continue
		}
		sessions, value := g.q.price(k)
		if value == impossible {
			continue
		}
		c := column{sessions: sessions, cost: g.s.cost(k, sessions)}
		if saved := -g.s.reduced(k, c); saved > cost0 {
			g.pool = append(g.pool, candidate{k, c})
			g.strong = max(g.strong, saved)
			if len(g.pool) == poolSize {
				break
			}
		}
	}
	return len(g.pool) > 0
}

// room lets the y of a session enter where that saves most, and more than
// least, and reports whether one did. It is for columns to lead: room that
// enters as soon as it saves anything makes for many times the pivots.
func (g *generator) room(least float64) bool {
	best, saved, dir := none, least, 0.0
	for i, at := range g.s.where {
		if at >= 0 {
			continue
		}
		down, up := g.s.slopes(int32(i))
		if v := -(up + g.s.price[i]); v > saved {
			best, saved, dir = int32(i), v, 1
		}
		if v := down + g.s.price[i]; v > saved {
			best, saved, dir = int32(i), v, -1
		}
	}
	if best == none {
		return false
	}
	g.s.enterRoom(best, dir)
	return true
}
