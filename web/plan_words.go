package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/scheduler"
	"cultuurdag/scheduler/planning"
)

// rankBar is a bar of the chart of ranks.
type rankBar struct {
	Label string
	N     int
	Width int // of chartBar at most
	Y     int
}

// Measures of the chart, in units of its view box.
const (
	chartBar = 150 // the longest bar
	chartRow = 30
)

// ChartHeight is how high the chart of ranks is.
func (v planView) ChartHeight() int { return chartRow * len(v.Ranks) }

// ChartText says what the chart shows.
func (v planView) ChartText() string {
	parts := make([]string, len(v.Ranks))
	for i, bar := range v.Ranks {
		parts[i] = bar.Label + ": " + strconv.Itoa(bar.N)
	}
	return strings.Join(parts, ", ")
}

// shortageView is a shortage in words.
type shortageView struct {
	Text     string
	Best     string // the best remedy of each kind
	Remedies []remedyView
}

// remedyView is what would help, in words and as the fields of a form.
type remedyView struct {
	Text           string
	Solves         int
	Kind           scheduler.ChangeKind
	Workshop       string
	Round, Places  int
	Classes, Years string
}

// planWords puts plans into words.
type planWords struct {
	l         *locale.Locale
	programme enroll.Programme
	ranks     int // how many workshops students rank
}

// mostHelp is how many sessions the page names where a place more would help.
const mostHelp = 3

// fill fills a view from a report.
func (w planWords) fill(v *planView, report json.RawMessage, cancelled []enroll.SessionKey, empty []int) error {
	if err := json.Unmarshal(report, &v.Report); err != nil {
		return fmt.Errorf("report of a plan: %w", err)
	}
	r := v.Report
	v.ByRound = empty
	for _, n := range empty {
		v.Empty += n
	}
	wished := r.Unranked
	for i, n := range r.Ranks {
		wished += n
		if i >= w.ranks {
			continue // nobody ranks as many
		}
		v.Ranks = append(v.Ranks, rankBar{Label: w.l.T("allocation.wish", "rank", i+1), N: n, Y: chartRow * i})
	}
	if wished == 0 {
		v.Ranks = nil // nobody wished: there is nothing to draw
	} else {
		v.Ranks = append(v.Ranks, rankBar{Label: w.l.T("allocation.unranked"), N: r.Unranked, Y: chartRow * len(v.Ranks)})
	}
	if len(r.Obtained) > 0 {
		v.None = r.Obtained[0]
	}
	if len(r.Obtained) > 1 {
		v.One = r.Obtained[1]
	}
	for _, key := range cancelled {
		v.Cancelled = append(v.Cancelled, w.session(key.Workshop, key.Round))
	}
	for _, s := range r.Shortages {
		v.Shortages = append(v.Shortages, w.shortage(s))
	}
	prices := slices.Clone(r.ShadowPrices)
	slices.SortStableFunc(prices, func(a, b scheduler.ShadowPrice) int {
		switch {
		case a.Price > b.Price:
			return -1
		case a.Price < b.Price:
			return 1
		}
		return 0
	})
	for _, p := range prices[:min(len(prices), mostHelp)] {
		if p.Price > 0 {
			v.Help = append(v.Help, w.session(p.Workshop, p.Round))
		}
	}
	return nil
}

// title returns the title of a workshop; "" of none.
func (w planWords) title(id string) string {
	if found, ok := w.programme.Workshop(id); ok {
		return found.Title
	}
	return id
}

func (w planWords) session(workshop string, round int) string {
	if round == 0 {
		return w.title(workshop)
	}
	return w.l.T("allocation.session", "workshop", w.title(workshop), "round", round)
}

func (w planWords) titles(ids []string) []string {
	titles := make([]string, len(ids))
	for i, id := range ids {
		titles[i] = w.title(id)
	}
	return titles
}

// any joins words: a, b of c.
func (w planWords) any(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + w.l.T("allocation.or") + " " + words[len(words)-1]
}

