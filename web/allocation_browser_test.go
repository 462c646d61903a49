package web

import (
	"testing"

	"github.com/chromedp/chromedp"

	"cultuurdag/enroll"
)

// The page Indeling as an organiser sees it, light, dark, on a phone and on a
// laptop, from the first sum to a change that is taken.
func TestAllocationInABrowser(t *testing.T) {
	p := newPlanned(t, 40, 4) // not everybody fits
	p.account(t, "", "organisator@example.org")
	b := newTab(t, p.URL)
	b.open("/sign-in")
	b.do("typing", chromedp.SendKeys(chromedp.CSS("#email"), "organisator@example.org"), chromedp.SendKeys(chromedp.CSS("#password"), password))
	b.press("main form button")
	path := p.path("/events/EVENT/allocation")
	p.to(t, enroll.Closed)
	p.busy = true
	b.open(path)
	b.press(`form[action$="/proposals"]:not(.card) button`)
	b.see("Er wordt gerekend")
	b.examine("allocation-running")
	p.work(t)
	p.busy = false
	b.open(path)
	b.see("Wat helpt")
	b.examine("allocation-previews")
	if rows := evaluate[int64](b, `new Set([...document.querySelectorAll(".plans .card:has(.chart)")].map(c => c.getBoundingClientRect().top)).size`); rows != 1 {
		t.Errorf("at 1280 the three previews stand on %d rows", rows)
	}
	b.do("as narrow as can be", chromedp.EmulateViewport(320, 700))
	if wide := evaluate[int64](b, "document.documentElement.scrollWidth"); wide > 320 {
		t.Errorf("it is %d pixels wide on a screen of 320", wide)
	}
	b.do("on a laptop", chromedp.EmulateViewport(1280, 800))
	b.press(`form[action$="/apply"] button`)
	b.see("De verdeling is doorgevoerd")
	b.examine("allocation-applied")
	b.do("unfolding", chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll(".shortage details")) d.open = true`))
	b.examine("allocation-remedies")
	b.press(`.shortage form button`)
	b.see("Doorvoeren")
	b.examine("allocation-what-if")
	b.press(`.what-if form[action$="/apply"] button`)
	b.see("De verdeling is doorgevoerd")
	b.open(p.path("/events/EVENT/runs"))
	b.examine("allocation-runs")
	b.open(p.path("/events/EVENT/students/" + p.students[0].ID))
	b.do("unfolding", chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll(".place-more details")) d.open = true`))
	b.examine("allocation-student")
	b.press(`.place-more a`)
	b.do("choosing", chromedp.SetValue(chromedp.CSS("#workshop"), "w3"))
	b.press(`main form.search button`)
	b.examine("allocation-swap")
	for _, fault := range b.faults {
		t.Error(fault)
	}
}
