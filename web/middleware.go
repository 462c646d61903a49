package web

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// accessLog writes one line a request: the pattern of the route, never a path,
// a query or an address, which could tell who did what.
func (s *Server) accessLog(c *gin.Context) {
	start := time.Now()
	c.Next()
	route := c.FullPath()
	if route == "" {
		route = "none"
	}
	method := methodName(c.Request.Method)
	took := time.Since(start)
	s.log.Info("request", "method", method, "route", route,
		"status", c.Writer.Status(), "ms", took.Milliseconds())
	if s.cfg.Observe != nil {
		s.cfg.Observe(method, route, c.Writer.Status(), took)
	}
}

// methodName is the method as it is logged and measured: a reader may make up
// any, with whatever in it, and each would be a metric of its own.
func methodName(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return method
	}
	return "other"
}

const nonceKey = "nonce"

// securityHeaders allows scripts and styles from this site alone, and inline
// ones only with the nonce of this very answer.
func (s *Server) securityHeaders(c *gin.Context) {
	nonce := rand.Text()
	c.Set(nonceKey, nonce)
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self' 'nonce-"+nonce+"'; style-src 'self' 'nonce-"+nonce+
		"'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept")
	if s.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	c.Next()
}

// worthCompressing leaves out what is compressed already, and event streams,
// whose events would wait in the compressor.
func worthCompressing(c *gin.Context) bool {
	if !strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
		return false
	}
	if strings.HasPrefix(c.FullPath(), "/static/") || strings.HasSuffix(c.FullPath(), "/live") {
		return false
	}
	switch path.Ext(c.Request.URL.Path) {
	case ".pdf", ".xlsx", ".zip":
		return false
	}
	return true
}

// recovery turns a panic into a 500 page. What panicked is logged without its
// value, which could hold anybody's data.
func (s *Server) recovery(c *gin.Context) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			s.fail(c, fmt.Errorf("panic of type %T\n%s", p, debug.Stack()))
		}
	}()
	c.Next()
}

const (
	maxBody = 1 << 20
	maxList = 16 << 20 // an encrypted class list
)

func limitBody(c *gin.Context) {
	limit := int64(maxBody)
	if strings.HasSuffix(c.FullPath(), "/class-lists") {
		limit = maxList
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit)
	c.Next()
}

// sameOrigin refuses what a page of another site makes a browser send here.
func sameOrigin(baseURL string) (handlerFunc, error) {
	protection := http.NewCrossOriginProtection()
	if baseURL != "" {
		if err := protection.AddTrustedOrigin(baseURL); err != nil {
			return nil, fmt.Errorf("web: base URL: %w", err)
		}
	}
	return func(c *gin.Context) error {
		if err := protection.Check(c.Request); err != nil {
			return errCrossOrigin
		}
		return nil
	}, nil
}

// answerHead answers HEAD as GET: the server sends the headers alone. A stream
// would go on for nobody, and stays a method that is not allowed.
func answerHead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead && !strings.HasSuffix(r.URL.Path, "/live") {
			get := *r // a copy: by r itself the server knows to leave out the body
			get.Method = http.MethodGet
			r = &get
		}
		next.ServeHTTP(w, r)
	})
}

// overrideMethod lets a form, which can only POST, say PUT, PATCH or DELETE in
// its field _method. It has to run before the router. The field is looked for
// in the first 64 kB, without using up a body that is no form: curl calls
// everything a form.
func overrideMethod(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			body := bufio.NewReaderSize(r.Body, 64<<10)
			// An error comes back when the rest is read.
			head, _ := body.Peek(64 << 10)
			r.Body = struct {
				io.Reader
				io.Closer
			}{body, r.Body}
			if method := methodField(head); method != "" {
				if method == http.MethodDelete {
					// ParseForm reads the body of a POST, but not of a DELETE. What fails here
					// leaves the form empty, and the handler asks for what it misses.
					r.Body = http.MaxBytesReader(w, r.Body, maxBody)
					if err := r.ParseForm(); err != nil {
						r.PostForm, r.Form = nil, nil
					}
				}
				r.Method = method
			}
		}
		next.ServeHTTP(w, r)
	})
}

func methodField(form []byte) string {
	for field := range bytes.SplitSeq(form, []byte("&")) {
		if name, value, ok := bytes.Cut(field, []byte("=")); ok && string(name) == "_method" {
			switch method := strings.ToUpper(string(value)); method {
			case http.MethodPut, http.MethodPatch, http.MethodDelete:
				return method
			}
		}
	}
	return ""
}
