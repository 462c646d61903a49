package classlist

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	textunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/unicode/norm"

	"cultuurdag/enroll"
)

// This file makes lists as schools hand them in, of schools whose students are
// known: every list is of a kind and an encoding, and odd in some ways. All
// names are invented; the same number always makes the same list.

// known is a student who must be found, and where in the file.
type known struct {
	enroll.Student
	sheet string
	row   int
}

// generated is a list with the students who must be found in it.
type generated struct {
	kind, encoding string
	odd            []string // in which ways
	data           []byte
	students       []known
	sound          bool // nothing in it is a reason to refuse it
}

func (g generated) String() string {
	return g.kind + " " + g.encoding + " " + strings.Join(g.odd, ", ")
}

var (
	generatedKinds     = strings.Fields("csv tsv xlsx ods edexml")
	generatedEncodings = []string{"utf-8", "utf-8 bom", "utf-16le", "utf-16le bom", "utf-16be", "utf-16be bom", "windows-1252", "macroman", "cp850"}
)

var firstNames = []string{
	"Anna", "Bo", "Cas", "Daan", "Emma", "Fatima", "Guus", "Hanna", "Isa", "Jan Willem", "Kees-Jan", "Lotte", "Mees", "Noor", "Olivia", "Pim", "Quinten",
	"Zoë", "Noëlle", "René", "Chloé", "Jürgen", "Björn", "Anaïs", "Hüseyin", "Éva", "Kái", "François", "Thérèse", "Loïs", "Daniël", "Raphaël", "Inès", "Søren", "Åsa", "Ömer", "Ünal",
	"Zoë", "Renée", "Joëlle", "Moïse", "D’Arcy", "Ivo", "Van", "El", "Anne-Fleur", "Marie José", "Bron", "Al", "Ten", "J.P.", "Levi (Lee)", "Max",
	"Łukasz", "Şeyma", "İpek", "Ngọc Ánh", "Đạt", "Žofie", "Ștefan", "Иван", "Ελένη", "مريم", "דנה", "小明", "Sam👩‍🎤", "🦄 Fee", "Yara🇳🇱",
}

var infixesOfNames = []string{"", "", "", "", "", "van", "de", "van den", "van der", "van de", "ter", "’t", "van ’t", "in ’t", "op den", "de la", "von", "d’", "el", "van het", "onder de", "da"}

var lastNames = []string{
	"Berg", "Boer", "Jong", "Vries", "Hof", "Kok", "Bos", "Smit", "Dijk", "Linden", "Meer", "Wit", "Visser", "Bakker", "Jansen", "Jong-van Ginkel", "Vries-de Boer",
	"El Idrissi", "De Smet", "D’Angelo", "O'Neill", "O’Brien", "Ben Ali", "Müller", "Brontë", "Öztürk", "Çelik", "Groß", "Åberg", "Bjørn", "Weiß", "Núñez", "Curaçao", "Ruiz y Picó",
	"Total", "Blad", "Nguyễn", "Dvořák", "Łukaszewski", "Yıldız", "Şahin", "Петров", "بن علي", "לוי", "王", "Groen Prakken", "Huisman, jr", "X", "Le Roux", "Zijlstra",
}

// classesOfSchools are classes with the year that begins their name, and that
// which a column tells.
var classesOfSchools = []struct {
	name        string
	begins, has int
}{
	{"1A", 1, 1}, {"1B", 1, 1}, {"2HV1", 2, 2}, {"3 havo", 3, 3}, {"4V1", 4, 4}, {"5H.a", 5, 5}, {"VWO 6", 0, 6}, {"Groep 7a", 0, 7}, {"7/8", 7, 8}, {"8", 8, 8}, {"m3-b", 0, 3}, {"10B", 10, 10}, {"3-4", 3, 3}, {"Züid 2", 0, 2},
}

var spellings = map[Field][]string{
	Number: {"Leerlingnummer", "Stamnr", "Stamnr.", "LLNR", "stamnummer", "Leerling-nr", "Leerling nummer", "Studentnummer", "lnr"},
	First:  {"Roepnaam", "voornaam", "VOORNAAM", "First name", "Roepnaam ", "Roep-naam"},
	Infix:  {"Tussenvoegsel", "tussenvoegsels", "Tussenv.", "TV", "tv", "Voorvoegsel(s)", "vv.", "Infix"},
	Last:   {"Achternaam", "ACHTERNAAM", "Familienaam", "Last name", "Achter naam", "surname"},
	Full:   {"Naam", "naam", "Volledige naam", "Leerling", "Leerlingnaam", "Name"},
	Class:  {"Klas", "KLAS", "Stamklas", "Stamgroep", "Groep", "Groepsnaam", "Huidige groep", "Basisgroep", "Class", "klas:"},
	Year:   {"Leerjaar", "Jaarlaag", "LEERJAAR"},
	Email:  {"E-mail", "E-mailadres", "email", "Schoolmail", "Mail"},
}

