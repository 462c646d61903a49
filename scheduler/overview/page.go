package overview

import (
	"strings"

	"cultuurdag/enroll"
)

// heading stands at the top of every page of one list: a class, a session or a
// teacher.
type heading struct {
	round int    // 0: of no one round
	kind  string // what kind of list it is, in small type over the title
	title string
	facts []fact
	note  string // set large in a frame: cancelled, nobody in it
	news  string // on a dark strip: what changed since the last print
}

type fact struct{ label, value string }

// sheet is a paper with the frame of the lists: who, what and when at the top,
// page x of y at the foot.
type sheet struct {
	*paper
	d *day
}

func newSheet(d *day, name string) *sheet {
	title := d.t("list." + name)
	return &sheet{newPaper(title+" – "+d.Event.Title, d.l.Tag, d.MadeAt, d.Provider.Logo), d}
}

const headTop = 27.5 // where a heading begins, under the frame

// page plans a page with the frame around what draw draws. A bookmark that is
// not empty lists the page in the viewer's table of contents.
func (s *sheet) page(accent rgb, bookmark string, draw func()) {
	s.add(func(number, total int) {
		if bookmark != "" {
			s.font(false, 9)
			s.pdf.Bookmark(printable(bookmark), 0, 0)
		}
		s.lacking = false
		y := s.frame(accent, number, total)
		draw()
		if s.lacking {
			s.write(margin, y, s.flow(s.d.t("unprintable", "sign", string(missing)), inner, false, 7, grey))
		}
	})
}

// frame draws the top and the foot of a page, and returns where the foot ends.
func (s *sheet) frame(accent rgb, number, total int) float64 {
	d := s.d
	const brand = 52.0
	w := inner
	if s.logo {
		s.drawLogo(pageWidth-margin, 9, brand, 12)
		w -= brand + 4
	} else if d.Provider.Name != "" {
		runs := s.flow(d.Provider.Name, brand, true, 9, grey)
		y := 11.0
		for _, r := range runs {
			s.right(pageWidth-margin, y+r.height()*0.77, r.s, r.bold, r.size, r.colour)
			y += r.height()
		}
		w -= brand + 4
	}
	y := s.write(margin, 10, s.flow(d.Event.Title+" · "+d.School.Name, w, true, 11, ink))
	about := d.date()
	if d.Event.Location != "" {
		about += " · " + d.Event.Location
	}
	s.write(margin, y+0.5, s.flow(about, w, false, 9, grey))
	s.bar(margin, 22.5, inner, 1.2, accent)

	s.rule(margin, bottom+2, pageWidth-margin, line, 0.2)
	page := d.t("page", "page", number, "pages", total)
	s.right(pageWidth-margin, bottom+6, page, true, 9, ink)
	left := inner - s.width(page, true, 9) - 6
	y = s.write(margin, bottom+2.6, s.flow(d.t("privacy", "date", d.l.Day(d.last())), left, false, 7.5, grey))
	made := d.t("made", "at", d.l.Moment(d.MadeAt))
	if d.MadeAt.IsZero() {
		made = ""
	}
	return s.write(margin, y, s.flow(join(" · ", made, contactLine(d.Provider)), left, false, 7, grey))
}

func contactLine(p enroll.Provider) string { return join(" · ", p.Name, p.Phone, p.Email) }

