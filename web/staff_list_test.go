package web

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"filippo.io/age/armor"
)

const goodList = "Leerlingnummer;Roepnaam;Tussenvoegsel;Achternaam;Klas\n999001;Zebedeus;van der;Uniekeman;2B\n999002;Şaziye;;Łysak;2C\n"

const faultyList = "Leerlingnummer;Roepnaam;Tussenvoegsel;Achternaam;Klas\n999001;Zebedeus;;Uniekeman;2B\n999001;Anders;;Iemand;2B\n;Zonder;;Nummer;2B\n999004;;;Voornaamloos;2B\n999005;Klas;;Loos;\n"

func TestClassList(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	numbers := func() int {
		t.Helper()
		students, err := s.Store.Students(t.Context(), s.event.ID)
		if err != nil {
			t.Fatal(err)
		}
		return len(students)
	}
	type result struct {
		Students, Added, Changed, Unchanged, Missing, Removed int
		Problems                                              []listProblem
	}
	hand := func(query string, body []byte) result {
		t.Helper()
		r := v.upload(query, body)
		if r.status != http.StatusOK {
			t.Fatalf("%d %s", r.status, r.body)
		}
		var got result
		r.decode(t, &got)
		return got
	}
	list := s.encrypted(t, goodList)

	if got := hand("?dry_run=true", list); got.Added != 2 || got.Missing != 6 || numbers() != 6 {
		t.Fatalf("dry run: %+v, and there are %d", got, numbers())
	}
	if got := hand("", list); got.Students != 2 || got.Added != 2 || got.Missing != 6 || numbers() != 8 {
		t.Fatalf("%+v, and there are %d", got, numbers())
	} else if n := len(got.Problems); n != 1 || got.Problems[0].Code != "missing" || got.Problems[0].Message == "" {
		t.Fatalf("problems: %+v", got.Problems)
	}
	if got := hand("", list); got.Added != 0 || got.Unchanged != 2 {
		t.Fatalf("twice: %+v", got)
	}
	var armored bytes.Buffer
	w := armor.NewWriter(&armored)
	if _, err := w.Write(s.encrypted(t, strings.Replace(goodList, "2C", "2D", 1))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := hand("?replace=1", armored.Bytes()); got.Changed != 1 || got.Unchanged != 1 || got.Removed != 6 || got.Missing != 0 || numbers() != 2 {
		t.Fatalf("replaced: %+v, and there are %d", got, numbers())
	}
}

func TestClassListsThatAreRefused(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	other := s.Event(t, s.School(t, "Andere School"))
	own := s.event
	s.event = other
	forOther := s.encrypted(t, goodList)
	s.event = own
	cut := s.encrypted(t, goodList)
	cut = cut[:len(cut)-1]
	before, err := s.Redis.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		body   []byte
		status int
		code   string
	}{
		{"plain", []byte(goodList), http.StatusUnsupportedMediaType, "not_encrypted"},
		{"empty", nil, http.StatusUnsupportedMediaType, "not_encrypted"},
		{"a workbook", []byte("PK\x03\x04"), http.StatusUnsupportedMediaType, "not_encrypted"},
		{"for another event", forOther, http.StatusUnprocessableEntity, "cannot_decrypt"},
		{"cut short", cut, http.StatusUnprocessableEntity, "cannot_decrypt"},
		{"with faults", s.encrypted(t, faultyList), http.StatusUnprocessableEntity, "bad_list"},
		{"not a list", s.encrypted(t, "\x00\x01\x02"), http.StatusUnprocessableEntity, "bad_list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if r := v.upload("?name=lijst.csv", c.body); r.status != c.status || r.problem(t) != c.code {
				t.Errorf("%d %s", r.status, r.body)
			}
			page := s.browser(t).as("contact@example.org").uploadForm(c.body)
			if c.code == "bad_list" { // is kept, to choose other columns
				if page.status != http.StatusSeeOther {
					t.Fatalf("page: %d", page.status)
				}
				look := s.browser(t).as("contact@example.org")
				page = look.get(page.header.Get("Location"))
				page.has(t, `id="faults"`)
				page.lacks(t, "draft=true")
				look.form(s.path("/events/EVENT/class-lists/preview"), "_method", "DELETE")
			} else if page.status != c.status {
				t.Errorf("page: %d", page.status)
			}
			page.has(t, `role="alert"`, "<title>Fout: ")
		})
	}
	students, err := s.Store.Students(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(students) != 6 {
		t.Errorf("%d students", len(students))
	}
	after, err := s.Redis.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range after {
		if key != "cd:audit" && !strings.HasPrefix(key, "cd:staff:") && !strings.Contains(strings.Join(before, " "), key) {
			t.Errorf("a refused list left %s", key)
		}
	}
	for _, secret := range []string{"Uniekeman", "999001"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %s", secret)
		}
	}
}

