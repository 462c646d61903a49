package overview

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// CertificateData is what the certificate of a purge tells. Nothing in it is
// about a student.
type CertificateData struct {
	Provider enroll.Provider
	School   enroll.School
	Event    enroll.Event
	Program  string // name and version of what carried it out

	// Counts tells how many there were of each kind: students, codes, places,
	// wishes, sessions, files, keys, tasks, snapshots. Another kind stands there under
	// its own name.
	Counts map[string]int
	// Steps of the purge in their order, named as in the purge log.
	Steps []CertificateStep
	Early bool // asked for before its day

	Searched    int    // files of Redis in which nothing was found; 0: they were out of reach
	Fingerprint string // of the destroyed key
	EntryHash   string // of the log's entry that says completed
	Checkpoint  string // the signed note of the log; "" leaves it out
	PublicURL   string // the page that anybody can check; "" leaves it out
	MeaningURL  string // the page that says what this does and does not mean; "" leaves it out

	Locale *locale.Locale // nil: Dutch
}

// CertificateStep is one step of a purge. Note is a sentence of this program
// about it, such as that Redis's files were out of its reach; it may be empty.
type CertificateStep struct {
	Step string
	At   time.Time
	Note string
}

// ErrNotCompleted says that a purge is not complete, so that nothing can be certified.
var ErrNotCompleted = errors.New("the purge is not completed")

// countKinds is the order in which kinds of data are told.
var countKinds = []string{"students", "codes", "places", "wishes", "sessions", "files", "invitations", "drafts", "keys", "tasks", "snapshots"}

// Certificate makes the purge certificate as PDF, for a headmaster to read
// and to keep. ErrNotCompleted where no step says completed.
func Certificate(c CertificateData) ([]byte, error) {
	i := slices.IndexFunc(c.Steps, func(s CertificateStep) bool { return s.Step == "completed" })
	if i < 0 {
		return nil, fmt.Errorf("make certificate: %w", ErrNotCompleted)
	}
	d := newDay(Input{Provider: c.Provider, School: c.School, Event: c.Event, MadeAt: c.Steps[i].At, Locale: c.Locale})
	p := newPaper(d.t("certificate.title")+" – "+c.Event.Title, d.l.Tag, d.MadeAt, c.Provider.Logo)
	w := &certificate{paper: p, d: d, c: c}
	w.plan()
	data, err := p.bytes(context.Background())
	if err = errors.Join(w.fault, err); err != nil {
		return nil, fmt.Errorf("make certificate: %w", err)
	}
	return data, nil
}

// certificate lays blocks under one another, over as many pages as they need.
type certificate struct {
	*paper
	d      *day
	c      CertificateData
	page   []placed
	y      float64
	fault  error
	blocks [][]placed
}

type placed struct {
	y    float64
	draw func(y float64)
}

const (
	certMargin = 22.0
	certWidth  = pageWidth - 2*certMargin
	certTop    = 18.0
	certBottom = 277.0
)

// put places a block of that height, on a new page where it no longer fits.
func (w *certificate) put(height float64, draw func(y float64)) {
	if w.y+height > certBottom && len(w.page) > 0 {
		w.blocks, w.page, w.y = append(w.blocks, w.page), nil, certTop
	}
	w.page = append(w.page, placed{w.y, draw})
	w.y += height
}

func (w *certificate) space(h float64) { w.y += h }

func (w *certificate) text(s string, bold bool, size float64, c rgb) {
	var runs []run
	for _, l := range w.wrap(printable(s), certWidth, bold, size) {
		runs = append(runs, run{l, bold, size, c})
	}
	w.put(heightOf(runs), func(y float64) { w.write(certMargin, y, runs) })
}

// section sets a heading, kept together with some of what follows.
func (w *certificate) section(title string) {
	w.space(3)
	if w.y+22 > certBottom {
		w.y = certBottom
	}
	runs := []run{{printable(title), true, 11.5, readable(parseColour(w.d.Provider.Colour))}}
	w.put(heightOf(runs)+1, func(y float64) { w.write(certMargin, y, runs) })
}

