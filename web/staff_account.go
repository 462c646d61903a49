package web

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// passwordPage is where staff change their password.
type passwordPage struct{ Page }

// showPassword is GET /account/password.
func (s *Server) showPassword(c *gin.Context) error {
	page := passwordPage{s.page(c, localeOf(c).T("staff.password.title"))}
	return s.render(c, http.StatusOK, "staff/password", &page)
}

// changePassword is POST /account/password {old, new}. It ends every other
// login session of the account.
func (s *Server) changePassword(c *gin.Context) error {
	var in struct {
		Old string `json:"old" form:"old"`
		New string `json:"new" form:"new"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	err := s.replacePassword(c, in.Old, in.New)
	var fields enroll.FieldErrors
	if err == nil || wantsJSON(c) {
		if err != nil {
			return err
		}
		return s.done(c, "/account/password", "staff.password.done")
	}
	switch {
	case errors.Is(err, enroll.ErrWrongPassword):
		fields.Add("old", "wrong_old_password")
	case !errors.As(err, &fields):
		return err
	}
	page := passwordPage{s.page(c, localeOf(c).T("staff.password.title"))}
	page.Back = "/account/password"
	page.fail(fields)
	return s.render(c, http.StatusUnprocessableEntity, "staff/password", &page)
}

func (s *Server) replacePassword(c *gin.Context, old, new string) error {
	if err := checkPassword("new", new); err != nil {
		return err
	}
	if _, err := s.tryPassword(c, account(c).Email, old); err != nil {
		return err
	}
	ctx := c.Request.Context()
	encoded, err := crypto.HashPassword(ctx, new)
	if err != nil {
		return err
	}
	a, err := s.store.SetPassword(ctx, account(c).ID, encoded)
	if err != nil {
		return err
	}
	if err := s.audit(c, "account.password", "", ""); err != nil {
		return err
	}
	if c.GetHeader("Authorization") != "" {
		return nil // a program has no login session
	}
	return s.beginSession(c, a)
}
