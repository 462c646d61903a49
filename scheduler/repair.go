package scheduler

// repair makes a plan legal: no session overfull, none between 0 and its
// minimum but where fixed places keep it open. It moves those whom it costs
// least, each to the best schedule that is left, and gives up sessions below
// their minimum one by one, the emptiest first.
func (p *problem) repair(pl plan) {
	r := newRepairer(p, pl)
	for i := range p.sessions {
		for r.loads[i] > p.sessions[i].capacity {
			r.relieve(int32(i))
		}
	}
	for {
		i := r.weakest()
		if i == none {
			return
		}
		r.given[i] = true
		for k := range pl {
			if pl[k][p.sessions[i].round] == i {
				next, _ := r.alternative(int32(k), i)
				r.move(k, next)
			}
		}
	}
}

type repairer struct {
	p     *problem
	pl    plan
	loads []int
	given []bool // sessions that were given up
	q     *pricer
}

func newRepairer(p *problem, pl plan) *repairer {
	node := newDecisions(p)
	r := &repairer{p, pl, p.loads(pl), make([]bool, len(p.sessions)), newPricer(p, node, 1)}
	r.q.sort()
	for i := range r.loads {
		r.shut(int32(i))
	}
	return r
}

// shut keeps everybody out of a session that is full, given up, or has nobody
// to reach its minimum with.
func (r *repairer) shut(i int32) {
	s := &r.p.sessions[i]
	r.q.node.closed[i] = r.given[i] || r.loads[i] >= s.capacity || r.loads[i] == 0 && s.minimum > 1 && s.fixed == 0
}

// alternative returns the best schedule for student k without session i, and
// what it costs.
func (r *repairer) alternative(k, i int32) (schedule, int64) {
	for _, own := range r.pl[k] {
		if own != none {
			r.q.node.closed[own] = own == i || r.given[own] || r.loads[own] > r.p.sessions[own].capacity
		}
	}
	next, cost := r.q.price(k)
	for _, own := range r.pl[k] {
		if own != none {
			r.shut(own)
		}
	}
	return next, cost
}

func (r *repairer) move(k int, next schedule) {
	for _, i := range r.pl[k] {
		if i != none {
			r.loads[i]--
			r.shut(i)
		}
	}
	r.pl[k] = next
	for _, i := range next {
		if i != none {
			r.loads[i]++
			r.shut(i)
		}
	}
}

// relieve moves one student out of session i.
func (r *repairer) relieve(i int32) {
	who, best, least := -1, noSchedule, impossible
	for k := range r.pl {
		if r.pl[k][r.p.sessions[i].round] != i {
			continue
		}
		next, cost := r.alternative(int32(k), i)
		if more := cost - int64(r.p.cost(&r.p.students[k], r.pl[k])); more < least {
			who, best, least = k, next, more
		}
	}
	r.move(who, best)
}

// weakest returns the emptiest session between 0 and its minimum that may be
// cancelled, or none.
func (r *repairer) weakest() int32 {
	weakest := none
	for i, s := range r.p.sessions {
		if r.loads[i] > 0 && r.loads[i] < s.minimum && s.fixed == 0 &&
			(weakest == none || r.loads[i] < r.loads[weakest]) {
			weakest = int32(i)
		}
	}
	return weakest
}
