package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cultuurdag/web/webtest"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// The contact's lists in a real browser: on the screen, on paper, and what
// changed since they were printed.
func TestListsInTheBrowser(t *testing.T) {
	site := startDemo(t, 60)
	wim := newPhone(t, webtest.Chromium(t), site)
	wim.staff(site.Contact)
	path := "/events/" + site.Event + "/overviews"
	wim.open(path)
	wim.see("De lijsten komen na het sluiten")
	wim.clock("Gesloten")
	wim.open(path)
	wim.see("Alles in één ZIP", "Nog niet afgedrukt.", "Zodra u een PDF of de ZIP ophaalt")
	wim.examine("lists ready")
	wim.both("lists ready")
	wim.download(path + "/all.zip")
	wim.open(path)
	wim.see("Niets gewijzigd sinds")

	wim.open(path + "/attendance")
	wim.see("Presentielijst", "Breakdance")
	wim.examine("lists attendance")
	wim.both("lists attendance")
	wim.paper("attendance", "Leerling", "Vernietig deze lijst na")
	for _, name := range []string{"rosters", "teachers", "class-attendance", "student-rosters"} {
		wim.open(path + "/" + name)
		wim.examine("lists " + name)
		if *screenshots == "" {
			continue // they are made of the same parts
		}
		wim.paper(name, "Vernietig deze lijst na")
		wim.both("lists " + name)
	}

	// Somebody moves, to where there is room.
	moved := evaluate[string](wim, fmt.Sprintf(`(async () => {
		const json = {headers: {Accept: "application/json", "Content-Type": "application/json"}}
		const get = async (path) => (await fetch("/events/%[1]s" + path, json)).json()
		const taken = async (workshop) => (await get("/progress")).sessions.find(s => s.round === 1 && s.workshop === workshop).taken
		const {students} = await get("/students?class=1A")
		for (const {workshop, taken: before} of (await get("/progress")).sessions.filter(s => s.round === 1 && s.taken < s.capacity)) {
			for (const {id, last_name} of students) {
				const r = await fetch("/events/%[1]s/students/" + id + "/choices/1", {...json, method: "PUT", body: JSON.stringify({workshop})})
				if (r.ok && await taken(workshop) > before) return last_name
			}
		}
		return ""
	})()`, site.Event))
	if moved == "" {
		t.Fatal("nobody could be moved")
	}
	wim.open(path)
	wim.see("op papier kloppen niet meer")
	wim.both("lists changed since")
	wim.follow(fmt.Sprintf(`a[href="%s/changed"]`, path))
	wim.see("Vervang op papier alleen deze bladen", moved)
	wim.examine("lists changed")
	wim.both("lists changed")
	for range 100 { // until they are made again
		if !wim.missing("form.mark") {
			break
		}
		wim.leaving("looking again", chromedp.Reload())
	}
	wim.see("Ik heb deze bladen afgedrukt")
	wim.paper("changed", moved)

	wim.clock("De dag erna")
	wim.open(path)
	wim.both("lists gone")
}

// both takes pictures on a phone and on a large screen.
func (p *phone) both(name string) {
	p.t.Helper()
	p.picture(name + "-390")
	p.do("a large screen", p.size(1280))
	p.picture(name + "-1280")
	p.do("the phone", p.size(390))
}

// paper prints the page and looks for texts on each sheet of paper.
func (p *phone) paper(name string, texts ...string) {
	p.t.Helper()
	pdf := ask(p, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: new(true)}).Data
	if *screenshots != "" {
		p.write(filepath.Join(*screenshots, "paper-"+name+".pdf"), pdf)
	}
	cmd := exec.Command("pdftotext", "-raw", "-", "-")
	cmd.Stdin = strings.NewReader(string(pdf))
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("pdftotext, of poppler-utils: %v", err)
	}
	all := strings.Split(strings.TrimSuffix(string(out), "\f"), "\f")
	sheets := evaluate[int](p, `document.querySelectorAll(".sheet").length`)
	if len(all) < sheets {
		p.t.Errorf("%s: %d sheets on %d pages", name, sheets, len(all))
	}
	for _, text := range texts {
		if n := strings.Count(string(out), text); n < sheets {
			p.t.Errorf("%s: %q stands on %d of %d sheets", name, text, n, sheets)
		}
	}
	for _, never := range []string{"Spring naar", "Ik heb deze lijst afgedrukt", "Ik heb deze bladen afgedrukt", "Print deze pagina", "Uitloggen"} {
		if strings.Contains(string(out), never) {
			p.t.Errorf("%s: %q is on paper", name, never)
		}
	}
}
