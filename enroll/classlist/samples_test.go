package classlist

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Lists as schools hand them in are read whole, without a problem.
func TestSamplesAreReadWhole(t *testing.T) {
	for _, c := range []struct {
		name     string
		students int
		some     map[int]enroll.Student // by their place in the list
	}{
		{"magister.csv", 96, map[int]enroll.Student{
			0:  {Number: "120001", FirstName: "Noah", Infix: "de", LastName: "Boer", Class: "1A", Year: 1},
			3:  {Number: "120004", FirstName: "Yusuf", Infix: "van ’t", LastName: "Hof", Class: "1A", Year: 1},
			94: {Number: "120095", FirstName: "Iris", LastName: "D’Angelo", Class: "4V1", Year: 4},
		}},
		{"excel-nl.csv", 73, map[int]enroll.Student{ // Windows-1252, a title above and blank rows
			0:  {Number: "120001", FirstName: "Zoë", Infix: "van", LastName: "Dijk", Class: "1A", Year: 1},
			3:  {Number: "120004", FirstName: "Isa", LastName: "D’Angelo", Class: "1A", Year: 1},
			72: {Number: "120080", FirstName: "Lucas", LastName: "Kok", Class: "4V1", Year: 4},
		}},
		{"groot.csv", 1200, map[int]enroll.Student{
			0:    {Number: "120001", FirstName: "Zoë", LastName: "Nguyễn", Class: "1A", Year: 1},
			1198: {Number: "121199", FirstName: "Maud", LastName: "El Idrissi", Class: "6H", Year: 6},
		}},
		{"klassen.xlsx", 120, map[int]enroll.Student{
			0:   {Number: "120001", FirstName: "Lucas", Infix: "van", LastName: "Leeuwen", Class: "1A", Year: 1},
			119: {Number: "120120", FirstName: "Ruben", LastName: "Nguyễn", Class: "4V1", Year: 4},
		}},
		{"parnassys.xlsx", 60, map[int]enroll.Student{ // a title above; birth date and BSN are dropped
			0:  {Number: "120001", FirstName: "Isa", Infix: "van", LastName: "Leeuwen", Class: "1A", Year: 1},
			59: {Number: "120060", FirstName: "Daan", Infix: "de", LastName: "Vries", Class: "4V1", Year: 4},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := Read(c.name, sample(t, c.name))
			if len(l.Problems) != 0 {
				t.Errorf("problems: %v", told(l))
			}
			if len(l.Students) != c.students {
				t.Fatalf("%d students, want %d", len(l.Students), c.students)
			}
			for i, want := range c.some {
				if l.Students[i] != want {
					t.Errorf("student %d is %+v, want %+v", i, l.Students[i], want)
				}
			}
		})
	}
}

func TestSampleWithErrorsTellsThemAllAtOnce(t *testing.T) {
	l := Read("fouten.csv", sample(t, "fouten.csv"))
	if !l.Fatal() || len(l.Students) != 0 {
		t.Errorf("fatal is %v with %d students", l.Fatal(), len(l.Students))
	}
	want := []string{
		"Rij 5: leerlingnummer 120003 staat ook in rij 4.",
		"Rij 7, kolom Klas: klas ontbreekt.",
		"Rij 9, kolom Leerlingnummer: ‘1,23E+05’ is geen leerlingnummer. Excel heeft het getal afgekort; zet de kolom op Tekst.",
		"Rij 11, kolom Roepnaam: roepnaam ontbreekt.",
	}
	if got := told(l); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// told returns the problems as the person reads them.
func told(l List) []string {
	var messages []string
	for _, p := range l.Problems {
		messages = append(messages, Message(locale.Dutch, p))
	}
	return messages
}
