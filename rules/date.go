package rules

import (
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Date is a day on the calendar, without a zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads 2006-01-02.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, &porting.Error{
			Kind: porting.Invalid, Code: "date-unreadable", Op: "read date", Object: s,
			Detail: "this is no date", Next: "write it like 2026-11-30",
		}
	}
	return dateOf(t), nil
}

// dateOf is the day that t falls on in t's own zone.
func dateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// Add is the day n days later, or earlier where n is negative.
func (d Date) Add(n int) Date {
	return dateOf(time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC))
}

// Before reports whether d is an earlier day than e.
func (d Date) Before(e Date) bool { return d.noonUTC().Before(e.noonUTC()) }

// IsZero reports whether d is unset.
func (d Date) IsZero() bool { return d == Date{} }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.noonUTC().Weekday() }

// At is the instant at which the clocks of zone show the given minutes after midnight; 1440 is the end of the day. Where
// they skip that minute, it is the first instant after it that they show.
func (d Date) At(minutes int, zone *time.Location) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, 0, minutes, 0, 0, zone)
	wanted := time.Date(d.Year, d.Month, d.Day, 0, minutes, 0, 0, time.UTC)
	shown := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), 0, 0, time.UTC)
	if shown.Equal(wanted) {
		return t
	}
	return endOfGap(t)
}

// endOfGap is the zone transition next to t, which a skipped local time was normalised to.
func endOfGap(t time.Time) time.Time {
	start, end := t.ZoneBounds()
	if !start.IsZero() && t.Sub(start) < 24*time.Hour {
		return start
	}
	return end
}

func (d Date) noonUTC() time.Time { return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC) }

// String is 2006-01-02, "" for an unset date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.noonUTC().Format(time.DateOnly)
}

// MarshalText writes 2006-01-02.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads 2006-01-02.
func (d *Date) UnmarshalText(b []byte) error {
	parsed, err := ParseDate(string(b))
	if err == nil {
		*d = parsed
	}
	return err
}
