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

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestBrowser goes through the demo as people do, in a real browser with the
// screen of a phone.
func TestBrowser(t *testing.T) {
	browser := startBrowser(t)
	for _, story := range []struct {
		name string
		tell func(*testing.T, context.Context)
	}{
		{"two students and the whole life of the day", tellStudents},
		{"choosing without scripts", tellWithoutScript},
		{"the link of a QR code", tellLink},
		{"what a page weighs, and its picture", tellBudget},
	} {
		t.Run(story.name, func(t *testing.T) { story.tell(t, browser) })
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
	if len(anna.requests) < 3 {
		t.Errorf("%d requests were seen: those of the sign-in are not among them", len(anna.requests))
	}
	// That no request had the code in its address is checked of every phone.

	wrong := newPhone(t, browser, site)
	wrong.do("following a damaged link", chromedp.Navigate(site.BaseURL+"/k#"+code[:10]+"0000"))
	wrong.seeIn("errors", "Deze code hoort bij Lyceum De Springplank")
	wrong.examine("link wrong")
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

	anna.do("emptying the cache", command(network.ClearBrowserCache, cdp.Empty{}))
	anna.mu.Lock()
	anna.requests = nil
	anna.mu.Unlock()
	anna.open("/student")
	anna.see("Nog kiezen: ronde 3")
	anna.wait(".seats.full")
	anna.wait(".seats.few")

	budget := map[network.ResourceType]int{
		network.ResourceTypeDocument: 14 << 10, network.ResourceTypeStylesheet: 6 << 10, network.ResourceTypeScript: 4 << 10,
		network.ResourceTypeEventSource: 1 << 10,
	}
	anna.mu.Lock()
	if len(anna.requests) > 4 {
		t.Errorf("%d requests, where four are the budget", len(anna.requests))
	}
	for _, r := range anna.requests {
		t.Logf("%s: %d bytes", r.kind, r.size)
		most, known := budget[r.kind]
		if !known || r.size > most {
			t.Errorf("%s: %d bytes, where %d are the budget: %s", r.kind, r.size, most, r.url)
		}
	}
	anna.mu.Unlock()
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
