package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/binding"
)

// handlerFunc answers a request, or returns why it did not. A handler that has
// answered returns nil.
type handlerFunc func(*gin.Context) error

// handle is the one adapter between handlers and gin: an error becomes a page
// or a problem as errors.go says, and what comes after does not run.
func (s *Server) handle(h handlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c); err != nil {
			s.fail(c, err)
		}
	}
}

// wantsJSON reports whether the answer is for a program: it asks for JSON, or
// it sent JSON or a token and does not ask for HTML.
func wantsJSON(c *gin.Context) bool {
	accept := c.GetHeader("Accept")
	switch {
	case strings.Contains(accept, "text/html"):
		return false
	case strings.Contains(accept, "json"):
		return true
	}
	return sentJSON(c) || c.GetHeader("Authorization") != ""
}

func sentJSON(c *gin.Context) bool {
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	return err == nil && kind == "application/json"
}

// bind reads a JSON body, or else a form, into the struct that into points to;
// its fields are tagged json and form. Nothing is taken from the address, which
// is kept in logs and histories. What is read is not checked.
func bind(c *gin.Context, into any) error {
	if sentJSON(c) {
		return readJSON(c.Request.Body, into, c.Request.Method == http.MethodPatch)
	}
	if err := readForm(c); err != nil {
		return err
	}
	if binding.MapFormWithTag(into, c.Request.PostForm, "form") != nil { // its error quotes what was entered
		return fmt.Errorf("%w: a field of the form does not fit", errBadRequest)
	}
	return nil
}

// readJSON reads one value, or nothing at all. Programs may send more than is
// read, but not in a PATCH (strict): all of its fields may be left out, so that
// one with a slip in its name would do nothing and say 200.
func readJSON(body io.Reader, into any, strict bool) error {
	decoder := json.NewDecoder(body)
	if strict {
		decoder.DisallowUnknownFields()
	}
	err := decoder.Decode(into)
	if errors.Is(err, io.EOF) {
		return nil // no body: nothing entered
	}
	if err != nil {
		if _, name, ok := strings.Cut(err.Error(), "json: unknown field "); ok {
			return &Problem{Status: http.StatusBadRequest, Code: "unknown_field", Args: []any{"field", strings.Trim(name, `"`)}}
		}
		return unread(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.Join(errTrailing, tooLarge(err))
	}
	return nil
}

// readForm reads the body as a form, into Request.PostForm.
func readForm(c *gin.Context) error {
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if c.Request.ContentLength != 0 && (err != nil || kind != "application/x-www-form-urlencoded") {
		return errMediaType
	}
	if err := c.Request.ParseForm(); err != nil {
		return unread(err)
	}
	return nil
}

// unread is the error for a body that could not be read, without what it says.
func unread(err error) error {
	return cmp.Or(tooLarge(err), fmt.Errorf("%w: %T", errBadRequest, err))
}

// tooLarge returns err where it says that the body is too large, else nil.
func tooLarge(err error) error {
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return large
	}
	return nil
}

// sendJSON answers with v. Nothing is sent before all of it is JSON.
func sendJSON(c *gin.Context, status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("answer as JSON: %w", err)
	}
	c.Data(status, "application/json; charset=utf-8", data)
	return nil
}

// see sends the browser on with a GET, after a form.
func see(c *gin.Context, to string) error {
	c.Redirect(http.StatusSeeOther, to)
	return nil
}

// localPath returns p where it is a path on this site, else otherwise.
func localPath(p, otherwise string) string {
	if strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "//") && !strings.ContainsAny(p, "\\\r\n\t") {
		return p
	}
	return otherwise
}
