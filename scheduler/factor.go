package scheduler

import "math"

// invert makes inverse, values and prices anew from the basis. The basis is
//
//	[ I  C ]   rows of sessions whose y is basic
//	[ 0  K ]   rows of the others
//
// once each basic y stands at the position of its session, so only K, which
// is as large as there are basic columns beside keys, is inverted:
//
//	[ I  -C·K⁻¹ ]
//	[ 0    K⁻¹  ]
func (s *master) invert() {
	s.fresh = 0
	s.arrange()
	var rows []int32 // whose y is not basic: also the positions of the columns
	for i, at := range s.where {
		if at < 0 {
			rows = append(rows, int32(i))
		}
	}
	n := len(rows)
	slot := make([]int, len(s.where)) // session to index in rows, plus 1
	for j, i := range rows {
		slot[i] = j + 1
	}
	k := make([][]float64, n)
	for j := range k {
		k[j] = make([]float64, 2*n)
		k[j][n+j] = 1
	}
	for j, at := range rows {
		s.entries(at, func(i int32, v float64) {
			if slot[i] > 0 {
				k[slot[i]-1][j] += v
			}
		})
	}
	gaussJordan(k)
	for i, col := range s.inv {
		clear(col)
		if slot[i] == 0 {
			col[i] = 1
			continue
		}
		for j, at := range rows {
			v := k[j][n+slot[i]-1]
			if math.Abs(v) < tiny {
				continue
			}
			col[at] = v
			s.entries(at, func(row int32, c float64) {
				if slot[row] == 0 {
					col[row] -= float64(c * v)
				}
			})
		}
	}
	s.evaluate()
}

// arrange moves every basic y to the position of its session and the columns
// to the positions that are left.
func (s *master) arrange() {
	var columns []basic
	for _, b := range s.basis {
		if b.student != none {
			columns = append(columns, b)
		}
	}
	for k := range s.others {
		s.others[k] = s.others[k][:0]
	}
	for i, at := range s.where {
		if at >= 0 {
			s.where[i] = int32(i)
			s.basis[i] = basic{student: none, session: int32(i)}
			continue
		}
		b := columns[0]
		columns = columns[1:]
		s.basis[i] = b
		s.others[b.student] = append(s.others[b.student], int32(i))
	}
}

// entries calls f for each entry of the column at a position.
func (s *master) entries(at int32, f func(i int32, v float64)) {
	b := s.basis[at]
	for _, i := range b.column.sessions {
		if i != none {
			f(i, 1)
		}
	}
	for _, i := range s.key[b.student].sessions {
		if i != none {
			f(i, -1)
		}
	}
}

// gaussJordan turns [K | I] into [I | K⁻¹], with the largest pivot of each
// column.
func gaussJordan(k [][]float64) {
	for j := range k {
		best := j
		for i := j + 1; i < len(k); i++ {
			if math.Abs(k[i][j]) > math.Abs(k[best][j]) {
				best = i
			}
		}
		k[j], k[best] = k[best], k[j]
		row := k[j]
		if p := row[j]; p != 1 {
			for c := range row {
				row[c] /= p
			}
		}
		for i := range k {
			f := k[i][j]
			if i == j || f == 0 {
				continue
			}
			for c, v := range row {
				if v != 0 {
					k[i][c] -= float64(f * v)
				}
			}
		}
	}
}

// evaluate sets values and prices from the inverse.
func (s *master) evaluate() {
	left := make([]float64, len(s.rhs))
	copy(left, s.rhs)
	for k := range s.key {
		for _, i := range s.key[k].sessions {
			if i != none {
				left[i]--
			}
		}
	}
	clear(s.x)
	for i, col := range s.inv {
		if s.where[i] < 0 {
			left[i] -= s.y[i]
		}
		for at, v := range col {
			s.x[at] += float64(v * left[i])
		}
	}
	costs := make([]float64, len(s.basis))
	for at := range s.basis {
		b := &s.basis[at]
		if b.student == none {
			b.piece = s.pieceOf(b.session, s.x[at])
			costs[at] = s.slope(b.piece)
		} else {
			costs[at] = b.column.cost - s.key[b.student].cost
		}
	}
	for i, col := range s.inv {
		sum := 0.0
		for at, v := range col {
			sum += float64(v * costs[at])
		}
		s.price[i] = -sum
	}
}
