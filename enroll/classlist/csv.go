package classlist

import (
	"encoding/csv"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	separators  = ";\t,|"
	sampleLines = 30    // that decide which separator it is
	excelWidth  = 16384 // more cells in a line than this are not even counted
)

// readText reads CSV, TXT and TSV, whatever separates its cells.
func readText(text string) ([]grid, *Problem) {
	separator, text := findSeparator(text)
	for line := range strings.Lines(text) {
		switch {
		case strings.Count(line, string(separator)) > excelWidth:
			return nil, tooManyColumns()
		case len(line) > maxToken:
			return nil, refuse(NotAList)
		}
	}
	g, paired, p := readRecords(text, separator)
	if !paired {
		g, p = readLines(text, separator)
	}
	if p != nil {
		return nil, p
	}
	return []grid{g}, nil
}

// findSeparator returns the separator and the text without a line sep=, which
// Excel does not show either.
func findSeparator(text string) (rune, string) {
	line, rest, _ := strings.Cut(text, "\n")
	line = strings.Trim(line, "\"")
	if len(line) > 4 && strings.EqualFold(line[:4], "sep=") {
		if r, n := utf8.DecodeRuneInString(line[4:]); r != utf8.RuneError && r != '"' && n > 0 {
			return r, rest
		}
	}
	best, most := ';', -1
	for _, separator := range separators {
		if score := scoreSeparator(text, separator); score > most {
			best, most = separator, score
		}
	}
	return best, text
}

// scoreSeparator says how well a separator suits the first lines: known
// headings count most, then lines that have as many cells as one another.
func scoreSeparator(text string, separator rune) int {
	headings, lines := 0, 0
	widths := map[int]int{}
	for line := range strings.Lines(text) {
		if lines++; lines > sampleLines {
			break
		}
		if len(line) > excelWidth {
			continue // no list has such lines, and it would be slow
		}
		cells := splitLine(strings.TrimRight(line, "\n"), separator)
		if len(cells) > 1 {
			widths[len(cells)]++
			headings = max(headings, len(knownHeadings(cells)))
		}
	}
	alike := 0
	for _, n := range widths {
		alike = max(alike, n)
	}
	return headings*2*sampleLines + alike
}

// readRecords reads well-formed CSV, in which a quoted cell may hold line ends.
// It gives up, and returns false, where quotes do not pair.
func readRecords(text string, separator rune) (g grid, paired bool, p *Problem) {
	g.separator = string(separator)
	if strings.Count(text, `"`)%2 == 1 {
		return g, false, nil
	}
	reader := newReader(text, separator)
	inCells := 0 // line ends within cells: Excel shows such a cell in one row
	for {
		cells, err := reader.Read()
		if err == io.EOF {
			return g, true, nil
		}
		if err != nil || slices.ContainsFunc(cells, func(c string) bool { return sloppy(c, separator) }) {
			return g, false, nil
		}
		line, _ := reader.FieldPos(0) // blank lines are skipped by the reader, but count
		if p := g.add(line-inCells, trimQuotes(cells)); p != nil {
			return g, true, p
		}
		for _, c := range cells {
			inCells += strings.Count(c, "\n")
		}
	}
}

// newReader reads text of which spaces around quotes are no part of the cells.
func newReader(text string, separator rune) *csv.Reader {
	if separator != ' ' && strings.Contains(text, `" `) {
		text = strings.TrimRight(text, " ")
		for _, end := range []string{string(separator), "\n"} {
			for strings.Contains(text, `" `+end) {
				text = strings.ReplaceAll(text, `" `+end, `"`+end)
			}
		}
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = separator
	r.LazyQuotes = true
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = separator != '\t' && separator != ' ' // it would take empty cells for space
	return r
}

// sloppy tells a cell that swallowed its neighbours, because a quote was never
// closed or something stood behind a closing quote.
func sloppy(cell string, separator rune) bool {
	s := string(separator)
	if strings.Contains(cell, `"`) && strings.Contains(cell, s) {
		return true
	}
	if !strings.Contains(cell, "\n") {
		return false
	}
	for line := range strings.Lines(cell) {
		if strings.Count(line, s) > 1 {
			return true
		}
	}
	return false
}

// maxLines is over how many lines a cell may go where elsewhere quotes do not pair.
const maxLines = 5

// readLines reads every line by itself, but for cells of several lines.
func readLines(text string, separator rune) (grid, *Problem) {
	g := grid{separator: string(separator)}
	odd := 0
	for number := 1; text != ""; number++ {
		first, behind, _ := strings.Cut(text, "\n")
		if strings.Count(first, `"`)%2 == 0 {
			text = behind
			if p := g.add(number, splitLine(first, separator)); p != nil {
				return g, p
			}
			continue
		}
		if odd++; odd > MaxRows {
			return g, tooManyRows()
		}
		width := 0 // of the row before, which others should have too
		if len(g.rows) > 0 {
			width = len(g.rows[len(g.rows)-1].cells)
		}
		lines := strings.SplitAfterN(text, "\n", maxLines+1)
		cells, n, unclosed := splitLines(lines[:min(len(lines), maxLines)], separator, width)
		for _, line := range lines[:n] {
			text = text[len(line):]
		}
		rows := len(g.rows)
		if p := g.add(number, cells); p != nil {
			return g, p
		}
		if len(g.rows) > rows {
			g.rows[rows].unclosed = unclosed
		}
	}
	return g, nil
}

// splitLines splits the first of some lines, whose quotes do not pair, with those
// after it that belong to it because quotes pair only then and give as many
// cells as expected. It returns how many it took, and whether none do.
func splitLines(lines []string, separator rune, width int) (cells []string, n int, unclosed bool) {
	for n := 2; n <= len(lines); n++ {
		text := strings.TrimSuffix(strings.Join(lines[:n], ""), "\n")
		if strings.Count(text, `"`)%2 == 1 {
			continue
		}
		if cells, ok := parseLine(text, separator); ok && len(cells) == width {
			return cells, n, false
		}
		break
	}
	return splitLine(strings.TrimSuffix(lines[0], "\n"), separator), 1, true
}

// trimQuotes takes off quotes that open or close a cell and have no other.
func trimQuotes(cells []string) []string {
	for i, c := range cells {
		c = strings.TrimSpace(c)
		if strings.Count(c, `"`) == 1 || len(c) > 1 && strings.HasPrefix(c, `"`) && strings.HasSuffix(c, `"`) {
			cells[i] = strings.Trim(c, `"`)
		}
	}
	return cells
}

// splitLine splits one line. Where its quotes do not pair they mean nothing.
func splitLine(line string, separator rune) []string {
	if strings.TrimSpace(line) == "" {
		return nil
	}
	if strings.Count(line, `"`)%2 == 0 {
		if cells, ok := parseLine(line, separator); ok {
			return cells
		}
	}
	return trimQuotes(strings.Split(line, string(separator)))
}

// parseLine reads one line as CSV, or several with cells that go on, and returns
// false where quotes swallow what is no cell.
func parseLine(text string, separator rune) ([]string, bool) {
	cells, err := newReader(text, separator).Read()
	if err != nil || slices.ContainsFunc(cells, func(c string) bool { return sloppy(c, separator) }) {
		return nil, false
	}
	return trimQuotes(cells), true
}
