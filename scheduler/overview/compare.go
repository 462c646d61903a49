package overview

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Printed is a list as it was when it was printed last.
type Printed struct {
	At       time.Time
	Snapshot []byte // what the function of that name returned
}

// Changes is how the lists of a day differ from those on paper.
type Changes struct {
	Lists []ListChanges // those that were printed, in the order of Names
	d     *day
}

// ListChanges is how one list differs from the one on paper.
type ListChanges struct {
	Name   string // one of Names
	Since  time.Time
	Sheets []SheetChange // none: the paper is right
}

// SheetChange is how the sheet of a class, a session or a teacher differs.
type SheetChange struct {
	Title string
	Round int      // 0: of no one round
	What  []string // in words: the room was 1.02, 2 new, 1 gone
	Moves []Move
	Void  bool // there is no such sheet any more

	draw func(*sheet)
}

// The kinds of moves.
const (
	moveNew   = "new"   // on the sheet now
	moveGone  = "gone"  // on it no longer
	movePlace = "place" // another place
	moveName  = "name"  // written otherwise
	moveClass = "class" // in another class
)

// Move is what changed for one student on a sheet.
type Move struct {
	Student string // as lists write names
	Class   string
	Round   int    // 0: of no one round
	Kind    string // new, gone, place, name or class
	Was     string // where, or what; may be empty
	Now     string
	p       *person
	from    *session // of a session's sheet
}

// Sheets is how many sheets changed, those that there are no more included.
func (c *Changes) Sheets() int {
	n := 0
	for _, l := range c.Lists {
		n += len(l.Sheets)
	}
	return n
}

// Compare tells how the lists that Make would make of in differ from those that
// were printed, by name. Lists that were not printed are left out.
func Compare(in Input, printed map[string]Printed) (*Changes, error) {
	c := &Changes{d: newDay(in)}
	for _, name := range Names {
		p, ok := printed[name]
		if !ok {
			continue
		}
		x := &diff{day: c.d, since: p.At, list: name, gone: map[string][]*person{}}
		if err := json.Unmarshal(p.Snapshot, &x.was); err != nil {
			return nil, fmt.Errorf("snapshot of %s: %w", name, err)
		}
		x.findGone()
		l := ListChanges{Name: name, Since: p.At}
		switch name {
		case "attendance":
			l.Sheets = x.sessionSheets()
		case "teachers":
			l.Sheets = x.teacherSheets()
		default:
			l.Sheets = x.classSheets()
		}
		c.Lists = append(c.Lists, l)
	}
	return c, nil
}

// diff compares one list of a day with what was printed.
type diff struct {
	*day
	was   snapshot
	since time.Time
	list  string
	// Who was there and is not now: by class, and by the key of a session. A nil
	// stands for somebody who was erased.
	gone map[string][]*person
}

func classKey(name string) string { return "class " + name }

func (x *diff) findGone() {
	here := map[string]bool{}
	for _, p := range x.students {
		here[p.ID] = true
		was, ok := x.was.Students[p.ID]
		if !ok {
			continue
		}
		if was.Class != p.Class {
			x.gone[classKey(was.Class)] = append(x.gone[classKey(was.Class)], p)
		}
		for i, key := range was.Places {
			if i >= len(p.places) || p.places[i].key() != key {
				x.gone[key] = append(x.gone[key], p)
			}
		}
	}
	for id, was := range x.was.Students {
		if here[id] {
			continue
		}
		for _, key := range append([]string{classKey(was.Class)}, was.Places...) {
			x.gone[key] = append(x.gone[key], nil)
		}
	}
}

// headWords says that the top of every sheet reads otherwise.
func (x *diff) headWords() []string {
	if x.was.Head != x.headText() {
		return []string{x.t("was.head")}
	}
	return nil
}

// wasWord says what something was.
func (x *diff) wasWord(key, was string) string {
	return x.t("was."+key, "was", or(was, "–"))
}

