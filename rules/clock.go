package rules

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Unit says what a clock counts.
type Unit string

// Units.
const (
	BusinessHour         Unit = "business_hour"           // open hours of the calendar
	BusinessDay          Unit = "business_day"            // open days of the calendar
	ClockHourExclWeekend Unit = "clock_hour_excl_weekend" // clock hours from Monday 00:00 to Friday 24:00, holidays counted
	CalendarDay          Unit = "calendar_day"            // every day
	WallClock            Unit = "wall_clock"              // elapsed time
)

// daily reports whether the unit counts days, not hours.
func (u Unit) daily() bool { return u == BusinessDay || u == CalendarDay }

// Landings: where in its last day a clock of days ends. A time of day, "06:00", is one too.
const (
	SameTime   = "same-time" // the time of day at which it started
	Open       = "open"
	Close      = "close"
	StartOfDay = "start-of-day"
	EndOfDay   = "end-of-day"
)

// DeemedReceipt is the start event of clocks that run from the instant at which the rules hold the request for received.
const DeemedReceipt = "deemed-receipt"

// Clock is a deadline of a pack: what starts it, how long it runs, on which calendar, and what its expiry does.
type Clock struct {
	Name      string    `yaml:"-" json:"name"`
	Start     string    `yaml:"start" json:"start"`
	For       Length    `yaml:"for" json:"for"`
	Unit      Unit      `yaml:"unit" json:"unit"`
	Inclusive bool      `yaml:"inclusive" json:"inclusive,omitempty"` // the day of the start is day one
	Lands     string    `yaml:"lands" json:"lands,omitempty"`
	Calendar  string    `yaml:"calendar" json:"calendar,omitempty"` // "main" when empty
	Within    string    `yaml:"within" json:"within,omitempty"`     // another clock that this one may not outlast
	OnExpiry  string    `yaml:"on_expiry" json:"on_expiry"`
	Variants  []Variant `yaml:"variants" json:"variants,omitempty"`
	Fact      `yaml:",inline"`
}

// Variant is another length of a clock, for a kind of line or where donor and recipient serve different areas.
type Variant struct {
	Kind string `yaml:"kind" json:"kind,omitempty"`
	Area string `yaml:"area" json:"area,omitempty"`
	For  Length `yaml:"for" json:"for"`
}

// Length is "4d" for clocks of days and "2h30m" for clocks of hours.
type Length struct {
	Days int
	Time time.Duration
}

// UnmarshalText reads "4d" or "2h30m".
func (l *Length) UnmarshalText(b []byte) error {
	s := string(b)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 1 || n > 3660 {
			return fmt.Errorf("%q is no number of days", s)
		}
		*l = Length{Days: n}
		return nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > 10000*time.Hour {
		return fmt.Errorf("%q is no length: write 4d, 4h or 30m", s)
	}
	*l = Length{Time: d}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (l Length) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

func (l Length) String() string {
	if l.Days > 0 {
		return strconv.Itoa(l.Days) + "d"
	}
	s := l.Time.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// onBusinessTime reports whether the clock stands still on holidays.
func (c Clock) onBusinessTime() bool { return c.Unit == BusinessHour || c.Unit == BusinessDay }

// in picks the variant that fits the place.
func (c Clock) in(p Place) Clock {
	for _, v := range c.Variants {
		if (v.Kind == "" || v.Kind == p.Kind) && (v.Area == "" || v.Area == p.Area) {
			c.For = v.For
			return c
		}
	}
	return c
}

// end is the instant at which the clock runs out.
func (c Clock) end(start time.Time, cal *calendar) time.Time {
	switch c.Unit {
	case BusinessHour:
		return cal.addHours(start, c.For.Time)
	case ClockHourExclWeekend:
		return addWeekdayClock(start, c.For.Time, cal.zone)
	case BusinessDay:
		return c.endOfBusinessDays(start, cal)
	case CalendarDay:
		day := dateOf(start.In(cal.zone))
		return c.land(day.Add(c.days()), start, cal)
	default:
		return start.Add(c.For.Time)
	}
}

// endOfBusinessDays counts from the next opening where the clock keeps its time of day or counts its first day: both need
// a start in open time.
func (c Clock) endOfBusinessDays(start time.Time, cal *calendar) time.Time {
	if c.Inclusive || c.Lands == SameTime {
		start = cal.enter(start)
	}
	start = start.In(cal.zone)
	return c.land(cal.addDays(dateOf(start), c.days()), start, cal)
}

// days is how many days after the first one the clock ends.
func (c Clock) days() int {
	if c.Inclusive {
		return c.For.Days - 1
	}
	return c.For.Days
}

// land is the instant of the last day at which the clock runs out. The same time of day never leaves opening hours.
func (c Clock) land(day Date, start time.Time, cal *calendar) time.Time {
	switch c.Lands {
	case Open:
		return cal.opening(day)
	case Close:
		return cal.closing(day)
	case StartOfDay:
		return day.At(0, cal.zone)
	case EndOfDay:
		return day.At(endOfDay, cal.zone)
	case SameTime:
		at := time.Date(day.Year, day.Month, day.Day, start.Hour(), start.Minute(), start.Second(), start.Nanosecond(), cal.zone)
		return clamp(at, cal.opening(day), cal.closing(day))
	default:
		return day.At(minutesOf(c.Lands), cal.zone)
	}
}

func clamp(t, low, high time.Time) time.Time {
	switch {
	case t.Before(low):
		return low
	case t.After(high):
		return high
	default:
		return t
	}
}
