package classlist

import (
	"encoding/xml"
	"strings"
)

// edex is what is read of an EDEXML file, the standard of Edustandaard (2.1) by
// which Dutch programs exchange students and groups.
type edex struct {
	XMLName xml.Name
	Groups  []struct {
		Key  string `xml:"key,attr"`
		Name string `xml:"naam"`
		Year string `xml:"jaargroep"`
	} `xml:"groepen>groep"`
	Students []struct {
		Key   string `xml:"key,attr"`
		First string `xml:"roepnaam"`
		All   string `xml:"voornamen"`
		Infix string `xml:"voorvoegsel"`
		Last  string `xml:"achternaam"`
		Year  string `xml:"jaargroep"`
		Email string `xml:"emailadres"`
		Group struct {
			Key string `xml:"key,attr"`
		} `xml:"groep"`
	} `xml:"leerlingen>leerling"`
}

// readEDEXML turns the students of an EDEXML file into a grid, as if somebody had
// typed them: the first is row 1. Its key is a student's number.
func readEDEXML(text string) ([]grid, *Problem) {
	if !scanXML([]byte(text), maxElements, func(xml.Token) {}) {
		return nil, refuse(NotAList)
	}
	var e edex
	if newDecoder([]byte(text)).Decode(&e) != nil || !strings.EqualFold(e.XMLName.Local, "EDEX") {
		return nil, refuse(NotAList)
	}
	class, year := map[string]string{}, map[string]string{}
	for _, group := range e.Groups {
		class[group.Key], year[group.Key] = group.Name, group.Year
	}
	g := grid{exact: true}
	g.rows = append(g.rows, row{0, []string{"Leerlingnummer", "Roepnaam", "Voorvoegsel", "Achternaam", "Groep", "Leerjaar", "E-mailadres"}})
	for i, s := range e.Students {
		first := s.First
		if strings.TrimSpace(first) == "" {
			first = s.All
		}
		studentYear := s.Year
		if strings.TrimSpace(studentYear) == "" {
			studentYear = year[s.Group.Key]
		}
		cells := []string{s.Key, first, s.Infix, s.Last, class[s.Group.Key], studentYear, s.Email}
		if p := g.add(i+1, cells); p != nil {
			return nil, p
		}
	}
	return []grid{g}, nil
}
