package overview

import (
	"math"
	"regexp"
	"strconv"

	"cultuurdag/enroll"
)

// RoundColours are the accents of round 1 and on, as #rrggbb, the same as on the
// students' pages. Each prints as a dark grey that its white number stands out
// on: white text on it has a contrast of 6 or more.
var RoundColours = [enroll.MaxRounds]string{"#a3123c", "#0b6659", "#5a35ad", "#8a4300"}

// providerColour is the accent of the certificate, where the provider has none
// of its own.
const providerColour = "#a3123c"

type rgb struct{ r, g, b int }

var (
	white = rgb{255, 255, 255}
	ink   = rgb{0x1c, 0x1a, 0x19}
	grey  = rgb{0x59, 0x55, 0x52} // small print: 7:1 on white
	line  = rgb{0xb9, 0xb4, 0xae}
)

var hexColour = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)

// parseColour reads #rrggbb, and otherwise returns the built-in accent.
func parseColour(s string) rgb {
	if !hexColour.MatchString(s) {
		s = providerColour
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return ink // cannot be: the pattern above lets hexadecimals pass alone
	}
	return rgb{int(n >> 16), int(n >> 8 & 0xff), int(n & 0xff)}
}

// roundColour returns the accent of a round, counted from 1.
func roundColour(round int) rgb {
	return parseColour(RoundColours[(round-1+enroll.MaxRounds)%enroll.MaxRounds])
}

// readable returns c where text in it can be read on white (a contrast of
// 4.5 or more, by WCAG 2.2), and otherwise the colour of all other text.
func readable(c rgb) rgb {
	channel := func(v int) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	if luminance := 0.2126*channel(c.r) + 0.7152*channel(c.g) + 0.0722*channel(c.b); 1.05/(luminance+0.05) < 4.5 {
		return ink
	}
	return c
}
