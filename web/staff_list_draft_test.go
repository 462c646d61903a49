package web

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"cultuurdag/enroll"
)

const previewPath = "/events/EVENT/class-lists/preview"

// draft hands in a list as the page's script does.
func (v *visitor) draft(list string) {
	v.t.Helper()
	r := v.upload("?preview=true&name=list.csv", v.site.encrypted(v.t, list))
	if r.status != http.StatusCreated || r.header.Get("Location") != v.site.path(previewPath) {
		v.t.Fatalf("%d %s", r.status, r.body)
	}
}

// students are those of the event, by number.
func (s *site) byNumber(t *testing.T) map[string]enroll.Student {
	t.Helper()
	students, err := s.Store.Students(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]enroll.Student{}
	for _, st := range students {
		m[st.Number] = st
	}
	return m
}

// keysLike returns the keys of Redis that match.
func (s *site) keysLike(t *testing.T, pattern string) []string {
	t.Helper()
	keys, err := s.Redis.Keys(t.Context(), pattern).Result()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// actions are what the audit log says of the event, newest first.
func (s *site) actions(t *testing.T) []string {
	t.Helper()
	entries, err := s.Store.AuditLog(t.Context(), s.event.ID, 50)
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, e := range entries {
		actions = append(actions, e.Action)
	}
	return actions
}

// A list is looked at, left alone, looked at again and then saved. Until then
// nothing counts, and what is kept is sealed.
func TestAListIsLookedAtBeforeItCounts(t *testing.T) {
	s := newSite(t)
	program := s.contact(t)
	v := s.browser(t).as("contact@example.org")
	st := s.byNumber(t)["120001"]
	list := goodList + "120001;" + st.FirstName + ";;" + st.LastName + ";2B\n"
	program.draft(list)

	page := v.get(s.path(previewPath))
	page.has(t, "Er is nog niets opgeslagen", "<dt>nieuw</dt><dd>2</dd>", "<dt>veranderd</dt><dd>1</dd>", "<dt>niet op deze lijst</dt><dd>5</dd>",
		"<b>2B</b> <span>2 leerlingen</span>", "<b>2C</b> <span>1 leerling</span>",
		"Zien de namen er goed uit?", "<li>Şaziye Łysak</li>", "Uniekeman, Zebedeus van der", "klas: 1A wordt 2B",
		`<option value="" selected>Vanzelf: UTF-8</option>`, "Roepnaam (kolom B)", "Verwijder de 5 leerlingen")
	page.lacks(t, "<li>Zebedeus van der Uniekeman</li>", "upload.", "list.field.")
	if after := s.byNumber(t); len(after) != 6 || after["120001"].Class != "1A" {
		t.Error("something was stored")
	}

	// Back to choose another file: the list still lies there, for an hour at most.
	v.get(s.path("/events/EVENT/class-lists")).has(t, "Er staat een lijst klaar", previewPath[len("/events/EVENT"):])
	v.get(s.path(previewPath)).has(t, "<dt>nieuw</dt><dd>2</dd>")
	drafts := s.keysLike(t, "*:draft:*")
	if len(drafts) != 1 {
		t.Fatalf("drafts: %v", drafts)
	}
	if ttl := s.Redis.PTTL(t.Context(), drafts[0]).Val(); ttl <= 0 || ttl > time.Hour {
		t.Errorf("a draft stays for %v", ttl)
	}

	r := v.form(s.path("/events/EVENT/class-lists?draft=true"))
	if r.status != http.StatusSeeOther {
		t.Fatalf("%d %s", r.status, r.body)
	}
	v.get(r.header.Get("Location")).has(t, "De lijst is opgeslagen", "<dt>nieuw</dt><dd>2</dd>", "<dt>veranderd</dt><dd>1</dd>", "<dt>niet op deze lijst</dt><dd>5</dd>")
	after := s.byNumber(t)
	if len(after) != 8 || after["120001"].Class != "2B" || after["120001"].ID != st.ID || after["999002"].FirstName != "Şaziye" {
		t.Errorf("stored: %v", after)
	}
	if left := s.keysLike(t, "*:draft:*"); len(left) > 0 {
		t.Errorf("still there: %v", left)
	}
	gone := v.get(s.path(previewPath))
	if gone.status != http.StatusNotFound {
		t.Errorf("a draft that was saved: %d", gone.status)
	}
	gone.has(t, "De lijst is er niet meer", `id="hand-in"`)
	if r := v.form(s.path("/events/EVENT/class-lists?draft=true")); r.status != http.StatusNotFound {
		t.Errorf("saved twice: %d", r.status)
	}
	if got := s.actions(t); !slices.Contains(got, "list.preview") || !slices.Contains(got, "list.save") || slices.Contains(got, "list.upload") {
		t.Errorf("audit: %v", got)
	}
}

// While a draft lies there, no name and no number of it can be read anywhere.
func TestNothingOfADraftCanBeRead(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	before := temporary(t)
	v.draft(goodList)
	v.get(s.path(previewPath))
	var kept strings.Builder
	for _, key := range s.keysLike(t, "*") {
		dump, err := s.Redis.Dump(t.Context(), key).Result()
		if err != nil {
			t.Fatal(err)
		}
		kept.WriteString(key + dump)
		if value, err := s.Redis.Get(t.Context(), key).Result(); err == nil {
			kept.WriteString(value)
		}
	}
	if !strings.Contains(kept.String(), "age-encryption.org/v1") {
		t.Error("the draft is no age file")
	}
	places := map[string]string{"Redis": kept.String(), "the log": s.log.String()}
	for _, dir := range []string{s.Dir, s.World.Server.Dir} {
		err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			places[path] = string(data)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range temporary(t) {
		if slices.Contains(before, path) {
			continue
		}
		if data, err := os.ReadFile(path); err == nil {
			places[path] = string(data)
		}
	}
	for place, data := range places {
		for _, secret := range []string{"Uniekeman", "Zebedeus", "999001", "Łysak", "list.csv"} {
			if strings.Contains(data, secret) {
				t.Errorf("%s holds %s", place, secret)
			}
		}
	}
	if len(places) < 5 {
		t.Errorf("looked at %d places", len(places))
	}
}

// temporary returns the files in the folder for temporary ones.
func temporary(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A draft is the account's own; it goes when it is thrown away, and with the
// event.
func TestADraftIsItsOwnersAlone(t *testing.T) {
	s := newSite(t)
	owner := s.contact(t)
	s.account(t, s.event.School, "ander@example.org")
	colleague := s.program(t).as("ander@example.org")
	owner.draft(goodList)
	if r := colleague.get(s.path(previewPath)); r.status != http.StatusNotFound || r.problem(t) != "not_found" {
		t.Errorf("a colleague looks: %d %s", r.status, r.body)
	}
	if r := colleague.do("POST", s.path("/events/EVENT/class-lists?draft=true"), "", nil); r.status != http.StatusNotFound {
		t.Errorf("a colleague saves: %d", r.status)
	}
	if r := colleague.do("DELETE", s.path(previewPath), "", nil); r.status != http.StatusNoContent {
		t.Errorf("a colleague throws away: %d", r.status)
	}
	s.account(t, s.School(t, "Andere School").ID, "vreemd@example.org")
	if r := s.program(t).as("vreemd@example.org").get(s.path(previewPath)); r.status != http.StatusNotFound {
		t.Errorf("another school: %d", r.status)
	}
	if r := s.program(t).get(s.path(previewPath)); r.status != http.StatusUnauthorized {
		t.Errorf("nobody: %d", r.status)
	}
	var got struct {
		Students, Added, Missing int
		Encoding                 string
		Columns                  []columnJSON
	}
	owner.get(s.path(previewPath)).decode(t, &got)
	if got.Students != 2 || got.Added != 2 || got.Missing != 6 || got.Encoding != "UTF-8" || len(got.Columns) != 5 || got.Columns[0].Letter != "A" {
		t.Errorf("the owner's: %+v", got)
	}
	if r := owner.do("DELETE", s.path(previewPath), "", nil); r.status != http.StatusNoContent {
		t.Errorf("thrown away: %d", r.status)
	}
	if r := owner.get(s.path(previewPath)); r.status != http.StatusNotFound {
		t.Errorf("after that: %d", r.status)
	}
	owner.draft(goodList)
	s.Clock.Move(s.event.PurgeDue())
	for _, r := range []reply{owner.get(s.path(previewPath)), owner.do("POST", s.path("/events/EVENT/class-lists?draft=true"), "", nil)} {
		if r.status != http.StatusGone {
			t.Errorf("when all is to be gone: %d", r.status)
		}
	}
}

// Who does not agree with how the list was read chooses otherwise, and that is
// what is saved.
func TestColumnsAndEncodingAreChosen(t *testing.T) {
	s := newSite(t)
	program := s.contact(t)
	v := s.browser(t).as("contact@example.org")
	program.draft("Stamnr;Roepnaam;Achternaam;Klas;Groep\n999001;Zoë;Uniekeman;2B;x\n")
	page := v.get(s.path(previewPath))
	page.has(t, "<title>Fout: ", "Er is 1 ding om te verbeteren", "Twee kolommen lijken", `<option value="D">Klas (kolom D)</option>`)
	page.lacks(t, "draft=true")
	if r := v.form(s.path("/events/EVENT/class-lists?draft=true")); r.status != http.StatusUnprocessableEntity {
		t.Errorf("saved with a fault: %d", r.status)
	}
	page = v.get(s.path(previewPath) + "?columns%5Bclass%5D=E&encoding=MacRoman")
	page.has(t, `<option value="E" selected>Groep (kolom E)</option>`, `<option value="MacRoman" selected>`, "<b>x</b>",
		`<input type="hidden" name="columns[class]" value="E">`, `<input type="hidden" name="encoding" value="MacRoman">`)
	page = v.get(s.path(previewPath) + "?columns%5Bclass%5D=D&columns%5Binfix%5D=-")
	page.has(t, "<b>2B</b>", "Zoë")
	if r := v.form(s.path("/events/EVENT/class-lists?draft=true"), "columns[class]", "D"); r.status != http.StatusSeeOther {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if st := s.byNumber(t)["999001"]; st.Class != "2B" || st.FirstName != "Zoë" {
		t.Errorf("stored %+v", st)
	}

	// A program chooses in the same words, at once.
	dos, err := charmap.CodePage850.NewEncoder().String("Stamnr;Roepnaam;Achternaam;Klas;Groep\n999003;Chloë;Über;2B;x\n")
	if err != nil {
		t.Fatal(err)
	}
	if r := program.upload("?columns%5Bclass%5D=Klas&encoding=CP850", s.encrypted(t, dos)); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if st := s.byNumber(t)["999003"]; st.LastName != "Über" || st.Class != "2B" {
		t.Errorf("stored %+v", st)
	}
}

// E-mail addresses that nobody needs are no reason to refuse a list.
func TestAddressesNobodyNeedsAreNotRead(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	r := v.upload("", s.encrypted(t, "Stamnr;Roepnaam;Achternaam;Klas;E-mail\n999001;Anna;Kok;2B;geen\n"))
	if r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
}

// Who moves to a class that may not do what was chosen keeps the place; the
// school sees it.
func TestAStudentWhoMovesClassIsShown(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	st := s.students[0]
	p, err := s.Store.Programme(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	p.Workshops[1].Classes = []string{st.Class}
	if _, err := s.Store.PutProgramme(t.Context(), s.event.ID, p); err != nil {
		t.Fatal(err)
	}
	s.open()
	student := s.program(t).signIn(0)
	if r := student.json("PUT", "/student/choices/2", map[string]any{"workshop": "w1"}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	browser := s.browser(t).as("contact@example.org")
	browser.get(s.path("/events/EVENT/students")).lacks(t, "past niet meer bij de klas")

	v.draft("Stamnr;Roepnaam;Tussenvoegsel;Achternaam;Klas\n" + st.Number + ";" + st.FirstName + ";" + st.Infix + ";" + st.LastName + ";5Z\n")
	browser.get(s.path(previewPath)).has(t, "1 plek past straks niet meer bij de klas", "Workshop 1, ronde 2")
	r := browser.form(s.path("/events/EVENT/class-lists?draft=true"))
	for _, path := range []string{r.header.Get("Location"), s.path("/events/EVENT/students")} {
		browser.get(path).has(t, "1 plek past niet meer bij de klas", "Workshop 1, ronde 2", "/students/"+st.ID)
	}
	choices, _, err := s.Store.Choices(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := choices[st.ID][2].Workshop; got != "w1" {
		t.Errorf("the place is %q now", got)
	}

	// What is given by hand is meant to be so.
	if r := v.json("PUT", s.path("/events/EVENT/students/"+st.ID+"/choices/2"), map[string]any{"workshop": "w1"}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	browser.get(s.path("/events/EVENT/students")).lacks(t, "past niet meer bij de klas")
}

// While another list is read nothing is lost: the draft is shown again.
func TestSavingADraftWhileBusy(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	v.draft(goodList)
	unlock, err := s.Store.LockList(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	r := s.browser(t).as("contact@example.org").form(s.path("/events/EVENT/class-lists?draft=true"))
	if r.status != http.StatusConflict {
		t.Errorf("%d", r.status)
	}
	r.has(t, `id="trouble"`, "draft=true")
	unlock()
}

func TestSampleOfNames(t *testing.T) {
	var students []enroll.Student
	add := func(first, last string) {
		students = append(students, enroll.Student{FirstName: first, LastName: last})
	}
	for range 20 {
		add("Anna", "Kok")
	}
	if names, special := specialNames(students); special || len(names) != 3 {
		t.Errorf("none special: %v %v", names, special)
	}
	for range 20 {
		add("Zoë", "Kok")
	}
	add("Łukasz", "Wójcik")
	add("Jos?", "Kok")
	add("Jan", "van ’t Hof")
	names, special := specialNames(students)
	if !special || len(names) != sampleNames || names[0] != "Zoë Kok" || names[1] != "Łukasz Wójcik" || names[2] != "Jos? Kok" || slices.Contains(names, "Jan van ’t Hof") {
		t.Errorf("%q", names)
	}
}
