package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// ranking turns the demo's event, a draft still, into one of mode ranking.
func (s *demoSite) ranking(length int) {
	s.t.Helper()
	roos := &demoClient{s: s}
	roos.call(http.MethodPost, "/sign-in", s.Organiser, http.StatusNoContent)
	roos.call(http.MethodPatch, "/events/"+s.Event, map[string]any{"mode": "ranking", "rank_length": length}, http.StatusOK)
}

// lists waits until the student's list is this one; with scripts also until
// the server has it, whose page takes the place of what the script drew.
func (p *phone) lists(titles ...string) {
	p.t.Helper()
	path := fmt.Sprintf(`//ol[@class="wishes"][count(li)=%d]`, len(titles))
	for i, title := range titles {
		path += fmt.Sprintf(`[li[%d]/strong="%s"]`, i+1, title)
	}
	p.do("looking for the list "+strings.Join(titles, ", "), chromedp.WaitReady(path))
	if p.script {
		p.seeIn("saved", "Opgeslagen.")
	}
}

// tap touches what the CSS selector finds, as a finger does: not before the page
// has stopped taking a second touch for one of a double tap.
func (p *phone) tap(selector string) {
	p.t.Helper()
	evaluate[bool](p, "new Promise(done => setTimeout(() => done(true), 400))")
	p.do("touching "+selector, chromedp.Tap(chromedp.CSS(selector)))
}

// tabTo presses Tab until what the CSS selector finds has the focus, and looks
// whether one sees where it is.
func (p *phone) tabTo(selector string) {
	p.t.Helper()
	for range 90 {
		p.do("pressing Tab", chromedp.KeyEvent("\t"))
		if evaluate[bool](p, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			if hidden := evaluate[bool](p, `(() => { const b = document.activeElement.getBoundingClientRect();
				return !document.activeElement.contains(document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2)) })()`); hidden {
				p.t.Errorf("%s has the focus and cannot be seen", selector)
			}
			return
		}
	}
	p.t.Fatalf("Tab does not lead to %s", selector)
}

// take is the button that puts a workshop on the list.
func take(workshop string) string { return "#w-" + workshop + " .take" }

// until waits until the expression holds in the page.
func (p *phone) until(expression string) {
	p.t.Helper()
	p.do("waiting until "+expression, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingMutation()))
}

// top scrolls up: elsewhere the bar that stays in sight covers a bit of a button,
// which axe takes for one that is too small.
func (p *phone) top() {
	p.t.Helper()
	p.do("going up", chromedp.Evaluate[chromedp.Void]("scrollTo(0, 0)"))
}

// hasFocus checks what has the focus, by its id.
func (p *phone) hasFocus(id string) {
	p.t.Helper()
	if got := evaluate[string](p, "document.activeElement.id"); got != id {
		p.t.Errorf("the focus is on %q, not on %q", got, id)
	}
}

func tellRanking(t *testing.T, browser context.Context) {
	site := startDemo(t, fewStudents)
	site.ranking(3)
	anna := newPhone(t, browser, site)
	anna.signIn(site.Students[0].Code)
	anna.see("Kiezen kan vanaf", "op volgorde zetten")
	anna.clock("Open")
	anna.see("Kies 3 workshops", "Nog 3 te kiezen.", "Nog leeg")
	anna.examine("rank empty")

	// By touch, in any order; a double tap does no harm.
	anna.do("marking", chromedp.Evaluate[chromedp.Void]("window.notLoadedAgain = true"))
	anna.tap(take("graffiti"))
	anna.lists("Graffiti")
	anna.hasFocus("w-graffiti")
	anna.do("touching twice", chromedp.DoubleClick(chromedp.CSS(take("dj"))))
	anna.lists("Graffiti", "Dj-workshop")
	anna.see("Nog 1 te kiezen.", "Blijft het zo")
	anna.seeIn("w-dj", "Je 2e keus")
	anna.top()
	anna.examine("rank partly")
	anna.tap(take("theater"))
	anna.lists("Graffiti", "Dj-workshop", "Theatersport")
	anna.see("Je lijst is klaar", "Je lijst is vol")
	if evaluate[bool](anna, fmt.Sprintf("document.querySelector(%q).checkVisibility()", take("circus"))) {
		t.Error("there still is something to choose for a list that is full")
	}
	anna.top()
	anna.examine("rank done")
	at := evaluate[[]float64](anna, `(() => { document.getElementById("up-theater").scrollIntoView({block: "center"});
		const b = document.getElementById("up-theater").getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2] })()`)
	anna.do("touching twice", chromedp.TapXY(at[0], at[1]), chromedp.TapXY(at[0], at[1]))
	anna.lists("Graffiti", "Theatersport", "Dj-workshop")
	anna.tap("#down-graffiti")
	anna.lists("Theatersport", "Graffiti", "Dj-workshop")
	anna.tap("#w-graffiti .act .quiet")
	anna.lists("Theatersport", "Dj-workshop")
	if !evaluate[bool](anna, "window.notLoadedAgain === true") {
		t.Error("the page was loaded again")
	}
	anna.leaving("loading again", chromedp.Reload())
	anna.see("Nog 1 te kiezen.", "1. Theatersport 2. Dj-workshop")

	// What is chosen without a connection is kept, and saved when it comes back.
	offline := func(off bool) {
		anna.do("the connection",
			command(network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
				MatchedNetworkConditions: []*network.Conditions{{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}},
			}),
			command(network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}))
	}
	offline(true)
	anna.tap(take("circus"))
	anna.tap("#up-circus")
	anna.seeIn("connection", "Geen verbinding. Je kunt verder kiezen")
	anna.see("1. Theatersport 2. Circustechnieken 3. Dj-workshop")
	offline(false)
	anna.lists("Theatersport", "Circustechnieken", "Dj-workshop")
	anna.see("Je lijst is klaar")
	anna.until(`document.getElementById("connection") === null`)

	// By keyboard alone: the focus stays with the workshop.
	anna.weigh("Je lijst is klaar")
	anna.tabTo("#up-dj")
	anna.do("up, up, and once more", chromedp.KeyEvent("\r"), chromedp.KeyEvent("\r"), chromedp.KeyEvent("\r"))
	anna.do("being told", chromedp.WaitReady(`//*[@role="status"][contains(., "Dj-workshop: Je 1e keus")]`))
	anna.lists("Dj-workshop", "Theatersport", "Circustechnieken")
	anna.hasFocus("up-dj")
	anna.tabTo("#off-theater")
	anna.do("off", chromedp.KeyEvent("\r"))
	anna.lists("Dj-workshop", "Circustechnieken")
	anna.hasFocus("off-circus")
	stale := anna.newTab()
	stale.open("/student")
	anna.tabTo(take("keramiek"))
	anna.do("taking", chromedp.KeyEvent("\r"))
	anna.lists("Dj-workshop", "Circustechnieken", "Keramiek")

	// A page that does not know it yet is told.
	stale.tap(take("graffiti"))
	stale.seeIn("trouble", "Je lijst is vol")
	stale.hasFocus("trouble")
	stale.see("1. Dj-workshop 2. Circustechnieken 3. Keramiek")
	stale.examine("rank full")
	stale.close()
	examineRankingAsStaff(t, browser, site)

	anna.clock("Gesloten")
	anna.see("De inschrijving is gesloten", "Dit was jouw lijst", "Dj-workshop", "Keramiek")
	anna.examine("rank closed")
	anna.press("Mijn gegevens")
	anna.see("Jouw lijst", "1. Dj-workshop", "3. Keramiek")
	anna.clock("Gepubliceerd")
	anna.open("/student")
	anna.see("Mijn dag", "Dj-workshop", "Je 1e keus", "Je 3e keus")
	anna.examine("rank day")
}

