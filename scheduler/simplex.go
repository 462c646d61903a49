package scheduler

import "math"

// Products are converted to float64 before they are added, so that no compiler
// fuses the two and every machine rounds alike.

// enterColumn lets a column of student k into the basis.
func (s *master) enterColumn(k int32, c column) {
	clear(s.alpha)
	s.direct(c.sessions, 1)
	s.direct(s.key[k].sessions, -1)
	s.step(basic{student: k, column: c}, s.reduced(k, c), 1, 0)
}

// enterRoom lets the y of session i into the basis, or moves it to the other
// end of its free piece: up where dir is 1, down where it is -1.
func (s *master) enterRoom(i int32, dir float64) {
	clear(s.alpha)
	for at, v := range s.inv[i] {
		s.alpha[at] = v
	}
	down, up := s.slopes(i)
	slope := up
	if dir < 0 {
		slope = down
	}
	b := basic{student: none, session: i}
	switch slope {
	case 0:
		b.piece = free
	case -s.overfill:
		b.piece = over
	default:
		b.piece = short
	}
	s.step(b, slope+s.price[i], dir, s.y[i])
}

// direct adds a schedule's column to alpha.
func (s *master) direct(c schedule, sign float64) {
	for _, i := range c {
		if i == none {
			continue
		}
		for at, v := range s.inv[i] {
			s.alpha[at] += sign * v
		}
	}
}

// The kinds of variable that can stop a step.
const (
	stopBasic = iota // the basic variable at a position
	stopKey          // the key of a student
	stopSelf         // the entering y, at the end of its piece
)

// step moves the entering variable, whose value is from, in direction dir as
// far as the ratio test allows and exchanges it for what stopped it. rate is
// its reduced cost.
func (s *master) step(in basic, rate, dir, from float64) {
	s.pivots++
	s.fresh++
	s.work.spend(len(s.rhs))
	theta, kind, index := s.ratio(in, dir, from)
	for _, at := range s.touch {
		s.x[at] -= float64(dir * float64(theta*s.alpha[at]))
	}
	value := from + float64(dir*theta)
	switch kind {
	case stopSelf:
		s.y[in.session] = s.end(in.piece, in.session, dir)
	case stopKey:
		k := int32(index)
		if len(s.others[k]) == 0 {
			s.key[k] = in.column // only the entering student's own key can move so
			break
		}
		s.exchange(k, s.swap(k, in.student == k), in, rate, value)
	default:
		at := int32(index)
		if out := s.basis[at]; out.student == none {
			s.where[out.session] = -1
			s.y[out.session] = s.end(out.piece, out.session, -dir*sign(s.alpha[at]))
		}
		s.exchange(s.basis[at].student, at, in, rate, value)
	}
	if s.fresh >= refactor {
		s.invert()
	}
}

// ratio finds how far the entering variable can go. Of equal stops it takes
// the one with the largest pivot.
func (s *master) ratio(in basic, dir, from float64) (theta float64, kind, index int) {
	theta, pivot := math.Inf(1), 0.0
	take := func(t, size float64, what, which int) {
		t = max(0, t)
		if t < theta-1e-11 || t < theta+1e-11 && size > pivot {
			theta, pivot, kind, index = min(t, theta), size, what, which
		}
	}
	if in.student == none && in.piece == free {
		if to := s.end(free, in.session, dir); !math.IsInf(to, 0) {
			take(math.Abs(to-from), 1, stopSelf, 0)
		}
	} else if in.student == none && (in.piece == over) == (dir > 0) {
		take(math.Abs(s.end(in.piece, in.session, dir)-from), 1, stopSelf, 0)
	}
	s.touch, s.seen = s.touch[:0], s.seen[:0]
	if in.student != none {
		s.rates[in.student] = -1
		s.seen = append(s.seen, in.student)
	}
	for at, a := range s.alpha {
		if a > -tiny && a < tiny {
			s.alpha[at] = 0
			continue
		}
		s.touch = append(s.touch, int32(at))
		b := &s.basis[at]
		v := -dir * a // how fast this variable grows
		if b.student == none {
			if end := s.end(b.piece, b.session, v); !math.IsInf(end, 0) && math.Abs(v) > 1e-7 {
				take(float64((end-s.x[at])*sign(v))/math.Abs(v), math.Abs(v), stopBasic, at)
			}
			continue
		}
		if s.rates[b.student] == 0 {
			s.seen = append(s.seen, b.student)
			s.rates[b.student] = 1e-300 // marks it as seen
		}
		s.rates[b.student] -= v
		if v < -1e-7 {
			take(s.x[at]/-v, -v, stopBasic, at)
		}
	}
	for _, k := range s.seen {
		if v := s.rates[k]; v < -1e-7 {
			take(s.share(k)/-v, -v, stopKey, int(k))
		}
		s.rates[k] = 0
	}
	return theta, kind, index
}

// end returns where a y in that piece has to stop when it moves up or down;
// infinite: nowhere.
func (s *master) end(p piece, i int32, dir float64) float64 {
	switch {
	case p == over && dir > 0, p == free && dir < 0:
		return 0
	case p == free, p == short && dir < 0:
		return s.width[i]
	}
	return math.Inf(1)
}

func sign(v float64) float64 {
	if v < 0 {
		return -1
	}
	return 1
}

// swap makes another basic column of student k its key, and puts the old key
// at that position, which it returns. Every column of k at a position was
// a - a(old key) and is now a - a(new key), so the inverse changes in the row
// of that position alone: it becomes minus the sum of the rows of k.
func (s *master) swap(k int32, entering bool) int32 {
	most := s.others[k][0]
	for _, at := range s.others[k] {
		if s.x[at] > s.x[most] {
			most = at
		}
	}
	if entering {
		s.alpha[most]--
	}
	s.negate(s.alpha, k, most)
	for _, col := range s.inv {
		s.negate(col, k, most)
	}
	s.key[k], s.basis[most].column = s.basis[most].column, s.key[k]
	return most
}

func (s *master) negate(col []float64, k, most int32) {
	sum := 0.0
	for _, at := range s.others[k] {
		sum += col[at]
	}
	col[most] = -sum
}

// exchange puts the entering variable at a position and updates inverse and
// prices (product form of the inverse). leaving is the student whose column
// stood there, or none.
func (s *master) exchange(leaving, at int32, in basic, rate, value float64) {
	if leaving != none {
		o := s.others[leaving]
		for i, x := range o {
			if x == at {
				o[i] = o[len(o)-1]
				s.others[leaving] = o[:len(o)-1]
				break
			}
		}
	}
	pivot := s.alpha[at]
	s.touch, s.steps = s.touch[:0], s.steps[:0]
	for i, a := range s.alpha {
		if a != 0 && int32(i) != at {
			s.touch, s.steps = append(s.touch, int32(i)), append(s.steps, a)
		}
	}
	steps := s.steps[:len(s.touch)]
	for c, col := range s.inv {
		v := col[at]
		if v == 0 {
			continue
		}
		f := v / pivot
		s.price[c] -= float64(rate * f)
		for j, i := range s.touch {
			col[i] -= float64(f * steps[j])
		}
		col[at] = f
	}
	s.basis[at] = in
	s.x[at] = value
	if in.student == none {
		s.where[in.session] = at
		return
	}
	s.others[in.student] = append(s.others[in.student], at)
}
