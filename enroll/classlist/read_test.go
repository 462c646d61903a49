package classlist

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"cultuurdag/enroll"
)

// summary writes students as number|first|infix|last|class, and problems as
// code@row/column with an exclamation mark where they are fatal.
func summary(l List) (students, problems []string) {
	for _, s := range l.Students {
		students = append(students, strings.Join([]string{s.Number, s.FirstName, s.Infix, s.LastName, s.Class}, "|"))
	}
	for _, p := range l.Problems {
		text := fmt.Sprintf("%s@%d", p.Code, p.Row)
		if p.Column != "" {
			text += "/" + p.Column
		}
		if p.Sheet != "" {
			text = p.Sheet + "!" + text
		}
		if p.Fatal {
			text += "!"
		}
		problems = append(problems, text)
	}
	return students, problems
}

const kop = "Leerlingnummer;Roepnaam;Tussenvoegsel;Achternaam;Klas\n"

func latin1(text string) string {
	s, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil {
		panic(err) // a text of this test
	}
	return s
}

func TestLists(t *testing.T) {
	anna := []string{"120001|Anna|van den|Berg|1A"}
	for _, c := range []struct {
		name     string
		file     string
		students []string
		problems []string
	}{
		// Separators, encodings, quotes
		{"semicolons", kop + "120001;Anna;van den;Berg;1A\n", anna, nil},
		{"commas", strings.ReplaceAll(kop, ";", ",") + "120001,Anna,van den,Berg,1A", anna, nil},
		{"tabs, with empty cells", strings.ReplaceAll(kop, ";", "\t") + "120001\tAnna\tvan den\tBerg\t1A\n120002\tBo\t\tKok\t1A\n",
			[]string{anna[0], "120002|Bo||Kok|1A"}, nil},
		{"bars", strings.ReplaceAll(kop, ";", "|") + "120001|Anna|van den|Berg|1A", anna, nil},
		{"commas in names do not win", "Nr;Leerlingnummer;Naam;Klas\n1;120001;Berg, Anna van den;1A\n2;120002;Kok, Bo, Jr;1A\n",
			[]string{anna[0], "120002|Bo Jr||Kok|1A"}, []string{"name_split@3/Naam"}},
		{"a sep= line, which Excel does not show", "sep=:\r\n" + strings.ReplaceAll(kop, ";", ":") + "120001:Anna:van den:Berg:1A\r\n120002:Bo:::1A\r\n",
			nil, []string{"last_missing@3/Achternaam!"}},
		{"UTF-8 with a byte order mark", "\uFEFF" + kop + "120001;Zoë;;Çelik;1A", []string{"120001|Zoë||Çelik|1A"}, nil},
		{"Windows-1252", latin1(kop + "120001;Zoë;van ’t;Hof;1A\n120002;René;;D’Angelo;1A"),
			[]string{"120001|Zoë|van ’t|Hof|1A", "120002|René||D’Angelo|1A"}, nil},
		{"line ends of an old Macintosh", strings.ReplaceAll(kop, "\n", "\r") + "120001;Anna;van den;Berg;1A\r", anna, nil},
		{"quotes", "\"Leerlingnummer\";\"Roepnaam\";\"Tussenvoegsel\";\"Achternaam\";\"Klas\"\n\"120001\";\"Anna\";\"van den\";\"Berg\";\"1A\"", anna, nil},
		{"a quote without end", kop + "120001;\"Anna;van den;Berg;1A\n120002;Bo;;Kok;1A\n120003;Cas;;;1A",
			nil, []string{"quote_unclosed@2", "last_missing@4/Achternaam!"}},
		{"a quote without end in a list that is fine", kop + "120001;\"Anna;van den;Berg;1A\n120002;Bo;;Kok;1A\n",
			[]string{anna[0], "120002|Bo||Kok|1A"}, []string{"quote_unclosed@2"}},
		{"spaces around quotes and a separator within", "Stamnr;Naam;Klas\n\"120001\" ; \"Berg; van den, Anna\" ;\"1A\" ", anna, nil},
		{"spaces around quotes", kop + "\"120001\" ; \"Anna\" ; \"van den\" ; \"Berg\" ; \"1A\"\n", anna, nil},
		{"quotes within a name", kop + "120001;Jan \"Pim\" Piet;;Berg;1A\n", []string{"120001|Jan \"Pim\" Piet||Berg|1A"}, nil},
		{"a line end in a cell is one row of Excel", "Leerlingnummer;Roepnaam;Achternaam;Klas;Adres\n120001;Anna;Berg;1A;\"Dam 1\nUrk\"\n120002;;Kok;1A;\n",
			nil, []string{"first_missing@3/Roepnaam!"}},
		{"ragged rows", "Leerlingnummer;Roepnaam;Achternaam;Klas;Mentor\n120001;Anna;Berg;1A\n120002;Bo;Kok;1A;X;;;\n120003;Cas\n",
			nil, []string{"too_many_cells@3", "last_missing@4/Achternaam!", "class_missing@4/Klas!"}},
		{"right-to-left names and emoji", kop + "120001;مريم;;بن علي;1A\n120002;\u202Eדנה\u202C;;לוי;1A\n120003;Sam👩‍🎤;;Kok;1A\n",
			[]string{"120001|مريم||بن علي|1A", "120002|דנה||לוי|1A", "120003|Sam👩‍🎤||Kok|1A"}, nil},

		// Headings
		{"every spelling", "Llnr.;VOORNAAM;Voor-voegsel(s);Familie naam;Stam klas\n120001;Anna;van den;Berg;1A\n", anna, nil},
		{"a title, blank rows and a repeated heading", "Klas 1A\n\n" + kop + "120001;Anna;van den;Berg;1A\n\n;;;;\n" + kop + "120002;Bo;;;1A\n",
			nil, []string{"last_missing@8/Achternaam!"}},
		{"a further table with other columns", kop + "120001;Anna;van den;Berg;1A\nKlas;Roepnaam;Achternaam;Leerlingnummer\n1B;Bo;Kok;120002\n",
			[]string{anna[0], "120002|Bo||Kok|1B"}, nil},
		{"a heading in row 21", strings.Repeat("x\n", 20) + kop, nil, []string{"no_heading@0!"}},
		{"no heading", "120001;Anna;van den;Berg;1A\n", nil, []string{"no_heading@0!"}},
		{"columns that are not there", "Roepnaam;Tussenvoegsel;Mentor;E-mail\nAnna;;X;\n", nil,
			[]string{"column_missing@1!", "column_missing@1!", "column_missing@1!"}},
		{"number and full name alone", "Leerlingnummer;Naam\n120001;Berg, Anna van den\n", nil, []string{"column_missing@1!"}},
		{"two columns for a field", "Leerlingnummer;Roepnaam;Achternaam;Klas;Groep\n120001;Anna;Berg;1A;1A\n", nil, []string{"column_twice@1/Groep!"}},
		{"doubtful headings are taken and told", "Nummer;Naam;Lesgroep\n120001;Berg, Anna van den;1A\n", anna,
			[]string{"column_guessed@1/Nummer", "column_guessed@1/Lesgroep"}},
		{"doubtful headings beside better ones are not", "Stamnr;Code;Naam;Klas;Lesgroep\n120001;X;Berg, Anna van den;1A;wi1\n", anna, nil},
		{"a parent's address is nobody's", "Stamnr;Naam;Klas;E-mail ouder\n120001;Berg, Anna van den;1A;geen adres\n", anna, nil},

		// Cells
		{"leading zeros stay, .0 goes", kop + "000123;Anna;;Berg;1A\n120002.0;Bo;;Kok;7.0\n=\"000124\";Cas;;Bos;1A\n",
			[]string{"000123|Anna||Berg|1A", "120002|Bo||Kok|7", "000124|Cas||Bos|1A"}, nil},
		{"shortened numbers", kop + "1,23E+05;Anna;;Berg;1A\n1.2E+6;Bo;;Kok;1A\n1E5;Cas;;Bos;1A\n",
			nil, []string{"number_shortened@2/Leerlingnummer!", "number_shortened@3/Leerlingnummer!"}},
		{"zeros lost", kop + "120001;Anna;van den;Berg;1A\n2001;Bo;;Kok;1A\n", []string{anna[0], "2001|Bo||Kok|1A"}, []string{"zeros_lost@0"}},
		{"decomposed letters and no-break spaces", kop + "120001;Zoe\u0308 ;van\u00A0den;\u00A0Berg;1A\n", []string{"120001|Zoë|van den|Berg|1A"}, nil},
		{"apostrophes of a tussenvoegsel", kop + "120001;Anna;van 't;Hof;1A\n120002;Bo;in `t;Veld;1A\n120003;Cas;;'t Hart;1A\n",
			[]string{"120001|Anna|van ’t|Hof|1A", "120002|Bo|in ’t|Veld|1A", "120003|Cas|’t|Hart|1A"}, nil},
		{"tussenvoegsels in the last name", kop + "120001;Anna;;de Vries;1A\n120002;Bo;;El Idrissi;1A\n120003;Cas;van der;van der Meer;1A\n120004;Dex;;De Wit;1A\n120005;Els;;Berg, van den;1A\n120006;Fem;van;der Linden;1A\n",
			[]string{"120001|Anna|de|Vries|1A", "120002|Bo||El Idrissi|1A", "120003|Cas|van der|Meer|1A", "120004|Dex||De Wit|1A", "120005|Els|van den|Berg|1A", "120006|Fem|van der|Linden|1A"}, nil},
		{"letters lost", kop + "120001;Zo?;;Berg;1A\n120002;Bo;;K\uFFFDk;1A\n", []string{"120001|Zo?||Berg|1A", "120002|Bo||K\uFFFDk|1A"},
			[]string{"letter_lost@2/Roepnaam", "letter_lost@3/Achternaam"}},
		{"a formula that failed is an empty cell", kop + "120001;Anna;;Berg;#N/B\n", nil, []string{"class_missing@2/Klas!"}},

		// Full names
		{"full names with a comma", "Stamnr;Naam;Klas\n120001;Boer, Frank de;1A\n120002;\"Jong-van Ginkel; de, Alberdien\";1A\n120003;Berg van den, Anna;1A\n120004;de Vries, Bo;1A\n120005;Hof, Cas van 't;1A\n120006;El Idrissi, Noor;1A\n",
			[]string{"120001|Frank|de|Boer|1A", "120002|Alberdien|de|Jong-van Ginkel|1A", "120003|Anna|van den|Berg|1A", "120004|Bo|de|Vries|1A", "120005|Cas|van ’t|Hof|1A", "120006|Noor||El Idrissi|1A"}, nil},
		{"full names without one are told", "Stamnr;Naam;Klas\n120001;Anna van den Berg;1A\n120002;Yasmin El Idrissi;1A\n",
			[]string{anna[0], "120002|Yasmin||El Idrissi|1A"}, []string{"name_split@2/Naam", "name_split@3/Naam"}},
		{"half a full name", "Stamnr;Naam;Klas\n120001;Anna;1A\n120002;;1A\n120003;Berg,;1A\n", nil,
			[]string{"last_missing@2/Naam!", "last_missing@3/Naam!", "first_missing@4/Naam!"}},
		{"a name beside a first name is the last one", "Stamnr;Roepnaam;Naam;Klas\n120001;Anna;van den Berg;1A\n120002;Bo;Bo Kok;1A\n",
			[]string{anna[0], "120002|Bo||Kok|1A"}, nil},
		{"two commas", "Stamnr;Naam;Klas\n120001;Berg, van den, Anna;1A\n", anna, nil},
		{"a name beside a first name, in every form", "Stamnr;Voornaam;Tussenv;Naam;Klas\n120001;Anna;;Berg, Anna van den;1A\n120002;Bo;de;Kok, B.;1A\n",
			[]string{anna[0], "120002|Bo|de|Kok|1A"}, nil},
		{"a name that holds the last name is a full one", "Stamnr;Naam;Achternaam;Klas\n120001;Anna Berg;Berg;1A\n", []string{"120001|Anna||Berg|1A"}, []string{"name_split@2/Naam"}},
		{"a name beside a last name is the first one", "Stamnr;Naam;Achternaam;Klas\n120001;Anna;van den Berg;1A\n", anna, nil},

		// Rows
		{"the same row twice", kop + "120001;Anna;van den;Berg;1A\n120001;Anna;van den;Berg;1A\n", anna, []string{"same_row_twice@3"}},
		{"the same number twice", kop + "120001;Anna;van den;Berg;1A\n120001;Bo;;Kok;1A\n", nil, []string{"number_twice@3!"}},
		{"everything missing of one", kop + ";Anna;;;\n;;;Kok;\n", nil, []string{
			"number_missing@2/Leerlingnummer!", "last_missing@2/Achternaam!", "class_missing@2/Klas!",
			"number_missing@3/Leerlingnummer!", "first_missing@3/Roepnaam!", "class_missing@3/Klas!"}},
		{"more cells than headings", kop + "120001;An;na;van den;Berg;1A\n", nil, []string{"too_many_cells@2!"}},
		{"addresses", "Stamnr;Roepnaam;Achternaam;Klas;E-mail\n120001;Anna;Berg;1A;anna@school.example\n120002;Bo;Kok;1A;bo@school\n120003;Cas;Bos;1A;Cas <cas@school.example>\n",
			nil, []string{"bad_email@3/E-mail!", "bad_email@4/E-mail!"}},
		{"footers are no students", kop + "120001;Anna;van den;Berg;1A\nTotaal: 28 leerlingen\n;;;Aantal;28\nGemaakt door de administratie\n;;;;1A\nAfgedrukt op;12-09-2026\n", anna, nil},
		{"a student called as a footer is", kop + "120001;Blad;;Total;1A\n", []string{"120001|Blad||Total|1A"}, nil},

		// No lists
		{"nothing", "", nil, []string{"empty@0!"}},
		{"blank", "\uFEFF \r\n\t\n", nil, []string{"empty@0!"}},
		{"separators alone", ";;;;\n;;;;\n", nil, []string{"empty@0!"}},
		{"headings alone", kop, nil, []string{"empty@0!"}},
		{"a picture", "\x89PNG\r\n\x1A\n\x00\x00\x00\x0DIHDR", nil, []string{"not_a_list@0!"}},
		{"a PDF", "%PDF-1.7\n1 0 obj\n", nil, []string{"not_a_list@0!"}},
		{"a web page", "<!doctype html><table><tr><td>Roepnaam", nil, []string{"not_a_list@0!"}},
		{"an old workbook", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1W\x00o\x00r\x00k\x00b\x00o\x00o\x00k\x00", nil, []string{"old_excel@0!"}},
		{"a workbook with a password", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00", nil, []string{"locked@0!"}},
		{"a document of Word", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1W\x00o\x00r\x00d\x00D\x00o\x00c\x00u\x00m\x00e\x00n\x00t\x00", nil, []string{"not_a_list@0!"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			students, problems := summary(Read("list", []byte(c.file)))
			if !slices.Equal(students, c.students) {
				t.Errorf("students\n got %q\nwant %q", students, c.students)
			}
			if !slices.Equal(problems, c.problems) {
				t.Errorf("problems\n got %q\nwant %q", problems, c.problems)
			}
		})
	}
}

func TestYearIsItsColumnElseTheClass(t *testing.T) {
	for _, c := range []struct {
		row  string
		want int
	}{
		{"3HA;", 3}, {"10B;", 10}, {"H3;", 0}, {"2026A;", 0}, {"3HA;4", 4}, {"H3;Leerjaar 3", 3}, {"H3;3.0", 3}, {"3HA;onbekend", 3},
	} {
		l := Read("", []byte("Stamnr;Naam;Klas;Leerjaar\n1;Berg, Anna;"+c.row))
		if len(l.Students) != 1 || l.Students[0].Year != c.want {
			t.Errorf("%q: %+v, want year %d", c.row, l.Students, c.want)
		}
	}
}

func TestAddressesAreRead(t *testing.T) {
	l := Read("", []byte("Stamnr,Naam,Klas,Schoolmail\n1,\"Berg, Anna\",1A,mailto:anna@school.example\n"))
	want := enroll.Student{Number: "1", FirstName: "Anna", LastName: "Berg", Class: "1A", Year: 1, Email: "anna@school.example"}
	if len(l.Students) != 1 || l.Students[0] != want {
		t.Errorf("got %+v, want %+v", l.Students, want)
	}
}

func TestColumnsAreTold(t *testing.T) {
	l := Read("", []byte("Mentor;Klas;BSN;Stamnr;Naam;\nX;1A;123456782;120001;Berg, Anna\n"))
	want := []Column{{Number, "Stamnr", "D"}, {Full, "Naam", "E"}, {Class, "Klas", "B"}}
	if !slices.Equal(l.Columns, want) {
		t.Errorf("got %v, want %v", l.Columns, want)
	}
}

// What a list holds beside the fields goes nowhere.
func TestOtherColumnsAreDropped(t *testing.T) {
	l := Read("", []byte("Stamnr;Naam;Klas;BSN;Geboortedatum\n120001;;1A;123456782;01-02-2014\n"))
	if text := fmt.Sprintf("%+v", l); strings.Contains(text, "123456782") || strings.Contains(text, "2014") {
		t.Errorf("still there: %s", text)
	}
}

func TestLetters(t *testing.T) {
	for column, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 99: "CV", 701: "ZZ", 702: "AAA"} {
		if got := letter(column); got != want {
			t.Errorf("column %d is %s, want %s", column, got, want)
		}
	}
}
