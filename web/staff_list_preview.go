package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/classlist"
	"cultuurdag/enroll/locale"
)

// listFields are the fields in the order in which a page shows them.
var listFields = []classlist.Field{
	classlist.Number, classlist.First, classlist.Infix, classlist.Last,
	classlist.Full, classlist.Class, classlist.Year, classlist.Email,
}

// noColumn is chosen where no column is to be taken for a field.
const noColumn = "-"

// columnName names the parameter with the column that was chosen for a field.
func columnName(f classlist.Field) string { return "columns[" + string(f) + "]" }

// previewPage is a class list before it is saved.
type previewPage struct {
	eventPage
	Trouble   *problemJSON // why it was not saved
	Faults    []listProblem
	Doubts    []listProblem
	Students  int
	Classes   []classCount
	Names     []string // a sample, with letters that an encoding may spoil
	Special   bool     // Names have such letters
	Change    listChange
	Misplaced []misplaced
	Columns   []columnChoice
	Chosen    bool           // columns were chosen by hand, or have to be
	Reread    bool           // an encoding was chosen by hand
	Encodings []selectOption // none where the file is no text
	Keep      []hiddenField  // what the page was made with, to be saved so
}

type classCount struct {
	Class    string
	Students int
}

// columnChoice is what was taken for a field, and what could be.
type columnChoice struct {
	Name    string // of the parameter
	Label   string
	Taken   string // in words
	Example string // of the first student; empty where nothing could be read
	None    bool   // nothing was taken
	Options []selectOption
}

type selectOption struct {
	Value, Text string
	Selected    bool
}

type hiddenField struct{ Name, Value string }

// columnFaults are the faults that another choice of columns may mend.
var columnFaults = []string{classlist.NoHeading, classlist.ColumnMissing, classlist.ColumnTwice}

// sampleNames is how many names a person looks at to see whether letters are right.
const sampleNames = 12

func (s *Server) previewPage(c *gin.Context, list classlist.List, chosen url.Values) (previewPage, error) {
	ctx := c.Request.Context()
	base, err := s.eventPage(c, "list")
	if err != nil {
		return previewPage{}, err
	}
	l := base.Locale
	base.Title = l.T("upload.preview.title") + " – " + base.Event.Title
	base.Back = "/events/" + base.Event.ID + "/class-lists/preview"
	page := previewPage{eventPage: base, Students: len(list.Students)}
	page.Columns = columnChoices(l, list, chosen, base.Event.Invitations)
	page.Encodings = encodingOptions(l, list.Encoding, chosen.Get("encoding"))
	for _, name := range keptNames() {
		if value := chosen.Get(name); value != "" {
			page.Keep = append(page.Keep, hiddenField{name, value})
			page.Chosen, page.Reread = page.Chosen || name != "encoding", page.Reread || name == "encoding"
		}
	}
	for _, p := range listProblems(l, list.Problems) {
		if p.Fatal {
			page.Faults = append(page.Faults, p)
			page.Chosen = page.Chosen || slices.Contains(columnFaults, p.Code)
		} else {
			page.Doubts = append(page.Doubts, p)
		}
	}
	if len(page.Faults) > 0 {
		return page, nil
	}
	known, err := s.store.Students(ctx, base.Event.ID)
	if err != nil {
		return page, err
	}
	page.Change = compareList(l, known, list.Students, base.Event.Invitations)
	page.Names, page.Special = specialNames(list.Students)
	page.Classes = countClasses(list.Students)
	choices, _, err := s.store.Choices(ctx, base.Event.ID)
	if err != nil {
		return page, err
	}
	p, err := s.store.Programme(ctx, base.Event.ID)
	if err != nil {
		return page, err
	}
	page.Misplaced = findMisplaced(p, page.Change.after, choices)
	return page, nil
}

// keptNames are the parameters that say how a list is read.
func keptNames() []string {
	names := []string{"encoding"}
	for _, f := range listFields {
		names = append(names, columnName(f))
	}
	return names
}

func columnChoices(l *locale.Locale, list classlist.List, chosen url.Values, invitations bool) []columnChoice {
	var first enroll.Student
	if len(list.Students) > 0 {
		first = list.Students[0]
	}
	taken := map[classlist.Field]classlist.Column{}
	for _, column := range list.Columns {
		taken[column.Field] = column
	}
	var choices []columnChoice
	for _, f := range listFields {
		if f == classlist.Email && !invitations || len(list.Headings) == 0 {
			continue
		}
		c := columnChoice{Name: columnName(f), Label: l.T("list.field." + string(f)), Example: exampleOf(f, first)}
		column, ok := taken[f]
		switch {
		case ok:
			if c.Taken = column.Heading; c.Taken == "" {
				c.Taken = columnText(l, column)
			}
		case f == classlist.Class && first.Class != "":
			c.Taken = l.T("upload.column.sheet")
		case f == classlist.Year && first.Year != 0:
			c.Taken = l.T("upload.column.year")
		default:
			c.Taken, c.None, c.Example = l.T("upload.column.none"), true, ""
		}
		value := chosen.Get(c.Name)
		auto := l.T("upload.column.auto")
		if value == "" {
			auto = l.T("upload.column.auto_is", "taken", c.Taken)
		}
		c.Options = append(c.Options, selectOption{"", auto, value == ""}, selectOption{noColumn, l.T("upload.column.none"), value == noColumn})
		for _, column := range list.Headings {
			selected := value == column.Letter || ok && value != "" && column.Letter == taken[f].Letter
			c.Options = append(c.Options, selectOption{column.Letter, columnText(l, column), selected})
		}
		choices = append(choices, c)
	}
	return choices
}