// oldTime writes when a round was.
func (x *diff) oldTime(round int) string {
	if round > len(x.was.Rounds) {
		return ""
	}
	r := x.was.Rounds[round-1]
	return x.l.Clock(r.Start) + "–" + x.l.Clock(r.End)
}

func (x *diff) timeChanged(round int) bool {
	if round > len(x.was.Rounds) {
		return true
	}
	was, now := x.was.Rounds[round-1], x.Programme.Rounds[round-1]
	return !was.Start.Equal(now.Start) || !was.End.Equal(now.End)
}

// oldTitle is what a session was called, or that there was no place.
func (x *diff) oldTitle(key string) string {
	if was, ok := x.was.Sessions[key]; ok && was.Title != "" {
		return was.Title
	}
	return x.t("no_place")
}

// sessionWords says what changed about a session itself.
func (x *diff) sessionWords(s *session) []string {
	was, ok := x.was.Sessions[s.key()]
	if !ok {
		return []string{x.t("was.no_sheet")}
	}
	var words []string
	if s.none() {
		return words
	}
	if x.timeChanged(s.Round) {
		words = append(words, x.wasWord("time", x.oldTime(s.Round)))
	}
	for _, f := range []struct{ key, was, now string }{
		{"title", was.Title, s.workshop.Title}, {"room", was.Room, s.Room}, {"teacher", was.Teacher, s.workshop.Teacher},
	} {
		if f.was != f.now && !(f.key == "teacher" && x.list == "teachers") {
			words = append(words, x.wasWord(f.key, f.was))
		}
	}
	switch {
	case s.cancelled && !was.Cancelled:
		words = append(words, x.t("was.cancelled"))
	case was.Cancelled && !s.cancelled:
		words = append(words, x.t("was.not_cancelled"))
	}
	return words
}

// sessionMoves says who came to a session and who left it.
func (x *diff) sessionMoves(s *session) []Move {
	if _, ok := x.was.Sessions[s.key()]; !ok {
		return nil // all of the sheet is new
	}
	var moves []Move
	add := func(p *person, kind, was, now string) {
		moves = append(moves, Move{p.ListName(), p.Class, s.Round, kind, was, now, p, s})
	}
	for _, p := range s.students {
		was, ok := x.was.Students[p.ID]
		switch {
		case !ok:
			add(p, moveNew, "", x.day.title(s))
		case s.Round > len(was.Places) || was.Places[s.Round-1] != s.key():
			old := ""
			if s.Round <= len(was.Places) {
				old = x.oldTitle(was.Places[s.Round-1])
			}
			add(p, moveNew, old, x.day.title(s))
		default:
			if was.Name != nameMark(p.Student) {
				add(p, moveName, "", "")
			}
			if was.Class != p.Class {
				add(p, moveClass, was.Class, p.Class)
			}
		}
	}
	for _, p := range x.gone[s.key()] {
		if p != nil {
			add(p, moveGone, x.oldTitle(s.key()), x.title(p.places[s.Round-1]))
		}
	}
	return moves
}

// erased is how many of those who were on the sheet were erased.
func (x *diff) erased(key string) int {
	n := 0
	for _, p := range x.gone[key] {
		if p == nil {
			n++
		}
	}
	return n
}

// counts writes how many moves of each kind there are: 2 nieuw, 1 eraf.
func (x *diff) counts(moves []Move, erased int) []string {
	n := map[string]int{}
	for _, m := range moves {
		n[m.Kind]++
	}
	var words []string
	for _, kind := range []string{moveNew, moveGone, movePlace, moveName, moveClass} {
		if n[kind] > 0 {
			words = append(words, x.t("moves."+kind, "n", n[kind]))
		}
	}
	if erased > 0 {
		words = append(words, x.t("moves.erased", "n", erased))
	}
	return words
}

