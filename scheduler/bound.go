package scheduler

import (
	"context"
	"math"
	"time"
)

// priceScale is the number of parts of 1 in which prices of a certificate are
// counted.
const priceScale = 1024

// roundPrices returns the master's prices in parts of 1/1024. Whatever they
// are, a bound follows from them; these are the best that are known. A session
// that need not run can have no price below 0.
func (s *master) roundPrices() []int64 {
	prices := make([]int64, len(s.price))
	for i, v := range s.price {
		q := int64(math.Round(v * priceScale))
		if !s.node.running[i] {
			q = max(0, q)
		}
		most := int64(s.p.shortfall()) * priceScale
		prices[i] = min(max(q, -most), most)
	}
	return prices
}

// bound returns what every plan that keeps to the node's decisions costs at
// least, places short of a minimum included: the Lagrangian dual function (Held
// and Karp 1970, Geoffrion 1974)
//
//	L(π) = Σ over students of the cheapest schedule at prices π
//	       - Σ over sessions of π·capacity, or π·minimum where π < 0
//
// holds for any prices. It is summed in whole numbers, so that floating point
// has no say in it, and rounded up, as every plan costs a whole number.
// ok is false where some student has no schedule left: there is no such plan.
func (q *pricer) bound(prices []int64) (bound int, ok bool) {
	copy(q.prices, prices)
	q.sort()
	sum := int64(0)
	for k := range q.p.students {
		_, cost := q.price(int32(k))
		if cost == impossible {
			return 0, false
		}
		sum += cost
	}
	for i, s := range q.p.sessions {
		switch {
		case prices[i] > 0 && !q.node.closed[i]:
			sum -= prices[i] * int64(s.capacity)
		case prices[i] < 0:
			sum -= prices[i] * int64(s.minimum)
		}
	}
	return int(ceilDiv(sum, priceScale)), true
}

func ceilDiv(a, b int64) int64 {
	d := a / b
	if a%b > 0 {
		d++
	}
	return d
}

// pricesOf returns the prices of the linear relaxation, begun at a plan that
// exceeds no capacity, as far as a second or so leads.
func pricesOf(p *problem, pl plan) []int64 {
	s := newSearch(context.Background(), p, Options{}, time.Time{})
	s.work.limit = stepsLimit / 25
	s.begin(pl)
	return s.master.roundPrices()
}
