package overview

import (
	"fmt"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// Invented names that are hard to set: every accent that Dutch schools meet.
var hardNames = []enroll.Student{
	{FirstName: "Łukasz", LastName: "Wójcik"},
	{FirstName: "Şeyma", LastName: "Çağlayan"},
	{FirstName: "Thị Hồng", LastName: "Nguyễn"},
	{FirstName: "Minh", LastName: "Đặng"},
	{FirstName: "Zoë", Infix: "van ’t", LastName: "Hooft"},
	{FirstName: "Renée-Anaïs", Infix: "van den", LastName: "IJsselmuiden"},
	{FirstName: "İbrahim", LastName: "Işık"},
	{FirstName: "Dvořák", LastName: "Žižka"},
	{FirstName: "Maximiliaan-Alexander Theodorus", Infix: "van der", LastName: "Schimmelpenninck-Oyehof"},
}

var (
	firsts = []string{"Anna", "Bram", "Chaima", "Daan", "Esra", "Finn", "Guusje", "Hamza", "Iris", "Jens", "Kyra", "Levi", "Mees", "Noor", "Otis"}
	lasts  = []string{"Bakker", "Dekker", "El Idrissi", "Faber", "Groen", "Hoekstra", "Jansen", "Kuipers", "Leeuwen", "Mulder", "Öztürk", "Peters", "Visser"}
)

// testDay is a day of that many students in classes of 28, and workshops with
// room for about 25 in each of the rounds. Every student has a place in every
// round; the first students have the hard names.
func testDay(students, rounds int) Input {
	date := enroll.Date{Year: 2026, Month: time.December, Day: 4}
	in := Input{
		Provider: enroll.Provider{Name: "Stichting Kunst in Zicht", Address: "Kade 1, 1011 AB Waterstad", Email: "hallo@kunstinzicht.example", Phone: "020 555 01 00"},
		School:   enroll.School{ID: "s1", Name: "Het Waterland College", BRIN: "12AB", City: "Waterstad"},
		Event: enroll.Event{ID: "e1", Title: "Cultuurdag leerjaar 3", Date: date, LastDate: date, Location: "Gebouw De Werf, Waterstad",
			OpenAt: date.AddDays(-14).At(9, 0), CloseAt: date.AddDays(-4).At(17, 0)},
		Choices: map[string]enroll.Choices{},
		MadeAt:  date.AddDays(-2).At(14, 5),
		Locale:  locale.Dutch,
	}
	for r := range rounds {
		in.Programme.Rounds = append(in.Programme.Rounds, enroll.Round{Start: date.At(9+r, 30*(r%2)), End: date.At(9+r, 30*(r%2)+55)})
	}
	titles := []string{"Breakdance", "Graffiti en street art", "Djembé", "Theatersport", "Zeefdrukken: maak je eigen poster", "Beatboxen", "Rap en spoken word", "Stop-motionfilm"}
	teachers := []string{"Sam de Boer", "Naima Yıldız", "Kees ’t Hart", "Fleur Öberg"}
	workshops := max(2, (students+24)/25)
	for i := range workshops {
		w := enroll.Workshop{ID: fmt.Sprintf("w%d", i+1), Title: titles[i%len(titles)], Teacher: teachers[i%len(teachers)]}
		if i >= len(titles) {
			w.Title += fmt.Sprintf(" %d", i/len(titles)+1)
		}
		if i >= len(teachers) {
			w.Teacher += fmt.Sprintf(" %d", i/len(teachers)+1)
		}
		for r := range rounds {
			w.Sessions = append(w.Sessions, enroll.Session{Round: r + 1, Room: fmt.Sprintf("Lokaal %d.%02d", r, i+1), Capacity: 28, Minimum: 5})
		}
		in.Programme.Workshops = append(in.Programme.Workshops, w)
	}
	for i := range students {
		s := enroll.Student{FirstName: firsts[i%len(firsts)], LastName: lasts[i/len(firsts)%len(lasts)]}
		if i >= len(firsts)*len(lasts) {
			s.LastName += fmt.Sprintf(" %d", i)
		}
		if i < len(hardNames) {
			s = hardNames[i]
		}
		s.ID, s.Number = fmt.Sprintf("id%d", i), fmt.Sprint(100001+i)
		s.Class = fmt.Sprintf("3%c", 'A'+i/28%26)
		if i >= 28*26 {
			s.Class = fmt.Sprintf("%d%c", 4+i/28/26, 'A'+i/28%26)
		}
		in.Students = append(in.Students, s)
		in.Choices[s.ID] = enroll.Choices{}
		for r := range rounds {
			w := in.Programme.Workshops[(i+r*7)%workshops]
			in.Choices[s.ID][r+1] = enroll.Choice{Workshop: w.ID, By: enroll.Chosen}
		}
	}
	return in
}
