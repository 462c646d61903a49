package scheduler

// decisions are what a node of the search has settled; a plan that goes
// against them belongs to another node.
type decisions struct {
	p       *problem
	running []bool             // by session: at least its minimum
	closed  []bool             // by session: nobody
	seats   map[int32][]seat   // by student
	held    map[int32]schedule // by student, while diving: leaving it costs extra
	leaving int
}

// seat says that a student must, or must not, be in that session.
type seat struct {
	session int32
	must    bool
}

// newDecisions settles what the instance does: a session with fixed places is
// never cancelled.
func newDecisions(p *problem) *decisions {
	d := &decisions{
		p: p, running: make([]bool, len(p.sessions)), closed: make([]bool, len(p.sessions)),
		seats: map[int32][]seat{}, held: map[int32]schedule{}, leaving: max(1, p.costs.spread(p.rounds)+p.rounds*p.moving),
	}
	for i, s := range p.sessions {
		d.running[i] = s.minimum > 0 && s.fixed > 0
	}
	return d
}

// allows reports whether student k may be in session i, or where i is none
// have no place in that round.
func (d *decisions) allows(k int32, round int, i int32) bool {
	if i != none && d.closed[i] {
		return false
	}
	if len(d.seats) == 0 {
		return true
	}
	for _, s := range d.seats[k] {
		if s.must && d.p.sessions[s.session].round == round && s.session != i || !s.must && s.session == i {
			return false
		}
	}
	return true
}

// penalty is what a schedule costs beyond its own cost, for going against the
// decisions: more than the student could ever gain by it.
func (d *decisions) penalty(k int32, c schedule) int {
	sum := 0
	for _, r := range d.p.students[k].free {
		if !d.allows(k, r, c[r]) {
			sum += 4 * d.p.missing
		}
	}
	if len(d.held) > 0 {
		if h, ok := d.held[k]; ok && h != c {
			sum += d.leaving
		}
	}
	return sum
}
