package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
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

// listJSON tells what a class list changed, or with dry_run would change.
type listJSON struct {
	store.ListResult
	Problems []listProblem `json:"problems"`
}

// listPage is where a class list is handed in.
type listPage struct {
	eventPage
	BaseURL  string
	Result   *store.ListResult // of the list that was just handed in
	DryRun   bool
	Replace  bool
	Problems []listProblem
	Refused  *problemJSON // why nothing was stored
}

func (s *Server) listPage(c *gin.Context) (listPage, error) {
	base, err := s.eventPage(c, "list")
	base.Back = "/events/" + base.Event.ID + "/class-lists"
	return listPage{eventPage: base, BaseURL: s.cfg.BaseURL}, err
}

// showList is GET /events/:event/class-lists.
func (s *Server) showList(c *gin.Context) error {
	page, err := s.listPage(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "staff/list", &page)
}

// upload is what came in with a class list.
type upload struct {
	body    io.Reader
	name    string // of the file: a hint, which no log sees
	dryRun  bool
	replace bool
	form    bool // from a page: the answer is one
}

// readUpload finds the age file in the request: the body itself, or the file
// of a form. A form is read as it streams: what somebody sent in clear by
// mistake would otherwise lie in a temporary file.
func readUpload(c *gin.Context) (upload, error) {
	flag := func(s string) bool { on, err := strconv.ParseBool(s); return err == nil && on }
	up := upload{body: c.Request.Body, name: c.Query("name"), dryRun: flag(c.Query("dry_run")), replace: flag(c.Query("replace"))}
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return up, nil
	}
	up.form = !wantsJSON(c)
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
			up.body, up.name = part, part.FileName()
			return up, nil // the file stands last in the form
		case "dry_run", "replace":
			value, err := io.ReadAll(io.LimitReader(part, 16))
			if err != nil {
				return up, fmt.Errorf("%w: %T", errBadRequest, err)
			}
			if part.FormName() == "dry_run" {
				up.dryRun = flag(string(value))
			} else {
				up.replace = flag(string(value))
			}
		}
	}
}

// uploadList is POST /events/:event/class-lists?name=&dry_run=&replace=.
func (s *Server) uploadList(c *gin.Context) error {
	up, err := readUpload(c)
	var list listJSON
	if err == nil {
		list, err = s.takeList(c, up)
	}
	if !up.form {
		if err != nil {
			return err
		}
		c.JSON(http.StatusOK, list)
		return nil
	}
	return s.listAnswer(c, up, list, err)
}

// takeList opens, reads and stores a list. One is read at a time.
func (s *Server) takeList(c *gin.Context, up upload) (listJSON, error) {
	ctx, id, l := c.Request.Context(), event(c).ID, localeOf(c)
	unlock, err := s.store.LockList(ctx, id)
	if err != nil {
		return listJSON{}, err
	}
	defer unlock()
	data, err := s.store.OpenList(ctx, id, up.body, maxList)
	if err != nil {
		return listJSON{}, err
	}
	list := classlist.Read(up.name, data)
	clear(data)
	if list.Fatal() {
		return listJSON{}, &Problem{
			Status: http.StatusUnprocessableEntity, Code: "bad_list", Errors: listProblems(l, list.Problems),
			Args: []any{"n", len(list.Problems)},
		}
	}
	action := "list.upload"
	if up.dryRun {
		action = "list.try"
	}
	if err := s.audit(c, action, id, itoa(len(list.Students))); err != nil {
		return listJSON{}, err
	}
	result, err := s.store.ApplyList(ctx, id, list.Students, up.replace, up.dryRun)
	if err != nil {
		return listJSON{}, err
	}
	if result.Missing > 0 {
		list.Problems = append(list.Problems, classlist.Missing(result.Missing))
	}
	s.cfg.Kick()
	return listJSON{result, listProblems(l, list.Problems)}, nil
}

// listAnswer shows on the page what came of a list. It is no redirect: what is
// wrong with a list quotes it, and is kept nowhere. Sent again it changes
// nothing.
func (s *Server) listAnswer(c *gin.Context, up upload, list listJSON, refused error) error {
	page, err := s.listPage(c)
	if err != nil {
		return err
	}
	page.Replace, page.DryRun = up.replace, up.dryRun
	if refused == nil {
		page.Result, page.Problems = &list.ListResult, list.Problems
		return s.render(c, http.StatusOK, "staff/list", &page)
	}
	p, _ := problemOf(refused, page.Locale)
	if p.Status >= http.StatusInternalServerError || errors.Is(refused, enroll.ErrPurged) {
		return refused
	}
	var fields enroll.FieldErrors
	var own *Problem
	switch {
	case errors.As(refused, &fields):
		page.fail(fields)
	case errors.As(refused, &own):
		page.Problems, _ = own.Errors.([]listProblem)
		// What forbids storing comes first; the order of rows stays.
		slices.SortStableFunc(page.Problems, func(a, b listProblem) int {
			switch {
			case a.Fatal == b.Fatal:
				return 0
			case a.Fatal:
				return -1
			}
			return 1
		})
		page.Refused = &p
	default:
		page.Refused = &p
	}
	page.Title = page.Locale.T("page.error_prefix") + " " + page.Title
	if len(fields) > 0 {
		page.Title = page.Locale.T("staff.tab.list") + " – " + page.Event.Title // the layout says it
	}
	return s.render(c, p.Status, "staff/list", &page)
}
