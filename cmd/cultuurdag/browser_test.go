package main

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"slices"
	"strings"
	"testing"

	"cultuurdag/web/webtest"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestBrowser goes through the demo as people do, in a real browser with the
// screen of a phone.
func TestBrowser(t *testing.T) {
	browser := webtest.Chromium(t)
	for _, story := range []struct {
		name string
		tell func(*testing.T, context.Context)
	}{
		{"axe is awake", tellAxe},
		{"two students and the whole life of the day", tellStudents},
		{"choosing without scripts", tellWithoutScript},
		{"the link of a QR code", tellLink},
		{"what a page weighs, and its picture", tellBudget},
		{"a ranking, by touch and by keyboard", tellRanking},
		{"a ranking without scripts", tellRankingWithoutScript},
		{"a contact of the school", tellContact},
		{"an organiser", tellOrganiser},
	} {
		t.Run(story.name, func(t *testing.T) { story.tell(t, browser) })
	}
}

// tellAxe makes sure that silence of axe, and of the other checks, means something.
func tellAxe(t *testing.T, browser context.Context) {
	p := newPhone(t, browser, startDemo(t, 1))
	p.open("/")
	p.do("spoiling the page", chromedp.Evaluate[chromedp.Void](webtest.Axe), chromedp.Evaluate[chromedp.Void](`
		main.insertAdjacentHTML("beforeend", "<img src='/none.png'><p id=faint>faint</p><button id=small>small</button>");
		faint.style.cssText = "color: #999; background: #aaa"; small.style.cssText = "min-height: 30px; padding: 0; min-width: 500px"`))
	for _, scheme := range []string{"dark", "light"} {
		p.do(scheme, p.scheme(scheme))
		found := strings.Join(evaluate[[]string](p, violations), "\n")
		if !strings.Contains(found, "color-contrast") || scheme == "light" && !strings.Contains(found, "image-alt") {
			t.Errorf("%s: axe found only %q", scheme, found)
		}
	}
	if got := evaluate[[]string](p, small); !slices.Contains(got, "small") {
		t.Errorf("the small button was not found among %q", got)
	}
	if got := evaluate[string](p, wide); !strings.Contains(got, "button") {
		t.Errorf("the wide button was not found: %q", got)
	}
}

// With twenty students graffiti has one seat in a round, and breakdance two.
const fewStudents = 20

