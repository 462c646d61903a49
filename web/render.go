package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/scheduler/purge"
)

//go:embed templates
var templateFiles embed.FS

// pages holds every page, parsed once for each language, by its path under
// templates without .html.
type pages struct {
	byLanguage map[string]map[string]*template.Template
}

// parsePages panics on a template that does not parse: they are embedded.
func parsePages(static *static) *pages {
	p := &pages{byLanguage: map[string]map[string]*template.Template{}}
	for _, l := range []*locale.Locale{locale.Dutch, locale.English} {
		base := template.Must(template.New("layout").Funcs(functions(l, static)).
			ParseFS(templateFiles, "templates/layout.html", "templates/parts/*.html"))
		set := map[string]*template.Template{}
		err := fs.WalkDir(templateFiles, "templates", func(file string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name := strings.TrimSuffix(strings.TrimPrefix(file, "templates/"), ".html")
			if entry.IsDir() || !strings.HasSuffix(file, ".html") || name == "layout" || strings.HasPrefix(name, "parts/") {
				return nil
			}
			set[name] = template.Must(template.Must(base.Clone()).ParseFS(templateFiles, file))
			return nil
		})
		if err != nil {
			panic(err) // embedded
		}
		p.byLanguage[l.Tag] = set
	}
	return p
}

// functions are what templates may call besides the methods of their page.
func functions(l *locale.Locale, static *static) template.FuncMap {
	return template.FuncMap{
		"t":       l.T,      // message key, then pairs of name and value
		"date":    l.Date,   // vrijdag 4 december 2026, of a time
		"day":     l.Day,    // the same, of an enroll.Date
		"clock":   l.Clock,  // 09:30
		"moment":  l.Moment, // vrijdag 4 december 2026 om 09:30
		"list":    l.List,   // a, b en c
		"rfc3339": func(t time.Time) string { return t.Format(time.RFC3339) },
		"id":      fieldID,
		"asset":   static.path, // the address of a static file
		"icon":    icon,
		"add":     func(a, b int) int { return a + b },
	}
}

// Page is what every page has. A page's own struct embeds it.
type Page struct {
	Title     string // without Fout: and the name of the site
	Locale    *locale.Locale
	Nonce     string // for inline scripts and styles
	Back      string // where the forms for language and clock return to
	Provider  enroll.Provider
	Staff     *enroll.Account // who is signed in, or nil
	AsStudent bool            // a student is signed in: the layout offers to sign out
	Flash     string          // what was just done, once
	Errors    []fieldMessage  // faults in the form on the page
	Demo      *demoBar        // nil outside the demo
	Refresh   int             // seconds after which the page comes back by itself; 0: never
	Scripts   []string        // static files, loaded deferred
	Wide      bool            // for tables: the full width of the screen
	Overdue   []purge.Status  // purges that an organiser has to see to
}

func (p *Page) base() *Page { return p }

// pageData is a pointer to any struct that embeds Page.
type pageData interface{ base() *Page }

// page returns the base of a page with that title, a text, not a key.
func (s *Server) page(c *gin.Context, title string) Page {
	l := localeOf(c)
	p := Page{
		Title: title, Locale: l, Nonce: c.GetString(nonceKey), Back: "/",
		Provider: s.cfg.Provider, Flash: takeFlash(c, l), Demo: s.demoBar(c),
	}
	if c.Request.Method == http.MethodGet {
		p.Back = localPath(c.Request.URL.RequestURI(), "/")
	}
	if a, ok := c.Get(staffKey); ok {
		account := a.(enroll.Account)
		p.Staff = &account
		if account.Role == enroll.Organiser {
			p.Overdue = s.overdue(c.Request.Context())
		}
	}
	return p
}

// staffKey is where the staff's session puts the account, an enroll.Account,
// in the gin.Context.
const staffKey = "staff"

// fail fills in what is wrong with the form on the page.
func (p *Page) fail(errs enroll.FieldErrors) { p.Errors = fieldMessages(errs, p.Locale) }

// render sends the page: templates/NAME.html in the layout. Nothing is sent
// before all of it is rendered.
func (s *Server) render(c *gin.Context, status int, name string, data pageData) error {
	t, ok := s.pages.byLanguage[data.base().Locale.Tag][name]
	if !ok {
		return fmt.Errorf("there is no page %s", name)
	}
	var buf bytes.Buffer
	if err := t.ExecuteTemplate(&buf, "layout", data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	if after := data.base().Refresh; after > 0 {
		c.Header("Refresh", strconv.Itoa(after)) // a header, which readers' aids do not trip over as over a meta element
	}
	c.Data(status, "text/html; charset=utf-8", buf.Bytes())
	return nil
}
