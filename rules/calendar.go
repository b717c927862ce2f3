package rules

import (
	"slices"
	"time"
)

// hours is the open part of a day in minutes after local midnight. A day with open == close is closed.
type hours struct{ open, close int }

// calendar is working time at one place: opening hours by weekday, less holidays, on the clocks of one zone. At least one
// weekday is open; packs are checked for that when they are loaded.
type calendar struct {
	week     [7]hours
	zone     *time.Location
	holidays *holidaySet // nil: none
	also     []Date      // more closed days
}

func (c *calendar) isOpen(d Date) bool {
	h := c.week[d.Weekday()]
	return h.open < h.close && !c.holidays.has(d) && !slices.Contains(c.also, d)
}

func (c *calendar) opening(d Date) time.Time { return d.At(c.week[d.Weekday()].open, c.zone) }
func (c *calendar) closing(d Date) time.Time { return d.At(c.week[d.Weekday()].close, c.zone) }

// openDay is d if it is open, otherwise the next open day.
func (c *calendar) openDay(d Date) Date {
	for !c.isOpen(d) {
		d = d.Add(1)
	}
	return d
}

// addDays is the n-th open day after d; for n = 0 it is d or the next open day.
func (c *calendar) addDays(d Date, n int) Date {
	if n == 0 {
		return c.openDay(d)
	}
	for range n {
		d = c.openDay(d.Add(1))
	}
	return d
}

// subtractDays is the n-th open day before d.
func (c *calendar) subtractDays(d Date, n int) Date {
	for range n {
		for d = d.Add(-1); !c.isOpen(d); {
			d = d.Add(-1)
		}
	}
	return d
}

// enter is t if it falls in open time, otherwise the next opening.
func (c *calendar) enter(t time.Time) time.Time {
	d := dateOf(t.In(c.zone))
	if c.isOpen(d) {
		if opening := c.opening(d); t.Before(opening) {
			return opening
		}
		if t.Before(c.closing(d)) {
			return t
		}
	}
	return c.opening(c.openDay(d.Add(1)))
}

// addHours is the instant at which d of open time has passed since t.
func (c *calendar) addHours(t time.Time, d time.Duration) time.Time {
	for {
		t = c.enter(t)
		closing := c.closing(dateOf(t.In(c.zone)))
		left := closing.Sub(t)
		if d <= left {
			return t.Add(d)
		}
		t, d = closing, d-left
	}
}

// addWeekdayClock is the instant at which d of clock time has passed since t, Saturdays and Sundays not counted.
func addWeekdayClock(t time.Time, d time.Duration, zone *time.Location) time.Time {
	weekdays := &calendar{zone: zone}
	for day := time.Monday; day <= time.Friday; day++ {
		weekdays.week[day] = hours{0, endOfDay}
	}
	return weekdays.addHours(t, d)
}
