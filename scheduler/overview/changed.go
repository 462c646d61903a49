package overview

import (
	"context"
	"fmt"
	"slices"
)

// File returns the changes in one of Formats: as PDF a page of what changed, and
// after it, whole, each sheet to be put in the place of an old one.
func (c *Changes) File(ctx context.Context, format string) (File, error) {
	to, ok := map[string]func(context.Context) ([]byte, error){"pdf": c.pdf, "xlsx": c.xlsx, "csv": c.csv}[format]
	if !ok {
		return File{}, fmt.Errorf("changes: no format %q", format)
	}
	data, err := to(ctx)
	if err != nil {
		return File{}, fmt.Errorf("make changed.%s: %w", format, err)
	}
	return File{Name: "changed", Format: format, Data: data}, nil
}

func (c *Changes) pdf(ctx context.Context) ([]byte, error) {
	d := c.d
	s := newSheet(d, "changed")
	columns := []column{{title: d.t("list"), width: 36}, {title: d.t("round_head"), width: 14, mid: true}, {title: d.t("sheet"), width: 52}, {title: d.t("what"), width: inner - 102}}
	var rows [][]cell
	h := heading{title: d.t("list.changed")}
	for _, l := range c.Lists {
		h.facts = append(h.facts, fact{d.t("list." + l.Name), d.t("since_short", "at", d.short(l.Since))})
		for _, x := range l.Sheets {
			round := ""
			if x.Round > 0 {
				round = fmt.Sprint(x.Round)
			}
			rows = append(rows, []cell{{text: d.t("list." + l.Name), size: 9}, {text: round, bold: true}, {text: x.Title, bold: true, gone: x.Void}, {text: join(" · ", x.What...), size: 9}})
		}
	}
	if len(rows) == 0 {
		h.note = d.t("changed.nothing")
	} else {
		h.kind = d.t("changed.replace")
	}
	s.list(h, columns, rows, 6.7, nil)
	for _, l := range c.Lists {
		for _, x := range l.Sheets {
			if x.draw != nil {
				x.draw(s)
			}
		}
	}
	return s.bytes(ctx)
}

// heads are the headings of the changes as a table.
func (c *Changes) heads() []string {
	d := c.d
	return []string{d.t("list"), d.t("sheet"), d.t("round_head"), d.t("student"), d.t("class"), d.t("what"), d.t("was"), d.t("now")}
}

// rows are a row for each sheet, and under it one for each student.
func (c *Changes) rows(l ListChanges) [][]string {
	d := c.d
	round := func(n int) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprint(n)
	}
	var rows [][]string
	for _, x := range l.Sheets {
		about := []string{d.t("list." + l.Name), x.Title}
		rows = append(rows, append(slices.Clone(about), round(x.Round), "", "", join(" · ", x.What...), "", ""))
		for _, m := range x.Moves {
			rows = append(rows, append(slices.Clone(about), round(m.Round), m.Student, m.Class, d.t("mark."+m.Kind), m.Was, m.Now))
		}
	}
	return rows
}

func (c *Changes) xlsx(ctx context.Context) ([]byte, error) {
	d := c.d
	b := newBook(d, "changed")
	for _, l := range c.Lists {
		lines := []string{d.t("changed.since", "at", d.l.Moment(l.Since))}
		if len(l.Sheets) == 0 {
			lines = append(lines, d.t("changed.nothing"))
		}
		var rows [][]string
		for _, row := range c.rows(l) {
			rows = append(rows, row[1:])
		}
		b.sheet(d.t("list."+l.Name), d.t("list."+l.Name), lines, c.heads()[1:], rows)
	}
	return b.bytes(ctx)
}

func (c *Changes) csv(context.Context) ([]byte, error) {
	var rows [][]string
	for _, l := range c.Lists {
		rows = append(rows, c.rows(l)...)
	}
	return writeCSV(c.heads(), rows)
}
