package enroll

import (
	"net/mail"
	"regexp"
	"strings"
	"time"
)

// School is a customer of the organiser.
type School struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	BRIN      string `json:"brin"` // the ministry's number, like 12AB or 12AB03
	Address   string `json:"address,omitempty"`
	Postcode  string `json:"postcode,omitempty"`
	City      string `json:"city"`
	CJPNumber string `json:"cjp_number,omitempty"` // the school's number for the CJP culture card
}

var (
	brin     = regexp.MustCompile(`^[0-9]{2}[A-Z]{2}([0-9]{2})?$`)
	postcode = regexp.MustCompile(`^[1-9][0-9]{3} ?[A-Z]{2}$`)
	cjp      = regexp.MustCompile(`^[0-9A-Za-z -]{1,32}$`)
)

// Normalize puts a school's fields in the form in which they are kept.
func (s *School) Normalize() {
	s.Name, s.City, s.Address = strings.TrimSpace(s.Name), strings.TrimSpace(s.City), strings.TrimSpace(s.Address)
	s.BRIN = strings.ToUpper(strings.TrimSpace(s.BRIN))
	s.CJPNumber = strings.TrimSpace(s.CJPNumber)
	if p := strings.ToUpper(strings.ReplaceAll(s.Postcode, " ", "")); len(p) == 6 {
		s.Postcode = p[:4] + " " + p[4:]
	}
}

// Check returns what is wrong with a school that somebody entered.
func (s School) Check() error {
	var errs FieldErrors
	errs.need("name", s.Name)
	errs.need("city", s.City)
	errs.text("address", s.Address, maxLine)
	if !brin.MatchString(s.BRIN) {
		errs.Add("brin", "bad_brin")
	}
	if s.Postcode != "" && !postcode.MatchString(s.Postcode) {
		errs.Add("postcode", "bad_postcode")
	}
	if s.CJPNumber != "" && !cjp.MatchString(s.CJPNumber) {
		errs.Add("cjp_number", "bad_cjp_number")
	}
	return errs.OrNil()
}

// Role is what a member of staff may do.
type Role string

// The roles of staff.
const (
	Organiser Role = "organiser" // every school
	Contact   Role = "contact"   // their own school alone
)

// Account is a member of staff who signs in with e-mail and password.
type Account struct {
	ID        string    `json:"id"`
	Role      Role      `json:"role"`
	School    string    `json:"school,omitempty"` // of a contact
	Name      string    `json:"name"`
	Function  string    `json:"function,omitempty"`
	Email     string    `json:"email"`
	Phone     string    `json:"phone,omitempty"`
	Password  string    `json:"password,omitempty"` // argon2id, encoded; empty until the invitation is used
	Sessions  int       `json:"sessions"`           // generation: login sessions of an earlier one have ended
	CreatedAt time.Time `json:"created_at"`
}

// MayAccess reports whether a may see and change what belongs to that school.
func (a Account) MayAccess(school string) bool {
	return a.Role == Organiser || a.Role == Contact && a.School == school && school != ""
}

// Normalize puts an account's fields in the form in which they are kept.
func (a *Account) Normalize() {
	a.Email = strings.ToLower(strings.TrimSpace(a.Email))
	a.Name, a.Function, a.Phone = strings.TrimSpace(a.Name), strings.TrimSpace(a.Function), strings.TrimSpace(a.Phone)
}

// Check returns what is wrong with an account that somebody entered.
func (a Account) Check() error {
	var errs FieldErrors
	if address, err := mail.ParseAddress(a.Email); err != nil || address.Address != a.Email {
		errs.Add("email", "bad_email")
	}
	if a.Role == Contact {
		errs.need("name", a.Name)
	}
	errs.text("name", a.Name, maxLine)
	errs.text("function", a.Function, maxLine)
	errs.text("phone", a.Phone, maxLine)
	errs.text("email", a.Email, maxLine)
	return errs.OrNil()
}
