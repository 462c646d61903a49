package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"cultuurdag/enroll/locale"
)

const languageCookie = "lang"

// localeOf returns the reader's language: what they chose, else what their
// browser prefers, else Dutch.
func localeOf(c *gin.Context) *locale.Locale {
	chosen := ""
	if cookie, err := c.Request.Cookie(languageCookie); err == nil {
		chosen = cookie.Value
	}
	return locale.For(chosen, c.GetHeader("Accept-Language"))
}

// setLanguage is POST /language {lang, back}.
func (s *Server) setLanguage(c *gin.Context) error {
	var in struct {
		Lang string `json:"lang" form:"lang"`
		Back string `json:"back" form:"back"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	if in.Lang != "nl" && in.Lang != "en" {
		return errBadRequest
	}
	s.setCookie(c, languageCookie, in.Lang, 365*24*3600)
	if wantsJSON(c) {
		c.Status(http.StatusNoContent)
		return nil
	}
	return see(c, localPath(in.Back, "/"))
}

// setCookie sets a cookie for the whole site that no script can read. Age is in
// seconds; 0 keeps it until the browser closes, a negative one deletes it.
func (s *Server) setCookie(c *gin.Context, name, value string, age int) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: s.secure,
	})
}