func tellStudents(t *testing.T, browser context.Context) {
	site := startDemo(t, fewStudents)
	anna, bram := newPhone(t, browser, site), newPhone(t, browser, site)

	// A code is forgiving, and what is wrong is said.
	anna.open("/")
	anna.examine("code")
	anna.signIn("")
	anna.seeIn("errors", "Typ de code die op je briefje staat")
	anna.signIn("0000-0000-0000")
	anna.seeIn("errors", "Deze code kennen we niet")
	if title := evaluate[string](anna, "document.title"); !strings.HasPrefix(title, "Fout:") {
		t.Errorf("the title of a page with a fault: %s", title)
	}
	if focus := evaluate[string](anna, "document.activeElement.id"); focus != "errors" {
		t.Errorf("the focus is on %q, not on what is wrong", focus)
	}
	anna.examine("code wrong")
	code := site.Students[0].Code
	anna.signIn(code[:4] + strings.ToLower(code[5:9]) + " " + code[10:])

	// Before opening there is the programme.
	anna.see("Hoi ", "Kiezen kan vanaf dinsdag 1 december 2026 om 08:00", "Dit is er te doen", "Theatersport", "Marit Gordijn")
	anna.examine("before")
	anna.follow(".language button")
	anna.see("Hi ", "You can choose from")
	anna.examine("before english")
	anna.follow(".language button")
	bram.signIn(site.Students[1].Code)
	bram.see("Kiezen kan vanaf")

	// It opens, for one by the bar, for the other by itself.
	anna.clock("Open")
	anna.see("Nog kiezen: ronde 1, 2 en 3")
	bram.see("Nog kiezen: ronde 1, 2 en 3")
	anna.seeIn(card("breakdance", 1), "nog 2 plekken")
	anna.examine("choose")

	// Seats change in the other's page, which is not loaded again.
	bram.do("marking", chromedp.Evaluate[chromedp.Void]("window.notLoadedAgain = true"))
	anna.choose(1, "breakdance")
	anna.seeIn(card("breakdance", 1), "Gekozen")
	if focus := evaluate[string](anna, "document.activeElement.id"); focus != card("breakdance", 1) {
		t.Errorf("after choosing the focus is on %q", focus)
	}
	bram.seeIn(card("breakdance", 1), "nog 1 plek")

	// Bram has his finger on the last seat of graffiti when Anna takes it.
	graffiti := "#" + card("graffiti", 1) + " button[name=workshop]"
	bram.do("looking at graffiti", chromedp.Focus(chromedp.CSS(graffiti)))
	anna.choose(1, "graffiti")
	bram.seeIn(card("graffiti", 1), "vol")
	bram.seeIn(card("breakdance", 1), "nog 2 plekken")
	bram.do("being told", chromedp.WaitReady(`//*[@role="status"][contains(., "Graffiti is nu vol.")]`))
	if !evaluate[bool](bram, "window.notLoadedAgain === true") {
		t.Error("the page was loaded again")
	}
	bram.follow(graffiti)
	bram.seeIn("trouble", "Net vol: Graffiti in ronde 1")
	if focus := evaluate[string](bram, "document.activeElement.id"); focus != "trouble" {
		t.Errorf("the focus is on %q, not on what went wrong", focus)
	}
	bram.examine("full")
	bram.follow("#trouble button") // the first thing that fits
	bram.seeIn(card("breakdance", 1), "Gekozen")
	bram.see("Nog kiezen: ronde 2 en 3")

	// What one has already cannot be had once more, not even from a page that
	// does not know it yet.
	stale := anna.newTab()
	anna.choose(1, "theater")
	stale.open("/student")
	anna.choose(2, "graffiti")
	anna.seeIn(card("graffiti", 2), "Gekozen")
	anna.unfold(3)
	anna.seeIn(card("graffiti", 3), "Doe je al in ronde 2")
	stale.choose(3, "graffiti")
	stale.seeIn("trouble", "Die doe je al")
	stale.examine("repeat")
	stale.close()

	// All rounds: done; loading again, going on and coming back change nothing.
	anna.choose(3, "dj")
	anna.see("Je bent klaar", "Theatersport", "Dj-workshop", "Wisselen kan tot vrijdag 4 december 2026 om 16:00")
	anna.examine("done")
	anna.leaving("loading again", chromedp.Reload())
	anna.see("Je bent klaar")
	anna.press("Mijn gegevens")
	anna.see("Dit is alles wat we over je bewaren", "240001", "Theatersport")
	anna.examine("data")
	anna.leaving("going back", chromedp.NavigateBack())
	anna.see("Je bent klaar", "Theatersport")
	anna.release(3, "dj")
	anna.see("Nog kiezen: ronde 3")
	anna.choose(3, "dj")
	anna.see("Je bent klaar")

	// Closed: nothing can be changed. The other's page tells so by itself.
	anna.clock("Gesloten")
	anna.see("De inschrijving is gesloten", "Dit koos je", "Theatersport", "Wisselen kan niet meer")
	anna.examine("closed")
	bram.see("De inschrijving is gesloten", "Breakdance", "Je krijgt een plek die over is")
	if !bram.missing("button[name=workshop]") {
		t.Error("there still is something to choose")
	}

	// Published: the day. Who did not choose everything was given a place.
	anna.clock("Gepubliceerd")
	anna.see("Mijn dag", "Theatersport", "Aula", "Marit Gordijn", "09:00–10:30", "Dj-workshop")
	anna.examine("schedule")
	bram.see("Mijn dag", "Breakdance", "Door de organisatie ingedeeld")
	bram.examine("schedule assigned")
	anna.clock("De dag zelf")
	anna.see("Mijn dag", "Theatersport")

	// The day after: gone, kindly, for whoever is there and for whoever comes.
	anna.clock("De dag erna")
	anna.see("Het doek is gevallen", "Alles wat we over je wisten is gewist")
	anna.examine("gone")
	bram.see("Het doek is gevallen")
	anna.signIn(site.Students[0].Code)
	anna.see("Het doek is gevallen", "Je code werkt niet meer")
	for _, cookie := range ask(anna, network.GetCookies, network.GetCookiesParams{}).Cookies {
		if cookie.Name == studentCookieName {
			t.Error("the browser still keeps the student's cookie")
		}
	}
}

// studentCookieName is the cookie of a student's session.
const studentCookieName = "student"

