package overview

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	_ "image/jpeg" // a logo may be one
	"image/png"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// Measures of an A4 page, in millimetres.
const (
	pageWidth  = 210.0
	pageHeight = 297.0
	margin     = 12.0
	inner      = pageWidth - 2*margin
	bottom     = 281.0 // where the footer begins

	mm = 25.4 / 72 // of one point
)

// paper is a PDF whose pages are planned first and drawn at the end, so that
// each can say of how many it is. The zero paper is of no use: newPaper.
type paper struct {
	pdf   *fpdf.Fpdf
	pages []func(number, total int)
	logo  bool
	ratio float64 // of the logo: width by height

	lacking bool // blank drew on this page
}

// newPaper begins an empty document. The title shows in the window of a
// viewer; at is when the document says it was made.
func newPaper(title, language string, at time.Time, logo []byte) *paper {
	p := &paper{pdf: fpdf.New("P", "mm", "A4", "")}
	p.pdf.SetMargins(0, 0, 0)
	p.pdf.SetAutoPageBreak(false, 0)
	p.pdf.SetCellMargin(0)
	p.pdf.AddUTF8FontFromBytes("Noto", "", []byte(regularFont))
	p.pdf.AddUTF8FontFromBytes("Noto", "B", []byte(boldFont))
	p.pdf.SetTitle(printable(title), true)
	p.pdf.SetLang(language)
	p.pdf.SetProducer("Cultuurdag", false)
	p.pdf.SetCreationDate(at)
	p.pdf.SetModificationDate(at)
	p.pdf.SetCatalogSort(true)
	p.addLogo(logo)
	return p
}

// maxLogoPixels keeps a picture that unpacks to gigabytes from being unpacked.
const maxLogoPixels = 16 << 20

// addLogo takes the provider's logo. It is written anew as a plain PNG, since
// fpdf reads neither interlaced nor 16-bit ones; what is no picture is left out.
func (p *paper) addLogo(data []byte) {
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width*config.Height > maxLogoPixels || config.Width == 0 || config.Height == 0 {
		return
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return
	}
	plain := image.NewNRGBA(picture.Bounds())
	draw.Draw(plain, plain.Rect, picture, picture.Bounds().Min, draw.Src)
	var buf bytes.Buffer
	if err := png.Encode(&buf, plain); err != nil {
		return
	}
	p.pdf.RegisterImageOptionsReader("logo", fpdf.ImageOptions{ImageType: "PNG"}, &buf)
	p.logo, p.ratio = true, float64(config.Width)/float64(config.Height)
}

// drawLogo draws the logo inside w by h millimetres, against the right at x.
func (p *paper) drawLogo(right, y, w, h float64) {
	if p.ratio > w/h {
		h = w / p.ratio
	} else {
		w = h * p.ratio
	}
	p.pdf.ImageOptions("logo", right-w, y, w, h, false, fpdf.ImageOptions{ImageType: "PNG"}, 0, "")
}

// add plans a page. It is drawn once the number of pages is known.
func (p *paper) add(draw func(number, total int)) { p.pages = append(p.pages, draw) }

// bytes draws every page and returns the document.
func (p *paper) bytes(ctx context.Context) ([]byte, error) {
	for i, draw := range p.pages {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p.pdf.AddPage()
		draw(i+1, len(p.pages))
	}
	var buf bytes.Buffer
	if err := p.pdf.Output(&buf); err != nil {
		return nil, fmt.Errorf("write pdf: %w", err)
	}
	return buf.Bytes(), nil
}

func (p *paper) font(bold bool, size float64) {
	style := ""
	if bold {
		style = "B"
	}
	p.pdf.SetFont("Noto", style, size)
}

// width returns how wide s is in millimetres. Like all functions of paper
// that measure or wrap, it wants printable text.
func (p *paper) width(s string, bold bool, size float64) float64 {
	p.font(bold, size)
	return p.pdf.GetStringWidth(s)
}

// text writes printable text with its baseline at y.
func (p *paper) text(x, y float64, s string, bold bool, size float64, c rgb) {
	p.pdf.SetTextColor(c.r, c.g, c.b)
	for i, part := range strings.Split(s, string(missing)) {
		if i > 0 {
			x += p.blank(x, y, bold, size)
		}
		if part != "" {
			p.font(bold, size)
			p.pdf.Text(x, y, part)
			x += p.width(part, bold, size)
		}
	}
}

// blank draws a grey block where characters are missing, and returns its
// width, the same as that of the sign which stands for them in printable text.
func (p *paper) blank(x, y float64, bold bool, size float64) float64 {
	p.lacking = true
	w, side := p.width(string(missing), bold, size), size*mm*0.62
	p.bar(x+(w-side)/2, y-side-size*mm*0.03, side, side, line)
	return w
}

