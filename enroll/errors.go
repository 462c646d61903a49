package enroll

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Errors that say which rule stood in the way. Each has a stable code, which
// is what its text begins with; the edge turns it into a status and a message.
var (
	ErrNotFound       = errors.New("not_found")
	ErrForbidden      = errors.New("forbidden")
	ErrSignedOut      = errors.New("signed_out")
	ErrWrongCode      = errors.New("wrong_code")
	ErrPurged         = errors.New("purged")
	ErrClock          = errors.New("clock") // the clocks of program and Redis differ
	ErrClosed         = errors.New("closed")
	ErrNotOpen        = errors.New("not_open")
	ErrMode           = errors.New("wrong_mode") // seats in mode ranking, or wishes in first_come
	ErrNoSession      = errors.New("no_session")
	ErrNotAllowed     = errors.New("not_allowed")
	ErrRepeat         = errors.New("repeat")
	ErrFull           = errors.New("full")
	ErrTooFew         = errors.New("too_few")  // wishes
	ErrTooMany        = errors.New("too_many") // wishes
	ErrStale          = errors.New("stale")
	ErrConflict       = errors.New("conflict") // changed by somebody else meanwhile
	ErrNotReady       = errors.New("not_ready")
	ErrBusy           = errors.New("busy") // a second upload while one is read
	ErrState          = errors.New("wrong_state")
	ErrEmailTaken     = errors.New("email_taken")
	ErrNotEncrypted   = errors.New("not_encrypted")
	ErrCannotDecrypt  = errors.New("cannot_decrypt")
	ErrTooManyTries   = errors.New("too_many_attempts")
	ErrWrongPassword  = errors.New("wrong_credentials")
	ErrInvitationGone = errors.New("invitation_gone")
	ErrStore          = errors.New("unavailable") // Redis is away
)

// RetryError is ErrTooManyTries with the time after which to try again.
type RetryError struct{ After time.Duration }

func (e *RetryError) Error() string { return fmt.Sprintf("%v: wait %v", ErrTooManyTries, e.After) }

// Unwrap makes errors.Is(err, ErrTooManyTries) hold.
func (e *RetryError) Unwrap() error { return ErrTooManyTries }

// FieldError is one fault in what somebody entered.
type FieldError struct {
	Field string   // as in the JSON form: workshops[3].title
	Code  string   // stable; the message catalogue has it as field.CODE
	Args  []string // for the message
}

// FieldErrors is every fault in what somebody entered; nothing was stored.
type FieldErrors []FieldError

func (e FieldErrors) Error() string {
	parts := make([]string, len(e))
	for i, f := range e {
		parts[i] = f.Field + " " + f.Code
	}
	return "bad_input: " + strings.Join(parts, ", ")
}

// Add appends a fault.
func (e *FieldErrors) Add(field, code string, args ...string) {
	*e = append(*e, FieldError{field, code, args})
}

// OrNil returns e as an error, or nil when there is no fault.
func (e FieldErrors) OrNil() error {
	if len(e) == 0 {
		return nil
	}
	return e
}

// The longest texts, in characters: what a list prints on a line, and what it
// prints in a paragraph.
const (
	maxLine      = 200
	maxParagraph = 4000
)

// need wants a line that says something.
func (e *FieldErrors) need(field, value string) {
	if strings.TrimSpace(value) == "" {
		e.Add(field, "required")
	}
	e.text(field, value, maxLine)
}

// text refuses what is too long to print, and characters that are none.
func (e *FieldErrors) text(field, value string, longest int) {
	switch {
	case utf8.RuneCountInString(value) > longest:
		e.Add(field, "too_much", strconv.Itoa(longest))
	case !utf8.ValidString(value), strings.ContainsFunc(value, func(r rune) bool {
		return unicode.IsControl(r) && (longest < maxParagraph || r != '\n' && r != '\r' && r != '\t')
	}):
		e.Add(field, "bad_character")
	}
}
