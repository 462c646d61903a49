package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// How many wrong tries are let through. Those that are right are not counted.
const (
	wrongPasswords        = 10  // for one e-mail address, from one network address
	wrongPasswordsEmail   = 100 // for one e-mail address: one address must not lock its owner out elsewhere
	wrongPasswordsAddress = 100 // from one network address
	wrongPasswordsWindow  = 15 * time.Minute

	resets        = 3 // mails to one e-mail address
	resetsAddress = 20
	resetsWindow  = time.Hour
)

// signInPage is where staff sign in.
type signInPage struct {
	Page
	Email string
	Next  string // where to go on to
	Ended bool   // what was asked for needs signing in
	Mails bool   // a forgotten password can be mailed
}

func (s *Server) signInPage(c *gin.Context) signInPage {
	page := signInPage{Page: s.page(c, localeOf(c).T("staff.sign_in.title")), Mails: s.cfg.Mail != nil}
	page.Back = "/sign-in"
	return page
}

// showSignIn is GET /sign-in.
func (s *Server) showSignIn(c *gin.Context) error {
	switch _, err := s.signedIn(c); {
	case err == nil:
		return see(c, "/events")
	case !errors.Is(err, enroll.ErrSignedOut):
		return err
	}
	page := s.signInPage(c)
	return s.render(c, http.StatusOK, "staff/sign-in", &page)
}

// signInStaff is POST /sign-in {email, password}.
func (s *Server) signInStaff(c *gin.Context) error {
	var in struct {
		Email    string `json:"email" form:"email"`
		Password string `json:"password" form:"password"`
		Next     string `json:"-" form:"next"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	a, err := s.tryPassword(c, in.Email, in.Password)
	if err == nil {
		err = s.beginSession(c, a)
	}
	switch {
	case err == nil:
		return s.done(c, localPath(in.Next, "/events"), "")
	case wantsJSON(c), !errors.Is(err, enroll.ErrWrongPassword) && !errors.Is(err, enroll.ErrTooManyTries):
		return err
	}
	page := s.signInPage(c)
	page.Email, page.Next = in.Email, in.Next
	p, retry := problemOf(err, page.Locale)
	if retry > 0 {
		c.Header("Retry-After", itoa(retry))
		page.fail(enroll.FieldErrors{{Field: "email", Code: "too_many_passwords", Args: []string{itoa((retry + 59) / 60)}}})
	} else {
		page.fail(enroll.FieldErrors{{Field: "email", Code: "wrong_password"}})
	}
	return s.render(c, p.Status, "staff/sign-in", &page)
}

// tries returns what failures are counted under: the e-mail address and the
// network address, neither of which is kept.
func (s *Server) tries(c *gin.Context, email string) (byEmail, byAddress string) {
	email = strings.ToLower(strings.TrimSpace(email))
	return crypto.AddressMAC(s.cfg.RateSecret, "email "+email), s.address(c)
}

// tryPassword returns the account with that password. ErrWrongPassword, or a
// *enroll.RetryError.
func (s *Server) tryPassword(c *gin.Context, email, password string) (enroll.Account, error) {
	ctx := c.Request.Context()
	byEmail, byAddress := s.tries(c, email)
	count := tally{
		{"password-address", byAddress, wrongPasswordsAddress, wrongPasswordsWindow},
		{"password", crypto.AddressMAC(s.cfg.RateSecret, byEmail+" "+byAddress), wrongPasswords, wrongPasswordsWindow},
		{"password-email", byEmail, wrongPasswordsEmail, wrongPasswordsWindow},
	}
	if err := s.count(ctx, count); err != nil {
		return enroll.Account{}, err
	}
	a, err := s.store.AccountByEmail(ctx, email)
	if err != nil && !errors.Is(err, enroll.ErrNotFound) {
		return enroll.Account{}, err
	}
	if err != nil {
		a = enroll.Account{} // checked all the same: no account takes as long as a wrong password
	}
	right, err := crypto.CheckPassword(ctx, a.Password, password)
	if err != nil {
		return enroll.Account{}, fmt.Errorf("checking a password: %w", err)
	}
	if !right {
		return enroll.Account{}, enroll.ErrWrongPassword
	}
	return a, s.forgive(ctx, count)
}

// signOutStaff is POST /sign-out.
func (s *Server) signOutStaff(c *gin.Context) error {
	if err := s.endSession(c); err != nil {
		return err
	}
	return s.done(c, "/sign-in", "staff.signed_out")
}

// done answers a request that has nothing to say: 204, or for a form the page
// to, with a message on it where flash is not empty.
func (s *Server) done(c *gin.Context, to, flash string) error {
	if wantsJSON(c) || sentJSON(c) {
		c.Status(http.StatusNoContent)
		c.Writer.WriteHeaderNow()
		return nil
	}
	if flash != "" {
		s.flash(c, flash)
	}
	return see(c, to)
}

// resetPassword is POST /password-reset {email}: 202 whatever the address.
func (s *Server) resetPassword(c *gin.Context) error {
	var in struct {
		Email string `json:"email" form:"email"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	ctx := c.Request.Context()
	byEmail, byAddress := s.tries(c, in.Email)
	if err := s.store.Allow(ctx, "reset-address", byAddress, resetsAddress, resetsWindow); err != nil {
		return err
	}
	if err := s.mailReset(c, in.Email, byEmail); err != nil {
		return err
	}
	if wantsJSON(c) || sentJSON(c) {
		c.Status(http.StatusAccepted)
		c.Writer.WriteHeaderNow()
		return nil
	}
	s.flash(c, "staff.reset.sent")
	return see(c, "/sign-in")
}

// mailReset mails a link to set a password to the account of that address,
// where there is one and it was not asked for too often: of neither the answer
// tells anything.
func (s *Server) mailReset(c *gin.Context, email, byEmail string) error {
	if s.cfg.Mail == nil {
		return nil
	}
	ctx := c.Request.Context()
	switch err := s.store.Allow(ctx, "reset", byEmail, resets, resetsWindow); {
	case errors.Is(err, enroll.ErrTooManyTries):
		return nil
	case err != nil:
		return err
	}
	a, err := s.store.AccountByEmail(ctx, email)
	if errors.Is(err, enroll.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	link, err := s.invite(ctx, a.ID)
	if err != nil {
		return err
	}
	l := localeOf(c)
	s.mail(ctx, a.Email, l.T("staff.mail.reset.subject"), l.T("staff.mail.reset.body", "link", link))
	return nil
}

// invite returns a new link with which the account's password can be set.
func (s *Server) invite(ctx context.Context, account string) (string, error) {
	token, err := s.store.NewInvitation(ctx, account)
	if err != nil {
		return "", err
	}
	return s.cfg.BaseURL + "/invitation#" + token, nil
}

// mail sends a mail in the background: how long that takes would tell whether
// there is such an account. Where there is no mail it does nothing.
func (s *Server) mail(ctx context.Context, to, subject, body string) {
	if s.cfg.Mail == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	s.mails.Go(func() {
		defer cancel()
		if err := s.cfg.Mail(ctx, to, subject, body); err != nil {
			s.log.Error("mail was not sent", "error", fmt.Sprintf("%T", errors.Unwrap(err))) // its text could name the address
		}
	})
}
