package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
	"cultuurdag/scheduler/overview"
)

// lastPrint is from which revision a list was printed last, and when.
type lastPrint struct {
	revision int64
	at       time.Time
}

// lastPrints returns each list's last print from revision since or before; 0 is
// from any. Prints are newest first.
func lastPrints(prints []store.Print, since int64) map[string]lastPrint {
	last := map[string]lastPrint{}
	for _, p := range prints {
		for name, at := range p.Lists {
			if _, later := last[name]; !later && (since == 0 || p.Revision <= since) {
				last[name] = lastPrint{p.Revision, at}
			}
		}
	}
	return last
}

// changes tells how lists made from in differ from those prints.
func (s *Server) changes(c *gin.Context, in overview.Input, last map[string]lastPrint) (*overview.Changes, error) {
	snapshots := map[int64][]byte{}
	printed := map[string]overview.Printed{}
	for name, p := range last {
		if snapshots[p.revision] == nil {
			data, err := s.store.PrintSnapshot(c.Request.Context(), event(c).ID, p.revision)
			if err != nil {
				return nil, err
			}
			snapshots[p.revision] = data
		}
		printed[name] = overview.Printed{At: p.at, Snapshot: snapshots[p.revision]}
	}
	changes, err := overview.Compare(in, printed)
	if err != nil {
		return nil, fmt.Errorf("changes since the print: %w", err)
	}
	return changes, nil
}

