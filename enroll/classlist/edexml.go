package classlist

import (
	"encoding/xml"
	"io"
	"strings"
)

// edexHeadings are the columns of the grid that is made of an EDEXML file.
var edexHeadings = []string{"Leerlingnummer", "Roepnaam", "Voorvoegsel", "Achternaam", "Groep", "Leerjaar", "E-mailadres"}

// edexGroup is a group of an EDEXML file.
type edexGroup struct{ name, year string }

// edex is an EDEXML file as far as it has been read: the standard of
// Edustandaard (2.1) by which Dutch programs exchange students and groups.
type edex struct {
	*parser
	groups map[string]edexGroup // by key
	grid   grid
}

// readEDEXML turns the students of an EDEXML file into a grid, as if somebody had
// typed them: the first is row 1. Its key is a student's number.
func readEDEXML(text string) ([]grid, *Problem) {
	e := edex{parser: newParser(strings.NewReader(text), maxElements), groups: map[string]edexGroup{}, grid: grid{exact: true}}
	e.grid.rows = append(e.grid.rows, row{cells: edexHeadings})
	if err := e.read(); err != nil {
		return nil, asProblem(err)
	}
	const class, year = 4, 5
	for _, r := range e.grid.rows[1:] {
		group := e.groups[r.cells[class]]
		r.cells[class] = group.name
		if strings.TrimSpace(r.cells[year]) == "" {
			r.cells[year] = group.year
		}
	}
	return []grid{e.grid}, nil
}

func (e *edex) read() error {
	number, parent := 0, ""
	for {
		token, err := e.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		name := start.Name.Local
		switch {
		case e.depth == 1 && !strings.EqualFold(name, "EDEX"):
			return errXML
		case e.depth == 2:
			parent = name
		case e.depth == 3 && parent == "groepen" && name == "groep":
			err = e.group(start)
		case e.depth == 3 && parent == "leerlingen" && name == "leerling":
			number++
			err = e.student(number, start)
		}
		if err != nil {
			return err
		}
	}
}

// group reads a group, which its students name by its key.
func (e *edex) group(start xml.StartElement) error {
	if len(e.groups) == MaxRows {
		return asError(tooManyRows())
	}
	texts, err := e.children("groep")
	e.groups[attribute(start, "key")] = edexGroup{texts["naam"], texts["jaargroep"]}
	return err
}

// student reads a student as a row, with the key of the group for a class.
func (e *edex) student(number int, start xml.StartElement) error {
	texts, err := e.children("groep")
	if err != nil {
		return err
	}
	first := texts["roepnaam"]
	if strings.TrimSpace(first) == "" {
		first = texts["voornamen"]
	}
	cells := []string{attribute(start, "key"), first, texts["voorvoegsel"], texts["achternaam"], texts["groep"], texts["jaargroep"], texts["emailadres"]}
	if p := e.grid.add(number, cells); p != nil {
		return asError(p)
	}
	if r := &e.grid.rows[len(e.grid.rows)-1]; r.number == number {
		r.cells = cells // as many as there are headings, also where the last are blank
	}
	return nil
}

// children returns the texts of the elements within the one that has just begun,
// the first of each name, and of those named keyed their key.
func (e *edex) children(keyed string) (map[string]string, error) {
	texts := map[string]string{}
	for depth := e.depth; ; {
		start, ok, err := e.start(depth)
		if err != nil || !ok {
			return texts, err
		}
		text, err := e.text()
		if err != nil {
			return nil, err
		}
		name := start.Name.Local
		if name == keyed {
			text = attribute(start, "key")
		}
		if _, twice := texts[name]; !twice && len(texts) < MaxColumns {
			texts[name] = text
		}
	}
}
