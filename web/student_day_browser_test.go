package web

import (
	"testing"

	"github.com/chromedp/chromedp"

	"cultuurdag/enroll"
)

// A day that has changed, as a phone shows it.
func TestChangedDayInABrowser(t *testing.T) {
	s := newSite(t)
	s.set(t, func(e *enroll.Event) {
		e.Directions = "Ingang aan de Kade 12. Je fiets kan in de stalling achter het gebouw.\n" +
			"Lokaal 1: kelder, volg de groene pijlen\nLokaal 2: trap op, tweede deur links"
	})
	s.publish(t)
	s.browser(t).signIn(0).get("/student")
	for round, workshop := range map[int]string{1: "w1", 3: "w3"} {
		if err := s.Store.Place(t.Context(), s.event.ID, s.students[0].ID, round, workshop); err != nil {
			t.Fatal(err)
		}
	}
	s.set(t, func(e *enroll.Event) { e.Cancelled = []enroll.SessionKey{{Workshop: "w2", Round: 2}} })

	b := newTab(t, s.URL)
	b.open("/")
	b.do("typing the code", chromedp.SendKeys(chromedp.CSS("#code"), s.codes[s.students[0].ID].String()))
	b.press(`form[action="/student/sign-in"] button`)
	b.see("Je dag is gewijzigd", "kelder, volg de groene pijlen", "Eerst: Workshop 0, Lokaal 0", "Nu: gaat niet door")
	b.examine("day-changed")
	b.press(`form[action="/student/schedule/seen"] button`)
	b.see("kelder, volg de groene pijlen")
	if evaluate[bool](b, `/gewijzigd|trap op/i.test(document.body.innerText)`) {
		t.Error("still marked as changed, or a way to what is cancelled")
	}
	b.examine("day-seen")
}