// row sets a value beside its label.
func (w *certificate) row(label, value string, bold bool) {
	const left = 52.0
	l := w.flow(label, left-4, false, 9.5, grey)
	v := w.lines(value, certWidth-left, bold, 10)
	w.put(max(heightOf(l), heightOf(v))+0.7, func(y float64) {
		w.write(certMargin, y+0.15, l)
		w.write(certMargin+left, y, v)
	})
}

func (w *certificate) lines(s string, width float64, bold bool, size float64) []run {
	var runs []run
	for _, l := range w.wrap(printable(s), width, bold, size) {
		runs = append(runs, run{l, bold, size, ink})
	}
	return runs
}

// plan lays the whole certificate out.
func (w *certificate) plan() {
	d, c := w.d, w.c
	w.y = certTop
	if w.logo {
		w.put(18, func(y float64) { w.drawLogo(pageWidth-certMargin, y-6, 60, 15) })
	}
	w.text(d.t("certificate.title"), true, 25, ink)
	w.space(2)
	w.put(4, func(y float64) { w.bar(certMargin, y, 46, 1.6, parseColour(d.Provider.Colour)) })
	w.space(1)
	intro := d.t("certificate.intro", "provider", c.Provider.Name)
	if strings.TrimSpace(c.Provider.Name) == "" {
		intro = d.t("certificate.intro_nobody")
	}
	w.text(intro, false, 11, ink)
	if c.Early {
		w.space(1.5)
		w.text(d.t("certificate.early"), true, 10.5, ink)
	}
	w.space(4)
	w.row(d.t("certificate.event"), c.Event.Title, true)
	w.row(d.t("certificate.date"), d.date(), false)
	w.row(d.t("certificate.school"), join(", ", c.School.Name, schoolPlace(c.School), brin(c.School)), false)
	w.row(d.t("certificate.by"), join(", ", c.Provider.Name, c.Provider.Address, c.Provider.Email, c.Provider.Phone), false)
	w.row(d.t("certificate.with"), c.Program, false)

	w.section(d.t("certificate.what"))
	w.counts()
	w.section(d.t("certificate.when"))
	w.steps()
	w.section(d.t("certificate.checked"))
	w.text(w.checked(), false, 10, ink)
	w.section(d.t("certificate.kept"))
	w.text(d.t("certificate.kept_text"), false, 10, ink)
	w.section(d.t("certificate.copies"))
	w.text(w.copies(), false, 10, ink)
	const proof = 90 // about as high as it is: it stays on one page, so that it is compared at one go
	if w.y+proof > certBottom {
		w.y = certBottom
	}
	w.section(d.t("certificate.proof"))
	w.proof()
	w.finish()
}

// checked says in words how it was looked after that nothing is left.
func (w *certificate) checked() string {
	text := w.d.t("certificate.checked_store")
	if w.c.Fingerprint != "" {
		text = w.d.t("certificate.checked_key") + " " + text
	}
	if w.c.Searched > 0 {
		text += " " + w.d.t("certificate.checked_files", "n", w.c.Searched)
	}
	return text
}

// copies says for how long copies of the keys may live.
func (w *certificate) copies() string {
	text := w.d.t("certificate.copies_unknown")
	if days := w.c.Provider.CopiesDays; days != nil {
		text = w.d.t("certificate.copies_none")
		if *days > 0 {
			until := enroll.DateOf(w.d.MadeAt).AddDays(*days)
			text = w.d.t("certificate.copies_days", "n", *days, "date", w.d.l.Day(until))
		}
	}
	if w.c.MeaningURL != "" {
		text += " " + w.d.t("certificate.meaning", "url", w.c.MeaningURL)
	}
	return text
}

func brin(s enroll.School) string {
	if s.BRIN == "" {
		return ""
	}
	return "BRIN " + s.BRIN
}