func (p *paper) right(x, y float64, s string, bold bool, size float64, c rgb) {
	p.text(x-p.width(s, bold, size), y, s, bold, size, c)
}

func (p *paper) centre(x, y float64, s string, bold bool, size float64, c rgb) {
	p.text(x-p.width(s, bold, size)/2, y, s, bold, size, c)
}

func (p *paper) fill(c rgb) { p.pdf.SetFillColor(c.r, c.g, c.b) }
func (p *paper) stroke(c rgb, thick float64) {
	p.pdf.SetDrawColor(c.r, c.g, c.b)
	p.pdf.SetLineWidth(thick)
}
func (p *paper) bar(x, y, w, h float64, c rgb) { p.fill(c); p.pdf.Rect(x, y, w, h, "F") }

func (p *paper) rule(x1, y, x2 float64, c rgb, thick float64) {
	p.stroke(c, thick)
	p.pdf.Line(x1, y, x2, y)
}

// tick draws an empty box to tick, with its middle at x, y.
func (p *paper) tick(x, y, size float64) {
	p.stroke(ink, 0.35)
	p.pdf.Rect(x-size/2, y-size/2, size, size, "D")
}

// badge draws a round's number in its colour.
func (p *paper) badge(x, y, size float64, round int) {
	c := roundColour(round)
	p.fill(c)
	p.pdf.RoundedRect(x, y, size, size, size/5, "1234", "F")
	points := size / mm * 0.62
	p.centre(x+size/2, y+size/2+points*mm*0.357, fmt.Sprint(round), true, points, white)
}

// cut draws a dashed line to cut along.
func (p *paper) cut(x1, y1, x2, y2 float64) {
	p.stroke(grey, 0.2)
	p.pdf.SetDashPattern([]float64{1.6, 1.4}, 0)
	p.pdf.Line(x1, y1, x2, y2)
	p.pdf.SetDashPattern(nil, 0)
}

// run is a line of text in one style.
type run struct {
	s      string
	bold   bool
	size   float64
	colour rgb
}

// leading is the distance between lines, as a multiple of the size of type.
const leading = 1.24

func (r run) height() float64 { return r.size * mm * leading }

func heightOf(runs []run) float64 {
	h := 0.0
	for _, r := range runs {
		h += r.height()
	}
	return h
}

// flow sets s in lines of at most w millimetres: in one line as it is, or a
// little smaller, and else in several. Nothing of it is ever left out.
func (p *paper) flow(s string, w float64, bold bool, size float64, c rgb) []run {
	s = printable(s)
	if s == "" {
		return nil
	}
	for _, scale := range []float64{1, 0.94, 0.88} {
		if p.width(s, bold, size*scale) <= w {
			return []run{{s, bold, size * scale, c}}
		}
	}
	var runs []run
	for _, l := range p.wrap(s, w, bold, size*0.88) {
		runs = append(runs, run{l, bold, size * 0.88, c})
	}
	return runs
}

// wrap breaks s into lines of at most w millimetres, at spaces, and inside a
// word only where the word alone is too long.
func (p *paper) wrap(s string, w float64, bold bool, size float64) []string {
	var lines []string
	current := ""
	for _, word := range strings.Fields(s) {
		joined := word
		if current != "" {
			joined = current + " " + word
		}
		if p.width(joined, bold, size) <= w {
			current = joined
			continue
		}
		if current != "" {
			lines = append(lines, current)
		}
		for p.width(word, bold, size) > w {
			n := p.prefix(word, w, bold, size)
			lines = append(lines, word[:n])
			word = word[n:]
		}
		current = word
	}
	if current != "" {
		lines = append(lines, current)
	}
	return lines
}

// prefix returns how many bytes of word fit in w: after a hyphen if there is
// one far enough on, and at least one character.
func (p *paper) prefix(word string, w float64, bold bool, size float64) int {
	fits := 0
	for i, r := range word {
		end := i + len(string(r))
		if fits > 0 && p.width(word[:end], bold, size) > w {
			break
		}
		fits = end
	}
	if hyphen := strings.LastIndexByte(word[:fits], '-'); hyphen+1 > fits/2 && fits < len(word) {
		return hyphen + 1
	}
	return fits
}

// write draws runs downwards from y and returns where they end.
func (p *paper) write(x, y float64, runs []run) float64 {
	for _, r := range runs {
		p.text(x, y+r.height()*0.77, r.s, r.bold, r.size, r.colour)
		y += r.height()
	}
	return y
}
