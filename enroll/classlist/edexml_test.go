package classlist

import (
	"slices"
	"strings"
	"testing"

	"cultuurdag/enroll"
)

const edexHead = `<EDEX xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><school><schooljaar>2026-2027</schooljaar><brincode>00XX</brincode></school>
<groepen><groep key="g7"><naam>Groep 7a</naam><jaargroep>7</jaargroep></groep><samengestelde_groep key="s1"><naam>Plusklas</naam></samengestelde_groep></groepen>`

func TestEDEXML(t *testing.T) {
	file := `<?xml version="1.0" encoding="ISO-8859-1"?>` + edexHead + `<leerlingen>
<leerling key="1"><achternaam>Berg</achternaam><voorvoegsel>van den</voorvoegsel><roepnaam>Zoë</roepnaam><geboortedatum>2015-01-02</geboortedatum><jaargroep>8</jaargroep><groep key="g7"/><samengestelde_groepen><samengestelde_groep key="s1"/></samengestelde_groepen></leerling>
<leerling key="22"><achternaam>Hof</achternaam><voorvoegsel>van 't</voorvoegsel><voornamen>René</voornamen><groep key="g7"/><emailadres>rene@school.example</emailadres></leerling>
</leerlingen><leerkrachten><leerkracht key="9"><achternaam>Juf</achternaam></leerkracht></leerkrachten></EDEX>`
	want := []enroll.Student{
		{Number: "1", FirstName: "Zoë", Infix: "van den", LastName: "Berg", Class: "Groep 7a", Year: 8},
		{Number: "22", FirstName: "René", Infix: "van ’t", LastName: "Hof", Class: "Groep 7a", Year: 7, Email: "rene@school.example"},
	}
	for name, data := range map[string]string{"as declared": latin1(file), "UTF-8 all the same": "\uFEFF" + file} {
		l := Read("", []byte(data))
		if !slices.Equal(l.Students, want) || len(l.Problems) != 0 {
			t.Errorf("%s: got %+v %v\nwant %+v", name, l.Students, told(l), want)
		}
	}
}

func TestFaultsOfEDEXML(t *testing.T) {
	for _, c := range []struct {
		name, file string
		problems   []string
	}{
		{"the second student lacks nearly everything", edexHead + `<leerlingen><leerling key="1"><achternaam>Berg</achternaam><roepnaam>Anna</roepnaam><groep key="g7"/></leerling><leerling key="2"><achternaam>Kok</achternaam><groep key="weg"/></leerling></leerlingen></EDEX>`,
			[]string{"first_missing@2/Roepnaam!", "class_missing@2/Groep!"}},
		{"no students", edexHead + `</EDEX>`, []string{"empty@0!"}},
		{"too many", edexHead + `<leerlingen>` + strings.Repeat(`<leerling key="1"><achternaam>Kok</achternaam></leerling>`, 5001) + `</leerlingen></EDEX>`, []string{"too_large@0!"}},
		{"cut off", edexHead, []string{"not_a_list@0!"}},
		{"other XML", `<rss><channel/></rss>`, []string{"not_a_list@0!"}},
		{"a document type", `<!DOCTYPE EDEX [<!ENTITY a "b">]><EDEX/>`, []string{"not_a_list@0!"}},
	} {
		if _, got := summary(Read("", []byte(c.file))); !slices.Equal(got, c.problems) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.problems)
		}
	}
}
