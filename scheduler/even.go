package scheduler

// even moves students between sessions of a round, at the same cost to each,
// as long as that makes the sessions more evenly full: the sum over sessions
// of load²/capacity falls with every move, so it ends. Minimums stay kept and
// cancelled sessions empty.
func (p *problem) even(pl plan) {
	loads := p.loads(pl)
	for moved := true; moved; {
		moved = false
		for k := range pl {
			u := &p.students[k]
			for _, r := range u.free {
				a := pl[k][r]
				if a == none || a == u.current[r] || loads[a] <= p.sessions[a].minimum {
					continue
				}
				if b := p.emptier(u, pl[k], a, loads); b != none {
					loads[a]--
					loads[b]++
					pl[k][r] = b
					moved = true
				}
			}
		}
	}
}

// emptier returns the session for which it is best that u goes there from a,
// or none where that would make nothing more even.
func (p *problem) emptier(u *pupil, s schedule, a int32, loads []int) int32 {
	from := &p.sessions[a]
	cost, wished := p.wish(u, from.workshop)
	best := none
	// What the sum changes by at b, as a fraction: at first what it saves at a.
	gain, of := 2*(loads[a]+from.fixed)-1, from.capacity+from.fixed
	for _, b := range p.groups[u.group].sessions[from.round] {
		to := &p.sessions[b]
		if b == a || b == u.current[to.round] || loads[b] >= to.capacity || to.fixed == 0 && loads[b] == 0 && to.minimum > 1 {
			continue
		}
		more, full := 2*(loads[b]+to.fixed)+1, to.capacity+to.fixed
		if more*of >= gain*full || !p.may(u, b) || p.repeats(s, b) {
			continue
		}
		if c, w := p.wish(u, to.workshop); c == cost && w == wished {
			best, gain, of = b, more, full
		}
	}
	return best
}
