package crypto

import (
	"errors"
	"strings"
	"testing"
)

func TestParseCode(t *testing.T) {
	const want = Code("K7QF9XTR2M40")
	for _, s := range []string{
		"K7QF-9XTR-2M40", "K7QF9XTR2M40", "k7qf-9xtr-2m4o", "k7qf 9xtr 2m40", " K7QF-9XTR-2M40\r\n", "K-7-Q-F9XTR--2M40-",
		"K7QF\u20139XTR\u20132M40", // en dash
		"K7QF\u20149XTR\u20142M40", // em dash
		"K7QF\u20109XTR\u20112M40", // hyphen, no-break hyphen
		"K7QF\u22129XTR\u20432M40", // minus sign, hyphen bullet
		"K7QF\u00A09XTR\u202F2M40", // no-break spaces
		"K7QF\uFF0D9XTR\uFE632M40", // full-width and small hyphen
		"\uFEFFK7QF\u200B9XTR\u00AD2M40\u2060",
		"K7QF-9XTR-2M4O", "K7QF-9XTR-2M4o",
	} {
		if got, err := ParseCode(s); err != nil || got != want {
			t.Errorf("ParseCode(%q) = %q, %v", s, got, err)
		}
	}
	if got, err := ParseCode("iIlL-oO00-1111"); err != nil || got != "111100001111" {
		t.Errorf("look-alikes: %q, %v", got, err)
	}
	for _, s := range []string{
		"", "-", "K7QF-9XTR-2M4", "K7QF-9XTR-2M4PP", "K7QF-9XTR-2M4U", "K7QF_9XTR_2M4P", "K7QF-9XTR-2M4\x00",
		"K7QF-9XTR-2M4\xff", "K7QF-9XTR-2M4\u0131", "K7QF-9XTR-2M4\u212A", // dotless i, kelvin sign
		"\uFF2B7QF-9XTR-2M4P", // full-width K
		"K7QF-9XTR-2M4\u0660", // Arabic zero
		strings.Repeat("-", 1000) + "K7QF-9XTR-2M4P",
	} {
		if got, err := ParseCode(s); !errors.Is(err, ErrCode) || got != "" {
			t.Errorf("ParseCode(%q) = %q, %v, want ErrCode", s, got, err)
		}
	}
}

func TestNewCodesAreReadBack(t *testing.T) {
	seen, characters := map[Code]bool{}, map[rune]bool{}
	event := NewEventCode()
	for range 1000 {
		code := NewCode(event)
		if seen[code] {
			t.Fatalf("%s twice", code)
		}
		seen[code] = true
		for _, c := range code {
			characters[c] = true
		}
		if got, err := ParseCode(code.String()); err != nil || got != code {
			t.Fatalf("ParseCode(%s) = %q, %v", code, got, err)
		}
		if code.Event() != event {
			t.Fatalf("%s is of event %s, not %s", code, code.Event(), event)
		}
	}
	if len(characters) != 32 {
		t.Errorf("%d characters of 32 are used", len(characters))
	}
}

func TestCodeIsPrintedInThreeGroups(t *testing.T) {
	if got := Code("K7QF9XTR2M4P").String(); got != "K7QF-9XTR-2M4P" {
		t.Errorf("String = %s", got)
	}
	for _, c := range []Code{"", "K7", "K7QF"} { // not codes: no panic, nothing made up
		if c.String() != string(c) || c.Event() != string(c) {
			t.Errorf("%q: String %q, Event %q", string(c), c.String(), c.Event())
		}
	}
}

func TestNewCodeWantsAnEventCode(t *testing.T) {
	for _, event := range []string{"", "K7Q", "K7QFF", "k7qf", "K7QU"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("NewCode(%q) does not panic", event)
				}
			}()
			NewCode(event)
		}()
	}
}

// FuzzParseCode: what is read as a code is one, and is read back from print.
func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"K7QF-9XTR-2M4P", "k7qf 9xtr 2m4o", "K7QF\u20139XTR\u00A02M4P", "iIlL-oO00-1111", "K7QF-9XTR-2M4U", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, err := ParseCode(s)
		if err != nil {
			if !errors.Is(err, ErrCode) || code != "" {
				t.Fatalf("ParseCode = %q, %v", code, err)
			}
			return
		}
		if len(code) != 12 || strings.Trim(string(code), crockford) != "" {
			t.Fatalf("%q is not normalised", string(code))
		}
		if again, err := ParseCode(code.String()); err != nil || again != code {
			t.Fatalf("%s is read back as %q, %v", code, again, err)
		}
	})
}
