package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"math"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
)

//go:embed static
var staticFiles embed.FS

// static holds the files under static, served under a name with a hash of
// their content, so that a browser keeps them for good.
type static struct {
	files map[string]staticFile // by the name with the hash
	names map[string]string     // the same, by the name without
}

type staticFile struct {
	kind       string
	plain      []byte
	compressed []byte // nil where that is no gain
}

// remarks are the comments and the indentation of a script, which no phone has
// to fetch. Its lines hold no text that goes on in the next.
var remarks = regexp.MustCompile(`(?m)^\s*//.*\n|^\s+`)

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// loadStatic reads the files; the provider's colour and logo come with them.
func loadStatic(p enroll.Provider) *static {
	s := &static{files: map[string]staticFile{}, names: map[string]string{}}
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		panic(err) // embedded
	}
	for _, entry := range entries {
		data, err := staticFiles.ReadFile("static/" + entry.Name())
		if err != nil {
			panic(err) // embedded
		}
		if entry.Name() == "app.css" && colour.MatchString(p.Colour) {
			data = append(data, providerStyle(p.Colour)...)
		}
		if entry.Name() == "rank.js" { // which builds on the other, in one request
			shared, err := staticFiles.ReadFile("static/student.js")
			if err != nil {
				panic(err) // embedded
			}
			data = slices.Concat(shared, data)
		}
		if entry.Name() == "rank.js" || entry.Name() == "student.js" {
			data = remarks.ReplaceAll(data, nil)
		}
		s.add(entry.Name(), data)
	}
	if len(p.Logo) > 0 {
		s.add("logo", p.Logo)
	}
	return s
}

// providerStyle hangs the curtain in the provider's own colour, with letters
// that can be read on it. Where it can be read on paper as well, it is the
// accent of the light pages too.
func providerStyle(colour string) string {
	on, paper := "#fff", luminance("#fff8ec")
	own := luminance(colour)
	if contrast(own, luminance("#ffffff")) < contrast(own, luminance("#23111a")) {
		on = "#23111a"
	}
	style := fmt.Sprintf("\n:root{--curtain:%s;--on-curtain:%s}", colour, on)
	if contrast(own, paper) >= 4.5 {
		style += fmt.Sprintf("\n@media (prefers-color-scheme:light){:root{--accent:%s}}", colour)
	}
	return style + "\n"
}

// luminance is the relative luminance of WCAG 2.2 of a colour #rrggbb.
func luminance(colour string) float64 {
	rgb, err := strconv.ParseUint(colour[1:], 16, 32)
	if err != nil {
		return 0 // the caller has matched the colour
	}
	channel := func(shift uint) float64 {
		c := float64(rgb>>shift&255) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0)
}

// contrast is the contrast ratio of WCAG 2.2 between two luminances.
func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

func (s *static) add(name string, data []byte) {
	sum := sha256.Sum256(data)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:5]) + ext
	file := staticFile{kind: mime.TypeByExtension(ext), plain: data}
	if file.kind == "" {
		file.kind = http.DetectContentType(data)
	}
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		panic(err) // a constant level
	}
	if _, err := w.Write(data); err != nil {
		panic(err) // into memory
	}
	if err := w.Close(); err != nil {
		panic(err) // into memory
	}
	if buf.Len() < len(data) {
		file.compressed = buf.Bytes()
	}
	s.files[hashed], s.names[name] = file, hashed
}

// path returns the address of a file. It panics where there is none, as a
// template asks for it.
func (s *static) path(name string) string {
	hashed, ok := s.names[name]
	if !ok {
		panic("web: no static file " + name)
	}
	return "/static/" + hashed
}

func (s *Server) serveStatic(c *gin.Context) error {
	file, ok := s.static.files[c.Param("name")]
	if !ok {
		return enroll.ErrNotFound
	}
	c.Header("Cache-Control", "public, max-age=31536000, immutable")
	c.Header("Vary", "Accept-Encoding")
	body := file.plain
	if file.compressed != nil && strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
		c.Header("Content-Encoding", "gzip")
		body = file.compressed
	}
	c.Header("Content-Length", strconv.Itoa(len(body)))
	c.Data(http.StatusOK, file.kind, body)
	return nil
}

// icons are drawn in a box of 24 by 24 with the colour of the text.
var icons = map[string]string{
	"check":    `<path d="m4 13 5 5L20 6"/>`,
	"alert":    `<path d="M12 3 2 20h20Z"/><path d="M12 10v4m0 3v.1"/>`,
	"clock":    `<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3 2"/>`,
	"place":    `<path d="M12 21c5-6 7-9 7-11a7 7 0 0 0-14 0c0 2 2 5 7 11Z"/><circle cx="12" cy="10" r="2"/>`,
	"person":   `<circle cx="12" cy="8" r="4"/><path d="M4 21c1-5 4-7 8-7s7 2 8 7"/>`,
	"lock":     `<path d="M5 11h14v10H5Zm3 0V7a4 4 0 0 1 8 0v4"/>`,
	"calendar": `<path d="M4 6h16v15H4Zm0 5h16M8 3v5m8-5v5"/>`,
	"arrow":    `<path d="M4 12h15m-6-6 6 6-6 6"/>`,
	"up":       `<path d="M12 20V5m-6 6 6-6 6 6"/>`,
	"down":     `<path d="M12 4v15m-6-6 6 6 6-6"/>`,
	"swap":     `<path d="M4 8h15l-4-4m5 12H5l4 4"/>`,
	"leaf":     `<path d="M5 19C4 9 11 5 20 4c0 10-5 16-13 14m-2 3c2-6 5-9 9-11"/>`,
	"cross":    `<path d="m6 6 12 12m0-12L6 18"/>`,
	"download": `<path d="M12 3v12m-5-5 5 5 5-5M4 20h16"/>`,
}

// icon returns an icon as inline SVG, hidden from screen readers: the text
// beside it says the same.
func icon(name string) template.HTML {
	paths, ok := icons[name]
	if !ok {
		panic("web: no icon " + name)
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">` + paths + `</svg>`)
}
