package web

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// studentCookie holds EVENT.token.
const (
	studentCookie = "student"
	studentAge    = 12 * 60 * 60 // seconds, as long as the store keeps the session
)

// A school sits behind one address, so wrong codes alone are counted, and many
// are let through: against 40 random bits even these are nothing.
const (
	wrongCodes       = 1000
	wrongCodesWindow = 10 * time.Minute
)

// address returns what a rate limit keeps instead of the reader's address.
func (s *Server) address(c *gin.Context) string {
	return crypto.AddressMAC(s.cfg.RateSecret, c.ClientIP())
}

// studentToken returns the student's cookie, or ErrSignedOut.
func studentToken(c *gin.Context) (string, error) {
	cookie, err := c.Request.Cookie(studentCookie)
	if err != nil || cookie.Value == "" {
		return "", enroll.ErrSignedOut
	}
	return cookie.Value, nil
}

// codePage is where a student types the code.
type codePage struct {
	Page
	Code      string
	School    string // of a code whose first four characters are known
	SignedIn  bool   // this browser was signed in: the way on is shown
	SignedOut bool   // the session has ended
	FromLink  bool   // the code may stand behind the # of the address
}

func (s *Server) codePage(c *gin.Context) codePage {
	page := codePage{Page: s.page(c, localeOf(c).T("student.code.title"))}
	page.Back = "/"
	return page
}

// home is GET /.
func (s *Server) home(c *gin.Context) error {
	if wantsJSON(c) {
		return sendJSON(c, http.StatusOK, gin.H{"name": s.cfg.Provider.Name, "sign_in": "/student/sign-in", "privacy": "/privacy"})
	}
	page := s.codePage(c)
	_, err := studentToken(c)
	page.SignedIn = err == nil
	return s.render(c, http.StatusOK, "student/code", &page)
}

// link is GET /k#CODE, the link of a QR code. What stands behind the # never
// comes here: the page's script sends it as a form and cleans the address.
func (s *Server) link(c *gin.Context) error {
	page := s.codePage(c)
	page.FromLink = true
	return s.render(c, http.StatusOK, "student/code", &page)
}

// signInStudent is POST /student/sign-in {code}.
func (s *Server) signInStudent(c *gin.Context) error {
	var in struct {
		Code string `json:"code" form:"code"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	cookie, school, err := s.tryCode(c, in.Code)
	if err != nil {
		if wantsJSON(c) {
			return err
		}
		return s.refuseCode(c, in.Code, school, err)
	}
	s.setCookie(c, studentCookie, cookie, studentAge)
	if _, err := c.Request.Cookie(goneCookie); err == nil {
		s.setCookie(c, goneCookie, "", -1)
	}
	if wantsJSON(c) || sentJSON(c) {
		c.Status(http.StatusNoContent)
		return nil
	}
	return see(c, "/student")
}

// tryCode returns the cookie for a code. With ErrWrongCode comes the name of
// the school where the event is known.
func (s *Server) tryCode(c *gin.Context, typed string) (cookie, school string, err error) {
	ctx, who := c.Request.Context(), s.address(c)
	code, err := crypto.ParseCode(typed)
	if err != nil { // no guess: it cannot be anybody's
		return "", "", cmp.Or(s.store.Allowed(ctx, "code", who, wrongCodes, wrongCodesWindow), enroll.ErrWrongCode)
	}
	count := tally{{"code", who, wrongCodes, wrongCodesWindow}}
	if err := s.count(ctx, count); err != nil {
		return "", "", err
	}
	cookie, err = s.store.SignInStudent(ctx, code)
	if !errors.Is(err, enroll.ErrWrongCode) {
		return cookie, "", errors.Join(err, s.forgive(ctx, count))
	}
	event, eventErr := s.store.EventByCode(ctx, code.Event())
	if eventErr != nil {
		return "", "", err
	}
	found, schoolErr := s.store.School(ctx, event.School)
	if schoolErr != nil {
		return "", "", err
	}
	return "", found.Name, err
}

// refuseCode shows the form again, with what was typed and what to do.
func (s *Server) refuseCode(c *gin.Context, typed, school string, err error) error {
	page := s.codePage(c)
	page.Code, page.School = typed, school
	status := http.StatusUnauthorized
	var wait *enroll.RetryError
	switch {
	case errors.As(err, &wait):
		p, retry := problemOf(err, page.Locale)
		status = p.Status
		c.Header("Retry-After", itoa(retry))
		page.fail(enroll.FieldErrors{{Field: "code", Code: "too_many_codes", Args: []string{itoa((retry + 59) / 60)}}})
	case errors.Is(err, enroll.ErrWrongCode) && typed == "":
		page.fail(enroll.FieldErrors{{Field: "code", Code: "code_missing"}})
	case errors.Is(err, enroll.ErrWrongCode) && school != "":
		page.fail(enroll.FieldErrors{{Field: "code", Code: "code_of_school", Args: []string{school}}})
	case errors.Is(err, enroll.ErrWrongCode):
		page.fail(enroll.FieldErrors{{Field: "code", Code: "wrong_code"}})
	case errors.Is(err, enroll.ErrPurged):
		return s.farewell(c)
	default:
		return err
	}
	return s.render(c, status, "student/code", &page)
}

// signOutStudent is POST /student/sign-out.
func (s *Server) signOutStudent(c *gin.Context) error {
	cookie, err := studentToken(c)
	if err == nil {
		err = s.store.SignOutStudent(c.Request.Context(), cookie)
	}
	s.setCookie(c, studentCookie, "", -1)
	if err != nil && !errors.Is(err, enroll.ErrSignedOut) && !errors.Is(err, enroll.ErrPurged) {
		return err
	}
	if wantsJSON(c) {
		c.Status(http.StatusNoContent)
		return nil
	}
	s.flash(c, "student.signed_out")
	return see(c, "/")
}

// goneCookie marks a browser in which somebody was told that everything is gone:
// another tab of it, whose session that ended, is told the same, and not asked
// for a code. It says nothing about anybody.
const goneCookie = "gone"

// farewell tells a student kindly that everything is gone, and has the browser
// forget as well.
func (s *Server) farewell(c *gin.Context) error {
	s.forget(c)
	page := struct{ Page }{s.page(c, localeOf(c).T("student.purged.title"))}
	page.Back = "/"
	return s.render(c, http.StatusGone, "student/purged", &page)
}

// forget empties what this browser keeps of the student. Staff who are signed in
// in the same browser stay so: of the cookies the student's alone goes.
func (s *Server) forget(c *gin.Context) {
	s.setCookie(c, studentCookie, "", -1)
	s.setCookie(c, goneCookie, "1", studentAge)
	c.Header("Clear-Site-Data", `"cache", "storage"`)
}
