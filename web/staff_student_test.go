package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// one reads a student from the store.
func (s *site) one(t *testing.T, event, id string) (enroll.Student, bool) {
	t.Helper()
	all, err := s.Store.Students(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range all {
		if st.ID == id {
			return st, true
		}
	}
	return enroll.Student{}, false
}

// codeOf is the code that a student has now.
func (s *site) codeOf(t *testing.T, id string) string {
	t.Helper()
	codes, err := s.Store.Codes(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	return codes[id].String()
}

// taken is how many seats of a session are taken.
func (s *site) taken(t *testing.T, workshop string, round int) int {
	t.Helper()
	seats, err := s.Store.Seats(t.Context(), s.event.ID)
	if err != nil {
		t.Fatal(err)
	}
	return seats[enroll.SessionKey{Workshop: workshop, Round: round}]
}

// A program adds a student, corrects one, gives another code, and erases.
func TestOneStudentAsAProgram(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	s.open()
	students := s.path("/events/EVENT/students")

	var made struct{ ID string }
	r := v.json("POST", students, map[string]string{
		"number": " 990001 ", "first_name": "Zebedeus", "infix": "van  der", "last_name": "Uniekeman", "class": "6V1", "email": "z@example.org",
	})
	if r.decode(t, &made); r.status != http.StatusCreated || made.ID == "" {
		t.Fatalf("added: %d %s", r.status, r.body)
	}
	st, ok := s.one(t, s.event.ID, made.ID)
	if want := (enroll.Student{ID: made.ID, Number: "990001", FirstName: "Zebedeus", Infix: "van der", LastName: "Uniekeman", Class: "6V1", Year: 6}); !ok || st != want {
		t.Errorf("stored %+v, want %+v: an event without invitations keeps no e-mail", st, want)
	}
	pupil := s.program(t)
	if r := pupil.json("POST", "/student/sign-in", map[string]string{"code": s.codeOf(t, made.ID)}); r.status != http.StatusNoContent {
		t.Fatalf("the new student signs in: %d %s", r.status, r.body)
	}
	// Workshop w3 is for sixth-years alone, which the class says.
	if r := pupil.json("PUT", "/student/choices/1", map[string]string{"workshop": "w3"}); r.status != http.StatusOK {
		t.Errorf("a sixth-year takes w3: %d %s", r.status, r.body)
	}

	var corrected listedStudent
	r = v.json("PATCH", students+"/"+made.ID, map[string]string{"class": "2B", "infix": ""})
	if r.decode(t, &corrected); r.status != http.StatusOK || corrected != (listedStudent{made.ID, "990001", "Zebedeus", "", "Uniekeman", "2B", false}) {
		t.Errorf("corrected: %d %+v", r.status, corrected)
	}
	if st, _ := s.one(t, s.event.ID, made.ID); st.Year != 2 {
		t.Errorf("the year of 2B: %d", st.Year)
	}
	if n := s.taken(t, "w3", 1); n != 1 {
		t.Errorf("a corrected student keeps the choice: %d taken", n)
	}
	if r := pupil.get("/student"); r.status != http.StatusOK {
		t.Errorf("a corrected student stays signed in: %d", r.status)
	}

	var given struct{ Code string }
	old := s.codeOf(t, made.ID)
	r = v.json("POST", students+"/"+made.ID+"/code", nil)
	if r.decode(t, &given); r.status != http.StatusOK || given.Code == old || given.Code != s.codeOf(t, made.ID) {
		t.Fatalf("another code: %d %s", r.status, r.body)
	}
	if r := pupil.get("/student"); r.status != http.StatusUnauthorized {
		t.Errorf("signed in with the old code: %d", r.status)
	}
	if r := pupil.json("POST", "/student/sign-in", map[string]string{"code": old}); r.status != http.StatusUnauthorized || r.problem(t) != "wrong_code" {
		t.Errorf("the old code: %d %s", r.status, r.body)
	}
	if r := pupil.json("POST", "/student/sign-in", map[string]string{"code": given.Code}); r.status != http.StatusNoContent {
		t.Errorf("the new code: %d %s", r.status, r.body)
	}

	if r := v.json("DELETE", students+"/"+made.ID, nil); r.status != http.StatusNoContent {
		t.Fatalf("erased: %d %s", r.status, r.body)
	}
	if _, ok := s.one(t, s.event.ID, made.ID); ok {
		t.Error("the erased student is there")
	}
	if n := s.taken(t, "w3", 1); n != 0 {
		t.Errorf("the seat of an erased student: %d taken", n)
	}
	if r := pupil.get("/student"); r.status != http.StatusUnauthorized {
		t.Errorf("an erased student is signed in: %d", r.status)
	}
	for _, again := range []reply{
		v.json("DELETE", students+"/"+made.ID, nil),
		v.json("PATCH", students+"/"+made.ID, map[string]string{"class": "2B"}),
		v.json("POST", students+"/"+made.ID+"/code", nil),
		v.get(students + "/" + made.ID + "/erase"),
	} {
		if again.status != http.StatusNotFound || again.problem(t) != "not_found" {
			t.Errorf("after erasing: %d %s", again.status, again.body)
		}
	}
}

func TestStudentsThatAreRefused(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	first, second := s.students[0], s.students[1]
	students := s.path("/events/EVENT/students")
	for _, c := range []struct {
		name, method, path string
		body               map[string]string
		want               string // field code, field code
	}{
		{"nothing entered", "POST", students, nil, "number required, first_name required, last_name required, class required"},
		{"spaces", "POST", students, map[string]string{"number": " ", "first_name": "\u200b", "last_name": "x", "class": "1A"}, "number required, first_name required"},
		{"another's number", "POST", students, map[string]string{"number": first.Number, "first_name": "x", "last_name": "x", "class": "1A"}, "number number_taken"},
		{"corrected to another's number", "PATCH", students + "/" + second.ID, map[string]string{"number": first.Number}, "number number_taken"},
		{"a name taken away", "PATCH", students + "/" + second.ID, map[string]string{"last_name": ""}, "last_name required"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := v.json(c.method, c.path, c.body)
			var p struct{ Errors []fieldMessage }
			r.decode(t, &p)
			var got []string
			for _, e := range p.Errors {
				got = append(got, e.Field+" "+e.Code)
				if e.Message == "" || strings.HasPrefix(e.Message, "field.") {
					t.Errorf("message of %s: %q", e.Code, e.Message)
				}
			}
			if strings.Join(got, ", ") != c.want || r.status != http.StatusUnprocessableEntity {
				t.Errorf("%d %v, want %s", r.status, got, c.want)
			}
		})
	}
	if got, _ := s.one(t, s.event.ID, second.ID); got != second {
		t.Errorf("a refused correction changed %+v to %+v", second, got)
	}
}

// E-mail addresses are kept where invitations are sent, and there alone.
func TestEmailOfAStudent(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	invites := s.event
	invites.ID, invites.Code, invites.Invitations = "", "", true
	invites, err := s.Store.CreateEvent(t.Context(), invites)
	if err != nil {
		t.Fatal(err)
	}
	students := "/events/" + invites.ID + "/students"
	body := map[string]string{"number": "1", "first_name": "Noor", "last_name": "Hof", "class": "1A", "email": "geen adres"}
	if r := v.json("POST", students, body); r.status != http.StatusUnprocessableEntity || !strings.Contains(r.body, "bad_email") {
		t.Errorf("%d %s", r.status, r.body)
	}
	body["email"] = "noor@example.org"
	var made struct{ ID string }
	v.json("POST", students, body).decode(t, &made)
	if st, _ := s.one(t, invites.ID, made.ID); st.Email != "noor@example.org" {
		t.Errorf("kept %+v", st)
	}
	page := s.browser(t).as("contact@example.org")
	page.get(students+"/"+made.ID+"/change").has(t, `name="email"`, `value="noor@example.org"`)
	page.get(s.path("/events/EVENT/students/new")).lacks(t, `name="email"`)
}

// The same by the pages: what was typed stays, the code is shown once, a second
// click on erasing does no harm.
func TestOneStudentByPages(t *testing.T) {
	s := newSite(t)
	s.contact(t)
	v := s.browser(t).as("contact@example.org")
	students := s.path("/events/EVENT/students")

	v.get(students).has(t, `href="`+students+`/new"`)
	v.get(students+"/new?class=1A").has(t, `<datalist id="classes"><option value="1A">`, `value="1A" list="classes"`)
	r := v.form(students, "number", s.students[0].Number, "first_name", "Zebedeus", "last_name", "", "class", "2C")
	if r.status != http.StatusUnprocessableEntity {
		t.Errorf("refused: %d", r.status)
	}
	r.has(t, "<title>Fout: ", `value="Zebedeus"`, `value="2C"`, `value="`+s.students[0].Number+`"`, `href="#last_name"`)
	r = v.form(students, "number", s.students[0].Number, "first_name", "Zebedeus", "last_name", "Uniekeman", "class", "2C")
	r.has(t, "Een andere leerling heeft dit nummer al.", `id="number-error"`)
	r = v.form(students, "number", "990001", "first_name", "Zebedeus", "last_name", "Uniekeman", "class", "2C")
	path := r.header.Get("Location")
	if r.status != http.StatusSeeOther || !strings.HasPrefix(path, students+"/") {
		t.Fatalf("added: %d to %q", r.status, path)
	}
	id := strings.TrimPrefix(path, students+"/")
	v.get(path).has(t, "De leerling staat op de lijst", "Zebedeus Uniekeman", path+"/change", path+"/erase", path+"/code", "slips.pdf?student="+id)

	v.get(path+"/change").has(t, `value="Uniekeman"`, `name="_method" value="PATCH"`)
	r = v.form(path, "_method", "PATCH", "number", "990001", "first_name", "Zebedeus", "infix", "de", "last_name", "Anders", "class", "")
	if r.status != http.StatusUnprocessableEntity {
		t.Errorf("a class taken away: %d", r.status)
	}
	r.has(t, `value="Anders"`, `id="class-error"`, `name="_method" value="PATCH"`)
	if r = v.form(path, "_method", "PATCH", "number", "990001", "first_name", "Zebedeus", "infix", "de", "last_name", "Anders", "class", "2D"); r.status != http.StatusSeeOther {
		t.Errorf("corrected: %d", r.status)
	}
	v.get(path).has(t, "Zebedeus de Anders", "2D")

	r = v.form(path + "/code")
	code := s.codeOf(t, id)
	if r.status != http.StatusOK {
		t.Errorf("a new code: %d", r.status)
	}
	r.has(t, code, "slips.pdf?student="+id)
	v.get(path).lacks(t, code)

	v.get(path+"/erase").has(t, "Zebedeus de Anders wissen?", `name="_method" value="DELETE"`, "de inlogcode; wie ermee")
	for range 2 {
		if r := v.form(path, "_method", "DELETE"); r.status != http.StatusSeeOther || r.header.Get("Location") != students {
			t.Errorf("erased: %d to %s", r.status, r.header.Get("Location"))
		}
		v.get(students).has(t, "De leerling is gewist.")
	}
	if _, ok := s.one(t, s.event.ID, id); ok {
		t.Error("the erased student is there")
	}
	if r := v.get(path + "/change"); r.status != http.StatusNotFound {
		t.Errorf("the page of an erased student: %d", r.status)
	}
}

// A class that changes under a choice leaves the choice, and says so.
func TestAPlaceThatIsNotForTheClass(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	s.open()
	path := s.path("/events/EVENT/students/") + s.students[0].ID
	if r := v.json("PATCH", path, map[string]string{"class": "6A"}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if r := s.program(t).signIn(0).json("PUT", "/student/choices/2", map[string]string{"workshop": "w3"}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	page := s.browser(t).as("contact@example.org")
	page.get(path).lacks(t, "is niet bedoeld voor klas")
	page.get(path+"/erase").has(t, "1 gekozen workshop; die plek is meteen weer vrij")
	if r := v.json("PATCH", path, map[string]string{"class": "1A"}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	page.get(path).has(t, "Workshop 3 is niet bedoeld voor klas 1A")
}

// A cancelled event takes no students; a form keeps what was typed.
func TestNoStudentForACancelledEvent(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	if r := s.organiser(t).json("POST", s.path("/events/EVENT/cancel"), nil); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	students := s.path("/events/EVENT/students")
	if r := v.json("POST", students, map[string]string{"number": "9", "first_name": "x", "last_name": "x", "class": "1A"}); r.status != http.StatusConflict || r.problem(t) != "wrong_state" {
		t.Errorf("%d %s", r.status, r.body)
	}
	r := s.browser(t).as("contact@example.org").form(students, "number", "9", "first_name", "Getypt", "last_name", "x", "class", "1A")
	if r.status != http.StatusConflict {
		t.Errorf("page: %d", r.status)
	}
	r.has(t, `role="alert"`, `value="Getypt"`, "Deze cultuurdag is afgelast")
}

// What is done with one student is written down without saying with whom.
func TestAuditOfOneStudent(t *testing.T) {
	s := newSite(t)
	v, organiser := s.contact(t), s.organiser(t)
	students := s.path("/events/EVENT/students")
	var made struct{ ID string }
	v.json("POST", students, map[string]string{"number": "990001", "first_name": "Zebedeus", "last_name": "Uniekeman", "class": "2C"}).decode(t, &made)
	v.json("PATCH", students+"/"+made.ID, map[string]string{"last_name": "Wegenwacht"})
	var given struct{ Code string }
	v.json("POST", students+"/"+made.ID+"/code", nil).decode(t, &given)
	for _, path := range []string{"/slips.pdf?student=" + made.ID, "/slips.csv", "/unfinished", "/unfinished.csv"} {
		if r := v.get(s.path("/events/EVENT") + path); r.status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, r.status, r.body)
		}
	}
	v.json("DELETE", students+"/"+made.ID, nil)
	r := organiser.get("/audit?event=" + s.event.ID)
	for action, want := range map[string]int{
		"student.add": 1, "student.change": 1, "student.code": 1, "student.erase": 1, "slips.download": 2, "unfinished.read": 1, "unfinished.download": 1,
	} {
		if n := strings.Count(r.body, `"action":"`+action+`"`); n != want {
			t.Errorf("%s is written down %d times, want %d", action, n, want)
		}
	}
	r.has(t, `"action":"slips.download","event":"`+s.event.ID+`","detail":"1"`, `"action":"slips.download","event":"`+s.event.ID+`","detail":"7"`)
	for _, secret := range []string{"Zebedeus", "Uniekeman", "Wegenwacht", "990001", made.ID, given.Code, strings.ReplaceAll(given.Code, "-", "")} {
		r.lacks(t, secret)
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %s", secret)
		}
	}
	page := s.browser(t).as("organisator@example.org").get("/audit")
	page.has(t, "een leerling gewist", "een nieuwe inlogcode gemaakt", "bekeken wie nog moet kiezen")
	page.lacks(t, "staff.audit.")
}

// From the deadline on nobody is added, corrected, given a code or erased.
func TestNoStudentAfterTheDeadline(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	s.Clock.Move(s.event.PurgeDue())
	one := s.path("/events/EVENT/students/") + s.students[0].ID
	for path, method := range map[string]string{
		s.path("/events/EVENT/students"): "POST", one + "/code": "POST", one: "PATCH", one + "/change": "GET", one + "/erase": "GET",
		s.path("/events/EVENT/students/new"): "GET", s.path("/events/EVENT/unfinished"): "GET", s.path("/events/EVENT/unfinished.csv"): "GET",
		s.path("/events/EVENT/slips.pdf?changed=1"): "GET",
	} {
		if r := v.json(method, path, map[string]string{}); r.status != http.StatusGone || r.problem(t) != "purged" {
			t.Errorf("%s %s: %d %s", method, path, r.status, r.body)
		}
	}
	if r := v.json("DELETE", one, nil); r.status != http.StatusGone {
		t.Errorf("erased: %d", r.status)
	}
}

// Students by how far they are, and by class.
func TestStudentsByHowFarTheyAre(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	s.open()
	for round, workshop := range []string{"w0", "w1", "w2"} {
		if r := s.program(t).signIn(0).json("PUT", "/student/choices/"+itoa(round+1), map[string]string{"workshop": workshop}); r.status != http.StatusOK {
			t.Fatalf("%d %s", r.status, r.body)
		}
	}
	if r := s.program(t).signIn(1).json("PUT", "/student/choices/2", map[string]string{"workshop": "w0"}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	students := s.path("/events/EVENT/students")
	for filter, want := range map[string]int{
		"": 6, "?chosen=none": 4, "?chosen=partly": 1, "?chosen=complete": 1, "?chosen=unfinished": 5,
		"?class=1A&chosen=none": 4, "?class=9Z&chosen=none": 0, "?chosen=anders": 0,
	} {
		var list struct{ Students []listedStudent }
		v.get(students+filter).decode(t, &list)
		if len(list.Students) != want {
			t.Errorf("%s: %d students, want %d", filter, len(list.Students), want)
		}
	}
	var list struct{ Students []listedStudent }
	v.json("POST", students+"/search", map[string]string{"q": s.students[0].Number, "chosen": "complete"}).decode(t, &list)
	if len(list.Students) != 1 || list.Students[0].ID != s.students[0].ID || !list.Students[0].Complete {
		t.Errorf("searched: %+v", list.Students)
	}
	page := s.browser(t).as("contact@example.org").get(students + "?class=1A&chosen=partly")
	page.has(t, `href="`+students+`?chosen=complete&amp;class=1A"`, `href="`+students+`?chosen=partly"`, "1 leerling in 1A", s.students[1].ListName())
	page.lacks(t, ">"+s.students[0].ListName()+"<")
	if n := len(regexp.MustCompile(`aria-current="page">(1A|Deels)<`).FindAllString(page.body, -1)); n != 2 {
		t.Errorf("%d filters are marked", n)
	}
}

// Of all the codes that a student was given, the last one works.
func TestOnlyTheLastCodeWorks(t *testing.T) {
	s := newSite(t)
	v := s.contact(t)
	id := s.students[0].ID
	seen := map[string]bool{s.codeOf(t, id): true}
	for range 3 {
		var given struct{ Code string }
		v.json("POST", s.path("/events/EVENT/students/")+id+"/code", nil).decode(t, &given)
		if _, err := crypto.ParseCode(given.Code); err != nil || seen[given.Code] || !strings.HasPrefix(given.Code, s.event.Code) {
			t.Errorf("code %q: %v", given.Code, err)
		}
		seen[given.Code] = true
	}
	s.Clock.Move(s.event.OpenAt.Add(time.Hour))
	for code := range seen {
		want := http.StatusUnauthorized
		if code == s.codeOf(t, id) {
			want = http.StatusNoContent
		}
		if r := s.program(t).json("POST", "/student/sign-in", map[string]string{"code": code}); r.status != want {
			t.Errorf("a code of four: %d, want %d", r.status, want)
		}
	}
}
