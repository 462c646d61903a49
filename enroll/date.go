package enroll

import (
	"fmt"
	"time"
)

// Date is a local calendar date in Amsterdam, written 2026-12-04.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads a date as 2026-12-04.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date like 2026-12-04", s)
	}
	return Date{t.Year(), t.Month(), t.Day()}, nil
}

// DateOf returns the date in Amsterdam at the moment t.
func DateOf(t time.Time) Date {
	y, m, d := t.In(Amsterdam).Date()
	return Date{y, m, d}
}

// At returns the moment at which the clock in Amsterdam shows hour:minute on d.
func (d Date) At(hour, minute int) time.Time {
	return time.Date(d.Year, d.Month, d.Day, hour, minute, 0, 0, Amsterdam)
}

// NextMidnight returns the first moment of the day after d. It is a calendar
// date, never "plus 24 hours": the day that summer time ends has 25.
func (d Date) NextMidnight() time.Time {
	return time.Date(d.Year, d.Month, d.Day+1, 0, 0, 0, 0, Amsterdam)
}

// AddDays returns the date n days later.
func (d Date) AddDays(n int) Date {
	t := time.Date(d.Year, d.Month, d.Day+n, 12, 0, 0, 0, time.UTC)
	return Date{t.Year(), t.Month(), t.Day()}
}

// DaysUntil returns how many days other is later than d; negative where it is
// earlier.
func (d Date) DaysUntil(other Date) int {
	noon := func(d Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }
	return int(noon(other).Sub(noon(d)) / (24 * time.Hour))
}

// Before reports whether d is earlier than other.
func (d Date) Before(other Date) bool { return d.String() < other.String() }

// IsZero reports whether d was never set.
func (d Date) IsZero() bool { return d == Date{} }

func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// MarshalText writes 2026-12-04, and nothing for the zero date.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 2026-12-04, or nothing.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(b))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
