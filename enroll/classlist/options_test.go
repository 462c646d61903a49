package classlist

import (
	"slices"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
)

// What a person may choose on the preview, and what comes of it.
func TestColumnsThatWereChosen(t *testing.T) {
	twoClasses := "Stamnr;Roepnaam;Achternaam;Klas;Groep\n120001;Anna;van den Berg;1A;x\n"
	unknown := "ID;Given;Family;Form\n120001;Anna;van den Berg;1A\nID;Given;Family;Form\n120002;Bo;Kok;1B\n"
	anna := []string{"120001|Anna|van den|Berg|1A"}
	both := []string{"120001|Anna|van den|Berg|1A", "120002|Bo||Kok|1B"}
	for _, c := range []struct {
		name     string
		file     string
		columns  map[Field]string
		students []string
		problems []string
	}{
		{"nothing chosen", twoClasses, nil, nil, []string{"column_twice@1/Groep!"}},
		{"one of two, by its heading", twoClasses, map[Field]string{Class: "klas"}, anna, nil},
		{"one of two, by its letter", twoClasses, map[Field]string{Class: "D"}, anna, nil},
		{"a letter that is a heading too", "Stamnr;Naam;Klas;B\n120001;Berg, Anna van den;x;1A\n", map[Field]string{Class: "D", Full: "B"}, anna, nil},
		{"TV is a heading, no letter", "Stamnr;Roepnaam;TV;Vv;Achternaam;Klas\n120001;Anna;van den;;Berg;1A\n", map[Field]string{Infix: "TV"}, anna, nil},
		{"no column at all for a field", "Stamnr;Roepnaam;Achternaam;Klas;E-mail\n120001;Anna;van den Berg;1A;x\n", map[Field]string{Email: ""}, anna, nil},
		{"a column that was taken for something else", "Nr;Naam;Achternaam;Klas\n120001;Anna;van den Berg;1A\n", map[Field]string{Number: "Nr", First: "Naam"}, anna, nil},
		{"full names instead of their parts", "Stamnr;Roepnaam;Achternaam;Naam;Klas\n120001;x;y;Berg, Anna van den;1A\n", map[Field]string{Full: "Naam"}, anna, nil},
		{"the parts instead of full names", "Stamnr;Naam;Voor;Achter;Klas\n120001;x, y;Anna;van den Berg;1A\n", map[Field]string{First: "Voor", Last: "Achter"}, anna, nil},
		{"headings that nobody knows", unknown, map[Field]string{Number: "ID", First: "Given", Last: "Family", Class: "Form"}, both, nil},
		{"the same by letters", unknown, map[Field]string{Number: "A", First: "B", Last: "C", Class: "D"}, both, nil},
		{"no headings", "120001;Anna;van den Berg;1A\n120002;Bo;Kok;1B\n", map[Field]string{Number: "A", First: "B", Last: "C", Class: "D"}, both, nil},
		{"no headings below a title", "Klassen\n\n120001;Anna;van den Berg;1A\n120002;Bo;;1B\n", map[Field]string{Number: "A", First: "B", Last: "C", Class: "D"},
			nil, []string{"last_missing@4/C!"}},
		{"a further table has its own columns", "Stamnr;Roepnaam;Achternaam;Klas\n120001;Anna;van den Berg;1A\nKlas;Achternaam;Roepnaam;Stamnr\n1B;Kok;Bo;120002\n",
			map[Field]string{Number: "A", First: "B", Last: "C", Class: "D"}, both, nil},
		{"a column that is not there", twoClasses, map[Field]string{Class: "Lokaal"}, nil, []string{"column_missing@1!"}},
		{"nor by its letter", twoClasses, map[Field]string{Class: "CV"}, nil, []string{"class_missing@2/CV!"}},
		{"none for what every student has", "Stamnr;Naam;Klas\n120001;Berg, Anna;1A\n", map[Field]string{Class: ""}, nil, []string{"column_missing@1!"}},
		{"a field that is none", twoClasses, map[Field]string{"bsn": "A", Class: "D"}, anna, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			students, problems := summary(ReadWith("", []byte(c.file), Options{Columns: c.columns}))
			if !slices.Equal(students, c.students) {
				t.Errorf("students\n got %q\nwant %q", students, c.students)
			}
			if !slices.Equal(problems, c.problems) {
				t.Errorf("problems\n got %q\nwant %q", problems, c.problems)
			}
		})
	}
}

