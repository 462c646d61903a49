package crypto

import (
	"crypto/rand"
	"strings"
	"unicode"
)

// crockford is the alphabet of login codes: base32 without I, L, O and U
// (https://www.crockford.com/base32.html).
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

const (
	codeLength      = 12
	eventCodeLength = 4
	// maxCodeInput is the longest text that ParseCode looks at, in bytes.
	maxCodeInput = 256
)

// Code is a login code, normalised: twelve characters, upper case, no dashes.
// The first four are those of the event and public, the other eight are a
// student's secret of 40 bits.
type Code string

// NewEventCode returns four random characters. It is the caller who sees to it
// that no other event has them.
func NewEventCode() string { return randomCrockford(eventCodeLength) }

// NewCode returns a new login code of the event with that code, which must be
// one of NewEventCode: anything else is a mistake in the program, and panics.
func NewCode(eventCode string) Code {
	if len(eventCode) != eventCodeLength || strings.Trim(eventCode, crockford) != "" {
		panic("crypto: malformed event code")
	}
	return Code(eventCode + randomCrockford(codeLength-eventCodeLength))
}

func randomCrockford(n int) string {
	b := make([]byte, n)
	rand.Read(b) // crypto/rand never fails: it ends the program instead
	for i := range b {
		b[i] = crockford[b[i]&31]
	}
	return string(b)
}

// ParseCode reads a code as people type and paste it: in any case, with dashes
// and spaces of whatever kind anywhere, O for 0, I and L for 1. ErrCode when it
// is not one.
func ParseCode(s string) (Code, error) {
	if len(s) > maxCodeInput {
		return "", ErrCode
	}
	code := make([]byte, 0, codeLength)
	for _, c := range s {
		if separates(c) {
			continue
		}
		switch {
		case c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		case c > unicode.MaxASCII:
			return "", ErrCode
		}
		switch c {
		case 'O':
			c = '0'
		case 'I', 'L':
			c = '1'
		}
		if len(code) == codeLength || !strings.ContainsRune(crockford, c) {
			return "", ErrCode
		}
		code = append(code, byte(c))
	}
	if len(code) != codeLength {
		return "", ErrCode
	}
	return Code(code), nil
}

// separates reports whether a character may stand anywhere in a code: dashes,
// the minus sign and the hyphen bullet, spaces (no-break ones too), and the
// invisible characters that come along when text is copied.
func separates(c rune) bool {
	switch c {
	case '\u2212', '\u2043': // minus sign, hyphen bullet
		return true
	case '\u00AD', '\u200B', '\u200C', '\u200D', '\u200E', '\u200F', '\u2060', '\uFEFF': // soft hyphen, zero-width ones, direction marks
		return true
	}
	return unicode.Is(unicode.Pd, c) || unicode.IsSpace(c)
}

// String returns the code as it is printed: K7QF-9XTR-2M4P.
func (c Code) String() string {
	if len(c) != codeLength {
		return string(c)
	}
	return string(c[:4] + "-" + c[4:8] + "-" + c[8:])
}

// Event returns the four public characters of the event.
func (c Code) Event() string { return string(c[:min(len(c), eventCodeLength)]) }
