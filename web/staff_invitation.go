package web

import (
	"errors"
	"net/http"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"cultuurdag/crypto"
	"cultuurdag/enroll"
)

// minPassword and maxPassword are in characters and bytes. A sentence is fine;
// nothing else is asked of a password (NIST SP 800-63B, 3.1.1).
const (
	minPassword = 12
	maxPassword = 1024
)

func checkPassword(field, password string) error {
	var errs enroll.FieldErrors
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		errs.Add(field, "short_password", itoa(minPassword))
	case len(password) > maxPassword:
		errs.Add(field, "long_password")
	}
	return errs.OrNil()
}

// invitationPage is where somebody who was invited, or forgot the password,
// sets one.
type invitationPage struct {
	Page
	Token string
	Gone  bool // the link was used, or is too old
}

func (s *Server) invitationPage(c *gin.Context) invitationPage {
	page := invitationPage{Page: s.page(c, localeOf(c).T("staff.invitation.title"))}
	page.Back = "/invitation"
	return page
}

// showInvitation is GET /invitation#TOKEN: what stands behind the # never comes
// here, the page's script takes it from the address.
func (s *Server) showInvitation(c *gin.Context) error {
	page := s.invitationPage(c)
	return s.render(c, http.StatusOK, "staff/invitation", &page)
}

// acceptInvitation is POST /invitations {token, password}: it sets the password
// and signs in. The link is used up only then.
func (s *Server) acceptInvitation(c *gin.Context) error {
	var in struct {
		Token    string `json:"token" form:"token"`
		Password string `json:"password" form:"password"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	in.Token = tokenOf(in.Token)
	err := s.setFirstPassword(c, in.Token, in.Password)
	var fields enroll.FieldErrors
	switch {
	case err == nil:
		return s.done(c, "/events", "staff.invitation.done")
	case wantsJSON(c):
		return err
	case errors.As(err, &fields):
		page := s.invitationPage(c)
		page.Token = in.Token
		page.fail(fields)
		return s.render(c, http.StatusUnprocessableEntity, "staff/invitation", &page)
	case errors.Is(err, enroll.ErrInvitationGone):
		page := s.invitationPage(c)
		page.Gone = true
		return s.render(c, http.StatusGone, "staff/invitation", &page)
	}
	return err
}

func (s *Server) setFirstPassword(c *gin.Context, token, password string) error {
	ctx, who := c.Request.Context(), s.address(c)
	count := tally{{"invitation", who, wrongPasswordsAddress, wrongPasswordsWindow}}
	if err := s.count(ctx, count); err != nil {
		return err
	}
	_, err := s.store.Invitation(ctx, token)
	if errors.Is(err, enroll.ErrInvitationGone) {
		return err
	}
	if err := errors.Join(err, s.forgive(ctx, count)); err != nil {
		return err
	}
	if err := checkPassword("password", password); err != nil {
		return err
	}
	encoded, err := crypto.HashPassword(ctx, password)
	if err != nil {
		return err
	}
	a, err := s.store.UseInvitation(ctx, token)
	if err != nil {
		return err
	}
	if a, err = s.store.SetPassword(ctx, a.ID, encoded); err != nil {
		return err
	}
	c.Set(staffKey, a)
	if err := s.audit(c, "account.link", "", a.School); err != nil {
		return err
	}
	return s.beginSession(c, a)
}

// tokenOf takes a token, or the whole link that somebody pasted.
func tokenOf(pasted string) string {
	for i := len(pasted) - 1; i >= 0; i-- {
		if pasted[i] == '#' {
			pasted = pasted[i+1:]
			break
		}
	}
	return trim(pasted)
}
