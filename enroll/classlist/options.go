package classlist

import (
	"regexp"
	"slices"
)

// Options are what a person chose who looked at what Read made of a list, and
// wants it read otherwise. The zero Options choose nothing.
type Options struct {
	// Columns names the column to take for a field: by its letter (A, B, … CV) or
	// else by its heading, as List.Headings has them; "" takes none. Other fields
	// get their columns by their headings, as if the chosen ones were not there.
	// A column that is not there is the problem column_missing.
	Columns map[Field]string
	// Encoding is one of Encodings, "" for that which the file's content tells.
	// It is ignored for files that are no text.
	Encoding string
}

// letters matches the letters of the columns that a list may have.
var letters = regexp.MustCompile(`^([A-Z]|[A-C][A-Z])$`)

// byLetter returns the column, from 0, that a letter names, -1 where it names none.
func byLetter(name string) int {
	if !letters.MatchString(name) {
		return -1
	}
	column := 0
	for _, r := range name {
		column = column*26 + int(r-'A') + 1
	}
	if column > MaxColumns {
		return -1
	}
	return column - 1
}

// byName returns the column with a heading, -1 where there is none: one that is
// spelled so, else the first that plainly reads the same.
func byName(heading []string, name string) int {
	name = clean(name)
	if i := slices.IndexFunc(heading, func(h string) bool { return clean(h) == name }); i >= 0 {
		return i
	}
	p := plain(name)
	return slices.IndexFunc(heading, func(h string) bool { return p != "" && plain(h) == p })
}

// choice is a column that a person chose for a field. A letter holds for the
// first table of a file; in further ones the column with its heading counts.
type choice struct{ letter, heading string }

// choices are the columns that a person chose.
type choices map[Field]choice

func newChoices(o Options) choices {
	c := choices{}
	for _, f := range fields {
		name, chosen := o.Columns[f]
		if !chosen {
			continue
		}
		if byLetter(name) >= 0 {
			c[f] = choice{letter: name}
		} else {
			c[f] = choice{heading: name}
		}
	}
	return c
}

// column returns the column of a chosen field, -1 for none.
func (c choice) column(heading []string) int {
	if c.letter != "" {
		return byLetter(c.letter)
	}
	if c.heading == "" {
		return -1
	}
	return byName(heading, c.heading)
}

// settle turns letters into the headings that they mean in the first table.
func (c choices) settle(heading []string) {
	for f, chosen := range c {
		if i := byLetter(chosen.letter); i >= 0 && i < len(heading) && clean(heading[i]) != "" {
			c[f] = choice{heading: heading[i]}
		}
	}
}

// inHeading returns how many of the chosen columns a row names.
func (c choices) inHeading(cells []string) int {
	n := 0
	for _, chosen := range c {
		if chosen.heading != "" && byName(cells, chosen.heading) >= 0 {
			n++
		}
	}
	return n
}
