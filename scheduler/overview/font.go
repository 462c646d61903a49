package overview

import (
	_ "embed"
	"encoding/binary"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"cultuurdag/enroll"
)

// The fonts are embedded as strings: fpdf writes into the bytes that it is
// given, so each document gets its own copy.
var (
	//go:embed fonts/NotoSans-Regular.ttf
	regularFont string
	//go:embed fonts/NotoSans-Bold.ttf
	boldFont string
)

// missing stands for characters that the fonts lack, such as emoji and other
// scripts; paper draws a grey block for it, which is not taken
// for a box to tick.
const missing = '\uFFFD'

// fontRunes is the set of characters that both fonts have.
var fontRunes = sync.OnceValue(func() map[rune]bool {
	regular, bold := runesOf(regularFont), runesOf(boldFont)
	for r := range regular {
		if !bold[r] {
			delete(regular, r)
		}
	}
	return regular
})

// runesOf reads the characters of a TrueType font from its character map in
// format 4, the one for the basic multilingual plane, which is all that fpdf
// can write. See the OpenType specification, "cmap".
func runesOf(font string) map[rune]bool {
	b := []byte(font)
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(b[at:])) }
	u32 := func(at int) int { return int(binary.BigEndian.Uint32(b[at:])) }
	cmap := 0
	for i := range u16(4) {
		if record := 12 + 16*i; string(b[record:record+4]) == "cmap" {
			cmap = u32(record + 8)
		}
	}
	runes := map[rune]bool{}
	for i := range u16(cmap + 2) {
		table := cmap + u32(cmap+4+8*i+4)
		if u16(table) != 4 {
			continue
		}
		n := u16(table+6) / 2
		ends, starts := table+14, table+16+2*n
		deltas, offsets := starts+2*n, starts+4*n
		for s := range n {
			offset := u16(offsets + 2*s)
			for c := u16(starts + 2*s); c <= u16(ends+2*s) && c != 0xFFFF; c++ {
				glyph := c + u16(deltas+2*s)
				if offset != 0 {
					glyph = u16(offsets + 2*s + offset + 2*(c-u16(starts+2*s)))
				}
				if glyph&0xFFFF != 0 {
					runes[rune(c)] = true
				}
			}
		}
	}
	return runes
}

// printable returns s as the fonts can show it: accents composed, white space
// as single spaces, marks that only steer shaping or direction left out, and
// the missing sign, once, for characters next to each other that they lack. fpdf
// panics on characters above U+FFFF, so no text reaches it but through here.
func printable(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			plain = false
			break
		}
	}
	if plain && !strings.Contains(s, "  ") {
		return strings.TrimSpace(s)
	}
	has := fontRunes()
	var b strings.Builder
	before := ' '
	for _, r := range norm.NFC.String(strings.ToValidUTF8(s, string(missing))) {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r):
			b.WriteByte(' ')
			before = ' '
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r), 0x1F3FB <= r && r <= 0x1F3FF:
			// Joiners, direction marks, variants and skin tones say nothing alone.
		case has[r] && r != missing:
			b.WriteRune(r)
			before = r
		case before != missing:
			b.WriteRune(missing)
			before = missing
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// onPaper returns a name as it is printed; beside one of which no letter can be
// printed stands the student's number.
func onPaper(name string, s enroll.Student) string {
	if strings.ContainsFunc(printable(name), unicode.IsLetter) {
		return name
	}
	return name + " (" + s.Number + ")"
}
