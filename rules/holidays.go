package rules

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"
)

// builtin holds the library's lists under the names that holiday sets use.
var builtin = map[string][]*cal.Holiday{
	"au-act": au.HolidaysACT, "au-nsw": au.HolidaysNSW, "au-nt": au.HolidaysNT, "au-qld": au.HolidaysQLD,
	"au-sa": au.HolidaysSA, "au-tas": au.HolidaysTAS, "au-vic": au.HolidaysVIC, "au-wa": au.HolidaysWA,
	"br": br.Holidays, "ca": ca.Holidays, "de": de.Holidays, "es": es.Holidays, "fr": fr.Holidays, "gb": gb.Holidays,
	"de-bb": de.HolidaysBB, "de-be": de.HolidaysBE, "de-bw": de.HolidaysBW, "de-by": de.HolidaysBY, "de-hb": de.HolidaysHB,
	"de-he": de.HolidaysHE, "de-hh": de.HolidaysHH, "de-mv": de.HolidaysMV, "de-ni": de.HolidaysNI, "de-nw": de.HolidaysNW,
	"de-rp": de.HolidaysRP, "de-sh": de.HolidaysSH, "de-sl": de.HolidaysSL, "de-sn": de.HolidaysSN, "de-st": de.HolidaysST,
	"de-th": de.HolidaysTH,
	"it":    it.Holidays, "nl": nl.Holidays, "nz": nz.Holidays, "us": us.Holidays, "za": za.Holidays,
}

// holidaySet is a list of closed days: a list of the library, corrected by data, or data alone.
type holidaySet struct {
	Title      string     `yaml:"title"`
	Builtin    string     `yaml:"builtin"` // list of the library
	Keep       []string   `yaml:"keep"`    // only these of it, by name
	Drop       []string   `yaml:"drop"`    // all but these of it
	Yearly     []string   `yaml:"yearly"`  // "12-25", whatever the weekday
	Dates      []Date     `yaml:"dates"`
	Cite       string     `yaml:"cite"`
	Confidence Confidence `yaml:"confidence"`

	rules []*cal.Holiday
	years sync.Map // year -> *yearDays
}

// yearDays marks the closed days of a year by day of the year.
type yearDays [367]bool

// index checks the set and picks its rules.
func (s *holidaySet) index() error {
	all, ok := builtin[s.Builtin]
	if s.Builtin != "" && !ok {
		return fmt.Errorf("the library has no list %q", s.Builtin)
	}
	for _, name := range slices.Concat(s.Keep, s.Drop) {
		if !slices.ContainsFunc(all, func(h *cal.Holiday) bool { return h.Name == name }) {
			return fmt.Errorf("the list %q has no holiday %q", s.Builtin, name)
		}
	}
	for _, day := range s.Yearly {
		if _, err := time.Parse("2006-01-02", "2024-"+day); err != nil {
			return fmt.Errorf("%q is no day of the year: write it like 12-25", day)
		}
	}
	for _, h := range all {
		if !slices.Contains(s.Drop, h.Name) && (len(s.Keep) == 0 || slices.Contains(s.Keep, h.Name)) {
			s.rules = append(s.rules, h)
		}
	}
	return nil
}

// has reports whether d is a closed day. A nil set has none.
func (s *holidaySet) has(d Date) bool {
	if s == nil {
		return false
	}
	known, ok := s.years.Load(d.Year)
	if !ok {
		known, _ = s.years.LoadOrStore(d.Year, s.compute(d.Year))
	}
	return known.(*yearDays)[d.noonUTC().YearDay()]
}

// compute works a year out. A holiday of a neighbouring year can be observed in this one.
func (s *holidaySet) compute(year int) *yearDays {
	days := &yearDays{}
	mark := func(d Date) {
		if d.Year == year {
			days[d.noonUTC().YearDay()] = true
		}
	}
	for y := year - 1; y <= year+1; y++ {
		for _, h := range s.rules {
			if actual, observed := h.Calc(y); !actual.IsZero() {
				mark(dateOf(actual))
				mark(dateOf(observed))
			}
		}
	}
	for _, day := range s.Yearly {
		if t, err := time.Parse(time.DateOnly, fmt.Sprintf("%04d-%s", year, day)); err == nil {
			mark(dateOf(t))
		}
	}
	for _, d := range s.Dates {
		mark(d)
	}
	return days
}
