package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/overview"
)

// slowAfter is after how long making lists takes longer than people expect.
const slowAfter = 2 * time.Minute

// listsPage is where lists are downloaded.
type listsPage struct {
	eventPage
	Lists   []listCard // in the order of overview.Names
	Made    time.Time
	Stale   bool
	Making  bool // the worker is at it, or will be shortly
	Step    store.StepState
	Slow    bool
	Changes *overview.Changes // since the last prints; nil where nothing was printed
	Sheets  int               // how many changed
	Earlier bool              // there are earlier prints to compare with

	LastPrint time.Time // of any list
	Classes   []string
}

// listCard is one list that can be downloaded.
type listCard struct {
	Name    string
	Formats []string  // in the order of overview.Formats
	Printed time.Time // zero: not yet
	Changed int       // sheets since then
}

// overviews is GET /events/:event/overviews: what can be downloaded now.
func (s *Server) overviews(c *gin.Context) error {
	ctx, e := c.Request.Context(), event(c)
	files, stale, err := s.store.Files(ctx, e.ID)
	if err != nil {
		return err
	}
	prints, err := s.store.Prints(ctx, e.ID)
	if err != nil {
		return err
	}
	step, err := s.store.StepState(ctx, e.ID, enroll.StepOverviews)
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, s.overviewsJSON(files, prints, step))
	}
	base, err := s.eventPage(c, "lists")
	if err != nil {
		return err
	}
	page := listsPage{eventPage: base, Stale: stale, Step: step, Slow: step.Trying > slowAfter}
	page.Scripts = []string{"staff.js"}
	switch page.State {
	case enroll.Closed, enroll.Allocated, enroll.Published:
		page.Making = len(files) == 0 || stale
	}
	in, _, err := s.listInput(c)
	if err != nil {
		return err
	}
	page.Classes = classesOf(in.Students)
	changed := map[string]overview.ListChanges{}
	if len(prints) > 0 {
		if page.Changes, err = s.changes(c, in, lastPrints(prints, 0)); err != nil {
			return err
		}
		page.Sheets, page.Earlier = page.Changes.Sheets(), len(prints) > 1
		for _, l := range page.Changes.Lists {
			changed[l.Name] = l
			if l.Since.After(page.LastPrint) {
				page.LastPrint = l.Since
			}
		}
	}
	for _, f := range files {
		page.Made = f.MadeAt
		slices.SortFunc(f.Formats, func(a, b string) int {
			return slices.Index(overview.Formats, a) - slices.Index(overview.Formats, b)
		})
		page.Lists = append(page.Lists, listCard{f.Name, f.Formats, changed[f.Name].Since, len(changed[f.Name].Sheets)})
	}
	slices.SortFunc(page.Lists, func(a, b listCard) int {
		return slices.Index(overview.Names, a.Name) - slices.Index(overview.Names, b.Name)
	})
	return s.render(c, http.StatusOK, "staff/lists", &page)
}

// overviewsJSON lists what can be downloaded, and how far the making of others is.
func (s *Server) overviewsJSON(files []store.FileInfo, prints []store.Print, step store.StepState) any {
	answer := struct {
		Overviews []store.FileInfo `json:"overviews"`
		Making    *struct {
			Done  int `json:"done"`
			Total int `json:"total"`
		} `json:"making,omitempty"`
	}{Overviews: append([]store.FileInfo{}, files...)}
	if len(prints) > 0 { // made when it is asked for
		answer.Overviews = append(answer.Overviews, store.FileInfo{Name: "changed", Formats: overview.Formats, MadeAt: s.clock.Now()})
	}
	if step.Total > 0 {
		answer.Making = &struct {
			Done  int `json:"done"`
			Total int `json:"total"`
		}{step.Done, step.Total}
	}
	return answer
}

// makeOverviews is POST /events/:event/overviews: try once more, where the making
// of lists failed or hangs. The sweep does it by itself, too.
func (s *Server) makeOverviews(c *gin.Context) error {
	switch event(c).StateAt(s.clock.Now()) {
	case enroll.Closed, enroll.Allocated, enroll.Published:
	default:
		return enroll.ErrState
	}
	s.cfg.Kick()
	if wantsJSON(c) {
		c.Status(http.StatusAccepted)
		c.Writer.WriteHeaderNow()
		return nil
	}
	s.flash(c, "lists.asked")
	return see(c, "/events/"+event(c).ID+"/overviews")
}

