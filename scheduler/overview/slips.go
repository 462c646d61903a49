package overview

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
)

// Slip is what a student signs in with: the code, written K7QF-9XTR-2M4P.
type Slip struct {
	Student enroll.Student
	Code    string
}

// A slip's measures, in millimetres.
const (
	slipsAcross = 2
	slipsDown   = 4
	slipEdge    = 7.0  // printers leave the edge of the paper white
	slipQR      = 28.0 // without the quiet zone
	slipQuiet   = 4.0  // the quiet zone: four modules of a short link's code
)

// Slips makes login slips as PDF: eight to an A4 page with dashed lines to cut
// along, each class on pages of its own. Link returns the address that a
// code's QR holds; its host is what the slip tells to go to. Of in, Provider,
// School, Event, MadeAt and Locale are used. It fails where a link is too long
// for a QR code.
func Slips(in Input, slips []Slip, link func(code string) string) ([]byte, error) {
	d := newDay(Input{Provider: in.Provider, School: in.School, Event: in.Event, MadeAt: in.MadeAt, Locale: in.Locale})
	s := &sheet{newPaper(d.t("slips")+" – "+d.Event.Title, d.l.Tag, d.MadeAt, nil), d}
	var fault error
	for _, class := range byClass(slips) {
		for first := 0; first < len(class); first += slipsAcross * slipsDown {
			page := class[first:min(first+slipsAcross*slipsDown, len(class))]
			s.add(func(_, _ int) {
				const w, h = pageWidth / slipsAcross, pageHeight / slipsDown
				for i := 1; i < slipsDown; i++ {
					s.cut(0, h*float64(i), pageWidth, h*float64(i))
				}
				s.cut(w, 0, w, pageHeight)
				for i, x := range page {
					fault = cmp.Or(fault, s.slip(x, link(x.Code), w*float64(i%slipsAcross), h*float64(i/slipsAcross), w, h))
				}
			})
		}
	}
	if len(slips) == 0 {
		s.list(heading{title: d.t("slips"), note: d.t("nothing")}, nil, nil, 0, nil)
	}
	data, err := s.bytes(context.Background())
	if err := cmp.Or(fault, err); err != nil {
		return nil, fmt.Errorf("make slips: %w", err)
	}
	return data, nil
}

// byClass deals slips over classes, both in order.
func byClass(slips []Slip) [][]Slip {
	students := make([]enroll.Student, len(slips))
	for i, x := range slips {
		students[i] = x.Student
		students[i].ID = strconv.Itoa(i) // its place in slips, to find it again
	}
	d := newDay(Input{Students: students})
	classes := make([][]Slip, len(d.classes))
	for i, c := range d.classes {
		for _, p := range c.students {
			n, err := strconv.Atoi(p.ID)
			if err != nil {
				panic(err) // set above
			}
			classes[i] = append(classes[i], slips[n])
		}
	}
	return classes
}

// slip draws one slip in the box at x, y, in type as large as all of it fits.
func (s *sheet) slip(x Slip, link string, left, top, w, h float64) error {
	left, top, w, h = left+slipEdge, top+slipEdge, w-2*slipEdge, h-2*slipEdge
	for scale := 1.0; ; scale *= 0.95 {
		if scale < 0.3 || s.slipText(x, link, left, top, w, h, scale, true) {
			s.slipText(x, link, left, top, w, h, scale, false)
			break
		}
	}
	return s.qr(left+w-slipQR, top+h-slipQR, slipQR, link)
}

// slipText writes the words of a slip, or with measure only tells whether they fit.
func (s *sheet) slipText(x Slip, link string, left, top, w, h, scale float64, measure bool) bool {
	d := s.d
	y := top - 2 // the white over the first line's letters
	put := func(w float64, str string, bold bool, size float64, c rgb) {
		runs := s.flow(str, w, bold, size*scale, c)
		if !measure {
			s.write(left, y, runs)
		}
		y += heightOf(runs)
	}
	about := x.Student.Class
	if about != "" {
		about = d.className(about)
	}
	how := d.t("slip.how_scan")
	if u, err := url.Parse(link); err == nil && u.Host != "" {
		how = d.t("slip.how", "site", u.Host)
	}
	put(w, onPaper(x.Student.Name(), x.Student), true, 14, ink)
	put(w, join(" · ", about, d.School.Name), false, 9, ink)
	put(w, join(" · ", d.Event.Title, d.date()), false, 8, grey)
	y += scale
	put(w, how, false, 8.5, ink)
	y += 0.6 * scale
	const frame = 9.5
	if !measure {
		s.code(x.Code, left, y, w, frame)
	}
	y += frame
	beside := top + h - slipQR
	if y > beside-slipQuiet+0.5 {
		return false
	}
	y = beside - 0.6
	narrow := w - slipQR - slipQuiet
	if !d.Event.OpenAt.IsZero() && !d.Event.CloseAt.IsZero() {
		put(narrow, d.t("slip.choose"), false, 8.5, ink)
		put(narrow, d.t("slip.from", "open", d.l.Moment(d.Event.OpenAt)), false, 8.5, ink)
		put(narrow, d.t("slip.until", "close", d.l.Moment(d.Event.CloseAt)), false, 8.5, ink)
		y += 1.2 * scale
	}
	put(narrow, d.t("slip.throw", "date", d.l.Day(d.last())), true, 8.5, ink)
	y += 1.2 * scale
	put(narrow, join(" · ", d.Provider.Name, d.Provider.Phone, d.Provider.Email), false, 7, grey)
	return y <= top+h+1
}

// code writes a code over w millimetres: large, in groups, each in a frame.
func (s *sheet) code(code string, x, y, w, h float64) {
	const gap = 5.0
	groups := strings.Split(printable(code), "-")
	each := (w - gap*float64(len(groups)-1)) / float64(len(groups))
	for i, group := range groups {
		s.stroke(ink, 0.4)
		s.pdf.RoundedRect(x, y, each, h, 1.4, "1234", "D")
		if i > 0 {
			s.rule(x-gap/2-1, y+h/2, x-gap/2+1, ink, 0.6)
		}
		size := min(21.0, each/s.width(group, true, 1)*0.86)
		s.centre(x+each/2, y+h/2+size*mm*0.357, group, true, size, ink)
		x += each + gap
	}
}

// SlipsCSV is the same as a table, for a mail merge: with headings in Dutch,
// sorted by class and name.
func SlipsCSV(slips []Slip, link func(code string) string) ([]byte, error) {
	d := &day{l: locale.Dutch}
	heads := []string{d.t("class"), d.t("number"), d.t("first_name"), d.t("infix"), d.t("last_name"), d.t("code"), d.t("link")}
	var rows [][]string
	for _, class := range byClass(slips) {
		for _, x := range class {
			p := x.Student
			rows = append(rows, []string{p.Class, p.Number, p.FirstName, p.Infix, p.LastName, x.Code, link(x.Code)})
		}
	}
	return writeCSV(heads, rows)
}
