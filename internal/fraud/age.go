package fraud

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"
)

// Age is how long ago something happened, as exactly as its source can tell: "26h", "3d", "<=240h" (within the last 240
// hours), ">=120d" (not within the last 120 days) or "none" (it never happened). The zero Age is "<=0h", which no source says.
type Age struct {
	from, to int // in hours: it happened at least from and less than to hours ago
}

const (
	hoursPerDay = 24
	never       = math.MaxInt32 // hours; longer ago than any rule asks
	maxAgeHours = 200 * 366 * hoursPerDay
)

// AgeOf is the age of an event of which the instant is known. An event after now is as young as can be.
func AgeOf(event, now time.Time) Age {
	hours := min(max(0, int(now.Sub(event).Hours())), maxAgeHours)
	return Age{hours, hours + 1}
}

// AtMost says that it happened within the last hours; when exactly is not known.
func AtMost(hours int) Age { return Age{0, min(hours, maxAgeHours)} }

// AtLeast says that it did not happen within the last hours; what was before that is not known.
func AtLeast(hours int) Age { return Age{min(hours, maxAgeHours), never} }

// None says that it never happened.
func None() Age { return Age{never, never} }

// Within says whether it happened within the last hours. known is false where the age is too coarse to tell.
func (a Age) Within(hours int) (within, known bool) {
	switch {
	case a.to <= hours:
		return true, true
	case a.from >= hours:
		return false, true
	default:
		return false, false
	}
}

func (a Age) String() string {
	switch {
	case a.from == never:
		return "none"
	case a.to == never:
		return ">=" + span(a.from)
	case a.to == a.from+1:
		return strconv.Itoa(a.from) + "h"
	case a.to == a.from+hoursPerDay && a.from > 0:
		return strconv.Itoa(a.from/hoursPerDay) + "d"
	default:
		return "<=" + span(a.to)
	}
}

// span writes hours, as days where they are whole days of some length.
func span(hours int) string {
	if hours%hoursPerDay == 0 && hours >= 10*hoursPerDay {
		return strconv.Itoa(hours/hoursPerDay) + "d"
	}
	return strconv.Itoa(hours) + "h"
}

// MarshalText writes the age as it is read.
func (a Age) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

var ageText = regexp.MustCompile(`^(<=|>=)?([0-9]{1,7})([hd])$`)

// UnmarshalText reads "26h", "3d", "<=240h", ">=120d" and "none".
func (a *Age) UnmarshalText(text []byte) error {
	if string(text) == "none" {
		*a = None()
		return nil
	}
	part := ageText.FindStringSubmatch(string(text))
	if part == nil {
		return fmt.Errorf("an age is written like 26h, 3d, <=240h, >=120d or none")
	}
	count, _ := strconv.Atoi(part[2]) // seven digits at most
	unit := 1
	if part[3] == "d" {
		unit = hoursPerDay
	}
	hours := count * unit
	if hours > maxAgeHours {
		return fmt.Errorf("an age is at most %d hours", maxAgeHours)
	}
	switch {
	case part[1] == "<=" && hours == 0:
		return fmt.Errorf("an age of <=0h says nothing")
	case part[1] == "<=":
		*a = AtMost(hours)
	case part[1] == ">=":
		*a = AtLeast(hours)
	default:
		*a = Age{hours, hours + unit}
	}
	return nil
}