// counts lists how many there were of each kind, the known ones first.
func (w *certificate) counts() {
	var kinds []string
	for kind, n := range w.c.Counts {
		if n > 0 && !slices.Contains(countKinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	var items []counted
	for _, kind := range append(slices.Clone(countKinds), kinds...) {
		n := w.c.Counts[kind]
		if n <= 0 {
			continue
		}
		what := kind
		if slices.Contains(countKinds, kind) {
			what = w.d.t("certificate.count."+kind, "n", n)
		}
		items = append(items, counted{fmt.Sprint(n), w.lines(what, certWidth/2-20, false, 9.5)})
	}
	if len(items) == 0 {
		w.text(w.d.t("certificate.nothing"), false, 10, ink)
		return
	}
	for i := 0; i < len(items); i += 2 {
		pair := items[i:min(i+2, len(items))]
		height := 0.0
		for _, x := range pair {
			height = max(height, heightOf(x.what))
		}
		w.put(height+0.6, func(y float64) {
			for j, x := range pair {
				left := certMargin + certWidth/2*float64(j)
				w.right(left+13, y+x.what[0].height()*0.77, x.number, true, 10, ink)
				w.write(left+16, y, x.what)
			}
		})
	}
}

// counted is how many there were of something.
type counted struct {
	number string
	what   []run
}

// steps lists what was done when.
func (w *certificate) steps() {
	const left = 52.0
	for _, s := range w.c.Steps {
		what := s.Step
		if key := "overview.certificate.step." + s.Step; w.d.l.Has(key) {
			what = w.d.l.T(key)
		}
		at := s.At.In(enroll.Amsterdam)
		when := []run{{fmt.Sprintf("%d-%d-%d  %s", at.Day(), at.Month(), at.Year(), at.Format("15:04:05")), false, 9.5, grey}}
		runs := w.lines(what, certWidth-left, false, 10)
		if s.Note != "" {
			for _, l := range w.wrap(printable(s.Note), certWidth-left, false, 8.5) {
				runs = append(runs, run{l, false, 8.5, grey})
			}
		}
		w.put(heightOf(runs)+0.7, func(y float64) {
			w.write(certMargin, y+0.15, when)
			w.write(certMargin+left, y, runs)
		})
	}
}

// proof tells how it can be checked: fingerprints, the signed log, the page.
func (w *certificate) proof() {
	d, c := w.d, w.c
	w.text(d.t("certificate.proof_text"), false, 10, ink)
	w.space(1.5)
	for _, x := range []struct{ label, value string }{
		{d.t("certificate.fingerprint"), c.Fingerprint},
		{d.t("certificate.entry_hash"), c.EntryHash},
	} {
		if x.value != "" {
			w.small(x.label, x.value)
		}
	}
	if c.Checkpoint != "" {
		w.small(d.t("certificate.checkpoint"), strings.Split(strings.TrimSpace(c.Checkpoint), "\n")...)
	}
	if c.PublicURL == "" {
		return
	}
	const size = 28.0
	words := w.lines(d.t("certificate.public"), certWidth-size-10, false, 10)
	for _, l := range w.wrap(printable(c.PublicURL), certWidth-size-10, true, 9) {
		words = append(words, run{l, true, 9, ink})
	}
	w.space(2)
	w.put(size+4, func(y float64) {
		w.fault = errors.Join(w.fault, w.qr(certMargin, y+2, size, c.PublicURL))
		w.write(certMargin+size+8, y+2+(size-heightOf(words))/2, words)
	})
}

// small sets lines of characters to compare under a label.
func (w *certificate) small(label string, lines ...string) {
	runs := []run{{printable(label), false, 8, grey}}
	for _, s := range lines {
		for _, l := range w.wrap(printable(s), certWidth, false, 8) {
			runs = append(runs, run{l, false, 8, ink})
		}
	}
	w.put(heightOf(runs)+1.2, func(y float64) { w.write(certMargin, y, runs) })
}

// finish turns what was laid out into pages.
func (w *certificate) finish() {
	for _, blocks := range append(w.blocks, w.page) {
		w.add(func(number, total int) {
			w.bar(0, 0, pageWidth, 5, parseColour(w.d.Provider.Colour))
			for _, b := range blocks {
				b.draw(b.y)
			}
			w.rule(certMargin, 280, pageWidth-certMargin, line, 0.2)
			page := w.d.t("page", "page", number, "pages", total)
			w.right(pageWidth-certMargin, 284.5, page, true, 9, ink)
			w.write(certMargin, 281, w.flow(w.d.t("certificate.keep"), certWidth-w.width(page, true, 9)-6, false, 8.5, grey))
		})
	}
}
