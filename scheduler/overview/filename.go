package overview

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxSlug keeps a long school name from making a name that a file system or a
// mail program cuts off.
const maxSlug = 40

// FileName returns the name under which a list is downloaded, like
// 2026-12-04-waterland-college-rosters.pdf: it sorts by date, is plain ASCII,
// and tells nothing about students. Of in, only Event and School are used.
func FileName(in Input, name, format string) string {
	parts := []string{in.Event.Date.String(), slug(in.School.Name), slug(name)}
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, "-") + "." + format
}

// slug writes s in a-z, 0-9 and single dashes, without accents.
func slug(s string) string {
	var b strings.Builder
	dash := false
	for _, r := range norm.NFKD.String(strings.ToLower(s)) {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’':
			// An accent, or an apostrophe inside a word: nothing in its place.
		default:
			dash = true
		}
		if b.Len() >= maxSlug {
			break
		}
	}
	return b.String()
}
