package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/classlist"
	"cultuurdag/enroll/locale"
	"cultuurdag/enroll/store"
)

// listProblem is one thing that is wrong with a class list, or doubtful.
type listProblem struct {
	Row     int    `json:"row"` // as in Excel; 0: the whole file
	Column  string `json:"column"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Fatal   bool   `json:"-"`
}

func listProblems(l *locale.Locale, problems []classlist.Problem) []listProblem {
	list := make([]listProblem, len(problems))
	for i, p := range problems {
		list[i] = listProblem{p.Row, p.Column, p.Code, classlist.Message(l, p), p.Fatal}
	}
	return list
}

// listFaults is the answer to a list with faults: all of them.
func listFaults(l *locale.Locale, problems []classlist.Problem) *Problem {
	return &Problem{
		Status: http.StatusUnprocessableEntity, Code: "bad_list", Errors: listProblems(l, problems),
		Args: []any{"n", len(problems)},
	}
}

// listJSON tells what a class list changed, or with dry_run would change.
type listJSON struct {
	store.ListResult
	Problems []listProblem `json:"problems"`
}

// listPage is where a class list is chosen, and where one comes that was saved.
type listPage struct {
	eventPage
	BaseURL   string
	MaxBytes  int               // of a list, before it is encrypted
	Draft     bool              // there is a list that was not saved yet
	Result    *store.ListResult // of the list that was just saved
	Misplaced []misplaced
	Refused   *problemJSON // why the file was not taken
}

func (s *Server) listPage(c *gin.Context) (listPage, error) {
	base, err := s.eventPage(c, "list")
	if err != nil {
		return listPage{}, err
	}
	base.Back = "/events/" + base.Event.ID + "/class-lists"
	base.Scripts = []string{"age.js", "list.js"}
	page := listPage{eventPage: base, BaseURL: s.cfg.BaseURL, MaxBytes: classlist.MaxBytes}
	switch _, err := s.store.Draft(c.Request.Context(), base.Event.ID, account(c).ID); {
	case err == nil:
		page.Draft = true
	case !errors.Is(err, enroll.ErrNotFound):
		return page, err
	}
	return page, nil
}

// showList is GET /events/:event/class-lists. After a list was saved its counts
// stand in the query.
func (s *Server) showList(c *gin.Context) error {
	page, err := s.listPage(c)
	if err != nil {
		return err
	}
	if page.Result = savedResult(c.Request.URL.Query()); page.Result != nil {
		page.Back += "?" + c.Request.URL.RawQuery
		if page.Misplaced, err = s.misplaced(c.Request.Context(), page.Event.ID); err != nil {
			return err
		}
		if len(page.Misplaced) > 0 {
			if err := s.audit(c, "students.read", page.Event.ID, itoa(len(page.Misplaced))); err != nil {
				return err
			}
		}
	}
	return s.render(c, http.StatusOK, "staff/list", &page)
}

// saved is the query with the counts of a list that was saved.
func saved(r store.ListResult) string {
	return url.Values{
		"students": {itoa(r.Students)}, "added": {itoa(r.Added)}, "changed": {itoa(r.Changed)},
		"unchanged": {itoa(r.Unchanged)}, "missing": {itoa(r.Missing)}, "removed": {itoa(r.Removed)},
	}.Encode()
}

// savedResult reads what saved wrote; nil where there is none.
func savedResult(q url.Values) *store.ListResult {
	if !q.Has("students") {
		return nil
	}
	n := func(name string) int { return max(0, atoi(q.Get(name))) }
	return &store.ListResult{
		Students: n("students"), Added: n("added"), Changed: n("changed"),
		Unchanged: n("unchanged"), Missing: n("missing"), Removed: n("removed"),
	}
}

// isOn reads a parameter that is on or off.
func isOn(s string) bool { on, err := strconv.ParseBool(s); return err == nil && on }

// upload is what came in with a class list.
type upload struct {
	body    io.Reader
	dryRun  bool
	replace bool
	draft   bool // keep it to look at; store nothing
	form    bool // from a page: the answer is one
}

// readUpload finds the age file in the request: the body itself, or the file
// of a form. A form is read as it streams: what somebody sent in clear by
// mistake would otherwise lie in a temporary file. The file's name is a hint
// that nothing here needs.
func readUpload(c *gin.Context) (upload, error) {
	up := upload{body: c.Request.Body, dryRun: isOn(c.Query("dry_run")), replace: isOn(c.Query("replace")), draft: isOn(c.Query("preview"))}
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return up, nil
	}
	if up.form = !wantsJSON(c); up.form {
		up.draft = true
	}
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return up, fmt.Errorf("%w: %T", errBadRequest, err)
	}
	for {
		part, err := parts.NextPart()
		var tooLarge *http.MaxBytesError
		switch {
		case errors.Is(err, io.EOF):
			return up, enroll.FieldErrors{{Field: "file", Code: "file_missing"}}
		case errors.As(err, &tooLarge):
			return up, err
		case err != nil:
			return up, fmt.Errorf("%w: %T", errBadRequest, err)
		}
		switch part.FormName() {
		case "file":
			if part.FileName() == "" {
				return up, enroll.FieldErrors{{Field: "file", Code: "file_missing"}}
			}
			up.body = part
			return up, nil // the file stands last in the form
		case "dry_run", "replace":
			value, err := io.ReadAll(io.LimitReader(part, 16))
			if err != nil {
				return up, fmt.Errorf("%w: %T", errBadRequest, err)
			}
			if part.FormName() == "dry_run" {
				up.dryRun = isOn(string(value))
			} else {
				up.replace = isOn(string(value))
			}
		}
	}
}

// uploadList is POST /events/:event/class-lists. A program's list is stored at
// once; one from a page, or with preview=true, is kept to be looked at, and
// draft=true stores what was looked at.
func (s *Server) uploadList(c *gin.Context) error {
	if isOn(c.Query("draft")) {
		return s.saveDraft(c)
	}
	up, err := readUpload(c)
	if err == nil && up.draft {
		err = s.keepDraft(c, up)
	}
	switch {
	case err != nil && up.form:
		return s.listRefused(c, err)
	case err != nil:
		return err
	case up.draft:
		preview := "/events/" + event(c).ID + "/class-lists/preview"
		if up.form {
			return see(c, preview)
		}
		c.Header("Location", preview)
		return sendJSON(c, http.StatusCreated, gin.H{"preview": preview})
	}
	list, err := s.takeList(c, up)
	if err != nil {
		return err
	}
	return sendJSON(c, http.StatusOK, list)
}

// takeList opens, reads and stores a list.
func (s *Server) takeList(c *gin.Context, up upload) (listJSON, error) {
	action := "list.upload"
	if up.dryRun {
		action = "list.try"
	}
	unlock, err := s.store.LockList(c.Request.Context(), event(c).ID)
	if err != nil {
		return listJSON{}, err
	}
	defer unlock()
	list, err := s.readList(c.Request.Context(), event(c), up.body, listOptions(event(c), c.Request.URL.Query()))
	if err != nil {
		return listJSON{}, err
	}
	return s.storeList(c, action, list, up.replace, up.dryRun)
}

// readList opens and reads a list. One is read at a time.
func (s *Server) readList(ctx context.Context, e enroll.Event, body io.Reader, o classlist.Options) (classlist.List, error) {
	select {
	case s.lists <- struct{}{}:
		defer func() { <-s.lists }()
	case <-ctx.Done():
		return classlist.List{}, ctx.Err()
	}
	data, err := s.store.OpenList(ctx, e.ID, body, maxList)
	if err != nil {
		return classlist.List{}, err
	}
	defer clear(data)
	return classlist.ReadWith("", data, o), nil
}

// storeList stores a list that was read, under LockList; bad_list where it has
// faults.
func (s *Server) storeList(c *gin.Context, action string, list classlist.List, replace, dryRun bool) (listJSON, error) {
	l := localeOf(c)
	if list.Fatal() {
		return listJSON{}, listFaults(l, list.Problems)
	}
	ctx, id := c.Request.Context(), event(c).ID
	if err := s.audit(c, action, id, itoa(len(list.Students))); err != nil {
		return listJSON{}, err
	}
	result, err := s.store.ApplyList(ctx, id, list.Students, replace, dryRun)
	if err != nil {
		return listJSON{}, err
	}
	if result.Missing > 0 {
		list.Problems = append(list.Problems, classlist.Missing(result.Missing))
	}
	s.cfg.Kick()
	return listJSON{result, listProblems(l, list.Problems)}, nil
}

// listOptions reads what a person chose of columns and encoding:
// columns[number]=B or a heading, "-" for none, empty as the headings tell.
func listOptions(e enroll.Event, values url.Values) classlist.Options {
	o := classlist.Options{Columns: map[classlist.Field]string{}, Encoding: values.Get("encoding")}
	for _, f := range listFields {
		switch name := values.Get(columnName(f)); name {
		case "":
		case noColumn:
			o.Columns[f] = ""
		default:
			o.Columns[f] = name
		}
	}
	if !e.Invitations {
		o.Columns[classlist.Email] = "" // none are kept
	}
	return o
}

// listRefused shows on the page why a file was not taken.
func (s *Server) listRefused(c *gin.Context, refused error) error {
	p, _ := problemOf(refused, localeOf(c))
	if p.Status >= http.StatusInternalServerError || errors.Is(refused, enroll.ErrPurged) {
		return refused
	}
	page, err := s.listPage(c)
	if err != nil {
		return err
	}
	var fields enroll.FieldErrors
	if errors.As(refused, &fields) {
		page.fail(fields) // the layout puts Fout: in the title
	} else {
		page.Refused = &p
		page.Title = page.Locale.T("page.error_prefix") + " " + page.Title
	}
	return s.render(c, p.Status, "staff/list", &page)
}