func (x *diff) sessionSheets() []SheetChange {
	var sheets []SheetChange
	there := map[string]bool{}
	for _, s := range x.sessions {
		there[s.key()] = true
		moves := x.sessionMoves(s)
		what := slices.Concat(x.headWords(), x.sessionWords(s), x.counts(moves, x.erased(s.key())))
		if len(what) > 0 {
			sheets = append(sheets, SheetChange{Title: x.day.title(s), Round: s.Round, What: what, Moves: moves,
				draw: func(p *sheet) { attendanceSession(p, s, x.news(what, moves)) }})
		}
	}
	for _, key := range sortedKeys(x.was.Sessions) {
		if was := x.was.Sessions[key]; !there[key] {
			sheets = append(sheets, SheetChange{Title: x.oldTitle(key), Round: was.Round, What: []string{x.t("was.void")}, Void: true})
		}
	}
	return sheets
}

// placeMoves says in which rounds a student's place reads otherwise.
func (x *diff) placeMoves(p *person) []Move {
	was := x.was.Students[p.ID]
	var moves []Move
	for i, s := range p.places {
		round, key := i+1, ""
		if i < len(was.Places) {
			key = was.Places[i]
		}
		old := x.was.Sessions[key]
		before, now := join(" · ", x.oldTitle(key), old.Room), join(" · ", x.titleAndState(s), s.Room)
		if old.Cancelled {
			before = join(" · ", x.oldTitle(key)+" ("+x.t("cancelled")+")", old.Room)
		}
		if x.list == "student-rosters" {
			before, now = join(" · ", x.oldTime(round), before, old.Teacher), join(" · ", x.time(round), now, s.workshop.Teacher)
		}
		same := before == now
		if x.list == "student-rosters" && key == s.key() && !x.timeChanged(round) { // the day before a time changes nothing
			same = old.Title == s.workshop.Title && old.Room == s.Room && old.Teacher == s.workshop.Teacher && old.Cancelled == s.cancelled
		}
		if !same {
			moves = append(moves, Move{p.ListName(), p.Class, round, movePlace, before, now, p, nil})
		}
	}
	return moves
}

func (x *diff) classSheets() []SheetChange {
	head := x.headWords()
	if x.list != "student-rosters" { // which tell each round's time in every block
		for round := 1; round <= x.rounds; round++ {
			if x.timeChanged(round) {
				head = append(head, x.roundName(round)+": "+x.wasWord("time", x.oldTime(round)))
			}
		}
		if len(x.was.Rounds) > x.rounds {
			head = append(head, x.t("was.rounds"))
		}
	}
	old := map[string]bool{}
	for _, s := range x.was.Students {
		old[s.Class] = true
	}
	var sheets []SheetChange
	for _, c := range x.classes {
		var moves []Move
		for _, p := range c.students {
			was, ok := x.was.Students[p.ID]
			switch {
			case !ok:
				moves = append(moves, Move{p.ListName(), p.Class, 0, moveNew, "", "", p, nil})
				continue
			case was.Class != p.Class:
				moves = append(moves, Move{p.ListName(), p.Class, 0, moveNew, x.className(was.Class), "", p, nil})
			case was.Name != nameMark(p.Student):
				moves = append(moves, Move{p.ListName(), p.Class, 0, moveName, "", "", p, nil})
			}
			moves = append(moves, x.placeMoves(p)...)
		}
		erased := 0
		if x.list != "student-rosters" { // a block of who is gone is in nobody's way
			erased = x.erased(classKey(c.name))
			for _, p := range x.gone[classKey(c.name)] {
				if p != nil {
					moves = append(moves, Move{p.ListName(), c.name, 0, moveGone, "", x.className(p.Class), p, nil})
				}
			}
		}
		what := slices.Concat(head, x.counts(moves, erased))
		if !old[c.name] {
			what = slices.Concat(head, []string{x.t("was.no_sheet")})
		}
		if len(what) > 0 {
			sheets = append(sheets, SheetChange{Title: x.className(c.name), What: what, Moves: moves, draw: x.drawClass(c, what, moves, len(head) > 0)})
		}
		delete(old, c.name)
	}
	if x.list != "student-rosters" {
		for _, name := range sortedKeys(old) {
			sheets = append(sheets, SheetChange{Title: x.className(name), What: []string{x.t("was.void")}, Void: true})
		}
	}
	return sheets
}