func tellWithoutScript(t *testing.T, browser context.Context) {
	site := startDemo(t, fewStudents)
	other := newPhone(t, browser, site)
	other.signIn(site.Students[0].Code)
	other.clock("Open")

	anna := newPhone(t, browser, site).withoutScript()
	anna.open("/k#" + site.Students[1].Code)
	anna.see("Typ de code die op je briefje staat") // the link of a QR code needs a script
	anna.signIn("nonsense")
	anna.seeIn("errors", "Deze code kennen we niet")
	anna.signIn(site.Students[1].Code)
	anna.see("Nog kiezen: ronde 1, 2 en 3")

	anna.choose(1, "theater")
	anna.see("Opgeslagen.", "Nog kiezen: ronde 2 en 3")
	anna.choose(1, "breakdance")
	anna.release(1, "breakdance")
	anna.see("Losgelaten.", "Nog kiezen: ronde 1, 2 en 3")

	// Her page does not know that the last seat went.
	site.student(2).choose(1, "graffiti")
	anna.choose(1, "graffiti")
	anna.seeIn("trouble", "Net vol: Graffiti in ronde 1")
	anna.follow("#trouble button")
	anna.see("Opgeslagen.")
	anna.choose(2, "theater")
	anna.choose(3, "dj")
	anna.see("Je bent klaar")
	anna.leaving("loading again", chromedp.Reload())
	anna.see("Je bent klaar")

	// Nor that it closed.
	other.clock("Gesloten")
	anna.choose(3, "keramiek")
	anna.seeIn("trouble", "Kiezen kan nu niet")
	anna.see("De inschrijving is gesloten", "Dj-workshop")
	anna.press("Uitloggen")
	anna.see("Typ de code die op je briefje staat")
}

func tellLink(t *testing.T, browser context.Context) {
	site := startDemo(t, fewStudents)
	anna := newPhone(t, browser, site)
	code := site.Students[0].Code

	anna.do("following the link", chromedp.Navigate(site.BaseURL+"/k#"+code))
	anna.see("Hoi ", "Kiezen kan vanaf")
	if at := anna.address(); at != "/student" {
		t.Errorf("the address bar shows %s", at)
	}
	for _, entry := range ask(anna, page.GetNavigationHistory, cdp.Empty{}).Entries {
		if strings.Contains(entry.URL, code) {
			t.Errorf("the code stands in the browser's history: %s", entry.URL)
		}
	}
	anna.mu.Lock()
	if len(anna.requests) < 3 {
		t.Errorf("%d requests were seen: those of the sign-in are not among them", len(anna.requests))
	}
	anna.mu.Unlock()
	// That no request had the code in its address is checked of every phone.

	wrong := newPhone(t, browser, site)
	wrong.do("following a damaged link", chromedp.Navigate(site.BaseURL+"/k#"+code[:10]+"0000"))
	wrong.seeIn("errors", "Deze code hoort bij Lyceum De Springplank")
	wrong.examine("link wrong")
}

func tellContact(t *testing.T, browser context.Context) {
	site := startDemo(t, fewStudents)
	wim := newPhone(t, browser, site)
	event := "/events/" + site.Event

	wim.staff(demoLogin{Email: site.Contact.Email, Password: "not this one"})
	wim.seeIn("errors", "Het e-mailadres of het wachtwoord is niet goed")
	wim.examine("staff sign-in wrong")
	wim.staff(site.Contact)
	wim.see("Agenda", "Cultuurdag 2026", "Lyceum De Springplank", "20 leerlingen")
	wim.examine("contact agenda")
	wim.press("Cultuurdag 2026")
	wim.see("Deel de inlogbriefjes uit", "in voorbereiding")
	wim.examine("contact event")
	wim.press("Klassenlijst")
	wim.wait("#hand-in:not([hidden])") // the page encrypts the list itself
	wim.examine("contact list")
	wim.press("Leerlingen")
	wim.see("240001", "240020")
	wim.examine("contact students")
	wim.typing("q", "240003")
	wim.press("Zoek")
	wim.see("1 leerling")
	wim.follow("tbody a")
	wim.see("240003", "Plekken")
	wim.examine("contact student")

	// What students choose is to be seen as it happens.
	wim.clock("Open")
	wim.press("Live")
	wim.see("0 van 20 leerlingen zijn klaar")
	anna := site.student(0)
	anna.choose(1, "theater")
	anna.choose(2, "graffiti")
	anna.choose(3, "dj")
	wim.see("1 van 20 leerlingen zijn klaar")
	wim.examine("contact live")

	// The lists come by themselves.
	wim.clock("Gesloten")
	wim.press("Lijsten")
	wim.see("Alles in één ZIP", "Roosters", "Aanwezigheid per workshop")
	wim.examine("contact lists")
	for file, kind := range map[string]string{
		"rosters.pdf": "application/pdf", "attendance.xlsx": "application/vnd.openxmlformats", "teachers.csv": "text/csv", "all.zip": "application/zip",
	} {
		if got := wim.download(event + "/overviews/" + file); !strings.HasPrefix(got, "200 "+kind) {
			t.Errorf("%s: %s", file, got)
		}
	}
	for _, path := range []string{"/purge-log", "/audit", "/schools", event + "/programme"} {
		if got := wim.download(path); !strings.HasPrefix(got, "403 ") {
			t.Errorf("%s is open to a contact: %s", path, got)
		}
	}

	wim.clock("De dag erna")
	wim.open(event)
	wim.see("Alles is gewist", "20 leerlingen")
	wim.examine("contact purged")
	if got := wim.download(event + "/purge/certificate.pdf"); !strings.HasPrefix(got, "200 application/pdf") {
		t.Errorf("the certificate: %s", got)
	}
	wim.open(event + "/students")
	wim.see("Er is niets meer over leerlingen te zien")
	wim.examine("contact gone")
}