// examineRankingAsStaff looks at what staff see of an event of mode ranking.
func examineRankingAsStaff(t *testing.T, browser context.Context, site *demoSite) {
	t.Helper()
	roos := newPhone(t, browser, site)
	roos.staff(site.Organiser)
	for _, page := range []struct{ path, says string }{
		{"/progress", "Wensen"}, {"/students", "3 van 3"}, {"/unfinished", "Wie nog moet kiezen"}, {"/change", "Locatie"},
	} {
		roos.open("/events/" + site.Event + page.path)
		roos.see(page.says)
		roos.examine("rank staff " + page.path[1:])
	}
	roos.open("/events/new")
	roos.see("Hoe kiezen leerlingen?")
	roos.examine("rank staff new")
	roos.open("/events/" + site.Event + "/students")
	roos.leaving("opening the student who ranked", chromedp.Click(`//tr[contains(., "3 van 3")]/th/a`))
	roos.see("Wensen", "Keramiek")
	roos.examine("rank staff student")
}

func tellRankingWithoutScript(t *testing.T, browser context.Context) {
	site := startDemo(t, fewStudents)
	site.ranking(3)
	other := newPhone(t, browser, site)
	other.signIn(site.Students[0].Code)
	other.clock("Open")

	anna := newPhone(t, browser, site).withoutScript()
	anna.signIn(site.Students[1].Code)
	anna.see("Nog 3 te kiezen.")
	anna.follow(take("graffiti"))
	anna.see("Opgeslagen.")
	anna.lists("Graffiti")
	if at := anna.address(); at != "/student#w-graffiti" {
		t.Errorf("after choosing one is at %s", at)
	}
	anna.follow(take("dj"))
	anna.follow(take("theater"))
	anna.lists("Graffiti", "Dj-workshop", "Theatersport")
	anna.see("Je lijst is klaar")
	anna.follow("#up-theater")
	anna.lists("Graffiti", "Theatersport", "Dj-workshop")
	anna.follow("#down-graffiti")
	anna.lists("Theatersport", "Graffiti", "Dj-workshop")
	anna.follow("#up-theater") // is on top
	anna.follow("#down-dj")    // is at the bottom
	anna.lists("Theatersport", "Graffiti", "Dj-workshop")
	anna.follow("#off-graffiti")
	anna.follow("#w-dj .act .quiet")
	anna.lists("Theatersport")
	anna.leaving("loading again", chromedp.Reload())
	anna.lists("Theatersport")
	anna.leaving("going back", chromedp.NavigateBack())
	anna.see("Theatersport")

	// By keyboard as well.
	anna.open("/student")
	anna.tabTo(take("circus"))
	anna.leaving("taking", chromedp.KeyEvent("\r"))
	anna.lists("Theatersport", "Circustechnieken")

	// The page does not know that it closed.
	other.clock("Gesloten")
	anna.follow(take("keramiek"))
	anna.seeIn("trouble", "Kiezen kan nu niet")
	anna.see("De inschrijving is gesloten", "Dit was jouw lijst", "Circustechnieken")
}
