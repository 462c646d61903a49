package web

import (
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
// its fields are tagged json and form. What is read is not checked.
func bind(c *gin.Context, into any) error {
	var err error
	if sentJSON(c) {
		err = json.NewDecoder(c.Request.Body).Decode(into)
		if errors.Is(err, io.EOF) {
			err = nil // no body: nothing entered
		}
	} else {
		// ParseForm and mapping apart, for an error of mapping quotes what was entered.
		if err = c.Request.ParseForm(); err == nil {
			if binding.MapFormWithTag(into, c.Request.Form, "form") != nil {
				err = errors.New("a field of the form does not fit")
			}
		}
	}
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooLarge):
		return err
	}
	return fmt.Errorf("%w: %T", errBadRequest, err)
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