// sinceOf reads which print to compare with: ?since=, a revision; 0 is the last.
func sinceOf(c *gin.Context) int64 {
	n, err := strconv.ParseInt(c.Query("since"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// changedSince compares with the prints that the request asks for. ErrNotReady
// where nothing was printed.
func (s *Server) changedSince(c *gin.Context, l *locale.Locale) (*overview.Changes, []store.Print, int64, error) {
	prints, err := s.store.Prints(c.Request.Context(), event(c).ID)
	if err != nil {
		return nil, nil, 0, err
	}
	last := lastPrints(prints, sinceOf(c))
	if len(last) == 0 {
		return nil, nil, 0, enroll.ErrNotReady
	}
	in, revision, err := s.listInput(c)
	if err != nil {
		return nil, nil, 0, err
	}
	in.Locale = l
	changes, err := s.changes(c, in, last)
	return changes, prints, revision, err
}

// changedFile is GET /events/:event/overviews/changed.pdf?since=. It counts as no
// print of the lists: who could not print it may get it again.
func (s *Server) changedFile(c *gin.Context, format string) error {
	changes, _, _, err := s.changedSince(c, locale.Dutch)
	if err != nil {
		return err
	}
	in, err := s.overviewInput(c)
	if err != nil {
		return err
	}
	file, err := changes.File(c.Request.Context(), format)
	if err != nil {
		return fmt.Errorf("changed lists: %T", err) // its text could name a student
	}
	if err := s.audit(c, "overview.download", event(c).ID, "changed."+format); err != nil {
		return err
	}
	return download(c, overview.FileName(in, "changed", format), format, file.Data)
}

// changedFiles are the changes in every format; none where nothing changed.
func (s *Server) changedFiles(c *gin.Context) ([]overview.File, error) {
	prints, err := s.store.Prints(c.Request.Context(), event(c).ID)
	if err != nil || len(prints) == 0 {
		return nil, err
	}
	changes, _, _, err := s.changedSince(c, locale.Dutch)
	if err != nil || changes.Sheets() == 0 {
		return nil, err
	}
	var files []overview.File
	for _, format := range overview.Formats {
		file, err := changes.File(c.Request.Context(), format)
		if err != nil {
			return nil, fmt.Errorf("changed lists: %T", err)
		}
		files = append(files, file)
	}
	return files, nil
}

// changedPage is what changed since lists were printed.
type changedPage struct {
	eventPage
	Lists  []overview.ListChanges
	Sheets int           // that changed
	Last   time.Time     // the latest of the prints
	Prints []printChoice // to compare with, newest first
	Since  int64         // the print that is compared with; 0 is each list's last
	Fresh  bool          // the files say the same as this page
}

// printChoice is a moment to compare with.
type printChoice struct {
	Revision int64
	At       time.Time
	Lists    []string // messages
	Chosen   bool
}

// changedPage is GET /events/:event/overviews/changed?since=.
func (s *Server) changedPage(c *gin.Context) error {
	changes, prints, revision, err := s.changedSince(c, localeOf(c))
	if err != nil {
		return err
	}
	if err := s.audit(c, "overview.read", event(c).ID, "changed"); err != nil {
		return err
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, gin.H{"lists": changedJSON(changes)})
	}
	base, err := s.eventPage(c, "lists")
	if err != nil {
		return err
	}
	page := changedPage{
		eventPage: base, Lists: changes.Lists, Sheets: changes.Sheets(), Since: sinceOf(c),
		Fresh: revision == base.Event.Listed,
	}
	page.Title = page.Locale.T("lists.changed") + " – " + base.Event.Title
	for _, l := range changes.Lists {
		if l.Since.After(page.Last) {
			page.Last = l.Since
		}
	}
	for i, p := range prints {
		choice := printChoice{Revision: p.Revision, At: p.At(), Chosen: p.Revision == page.Since || page.Since == 0 && i == 0}
		for _, name := range overview.Names {
			if _, ok := p.Lists[name]; ok {
				choice.Lists = append(choice.Lists, page.Locale.T("staff.lists."+name))
			}
		}
		page.Prints = append(page.Prints, choice)
	}
	return s.render(c, http.StatusOK, "staff/list-changes", &page)
}

type changedListJSON struct {
	Name   string             `json:"name"`
	Since  time.Time          `json:"since"`
	Sheets []changedSheetJSON `json:"sheets"`
}

type changedSheetJSON struct {
	Title string   `json:"title"`
	Round int      `json:"round,omitempty"`
	What  []string `json:"what"`
}

// changedJSON tells which sheets changed, not for whom: that is in the CSV.
func changedJSON(changes *overview.Changes) []changedListJSON {
	lists := []changedListJSON{}
	for _, l := range changes.Lists {
		list := changedListJSON{l.Name, l.Since, []changedSheetJSON{}}
		for _, x := range l.Sheets {
			list.Sheets = append(list.Sheets, changedSheetJSON{x.Title, x.Round, x.What})
		}
		lists = append(lists, list)
	}
	return lists
}

// markPrinted is POST /events/:event/overviews/printed {revision, list?}: that
// list, or every list that was printed before, is on paper as it was made from
// that revision. 409 conflict where they were made anew since the page was shown.
func (s *Server) markPrinted(c *gin.Context) error {
	var in struct {
		Revision int64  `json:"revision" form:"revision"`
		List     string `json:"list" form:"list"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	ctx, id := c.Request.Context(), event(c).ID
	lists := []string{in.List}
	if in.List == "" {
		prints, err := s.store.Prints(ctx, id)
		if err != nil {
			return err
		}
		last := lastPrints(prints, 0)
		lists = slices.DeleteFunc(slices.Clone(overview.Names), func(name string) bool { _, ok := last[name]; return !ok })
	} else if !slices.Contains(overview.Names, in.List) {
		return enroll.FieldErrors{{Field: "list", Code: "unknown"}}
	}
	if err := s.store.MarkPrinted(ctx, id, in.Revision, lists...); err != nil {
		return err
	}
	if err := s.audit(c, "overview.printed", id, in.List); err != nil {
		return err
	}
	if wantsJSON(c) {
		c.Status(http.StatusNoContent)
		c.Writer.WriteHeaderNow()
		return nil
	}
	s.flash(c, "lists.printed")
	return see(c, "/events/"+id+"/overviews")
}
