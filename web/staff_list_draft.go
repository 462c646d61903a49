package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll"
	"cultuurdag/enroll/classlist"
)

// keepDraft keeps a list to be looked at, as it came in: sealed. What does not
// open is not kept.
func (s *Server) keepDraft(c *gin.Context, up upload) error {
	ctx, id := c.Request.Context(), event(c).ID
	sealed, err := io.ReadAll(up.body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return err
	case err != nil:
		return fmt.Errorf("%w: %T", errBadRequest, err)
	}
	data, err := s.store.OpenList(ctx, id, bytes.NewReader(sealed), maxList)
	if err != nil {
		return err
	}
	clear(data)
	return s.store.PutDraft(ctx, id, account(c).ID, sealed)
}

// readDraft reads the account's draft; ErrNotFound where there is none.
func (s *Server) readDraft(c *gin.Context, chosen url.Values) (classlist.List, error) {
	sealed, err := s.store.Draft(c.Request.Context(), event(c).ID, account(c).ID)
	if err != nil {
		return classlist.List{}, err
	}
	return s.readList(c.Request.Context(), event(c), bytes.NewReader(sealed), listOptions(event(c), chosen))
}

// showPreview is GET /events/:event/class-lists/preview?columns[FIELD]=&encoding=:
// the list that was handed in, before anything of it is stored.
func (s *Server) showPreview(c *gin.Context) error {
	chosen := c.Request.URL.Query()
	list, err := s.readDraft(c, chosen)
	if errors.Is(err, enroll.ErrNotFound) && !wantsJSON(c) {
		return s.draftGone(c)
	}
	if err != nil {
		return err
	}
	if wantsJSON(c) {
		return s.previewJSON(c, list)
	}
	return s.previewAnswer(c, list, chosen, http.StatusOK, nil)
}

// previewAnswer shows a draft, and why saving it failed.
func (s *Server) previewAnswer(c *gin.Context, list classlist.List, chosen url.Values, status int, trouble *problemJSON) error {
	page, err := s.previewPage(c, list, chosen)
	if err != nil {
		return err
	}
	page.Trouble = trouble
	if len(page.Faults) > 0 || trouble != nil {
		page.Title = page.Locale.T("page.error_prefix") + " " + page.Title
	}
	if err := s.audit(c, "list.preview", page.Event.ID, itoa(len(list.Students))); err != nil {
		return err
	}
	return s.render(c, status, "staff/list-preview", &page)
}

// previewedJSON is a preview for a program.
type previewedJSON struct {
	listJSON
	Columns  []columnJSON `json:"columns"`
	Encoding string       `json:"encoding"` // empty: the file is no text
}

type columnJSON struct {
	Field   classlist.Field `json:"field"` // empty: it was taken for none
	Heading string          `json:"heading"`
	Letter  string          `json:"letter"`
}

func (s *Server) previewJSON(c *gin.Context, list classlist.List) error {
	answer := previewedJSON{Columns: make([]columnJSON, len(list.Headings)), Encoding: list.Encoding}
	for i, column := range list.Headings {
		answer.Columns[i] = columnJSON(column)
	}
	var err error
	if list.Fatal() {
		answer.Problems = listProblems(localeOf(c), list.Problems)
		err = s.audit(c, "list.preview", event(c).ID, "")
	} else {
		answer.listJSON, err = s.storeList(c, "list.preview", list, false, true)
	}
	if err != nil {
		return err
	}
	return sendJSON(c, http.StatusOK, answer)
}

// saveDraft is POST /events/:event/class-lists?draft=true: it stores the draft,
// read with the columns and the encoding that were looked at, and drops it.
func (s *Server) saveDraft(c *gin.Context) error {
	if err := c.Request.ParseForm(); err != nil {
		return fmt.Errorf("%w: %T", errBadRequest, err)
	}
	ctx, id, chosen := c.Request.Context(), event(c).ID, c.Request.Form
	unlock, err := s.store.LockList(ctx, id)
	if errors.Is(err, enroll.ErrBusy) && !wantsJSON(c) {
		list, err := s.readDraft(c, chosen)
		return s.notSaved(c, list, chosen, errors.Join(enroll.ErrBusy, err))
	}
	if err != nil {
		return err
	}
	defer unlock()
	list, err := s.readDraft(c, chosen)
	if errors.Is(err, enroll.ErrNotFound) && !wantsJSON(c) {
		return s.draftGone(c)
	}
	if err != nil {
		return err
	}
	result, err := s.storeList(c, "list.save", list, isOn(chosen.Get("replace")), false)
	switch {
	case err != nil && wantsJSON(c):
		return err
	case err != nil:
		return s.notSaved(c, list, chosen, err)
	}
	if err := s.store.DropDraft(ctx, id, account(c).ID); err != nil {
		return err
	}
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, result)
	}
	return see(c, "/events/"+id+"/class-lists?"+saved(result.ListResult))
}

// notSaved shows the draft again, with why it was not saved.
func (s *Server) notSaved(c *gin.Context, list classlist.List, chosen url.Values, err error) error {
	p, _ := problemOf(err, localeOf(c))
	if p.Status >= http.StatusInternalServerError || errors.Is(err, enroll.ErrPurged) || errors.Is(err, enroll.ErrNotFound) {
		return err
	}
	return s.previewAnswer(c, list, chosen, p.Status, &p)
}

// dropDraft is DELETE /events/:event/class-lists/preview.
func (s *Server) dropDraft(c *gin.Context) error {
	if err := s.store.DropDraft(c.Request.Context(), event(c).ID, account(c).ID); err != nil {
		return err
	}
	if wantsJSON(c) {
		c.Status(http.StatusNoContent)
		return nil
	}
	s.flash(c, "upload.dropped")
	return see(c, "/events/"+event(c).ID+"/class-lists")
}

// draftGone asks for the file once more: an hour went by, or it was saved.
func (s *Server) draftGone(c *gin.Context) error {
	l := localeOf(c)
	page, err := s.listPage(c)
	if err != nil {
		return err
	}
	page.Refused = &problemJSON{Status: http.StatusNotFound, Title: l.T("upload.gone.title"), Detail: l.T("upload.gone.detail")}
	return s.render(c, http.StatusNotFound, "staff/list", &page)
}