// otherColumns are what lists hold besides, and must be dropped.
var otherColumns = []struct {
	heading string
	cell    func(r *rand.Rand, separator string) string
}{
	{"Geboortedatum", func(r *rand.Rand, _ string) string {
		return fmt.Sprintf("%02d-%02d-%d", 1+r.IntN(28), 1+r.IntN(12), 2008+r.IntN(9))
	}},
	{"BSN", func(r *rand.Rand, _ string) string { return fmt.Sprintf("%09d", r.IntN(1_000_000_000)) }},
	{"E-mail ouder 1", func(r *rand.Rand, _ string) string { return fmt.Sprintf("ouder%d@example.org", r.IntN(999)) }},
	{"Mentor", func(r *rand.Rand, _ string) string { return pick(r, []string{"Bakker, J. de", "Mw. Kok", "", "Blad"}) }},
	{"Naam ouder", func(r *rand.Rand, _ string) string { return pick(r, []string{"Bakker, J. de", "Kees Kok", ""}) }},
	{"Volgnr", func(r *rand.Rand, _ string) string { return fmt.Sprint(r.IntN(30)) }},
	{"Geslacht", func(r *rand.Rand, _ string) string { return pick(r, []string{"M", "V", "X", ""}) }},
	{"Voorletters", func(r *rand.Rand, _ string) string { return pick(r, []string{"A.B.", "C", ""}) }},
	{"Opmerking", func(r *rand.Rand, separator string) string {
		return pick(r, []string{"", "", "verhuisd" + separator + " zie mentor", `noemt zich "Pim"`, "Dam 1\nUrk", "10% korting; ja/nee"})
	}},
	{"Code", func(r *rand.Rand, _ string) string { return fmt.Sprintf("C%03d", r.IntN(999)) }},
	{"Lesgroep", func(r *rand.Rand, _ string) string { return pick(r, []string{"wi1", "en2"}) }},
	{"", func(r *rand.Rand, _ string) string { return pick(r, []string{"", "", "x"}) }},
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// cell is a cell of a sheet as it is written.
type cell struct {
	text   string
	number bool // as a number; of text files no difference
	zeros  bool // a number that its format shows with leading zeros
}

type sheet struct {
	name   string
	rows   [][]cell
	merged []span // as in grid: columns from 0, rows from 1
}

// maker makes one list.
type maker struct {
	*rand.Rand
	t         testing.TB
	list      generated
	codec     encoding.Encoding // nil: UTF-8 and all kinds that are no text
	text      bool
	separator string

	fields  []Field // of the columns; "" for others
	heading []string
	other   []func(r *rand.Rand, separator string) string
	full    func(s enroll.Student) string // how full names are written
	nfd     bool
	plain   bool // apostrophes as ' or `
	spaced  bool // no-break and doubled spaces, marks of direction
	zeroed  bool // numbers as 120001.0
	asText  bool // numbers as text, in sheets
	ragged  bool
}

// odd notes one way in which the list is odd, with a chance of one in n.
func (m *maker) odd(n int, name string) bool {
	if m.IntN(n) != 0 {
		return false
	}
	m.list.odd = append(m.list.odd, name)
	return true
}

// generate makes list number i.
func generate(t testing.TB, i int) generated {
	m := &maker{Rand: rand.New(rand.NewPCG(uint64(i), 3)), t: t}
	m.list.kind = generatedKinds[i%len(generatedKinds)]
	m.list.sound = true
	m.text = m.list.kind == "csv" || m.list.kind == "tsv"
	m.list.encoding = "-"
	if m.text || m.list.kind == "edexml" {
		m.list.encoding = generatedEncodings[i/len(generatedKinds)%len(generatedEncodings)]
		m.codec = map[string]encoding.Encoding{
			"utf-16le":     textunicode.UTF16(textunicode.LittleEndian, textunicode.IgnoreBOM),
			"utf-16le bom": textunicode.UTF16(textunicode.LittleEndian, textunicode.UseBOM),
			"utf-16be":     textunicode.UTF16(textunicode.BigEndian, textunicode.IgnoreBOM),
			"utf-16be bom": textunicode.UTF16(textunicode.BigEndian, textunicode.UseBOM),
			"windows-1252": charmap.Windows1252, "macroman": charmap.Macintosh, "cp850": charmap.CodePage850,
		}[m.list.encoding]
	}
	m.separator = "\t"
	if m.list.kind == "csv" {
		m.separator = pick(m.Rand, []string{";", ";", ",", "|"})
	}
	students := m.school()
	if m.list.kind == "edexml" {
		m.edexml(students)
		return m.list
	}
	m.columns()
	sheets := m.sheets(students)
	switch m.list.kind {
	case "xlsx":
		m.xlsx(sheets)
	case "ods":
		m.ods(sheets)
	default:
		m.csv(sheets[0])
	}
	return m.list
}

// fits reports whether text can be written in the list's encoding.
func (m *maker) fits(text string) bool {
	if m.codec == nil {
		return true
	}
	_, err := m.codec.NewEncoder().String(text)
	return err == nil
}

// school makes the students, in the order of their classes.
func (m *maker) school() []enroll.Student {
	var students []enroll.Student
	number := 100_000 + m.IntN(800_000)
	format := "%d"
	switch {
	case m.odd(4, "leading zeros"):
		number, format = 1+m.IntN(3000), "%06d"
	case m.odd(12, "letters in numbers"):
		format = "L%d"
	case m.odd(12, "long numbers"):
		number = 1_200_000_000 + m.IntN(8_000_000)
	}
	yearColumn := m.list.kind == "edexml" || m.odd(4, "year column")
	for _, i := range slices.Sorted(slices.Values(m.Perm(len(classesOfSchools))[:1+m.IntN(3)])) {
		class := classesOfSchools[i]
		if !m.fits(class.name) {
			class = classesOfSchools[0]
		}
		for range 2 + m.IntN(8) {
			s := enroll.Student{Class: class.name, Year: class.begins, Number: fmt.Sprintf(format, number)}
			if yearColumn {
				s.Year = class.has
			}
			number += 1 + m.IntN(3)
			for s.FirstName == "" || !m.fits(s.FirstName+s.Infix+s.LastName) {
				s.FirstName, s.Infix, s.LastName = pick(m.Rand, firstNames), pick(m.Rand, infixesOfNames), pick(m.Rand, lastNames)
			}
			students = append(students, s)
		}
	}
	if yearColumn {
		m.fields = append(m.fields, Year)
	}
	if m.odd(5, "addresses") {
		m.fields = append(m.fields, Email)
		for i := range students {
			students[i].Email = "l" + students[i].Number + "@school.example"
		}
	}
	m.nfd = m.list.encoding != "windows-1252" && m.list.encoding != "macroman" && m.list.encoding != "cp850" && m.odd(8, "NFD")
	m.plain = m.odd(3, "plain apostrophes")
	m.spaced = m.odd(6, "spaces and marks")
	return students
}

// waysOfNames are how full names are written.
var waysOfNames = map[string]func(s enroll.Student) string{
	"Boer, Frank de":    func(s enroll.Student) string { return s.LastName + ", " + s.FirstName + before(" ", s.Infix) },
	"de Boer, Frank":    func(s enroll.Student) string { return after(s.Infix, " ") + s.LastName + ", " + s.FirstName },
	"Boer de, Frank":    func(s enroll.Student) string { return s.LastName + before(" ", s.Infix) + ", " + s.FirstName },
	"Boer, de, Frank":   func(s enroll.Student) string { return s.LastName + before(", ", s.Infix) + ", " + s.FirstName },
	"Boer; de, Frank":   func(s enroll.Student) string { return s.LastName + before("; ", s.Infix) + ", " + s.FirstName },
	"Boer , Frank de":   func(s enroll.Student) string { return s.LastName + " ,  " + s.FirstName + before(" ", s.Infix) },
	"Frank de Boer":     func(s enroll.Student) string { return s.Name() },
	"BOER-less, no gap": func(s enroll.Student) string { return s.LastName + "," + s.FirstName + before(" ", s.Infix) },
}

func before(space, s string) string {
	if s == "" {
		return ""
	}
	return space + s
}

func after(s, space string) string {
	if s == "" {
		return ""
	}
	return s + space
}

// columns chooses the columns and their headings.
func (m *maker) columns() {
	m.fields = append(m.fields, Number, Class)
	switch {
	case m.odd(3, "full names"):
		way := pick(m.Rand, slices.Sorted(maps.Keys(waysOfNames)))
		m.list.odd = append(m.list.odd, way)
		m.full = waysOfNames[way]
		m.fields = append(m.fields, Full)
	case m.odd(5, "tussenvoegsel in the last name"):
		m.fields = append(m.fields, First, Last)
	default:
		m.fields = append(m.fields, First, Infix, Last)
	}
	if m.odd(2, "other columns") {
		for range 1 + m.IntN(6) {
			m.fields = append(m.fields, "")
		}
	}
	if m.odd(3, "columns in another order") {
		m.Shuffle(len(m.fields), func(i, j int) { m.fields[i], m.fields[j] = m.fields[j], m.fields[i] })
	}
	spelled := m.odd(2, "headings spelled otherwise")
	others := m.Perm(len(otherColumns))
	m.other = make([]func(*rand.Rand, string) string, len(m.fields))
	for i, f := range m.fields {
		heading := ""
		switch {
		case f == "":
			o := otherColumns[others[i%len(others)]]
			heading, m.other[i] = o.heading, o.cell
		case spelled:
			heading = pick(m.Rand, spellings[f])
		default:
			heading = spellings[f][0]
		}
		m.heading = append(m.heading, heading)
	}
	m.zeroed = m.odd(10, "numbers that end in .0")
	m.asText = m.IntN(2) == 0
}

// value writes what a student has for a field.
func (m *maker) value(s enroll.Student, f Field) cell {
	digits := strings.Trim(s.Number, "0123456789") == ""
	switch f {
	case Number:
		switch {
		case digits && m.zeroed && s.Number[0] != '0':
			return cell{text: s.Number + ".0"}
		case digits && !m.asText && s.Number[0] == '0':
			return cell{text: s.Number, number: true, zeros: true}
		case digits && !m.asText:
			return cell{text: s.Number, number: true}
		}
		return cell{text: s.Number}
	case Class:
		return cell{text: s.Class, number: s.Class == "8" && !m.asText}
	case Year:
		return cell{text: fmt.Sprintf(pick(m.Rand, []string{"%d", "Leerjaar %d", "%d.0"}), s.Year)}
	case Email:
		return cell{text: s.Email}
	case First:
		return cell{text: m.spell(s.FirstName)}
	case Infix:
		return cell{text: m.spell(m.apostrophe(s.Infix))}
	case Last:
		if !slices.Contains(m.fields, Infix) {
			return cell{text: m.spell(after(m.apostrophe(s.Infix), " ") + s.LastName)}
		}
		return cell{text: m.spell(s.LastName)}
	case Full:
		s.Infix = m.apostrophe(s.Infix)
		return cell{text: m.spell(m.full(s))}
	}
	return cell{}
}

// apostrophe writes a tussenvoegsel with an apostrophe that was easier to type.
func (m *maker) apostrophe(infix string) string {
	if m.plain {
		return strings.ReplaceAll(infix, "’", pick(m.Rand, []string{"'", "`"}))
	}
	return infix
}

// spell writes a name with the letters and spaces that a person does not see.
func (m *maker) spell(name string) string {
	if m.nfd {
		name = norm.NFD.String(name)
	}
	if m.spaced {
		space := " "
		if m.fits("\u00A0") {
			space = "\u00A0"
		}
		name = strings.ReplaceAll(name, " ", pick(m.Rand, []string{space, "  ", " "}))
		name = pick(m.Rand, []string{"", " ", space}) + name + pick(m.Rand, []string{"", " ", space})
		if m.fits("\u202E") && m.IntN(3) == 0 {
			name = "\u200E" + name + "\u202C\u00AD"
		}
	}
	return name
}

// sheets lays the students out.
func (m *maker) sheets(students []enroll.Student) []sheet {
	class := slices.Index(m.fields, Class)
	perClass := !m.text && m.odd(4, "a sheet per class")
	merged := !m.text && !perClass && m.odd(3, "merged classes")
	named := perClass && m.odd(2, "whose name is the class")
	title, repeated, blanks, footer := m.odd(3, "title rows"), m.odd(4, "heading repeated"), m.odd(3, "blank rows"), m.odd(3, "footer")
	damage := ""
	if m.odd(5, "damaged") {
		damage = pick(m.Rand, []string{"a cell missing", "a number shortened", "a number twice", "a row twice", "a letter lost", "a class became a date", "two columns for a field", "a cell too many"})
		m.list.odd = append(m.list.odd, damage)
		m.list.sound = damage == "a row twice" || damage == "a letter lost" || damage == "a class became a date"
	}
	if named { // no column for it
		m.fields, m.heading, m.other = slices.Delete(slices.Clone(m.fields), class, class+1), slices.Delete(slices.Clone(m.heading), class, class+1), slices.Delete(slices.Clone(m.other), class, class+1)
	}
	if damage == "two columns for a field" {
		f := pick(m.Rand, []Field{Number, Class})
		m.fields, m.heading = append(m.fields, f), append(m.heading, spellings[f][len(spellings[f])-1])
		m.other = append(m.other, nil)
	}
	heading := make([]cell, len(m.heading))
	for i, h := range m.heading {
		heading[i] = cell{text: h}
	}
	var all []sheet
	var on *sheet
	victim := m.IntN(len(students))
	several := perClass && students[0].Class != students[len(students)-1].Class
	for i, s := range students {
		if on == nil || perClass && students[i-1].Class != s.Class {
			name := "Blad1"
			if perClass {
				name = strings.ReplaceAll(s.Class, "/", "-")
			}
			all = append(all, sheet{name: name})
			on = &all[len(all)-1]
			if title {
				on.rows = append(on.rows, []cell{{text: "Klassenlijst 2026-2027"}}, nil, pick(m.Rand, [][]cell{{{text: "Klas"}, {text: "1A"}, {text: "Mentor: Kok"}}, {{text: "Afgedrukt op 12-09-2026, door de administratie"}}, nil}))
			}
			on.rows = append(on.rows, heading)
		} else {
			if repeated && m.IntN(6) == 0 {
				on.rows = append(on.rows, nil, heading)
			}
			if blanks && m.IntN(4) == 0 {
				on.rows = append(on.rows, nil)
			}
		}
		if named {
			if name := on.name; name != s.Class { // 7/8 cannot be the name of a sheet
				s.Class, s.Year = name, max(s.Year, firstNumber(name))
			}
			if !several {
				m.list.sound = false // one sheet alone: its name is no class
			}
		}
		cells := make([]cell, len(m.fields))
		for c, f := range m.fields {
			if f == "" {
				cells[c] = cell{text: m.other[c](m.Rand, m.separator)}
				if !m.fits(cells[c].text) {
					cells[c].text = ""
				}
				continue
			}
			cells[c] = m.value(s, f)
		}
		if i == victim {
			m.damage(damage, cells, on, s)
		}
		on.rows = append(on.rows, cells)
		k := known{Student: s, row: len(on.rows)}
		if several {
			k.sheet = on.name
		}
		m.list.students = append(m.list.students, k)
		if i == victim && damage == "a row twice" {
			on.rows = append(on.rows, slices.Clone(cells))
		}
		if footer && (i == len(students)-1 || perClass && students[i+1].Class != s.Class) {
			on.rows = append(on.rows, pick(m.Rand, [][]cell{{{text: "Totaal: 28 leerlingen"}}, {{}, {text: "Aantal"}, {text: "28"}}, {{text: "Afgedrukt op"}, {text: "12-09-2026"}}, {{text: "Pagina 1 van 1"}}, {{text: "© Voorbeeld Schoolsoftware"}}}))
		}
	}
	if merged {
		for i := range all {
			m.merge(&all[i], class)
		}
	}
	return all
}

// damage makes one student's cells wrong.
func (m *maker) damage(how string, cells []cell, on *sheet, s enroll.Student) {
	name := slices.IndexFunc(m.fields, func(f Field) bool { return f == First || f == Full })
	switch how {
	case "a cell missing":
		f := pick(m.Rand, []Field{Number, First, Last, Class, Full})
		if i := slices.Index(m.fields, f); i >= 0 {
			cells[i] = cell{}
		} else {
			cells[name] = cell{}
		}
	case "a number shortened":
		cells[slices.Index(m.fields, Number)] = cell{text: pick(m.Rand, []string{"1,23E+05", "1.2E+09", "######"})}
	case "a number twice":
		on.rows = append(on.rows, slices.Clone(cells))
		on.rows[len(on.rows)-1][name] = cell{text: "Iemand, Anders"}
	case "a letter lost":
		cells[name].text = "?" + string([]rune(cells[name].text)[1:])
	case "a class became a date":
		if i := slices.Index(m.fields, Class); i >= 0 {
			cells[i] = cell{text: pick(m.Rand, []string{"3-apr", "3-apr-26", "03-04-2026", "4-mrt"})}
		}
	case "a cell too many":
		if m.text {
			cells[name].text += "\x00" + s.LastName // written as a separator
		}
	}
}

// merge merges the cells of a class with those below it that hold the same.
func (m *maker) merge(on *sheet, class int) {
	for r := 0; r < len(on.rows); r++ {
		if class >= len(on.rows[r]) || on.rows[r][class].text == "" || on.rows[r][class].text == m.heading[class] {
			continue
		}
		last := r
		for last+1 < len(on.rows) && class < len(on.rows[last+1]) && on.rows[last+1][class] == on.rows[r][class] {
			last++
			on.rows[last][class] = cell{}
		}
		if last > r {
			on.merged = append(on.merged, span{class, r + 1, last + 1})
		}
		r = last
	}
}
