package store

import (
	"strings"
)

// WithoutSeatGuard takes the check for a free seat out of the script that gives
// out seats, until the function that it returns is called.
func WithoutSeatGuard() (restore func()) {
	kept := chooseScript
	var lines []string
	for line := range strings.Lines(seatLua + viewLua + chooseLua) {
		if !strings.Contains(line, "-- guard: seats") {
			lines = append(lines, line)
		}
	}
	chooseScript = gated(strings.Join(lines, ""))
	return func() { chooseScript = kept }
}

// Open is how every record is opened.
var Open = open
