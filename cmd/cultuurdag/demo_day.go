package main

import (
	"time"

	"cultuurdag/enroll"
	"cultuurdag/web"
)

// demoDay is when what happens in the demo.
type demoDay struct {
	open, close, publish time.Time
	date                 enroll.Date
}

// newDemoDay plans a culture day from the moment now: enrolment opens a day
// later and closes three days after that; the day is a week after opening, on a
// school day.
func newDemoDay(now time.Time) demoDay {
	today := enroll.DateOf(now)
	hour, minute := now.In(enroll.Amsterdam).Hour(), now.In(enroll.Amsterdam).Minute()
	date := today.AddDays(8)
	for weekday := date.At(12, 0).Weekday(); weekday == time.Saturday || weekday == time.Sunday; weekday = date.At(12, 0).Weekday() {
		date = date.AddDays(1)
	}
	return demoDay{
		open:    today.AddDays(1).At(hour, minute),
		close:   today.AddDays(4).At(16, 0),
		publish: today.AddDays(5).At(8, 0),
		date:    date,
	}
}

// moves are the buttons of the bar.
func (d demoDay) moves() []web.DemoMove {
	return []web.DemoMove{
		{Label: "page.demo.open", At: d.open},
		{Label: "page.demo.closed", At: d.close},
		{Label: "page.demo.published", At: d.publish},
		{Label: "page.demo.day", At: d.date.At(8, 15)},
		{Label: "page.demo.after", At: d.date.NextMidnight()},
	}
}

var (
	demoProvider = enroll.Provider{
		Name: "Kunst op Stap (demo)", Address: "Voorbeeldstraat 12, 3511 AB Utrecht", Email: "hallo@kunstopstap.example",
		Phone: "030 000 00 00", Officer: "privacy@kunstopstap.example", Role: "processor",
	}
	demoSchool = enroll.School{
		Name: "Lyceum De Springplank", BRIN: "00XX", Address: "Schoolplein 1", Postcode: "3512 AA", City: "Utrecht", CJPNumber: "000123",
	}
	demoOrganiser = enroll.Account{
		Role: enroll.Organiser, Name: "Roos Tuinstra", Email: "organisator@kunstopstap.example", Phone: "030 000 00 01",
	}
	demoContact = enroll.Account{
		Role: enroll.Contact, Name: "Wim Oosterhuis", Function: "cultuurcoördinator", Email: "contact@springplank.example", Phone: "030 000 00 02",
	}
)

const (
	demoLocation        = "Lyceum De Springplank en Theater Het Gordijn"
	demoLocationContact = "Conciërge, 030 000 00 03"
	demoNotes           = "Graffiti is buiten. Laden en lossen via het Schoolplein."
)

// demoWorkshops are the workshops of the demo; share is how its sessions
// compare in size.
var demoWorkshops = []struct {
	id, title, description, teacher, room string
	share                                 int
}{
	{"breakdance", "Breakdance", "Van toprock tot freeze: je leert een korte battle en laat zien wat je kunt.", "Rafael Kwint", "Gymzaal", 12},
	{"graffiti", "Graffiti", "Ontwerp je eigen tag en spuit hem groot op de muur. Trek oude kleren aan.", "Jiska Roodhart", "Binnenplaats", 10},
	{"podcast", "Podcast maken", "Bedenk een onderwerp, neem op en monteer. Je gaat naar huis met een eigen aflevering.", "Tobias Luister", "Lokaal 104", 8},
	{"theater", "Theatersport", "Improviseren op de vloer: snel denken, goed luisteren en vooral veel lachen.", "Marit Gordijn", "Aula", 14},
	{"drums", "Afrikaans drummen", "Samen een ritme opbouwen op de djembé. Ervaring is niet nodig.", "Kofi Slagwerk", "Muzieklokaal", 10},
	{"fotografie", "Fotografie", "Kijk anders naar je eigen school en maak een serie van drie beelden.", "Lena Sluiter", "Lokaal 112", 8},
	{"rap", "Rap en spoken word", "Schrijf je eigen tekst en draag hem voor op een beat.", "Quincy Rijmenam", "Lokaal 108", 9},
	{"striptekenen", "Striptekenen", "Bedenk een figuur en teken een verhaal in zes vakjes.", "Hanneke Inktpot", "Lokaal 201", 9},
	{"film", "Stopmotionfilm", "Beeld voor beeld breng je klei, papier of lego tot leven.", "Ruben Lichtbak", "Lokaal 203", 8},
	{"streetdance", "Streetdance", "Een complete choreografie in één ronde, van warming-up tot groepsdans.", "Shanti Passage", "Dansstudio", 12},
	{"mode", "Mode upcyclen", "Maak van een oud kledingstuk iets wat niemand anders heeft.", "Ottilie Spelden", "Textiellokaal", 7},
	{"dj", "Dj-workshop", "Twee draaitafels, een mixer en jouw muziek: leer de overgang maken.", "Boris Draaijer", "Theater, foyer", 8},
	{"keramiek", "Keramiek", "Met je handen in de klei: draai of bouw je eigen kom.", "Wies Oventuin", "Handvaardigheid", 7},
	{"circus", "Circustechnieken", "Jongleren, balanceren en samen een acrobatische figuur bouwen.", "Pepijn Koorddans", "Sporthal", 12},
}

// demoProgramme returns three rounds in which all workshops are given, with
// seats for 15% more than there are students.
func demoProgramme(date enroll.Date, students int) enroll.Programme {
	p := enroll.Programme{Rounds: []enroll.Round{
		{Start: date.At(9, 0), End: date.At(10, 30)},
		{Start: date.At(10, 50), End: date.At(12, 20)},
		{Start: date.At(13, 0), End: date.At(14, 30)},
	}}
	shares := 0
	for _, w := range demoWorkshops {
		shares += w.share
	}
	seats := max((students*115+99)/100, len(demoWorkshops))
	given, share := 0, 0
	for _, w := range demoWorkshops {
		// Rounding the running total keeps the sum exact.
		share += w.share
		capacity := max(1, seats*share/shares-given)
		given += capacity
		workshop := enroll.Workshop{ID: w.id, Title: w.title, Description: w.description, Teacher: w.teacher}
		for round := range p.Rounds {
			workshop.Sessions = append(workshop.Sessions, enroll.Session{Round: round + 1, Room: w.room, Capacity: capacity})
		}
		p.Workshops = append(p.Workshops, workshop)
	}
	return p
}