func tellOrganiser(t *testing.T, browser context.Context) {
	site := startDemo(t, fewStudents)
	roos := newPhone(t, browser, site)
	event := "/events/" + site.Event

	roos.open(event) // not signed in yet
	roos.examine("staff sign-in")
	roos.staff(site.Organiser)
	roos.see("Agenda", "Nieuwe cultuurdag", "Cultuurdag 2026", "20 leerlingen", "gewist over 9 dagen")
	roos.examine("organiser agenda")
	for _, page := range []struct{ path, sees, name string }{
		{"/events/new", "Nieuwe cultuurdag", "organiser new event"},
		{"/schools", "Lyceum De Springplank", "organiser schools"},
		{"/account/password", "Nieuw wachtwoord", "staff password"},
		{event + "/change", "Locatie", "organiser change event"},
		{event + "/programme", "Rondes", "organiser programme"},
	} {
		roos.open(page.path)
		roos.see(page.sees)
		roos.examine(page.name)
	}
	if room := evaluate[string](roos, `document.querySelector("[name='workshops[0].sessions[0].room']").value`); room != "Gymzaal" {
		t.Errorf("the programme has breakdance in %q", room)
	}

	roos.clock("Open")
	site.student(0).choose(1, "graffiti")
	roos.open(event + "/progress")
	roos.see("1 van 1", "vol")
	roos.examine("organiser live")
	roos.clock("Gesloten")
	roos.press("Indeling")
	roos.see("Iedereen heeft een plek")
	roos.examine("organiser allocation")
	roos.press("Wissen")
	roos.see("Typ ter bevestiging de titel: Cultuurdag 2026")
	roos.typing("title", "iets anders")
	roos.press("Wis alles nu")
	roos.seeIn("errors", "Dit is niet de titel")
	roos.examine("organiser purge wrong")
	roos.clock("Gepubliceerd")

	roos.clock("De dag erna")
	roos.open("/purge-log")
	roos.see("Cultuurdag 2026", "De sleutel is vernietigd", "Nagezocht: er is niets meer", "Klaar", "Er is niets te wissen")
	roos.examine("organiser purge log")
	roos.open("/audit")
	roos.see("Logboek", "klassenlijst aangeleverd")
	roos.examine("organiser audit")
	roos.open("/events")
	roos.see("Geweest", "gewist op")
	roos.examine("organiser agenda after")
}

// tellBudget looks at the demo as the README shows it, half full.
func tellBudget(t *testing.T, browser context.Context) {
	site := startDemo(t, 240)
	anna := newPhone(t, browser, site)
	anna.signIn(site.Students[0].Code)
	anna.clock("Open")
	fill(site)
	anna.choose(1, "theater")
	anna.choose(2, "circus")

	anna.weigh("Nog kiezen: ronde 3")
	anna.wait(".seats.full")
	anna.wait(".seats.few")
	anna.examine("half full")
	anna.do("going up", chromedp.Evaluate[chromedp.Void]("document.activeElement.blur(); scrollTo(0, 0)"))

	picture := anna.shoot(390, 1240)
	config, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	if config.Width != 780 || config.Height != 2480 {
		t.Errorf("the picture is %d by %d", config.Width, config.Height)
	}
	if *screenshot != "" {
		anna.write(*screenshot, fewerColours(t, picture))
	}
}

// fill has a good half of the others choose, some workshops being dearer to
// them than others: in the third round graffiti, then what comes after it.
func fill(site *demoSite) {
	const others = 140
	for i := 1; i < others; i++ {
		st := site.student(i)
		for round := 1; round <= 3; round++ {
			liked := i * i * len(demoWorkshops) / (others * others)
			st.try(round, demoWorkshops[(liked+5*round)%len(demoWorkshops)].id)
		}
	}
}

// fewerColours returns the picture with the 256 colours that it has most of,
// which is a third of its size.
func fewerColours(t *testing.T, picture []byte) []byte {
	from, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	size := from.Bounds()
	count := map[color.Color]int{}
	for y := range size.Dy() {
		for x := range size.Dx() {
			count[from.At(x, y)]++
		}
	}
	palette := slices.SortedFunc(maps.Keys(count), func(a, b color.Color) int { return count[b] - count[a] })
	to := image.NewPaletted(size, palette[:min(256, len(palette))])
	draw.Draw(to, size, from, image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, to); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
