package rules

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

const endOfDay = 24 * 60 // minutes after midnight

var timeOfDay = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$`)

// minutesOf reads a checked time of day, "13:00", as minutes after midnight.
func minutesOf(s string) int {
	digit := func(i int) int { return int(s[i] - '0') }
	return (digit(0)*10+digit(1))*60 + digit(3)*10 + digit(4)
}

var weekdays = map[string][]time.Weekday{
	"daily":   {time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday},
	"mon-fri": {time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday},
	"mon-sat": {time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday},
	"mon":     {time.Monday},
	"tue":     {time.Tuesday},
	"wed":     {time.Wednesday},
	"thu":     {time.Thursday},
	"fri":     {time.Friday},
	"sat":     {time.Saturday},
	"sun":     {time.Sunday},
}

// parseWeek reads opening hours such as {mon-fri: "08:00-17:00", sat: "09:00-13:00"}. A single day overrides a range.
func parseWeek(spec map[string]string) ([7]hours, error) {
	var week [7]hours
	for _, ranges := range []bool{true, false} {
		for days, span := range spec {
			if (len(weekdays[days]) > 1) != ranges {
				continue
			}
			h, err := parseHours(span)
			if err != nil {
				return week, err
			}
			for _, day := range weekdays[days] {
				week[day] = h
			}
		}
	}
	for days := range spec {
		if weekdays[days] == nil {
			return week, fmt.Errorf("%q names no days: write daily, mon-fri, mon-sat, or mon to sun", days)
		}
	}
	if week == ([7]hours{}) {
		return week, fmt.Errorf("no day is open")
	}
	return week, nil
}

func parseHours(span string) (hours, error) {
	from, to, ok := strings.Cut(span, "-")
	if !ok || !timeOfDay.MatchString(from) || !timeOfDay.MatchString(to) || from >= to {
		return hours{}, fmt.Errorf("%q are no opening hours: write 08:00-17:00", span)
	}
	return hours{minutesOf(from), minutesOf(to)}, nil
}