func TestColumnsOfEverySheetAreChosen(t *testing.T) {
	data := workbook(t, func(f *excelize.File) {
		fill(t, f, "1A", []any{"Stamnr", "Roepnaam", "Achternaam", "Naam op school"}, []any{120001, "x", "van den Berg", "Anna"})
		fill(t, f, "1B", []any{"Naam op school", "Stamnr", "Roepnaam", "Achternaam"}, []any{"Bo", 120002, "x", "Kok"})
	})
	students, problems := summary(ReadWith("", data, Options{Columns: map[Field]string{First: "D"}}))
	if want := []string{"120001|Anna|van den|Berg|1A", "120002|Bo||Kok|1B"}; !slices.Equal(students, want) || len(problems) > 0 {
		t.Errorf("got %q %q, want %q", students, problems, want)
	}
}

func TestHeadingsAreOffered(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       []Column
	}{
		{"what was taken and what not", "Klassen\n\nMentor;Klas;;Stamnr;Naam\nX;1A;;120001;Berg, Anna\n",
			[]Column{{"", "Mentor", "A"}, {Class, "Klas", "B"}, {Number, "Stamnr", "D"}, {Full, "Naam", "E"}}},
		{"where a problem is fatal", "Stamnr;Naam;Klas;Groep\n", []Column{{Number, "Stamnr", "A"}, {Full, "Naam", "B"}, {Class, "Klas", "C"}, {"", "Groep", "D"}}},
		{"where none is known", "Klassen\nID;Given;Form\n1;Anna;1A\n", []Column{{"", "ID", "A"}, {"", "Given", "B"}, {"", "Form", "C"}}},
		{"nobody's number is shown for a heading", "120001;Anna;1A\n", []Column{{"", "", "A"}, {"", "", "B"}, {"", "", "C"}}},
		{"no table at all", "Anna\nBo\n", nil},
	} {
		if got := Read("", []byte(c.file)).Headings; !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// A person who sees that the names are wrong chooses another encoding.
func TestEncodingThatWasChosen(t *testing.T) {
	mac, err := charmap.Macintosh.NewEncoder().String(kop + "120001;Zoë;;Berg;1A\n")
	must(t, err)
	for _, c := range []struct{ file, chosen, used, first string }{
		{mac, "", "MacRoman", "Zoë"},
		{mac, "MacRoman", "MacRoman", "Zoë"},
		{mac, "Windows-1252", "Windows-1252", "Zo‘"},
		{mac, "CP850", "CP850", "Zoæ"},
		{mac, "EBCDIC", "MacRoman", "Zoë"}, // none of Encodings
		{"\uFEFF" + kop + "1;Zoë;;Berg;1A\n", "", "UTF-8", "Zoë"},
		{"\uFEFF" + kop + "1;Zoë;;Berg;1A\n", "Windows-1252", "Windows-1252", "ZoÃ«"},
		{kop + "1;Zo\xEB;;Berg;1A\n", "", "Windows-1252", "Zoë"},
		{kop + "1;Zo\xEB;;Berg;1A\n", "UTF-8", "UTF-8", "Zo\uFFFD"},
	} {
		l := ReadWith("", []byte(c.file), Options{Encoding: c.chosen})
		if len(l.Students) != 1 || l.Students[0].FirstName != c.first || l.Encoding != c.used {
			t.Errorf("%s: %q of %v, want %q of %s", c.chosen, l.Encoding, l.Students, c.used, c.first)
		}
	}
	if l := ReadWith("", workbook(t, func(f *excelize.File) { fill(t, f, "Sheet1", heading, []any{1, "Anna", nil, "Berg", "1A"}) }), Options{Encoding: "CP850"}); l.Encoding != "" || len(l.Students) != 1 {
		t.Errorf("a workbook: %+v", l)
	}
	if l := ReadWith("", []byte(kop), Options{Encoding: "UTF-16LE"}); l.Encoding != "UTF-16LE" || !l.Fatal() {
		t.Errorf("not UTF-16: %+v", l)
	}
}