// join joins what is not empty.
func join(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

// head draws a heading at the top of a page, and returns where it ends. With
// measure it draws nothing.
func (s *sheet) head(h heading, part string, measure bool) float64 {
	x, y, w := margin, headTop, inner
	if h.round > 0 {
		const size = 15.0
		if !measure {
			s.badge(x, y, size, h.round)
		}
		x, w = x+size+4, w-size-4
	}
	top := y
	kind := s.flow(join(" · ", h.kind, part), w, false, 9, grey)
	title := s.fitTitle(h.title, w)
	if !measure {
		s.write(x, y-0.6, kind)
		s.write(x, y-0.6+heightOf(kind), title)
	}
	y += heightOf(kind) + heightOf(title)
	if h.round > 0 {
		y = max(y, top+15)
	}
	y += 2.6
	if len(h.facts) > 0 {
		y += s.facts(h.facts, margin, y, inner, measure) + 2
	}
	if h.news != "" {
		runs := s.flow(h.news, inner-6, true, 9.5, white)
		height := heightOf(runs) + 2.4
		if !measure {
			s.bar(margin, y, inner, height, ink)
			s.write(margin+3, y+1.2, runs)
		}
		y += height + 2.5
	}
	if h.note != "" {
		runs := s.flow(h.note, inner-10, true, 14, ink)
		height := heightOf(runs) + 6
		if !measure {
			s.stroke(ink, 0.7)
			s.pdf.Rect(margin+0.35, y+0.35, inner-0.7, height-0.7, "D")
			s.write(margin+5, y+3, runs)
		}
		y += height + 3
	}
	return y
}

// fitTitle sets a title as large as it fits, in two lines if it must.
func (s *sheet) fitTitle(title string, w float64) []run {
	title = printable(title)
	for _, size := range []float64{22, 19, 17} {
		if s.width(title, true, size) <= w {
			return []run{{title, true, size, ink}}
		}
	}
	return s.flow(title, w, true, 17, ink)
}

// facts draws facts side by side, each under its label, and returns their height.
// One that needs more room than the others gets it.
func (s *sheet) facts(facts []fact, x, y, w float64, measure bool) float64 {
	const gap = 5.0
	widths := make([]float64, len(facts))
	sum := 0.0
	for i, f := range facts {
		widths[i] = max(s.width(printable(f.label), false, 8), s.width(printable(f.value), true, 11.5))
		sum += widths[i]
	}
	if room := w - gap*float64(len(facts)-1); sum > room {
		// Whatever asks for more than a fair share gives way, the widest first.
		limit := room
		for range 60 {
			sum = 0
			for i := range widths {
				sum += min(widths[i], limit)
			}
			if sum <= room {
				break
			}
			limit *= 0.95
		}
		for i := range widths {
			widths[i] = min(widths[i], limit)
		}
		sum = min(sum, room)
	}
	spare := (w - gap*float64(len(facts)-1) - sum) / float64(len(facts))
	height := 0.0
	for i, f := range facts {
		label, value := s.flow(f.label, widths[i]+spare, false, 8, grey), s.flow(f.value, widths[i]+0.01, true, 11.5, ink)
		if !measure {
			s.write(x, s.write(x, y, label), value)
		}
		height = max(height, heightOf(label)+heightOf(value))
		x += widths[i] + spare + gap
	}
	return height
}

// where are the facts of a session: time, room, teacher, how many.
func (d *day) where(s *session) []fact {
	facts := []fact{{d.t("time"), d.time(s.Round)}}
	if !s.none() {
		facts = append(facts, fact{d.t("room"), or(s.Room, "–")}, fact{d.t("teacher"), or(s.workshop.Teacher, d.t("no_teacher"))})
	}
	return append(facts, fact{d.t("in_it"), d.taken(s)})
}

// taken writes how many are in a session, and of how many places.
func (d *day) taken(s *session) string {
	if s.none() {
		return d.count(len(s.students))
	}
	return d.t("taken", "taken", len(s.students), "capacity", s.Capacity)
}

func or(s, otherwise string) string {
	if strings.TrimSpace(s) == "" {
		return otherwise
	}
	return s
}

// accent is the colour of pages of no one round: the provider's, or black, since
// every other has a round of its own.
func (d *day) accent() rgb {
	if d.Provider.Colour == "" {
		return ink
	}
	return parseColour(d.Provider.Colour)
}

// bookmark names a session in the table of contents.
func (d *day) bookmark(s *session) string {
	return join(" · ", d.roundName(s.Round), d.title(s))
}

// schoolPlace is where the school is.
func schoolPlace(s enroll.School) string {
	return join(", ", s.Address, join(" ", s.Postcode, s.City))
}