// overviewFile is GET /events/:event/overviews/:file: rosters.pdf, all.zip,
// changed.pdf, or the page rosters or changed.
func (s *Server) overviewFile(c *gin.Context) error {
	name, format, isFile := strings.Cut(c.Param("file"), ".")
	switch {
	case c.Param("file") == "all.zip":
		return s.overviewZip(c)
	case name == "changed" && !isFile:
		return s.changedPage(c)
	case name == "changed" && slices.Contains(overview.Formats, format):
		return s.changedFile(c, format)
	case !slices.Contains(overview.Names, name) || isFile && !slices.Contains(overview.Formats, format):
		return enroll.ErrNotFound
	case !isFile:
		return s.showSheets(c, name)
	}
	data, err := s.store.File(c.Request.Context(), event(c).ID, name, format)
	if err != nil {
		return err
	}
	in, err := s.overviewInput(c)
	if err != nil {
		return err
	}
	if err := s.audit(c, "overview.download", event(c).ID, name+"."+format); err != nil {
		return err
	}
	return download(c, overview.FileName(in, name, format), format, data)
}

// overviewZip is every list in every format, and where something changed since
// it was printed last, that too.
func (s *Server) overviewZip(c *gin.Context) error {
	ctx, id := c.Request.Context(), event(c).ID
	infos, _, err := s.store.Files(ctx, id)
	if err != nil {
		return err
	}
	if len(infos) == 0 {
		return enroll.ErrNotReady
	}
	changed, err := s.changedFiles(c)
	if err != nil {
		return err
	}
	in, err := s.overviewInput(c)
	if err != nil {
		return err
	}
	in.MadeAt = infos[0].MadeAt
	var files []overview.File
	for _, info := range infos {
		for _, format := range info.Formats {
			data, err := s.store.File(ctx, id, info.Name, format)
			if err != nil {
				return err
			}
			files = append(files, overview.File{Name: info.Name, Format: format, Data: data})
		}
	}
	data, err := overview.Zip(in, files, changed...)
	if err != nil {
		return fmt.Errorf("lists in one file: %w", err)
	}
	if err := s.audit(c, "overview.download", id, "all.zip"); err != nil {
		return err
	}
	return download(c, overview.FileName(in, "all", "zip"), "zip", data)
}

// listInput is what lists are made from as things are now, and the revision of
// the event that it was read at.
func (s *Server) listInput(c *gin.Context) (overview.Input, int64, error) {
	ctx, id := c.Request.Context(), event(c).ID
	choices, revision, err := s.store.Choices(ctx, id)
	if err != nil {
		return overview.Input{}, 0, err
	}
	in, err := s.overviewInput(c)
	if err != nil {
		return in, 0, err
	}
	in.Choices = choices
	if in.Event, err = s.store.Event(ctx, id); err != nil {
		return in, 0, err
	}
	if in.Students, err = s.store.Students(ctx, id); err != nil {
		return in, 0, err
	}
	in.Programme, err = s.store.Programme(ctx, id)
	return in, revision, err
}

// sheetsPage is a list on the screen, to be read, looked something up in, and
// printed.
type sheetsPage struct {
	eventPage
	Name   string
	Sheets []overview.Sheet
	Fresh  bool // the files say the same
}

// showSheets is GET /events/:event/overviews/NAME.
func (s *Server) showSheets(c *gin.Context, name string) error {
	files, _, err := s.store.Files(c.Request.Context(), event(c).ID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(files, func(f store.FileInfo) bool { return f.Name == name }) {
		return enroll.ErrNotReady
	}
	in, revision, err := s.listInput(c)
	if err != nil {
		return err
	}
	sheets, err := overview.Sheets(in, name)
	if err != nil {
		return fmt.Errorf("a list as a page: %T", err) // its text could name a student
	}
	if err := s.audit(c, "overview.read", event(c).ID, name); err != nil {
		return err
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, gin.H{"name": name, "sheets": sheets})
	}
	base, err := s.eventPage(c, "lists")
	if err != nil {
		return err
	}
	page := sheetsPage{eventPage: base, Name: name, Sheets: sheets, Fresh: revision == base.Event.Listed}
	page.Title = page.Locale.T("staff.lists."+name) + " – " + base.Event.Title
	return s.render(c, http.StatusOK, "staff/list-sheets", &page)
}