// drawClass draws the sheet of a class as its list does; of blocks to cut, only
// those that changed, unless all did.
func (x *diff) drawClass(c class, what []string, moves []Move, all bool) func(*sheet) {
	n := x.news(what, moves)
	switch x.list {
	case "rosters":
		return func(s *sheet) { rosterClass(s, c, n) }
	case "class-attendance":
		return func(s *sheet) { attendanceClass(s, c, n) }
	}
	some := class{name: c.name}
	for _, p := range c.students {
		if all || len(n.moves[p]) > 0 {
			some.students = append(some.students, p)
		}
	}
	return func(s *sheet) { studentBlocks(s, some) }
}

func teacherKey(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

func (x *diff) teacherSheets() []SheetChange {
	old := map[string]map[string]bool{} // by teacherKey: the sessions they had
	names := map[string]string{}
	for key, s := range x.was.Sessions {
		if s.Title == "" {
			continue
		}
		k := teacherKey(s.Teacher)
		if old[k] == nil {
			old[k] = map[string]bool{}
		}
		old[k][key], names[k] = true, s.Teacher
	}
	var sheets []SheetChange
	for _, t := range x.teachers {
		had := old[teacherKey(t.name)]
		delete(old, teacherKey(t.name))
		what := x.headWords()
		var moves []Move
		if had == nil {
			what = append(what, x.t("was.no_sheet"))
		}
		for _, s := range t.sessions {
			name := fmt.Sprintf("%d %s", s.Round, x.day.title(s))
			if had == nil {
				continue
			}
			if !had[s.key()] {
				what = append(what, x.t("was.session_new", "session", name))
				continue
			}
			delete(had, s.key())
			m := x.sessionMoves(s)
			if words := slices.Concat(x.sessionWords(s), x.counts(m, x.erased(s.key()))); len(words) > 0 {
				what = append(what, name+": "+strings.Join(words, ", "))
			}
			moves = append(moves, m...)
		}
		for _, key := range sortedKeys(had) {
			what = append(what, x.t("was.session_gone", "session", fmt.Sprintf("%d %s", x.was.Sessions[key].Round, x.oldTitle(key))))
		}
		if len(what) > 0 {
			sheets = append(sheets, SheetChange{Title: x.teacherName(t.name), What: what, Moves: moves,
				draw: func(s *sheet) { teacherPages(s, t, x.news(what, moves)) }})
		}
	}
	for _, k := range sortedKeys(old) {
		sheets = append(sheets, SheetChange{Title: x.teacherName(names[k]), What: []string{x.t("was.void")}, Void: true})
	}
	return sheets
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// news is what to mark on a sheet that is printed again; nil: nothing.
type news struct {
	line  string // under the heading: changed since when, and what
	moves map[*person][]Move
	gone  []Move
}

func (x *diff) news(what []string, moves []Move) *news {
	n := &news{moves: map[*person][]Move{}}
	n.line = x.t("changed.since", "at", x.l.Moment(x.since)) + " " + strings.Join(what, " · ")
	for _, m := range moves {
		if m.Kind == moveGone {
			n.gone = append(n.gone, m)
		} else {
			n.moves[m.p] = append(n.moves[m.p], m)
		}
	}
	return n
}

// left are those who are on the sheet no longer.
func (n *news) left() []Move {
	if n == nil {
		return nil
	}
	return n.gone
}

// words are the line under the heading.
func (n *news) words() string {
	if n == nil {
		return ""
	}
	return n.line
}

// mark is the word beside a student's name, of that kind of list; or beside the
// place in a round.
func (n *news) mark(d *day, p *person, round int, kinds ...string) string {
	if n == nil {
		return ""
	}
	for _, m := range n.moves[p] {
		if slices.Contains(kinds, m.Kind) && (round == 0 || m.Round == round) {
			return d.t("mark." + m.Kind)
		}
	}
	return ""
}
