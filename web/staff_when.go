package web

import (
	"time"

	"cultuurdag/enroll"
)

// formMoment is how a browser writes a local date and time.
const formMoment = "2006-01-02T15:04"

// parseMoment reads a moment as a program writes it (RFC 3339) or as a form
// does, which means the clock in Amsterdam.
func parseMoment(s string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.In(enroll.Amsterdam), true
	}
	for _, layout := range []string{formMoment, formMoment + ":05"} {
		if t, err := time.ParseInLocation(layout, s, enroll.Amsterdam); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// formatMoment writes t for an input of type datetime-local; zero is empty.
func formatMoment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(enroll.Amsterdam).Format(formMoment)
}

// shortMoment writes t for a table: 30-11-2026 08:00.
func shortMoment(t time.Time) string { return t.In(enroll.Amsterdam).Format("2-1-2006 15:04") }

// When writes when it was, for a table.
func (l auditLine) When() string { return shortMoment(l.At) }

// When writes when it was, for a table.
func (e logEntry) When() string { return shortMoment(e.At) }
