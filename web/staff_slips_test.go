package web

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cultuurdag/enroll"
)

// rows reads a CSV as it is downloaded.
func (r reply) rows(t *testing.T) [][]string {
	t.Helper()
	if r.status != http.StatusOK || !strings.HasPrefix(r.header.Get("Content-Type"), "text/csv") {
		t.Fatalf("%d %s", r.status, r.body)
	}
	read := csv.NewReader(strings.NewReader(strings.TrimPrefix(r.body, "\uFEFF")))
	read.Comma = ';'
	rows, err := read.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// scanned is what a reader of QR codes that is not ours sees on the first page
// of a PDF.
func scanned(t *testing.T, pdf string) []string {
	t.Helper()
	page := filepath.Join(t.TempDir(), "page")
	draw := exec.Command("pdftoppm", "-r", "200", "-f", "1", "-l", "1", "-png", "-singlefile", "-", page)
	draw.Stdin = strings.NewReader(pdf)
	if out, err := draw.CombinedOutput(); err != nil {
		t.Fatalf("pdftoppm of poppler-utils: %v %s", err, out)
	}
	var out bytes.Buffer
	scan := exec.Command("zbarimg", "-q", "--raw", page+".png")
	scan.Stdout = &out
	if err := scan.Run(); err != nil {
		t.Fatalf("zbarimg of zbar-tools: %v", err)
	}
	return strings.Fields(out.String())
}

// The slip of one student has the code that works: in letters and as QR code.
func TestTheSlipOfANewCode(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	one := s.students[2]
	var given struct{ Code string }
	v.json("POST", s.path("/events/EVENT/students/")+one.ID+"/code", nil).decode(t, &given)
	r := v.get(s.path("/events/EVENT/slips.pdf?student=") + one.ID)
	if r.status != http.StatusOK || r.header.Get("Content-Type") != "application/pdf" {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if got, want := scanned(t, r.body), []string{"http://cultuurdag.example/k#" + given.Code}; !slices.Equal(got, want) {
		t.Errorf("a phone reads %v, want %v", got, want)
	}
	if name := r.header.Get("Content-Disposition"); !strings.HasSuffix(name, "-slip.pdf") || strings.Contains(name, one.ID) {
		t.Errorf("the file is called %s", name)
	}
	rows := v.get(s.path("/events/EVENT/slips.csv?student=") + one.ID).rows(t)
	if len(rows) != 1 || rows[0][1] != one.Number || rows[0][5] != given.Code {
		t.Errorf("as CSV: %v", rows)
	}
	for _, path := range []string{"slips.pdf?student=niemand", "slips.pdf?class=9Z&changed=1", "slips.csv?class=9Z&student=" + one.ID} {
		if r := v.get(s.path("/events/EVENT/") + path); r.status != http.StatusNotFound || r.problem(t) != "not_found" {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}

// After the slips were handed out, only those of new students and new codes are
// wanted.
func TestSlipsThatAreNew(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	page := s.browser(t).as("contact@example.org")
	slips := s.path("/events/EVENT/slips")
	numbers := func(query string) string {
		t.Helper()
		var list []string
		for _, row := range v.get(slips + ".csv" + query).rows(t) {
			list = append(list, row[1])
		}
		slices.Sort(list)
		return strings.Join(list, " ")
	}
	nothing := func(query string) {
		t.Helper()
		if r := v.get(slips + ".pdf" + query); r.status != http.StatusConflict || r.problem(t) != "no_changed_slips" {
			t.Errorf("%s: %d %s", query, r.status, r.body)
		}
	}
	// All are new at first, and nobody is told of "only the new ones".
	page.get(s.path("/events/EVENT/students")).lacks(t, "changed=1")
	if r := v.get(slips + ".pdf?student=" + s.students[0].ID); r.status != http.StatusOK {
		t.Fatalf("%d", r.status)
	}
	page.get(s.path("/events/EVENT/students")).has(t, "slips.pdf?changed=1", "Alleen de nieuwe briefjes (5)")
	if got := numbers("?changed=1"); strings.Contains(got, s.students[0].Number) || len(strings.Fields(got)) != 5 {
		t.Errorf("new but for one: %s", got)
	}
	nothing("?changed=1")
	page.get(slips+".pdf?changed=true").has(t, "Er zijn geen nieuwe briefjes")

	if r := v.json("POST", s.path("/events/EVENT/students"), map[string]string{"number": "990001", "first_name": "Noor", "last_name": "Hof", "class": "2B"}); r.status != http.StatusCreated {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if r := v.json("POST", s.path("/events/EVENT/students/")+s.students[3].ID+"/code", nil); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	// A corrected name changes no code.
	if r := v.json("PATCH", s.path("/events/EVENT/students/")+s.students[4].ID, map[string]string{"infix": "de"}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	page.get(s.path("/events/EVENT/students?class=2B")).lacks(t, "changed=1") // all of 2B is new
	if got := numbers("?changed=1&class=2B"); got != "990001" {
		t.Errorf("new in 2B: %s", got)
	}
	page.get(s.path("/events/EVENT/students?class=1A")).has(t, "slips.pdf?changed=1&amp;class=1A", "Alleen het nieuwe briefje (1)")
	nothing("?changed=1&class=2B")
	if r := v.get(slips + ".pdf?changed=1"); r.status != http.StatusOK || len(scanned(t, r.body)) != 1 {
		t.Errorf("the other new one: %d", r.status)
	}
	nothing("?changed=1")
	if got := len(strings.Fields(numbers(""))); got != 7 {
		t.Errorf("all of them: %d", got)
	}
}

// A name that a spreadsheet would run is text.
func TestNamesInCSVAreNoFormulas(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	st := enroll.Student{Number: "+31", FirstName: "=HYPERLINK(\"x\")", LastName: "@SUM(1)", Class: "-1A"}
	if _, err := s.Store.AddStudent(t.Context(), s.event.ID, st); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"slips.csv?class=-1A":      "'-1A|'+31|'=HYPERLINK(\"x\")||'@SUM(1)",
		"unfinished.csv?class=-1A": "'-1A|'=HYPERLINK(\"x\")||'@SUM(1)|1, 2, 3",
	} {
		rows := v.get(s.path("/events/EVENT/") + path).rows(t)
		if len(rows) != 1 || !strings.HasPrefix(strings.Join(rows[0], "|"), want) {
			t.Errorf("%s: %v, want %s", path, rows, want)
		}
	}
}