// Every fault of a list is told at once, with row and column.
func TestFaultsOfAList(t *testing.T) {
	s := newSite(t)
	r := s.contact(t).upload("", s.encrypted(t, faultyList))
	var p struct {
		Errors []struct {
			Row                   int
			Column, Code, Message string
		}
	}
	r.decode(t, &p)
	got := map[string]int{}
	for _, e := range p.Errors {
		got[e.Code] = e.Row
		if e.Message == "" || strings.Contains(e.Message, "list.") {
			t.Errorf("message of %s: %q", e.Code, e.Message)
		}
	}
	for code, row := range map[string]int{"number_twice": 3, "number_missing": 4, "first_missing": 5, "class_missing": 6} {
		if got[code] != row {
			t.Errorf("%s in row %d, want %d: %s", code, got[code], row, r.body)
		}
	}
	browser := s.browser(t).as("contact@example.org")
	browser.uploadForm(s.encrypted(t, faultyList))
	browser.get(s.path("/events/EVENT/class-lists/preview")).has(t, "dingen om te verbeteren", "<td>5</td>", "<td>Roepnaam</td>")
}

// Without a script: a form with the file, that answers with a page.
func TestClassListFromAPage(t *testing.T) {
	s := newSite(t)
	s.contact(t)
	v := s.browser(t).as("contact@example.org")
	v.get("/events/"+s.event.ID+"/class-lists").has(t, "age -r "+s.event.Recipient, `enctype="multipart/form-data"`, "--data-binary")
	preview := s.path("/events/EVENT/class-lists/preview")
	r := v.uploadForm(s.encrypted(t, goodList))
	if r.status != http.StatusSeeOther || r.header.Get("Location") != preview {
		t.Fatalf("%d %s", r.status, r.header.Get("Location"))
	}
	v.get(preview).has(t, "Er is nog niets opgeslagen", "<dt>nieuw</dt><dd>2</dd>", "Verwijder de 6 leerlingen")
	r = v.form(s.path("/events/EVENT/class-lists?draft=true"), "replace", "true")
	if r.status != http.StatusSeeOther {
		t.Fatalf("%d %s", r.status, r.body)
	}
	v.get(r.header.Get("Location")).has(t, "De lijst is opgeslagen", "<dt>verwijderd</dt><dd>6</dd>")
	r = v.do("POST", "/events/"+s.event.ID+"/class-lists", "multipart/form-data; boundary=x", strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\r\n\r\n--x--\r\n"))
	if r.status != http.StatusUnprocessableEntity {
		t.Errorf("no file: %d", r.status)
	}
	r.has(t, "Kies eerst het versleutelde bestand")
	if r := v.do("POST", "/events/"+s.event.ID+"/class-lists", "multipart/form-data; boundary=x", strings.NewReader("rommel")); r.status != http.StatusBadRequest && r.status != http.StatusUnprocessableEntity {
		t.Errorf("rubbish: %d", r.status)
	}
}

func TestOneListAtATime(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	unlock, err := s.Store.LockList(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if r := v.upload("", s.encrypted(t, goodList)); r.status != http.StatusConflict || r.problem(t) != "busy" {
		t.Errorf("%d %s", r.status, r.body)
	}
	unlock()
	if r := v.upload("", s.encrypted(t, goodList)); r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
}
