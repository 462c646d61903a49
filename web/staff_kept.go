package web

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// kept returns who took part in what, without anybody, of an event that is
// purged; nil where nothing of that kind is kept.
func (s *Server) kept(ctx context.Context, e enroll.Event) (*enroll.Participants, error) {
	if e.State != enroll.Purged {
		return nil, nil
	}
	counts, err := s.store.Kept(ctx, e.ID)
	if errors.Is(err, enroll.ErrNotFound) {
		return nil, nil
	}
	return counts.Participants, err
}

// keptTable is how a page shows it.
type keptTable struct {
	Years    []string
	Rows     []keptRow
	Few      bool // a number under five stands in it
	Withheld bool // and one that is not told for the sake of another
}

type keptRow struct {
	Title string
	Cells []string
}

func keptTableOf(l *locale.Locale, p *enroll.Participants) *keptTable {
	if p == nil {
		return nil
	}
	t := &keptTable{}
	for _, year := range p.Years {
		if year == 0 {
			t.Years = append(t.Years, l.T("proof.kept.year_unknown"))
		} else {
			t.Years = append(t.Years, l.T("proof.kept.year", "year", year))
		}
	}
	for _, w := range p.Workshops {
		row := keptRow{Title: w.Title}
		for _, n := range w.Counts {
			row.Cells = append(row.Cells, keptCell(n))
		}
		t.Rows = append(t.Rows, row)
		t.Few = t.Few || slices.Contains(w.Counts, enroll.Few)
		t.Withheld = t.Withheld || slices.Contains(w.Counts, enroll.Withheld)
	}
	return t
}

func keptCell(n enroll.Participation) string {
	switch n {
	case enroll.Few:
		return "<5"
	case enroll.Withheld:
		return "…"
	}
	return strconv.Itoa(int(n))
}