// classes says which classes or years: klas 1, klas 1A en 1B.
func (w planWords) classes(classes []string, years []int) string {
	names := slices.Clone(classes)
	if len(names) == 0 {
		for _, year := range years {
			names = append(names, strconv.Itoa(year))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return w.l.T("allocation.classes", "classes", w.l.List(names))
}

// rounds says which rounds: Ronde 2, Ronde 1 en 2.
func (w planWords) rounds(rounds []int) string {
	names := make([]string, len(rounds))
	for i, r := range rounds {
		names[i] = strconv.Itoa(r)
	}
	return w.l.T("allocation.rounds", "rounds", w.l.List(names))
}

// shortage says what is short, in words that an organiser can act on: Ronde 2:
// 14 leerlingen uit klas 1 kunnen alleen nog naar Breakdance of Graffiti, samen
// 9 plaatsen.
func (w planWords) shortage(s scheduler.Shortage) shortageView {
	who := w.l.T("allocation.students", "n", len(s.Students))
	if classes := w.classes(s.Classes, s.Years); classes != "" {
		who = w.l.T("allocation.students_of", "who", who, "classes", classes)
	}
	key := "allocation.short." + string(s.Why)
	if s.Why == scheduler.Full && len(s.Workshops) == 1 {
		key = "allocation.short.one"
	}
	if s.Why == scheduler.Full && w.all(s) {
		key = "allocation.short.all"
	}
	if s.Why == scheduler.Repeat && len(s.Workshops) == 0 {
		key = "allocation.short.repeat_only"
	}
	rest := w.l.T(key, "n", len(s.Students), "who", who, "workshops", w.any(w.titles(s.Workshops)), "once", w.l.List(w.titles(s.Once)),
		"cancelled", w.l.List(w.titles(s.Cancelled)), "places", w.l.T("allocation.places", "n", s.Places), "missing", w.l.T("allocation.places", "n", s.Missing))
	view := shortageView{Text: w.rounds(s.Rounds) + ": " + rest}
	var best []string
	kinds := map[scheduler.ChangeKind]bool{}
	for _, r := range s.Remedies {
		remedy := w.remedy(r)
		view.Remedies = append(view.Remedies, remedy)
		if !kinds[r.Kind] { // the best of a kind comes first
			kinds[r.Kind] = true
			best = append(best, remedy.Text)
		}
	}
	view.Best = w.any(best)
	return view
}

// mostNamed is how many workshops are named where all of them are meant.
const mostNamed = 6

// all reports whether a shortage is of every workshop that is given in its round,
// and of so many that naming them helps nobody.
func (w planWords) all(s scheduler.Shortage) bool {
	given := 0
	for _, o := range w.programme.Workshops {
		if session, ok := o.Session(s.Round); ok && !session.Cancelled {
			given++
		}
	}
	return given == len(s.Workshops) && given > mostNamed
}

func (w planWords) remedy(r scheduler.Remedy) remedyView {
	years := make([]string, len(r.Years))
	for i, y := range r.Years {
		years[i] = strconv.Itoa(y)
	}
	return remedyView{
		Text: w.change(planning.Change{Change: r.Change}), Solves: r.Solves, Kind: r.Kind, Workshop: r.Workshop,
		Round: r.Round, Places: r.Places, Classes: strings.Join(r.Classes, ","), Years: strings.Join(years, ","),
	}
}

// change says what a change is: Breakdance in ronde 2 gaat niet door.
func (w planWords) change(c planning.Change) string {
	if c.New != nil {
		places := 0
		var rounds []int
		for _, s := range c.New.Sessions {
			places = s.Capacity
			rounds = append(rounds, s.Round)
		}
		return w.l.T("allocation.change.add", "workshop", c.New.Title, "places", w.l.T("allocation.places", "n", places), "rounds", w.rounds(rounds))
	}
	return w.l.T("allocation.change."+string(c.Kind), "workshop", w.session(c.Workshop, c.Round), "title", w.title(c.Workshop), "round", c.Round,
		"places", w.l.T("allocation.places", "n", c.Places), "classes", w.classes(c.Classes, c.Years))
}
