package enroll

import (
	"net/mail"
	"strings"
)

// Student is one pupil of the school, as read from a class list. Everything in
// it but the random id is personal and leaves the program sealed alone.
type Student struct {
	ID        string `json:"id"` // random, opaque; empty until stored
	Number    string `json:"number"`
	FirstName string `json:"first_name"`
	Infix     string `json:"infix,omitempty"` // tussenvoegsel
	LastName  string `json:"last_name"`
	Class     string `json:"class"`
	Year      int    `json:"year,omitempty"` // 0: unknown
	Email     string `json:"email,omitempty"`
}

// Name returns first name, infix and last name as one reads them aloud.
func (s Student) Name() string {
	return strings.Join(strings.Fields(s.FirstName+" "+s.Infix+" "+s.LastName), " ")
}

// ListName returns the name as lists show it: Berg, Anna van den.
func (s Student) ListName() string {
	rest := strings.Join(strings.Fields(s.FirstName+" "+s.Infix), " ")
	if rest == "" {
		return s.LastName
	}
	return s.LastName + ", " + rest
}

// Same reports whether the lists tell the same of s and other, ids aside.
func (s Student) Same(other Student) bool {
	s.ID, other.ID = "", ""
	return s == other
}

// Check returns what is wrong with a student that somebody entered.
func (s Student) Check() error {
	var errs FieldErrors
	errs.need("number", s.Number)
	errs.need("first_name", s.FirstName)
	errs.need("last_name", s.LastName)
	errs.need("class", s.Class)
	if s.Email != "" {
		if a, err := mail.ParseAddress(s.Email); err != nil || a.Address != s.Email {
			errs.Add("email", "bad_email")
		}
	}
	return errs.OrNil()
}