// columnText names a column: its heading, and its letter.
func columnText(l *locale.Locale, column classlist.Column) string {
	if column.Heading == "" {
		return l.T("upload.column.letter", "letter", column.Letter)
	}
	return l.T("upload.column.heading", "heading", column.Heading, "letter", column.Letter)
}

// exampleOf returns what a student has of a field.
func exampleOf(f classlist.Field, st enroll.Student) string {
	switch f {
	case classlist.Number:
		return st.Number
	case classlist.First:
		return st.FirstName
	case classlist.Infix:
		return st.Infix
	case classlist.Last:
		return st.LastName
	case classlist.Full:
		return st.Name()
	case classlist.Class:
		return st.Class
	case classlist.Year:
		if st.Year != 0 {
			return itoa(st.Year)
		}
	case classlist.Email:
		return st.Email
	}
	return ""
}

// encodingOptions offers the encodings of a text; used is the one it was read with.
func encodingOptions(l *locale.Locale, used, chosen string) []selectOption {
	if used == "" {
		return nil
	}
	auto := l.T("upload.encoding.auto")
	if chosen == "" {
		auto = l.T("upload.encoding.auto_is", "encoding", l.T("upload.encoding."+used))
	}
	options := []selectOption{{"", auto, chosen == ""}}
	for _, name := range classlist.Encodings {
		options = append(options, selectOption{name, l.T("upload.encoding." + name), chosen == name})
	}
	return options
}

// specialNames returns a sample of the names: first those with letters that no
// name before had of those that a wrong encoding spoils, then others with such
// letters. Where no name has any, it is of the first names, and special is false.
func specialNames(students []enroll.Student) (names []string, special bool) {
	seen := map[rune]bool{}
	var others, plain []string
	for _, st := range students {
		name, fresh, any := st.Name(), false, false
		for _, r := range name {
			if r < 0x80 && r != '?' || r == '’' {
				continue
			}
			any = true
			if !seen[r] {
				seen[r], fresh = true, true
			}
		}
		switch {
		case fresh:
			names = append(names, name)
		case any:
			others = append(others, name)
		case len(plain) < sampleNames:
			plain = append(plain, name)
		}
		if len(names) >= sampleNames {
			break
		}
	}
	if names = append(names, others...); len(names) > 0 {
		return names[:min(len(names), sampleNames)], true
	}
	return plain[:min(len(plain), 3)], false
}

func countClasses(students []enroll.Student) []classCount {
	n := map[string]int{}
	for _, st := range students {
		n[st.Class]++
	}
	var counts []classCount
	for _, class := range classesOf(students) {
		counts = append(counts, classCount{class, n[class]})
	}
	return counts
}

// listChange is what saving a list would change.
type listChange struct {
	Added     []enroll.Student
	Changed   []studentChange
	Missing   []enroll.Student
	Unchanged int
	after     []enroll.Student // those who change, as they would be
}

// studentChange is a student of whom something changes.
type studentChange struct {
	enroll.Student          // as the list has it
	What           []string // in words
}

// compareList tells what store.ApplyList would do, by name. Students are told
// apart by number.
func compareList(l *locale.Locale, known, list []enroll.Student, invitations bool) listChange {
	var change listChange
	before := make(map[string]enroll.Student, len(known))
	for _, st := range known {
		before[st.Number] = st
	}
	for _, st := range list {
		if !invitations {
			st.Email = ""
		}
		old, ok := before[st.Number]
		delete(before, st.Number)
		switch {
		case !ok:
			change.Added = append(change.Added, st)
		case old.Same(st):
			change.Unchanged++
		default:
			st.ID = old.ID
			change.Changed = append(change.Changed, studentChange{st, whatChanges(l, old, st)})
			change.after = append(change.after, st)
		}
	}
	for _, st := range before {
		change.Missing = append(change.Missing, st)
	}
	locale.SortStudents(change.Added)
	locale.SortStudents(change.Missing)
	return change
}

func whatChanges(l *locale.Locale, old, st enroll.Student) []string {
	var what []string
	add := func(label, from, to string) {
		if strings.TrimSpace(from) == "" {
			from = "–"
		}
		if strings.TrimSpace(to) == "" {
			to = "–"
		}
		if from != to {
			what = append(what, l.T("upload.change", "what", l.T(label), "from", from, "to", to))
		}
	}
	add("list.field.full", old.Name(), st.Name())
	add("list.field.class", old.Class, st.Class)
	add("list.field.year", exampleOf(classlist.Year, old), exampleOf(classlist.Year, st))
	add("list.field.email", old.Email, st.Email)
	if len(what) == 0 {
		what = append(what, l.T("upload.change.split")) // the same name, divided otherwise
	}
	return what
}
