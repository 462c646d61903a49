package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll/locale"
)

const flashCookie = "flash"

// flash shows the message with that key on the next page, once. A key holds
// nobody's data, which a message could.
func (s *Server) flash(c *gin.Context, key string) { s.setCookie(c, flashCookie, key, 60) }

func takeFlash(c *gin.Context, l *locale.Locale) string {
	cookie, err := c.Request.Cookie(flashCookie)
	if err != nil || !l.Has(cookie.Value) {
		return ""
	}
	http.SetCookie(c.Writer, &http.Cookie{Name: flashCookie, Path: "/", MaxAge: -1})
	return l.T(cookie.Value)
}
