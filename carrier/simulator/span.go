package simulator

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Span is a stretch of business time in a scenario: "90m", "4h", "2d", or "3bd" for business days. The carrier's business
// days are Monday to Friday in UTC; no rule of ours depends on them.
type Span struct {
	BusinessDays int
	Elapsed      time.Duration
}

// maxDays keeps a typing error from moving a date out of the calendar.
const maxDays = 3650

// UnmarshalText reads a span.
func (s *Span) UnmarshalText(text []byte) error {
	written := string(text)
	if days, ok := strings.CutSuffix(written, "bd"); ok {
		n, err := parseDays(written, days)
		*s = Span{BusinessDays: n}
		return err
	}
	if days, ok := strings.CutSuffix(written, "d"); ok {
		n, err := parseDays(written, days)
		*s = Span{Elapsed: time.Duration(n) * 24 * time.Hour}
		return err
	}
	elapsed, err := time.ParseDuration(written)
	if err != nil || elapsed < 0 {
		return badSpan(written)
	}
	*s = Span{Elapsed: elapsed}
	return nil
}

func parseDays(written, digits string) (int, error) {
	n, err := strconv.Atoi(digits)
	if err != nil || n < 0 || n > maxDays {
		return 0, badSpan(written)
	}
	return n, nil
}

func badSpan(written string) error {
	return fmt.Errorf("%q is no span: write it like 90m, 4h, 2d or 3bd", written)
}

// From is the instant one span after t.
func (s Span) From(t time.Time) time.Time {
	t = t.Add(s.Elapsed)
	for left := s.BusinessDays; left > 0; {
		t = t.AddDate(0, 0, 1)
		if day := t.UTC().Weekday(); day != time.Saturday && day != time.Sunday {
			left--
		}
	}
	return t
}
