package rules

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
)

const mainCalendar = "main"

// OwnerDonor marks a calendar whose holidays are the donor's own.
const OwnerDonor = "donor"

// CalendarRule is a calendar of a pack: whose it is, on whose clocks it runs, when it is open.
type CalendarRule struct {
	Owner          string            `yaml:"owner" json:"owner"` // donor, recipient, nation, registry or region
	Zone           ZoneRule          `yaml:"zone" json:"zone"`
	Hours          map[string]string `yaml:"hours" json:"hours"`
	Holidays       string            `yaml:"holidays" json:"holidays,omitempty"`               // holiday set; for a donor's calendar the assumption
	RegionHolidays map[string]string `yaml:"region_holidays" json:"region_holidays,omitempty"` // region -> holiday set
	Cite           string            `yaml:"cite" json:"cite"`
	Confidence     Confidence        `yaml:"confidence" json:"confidence"`

	week [7]hours
}

// CutOff says until when a request counts as received when it came. Earlier than opening it counts from the opening of
// that day, later than Until from the opening of the next open day.
type CutOff struct {
	Until string `yaml:"until" json:"until"` // time of day, included
	Fact  `yaml:",inline"`
}

// calendar is the named calendar of the pack ("" is the main one) as it is at a place.
func (p *Pack) calendar(name string, at Place) (*calendar, error) {
	rule := p.Rules.Calendars[cmp.Or(name, mainCalendar)]
	if err := p.checkNumber(at.Number); err != nil {
		return nil, err
	}
	zone, err := p.zone(rule.Zone, at)
	if err != nil {
		return nil, err
	}
	c := &calendar{week: rule.week, zone: zone}
	if rule.Owner == OwnerDonor && len(at.DonorHolidays) > 0 {
		c.also = at.DonorHolidays
		return c, nil
	}
	c.holidays = p.shared.holidays[p.holidaysAt(rule, at)]
	return c, nil
}

// assumesHolidays reports whether a calendar is the donor's and its holidays are a guess.
func (p *Pack) assumesHolidays(name string, at Place) bool {
	rule := p.Rules.Calendars[cmp.Or(name, mainCalendar)]
	return rule.Owner == OwnerDonor && rule.Holidays != "" && len(at.DonorHolidays) == 0
}

// holidaysAt names the holiday set of a calendar at a place: that of the region, where it has its own.
func (p *Pack) holidaysAt(rule CalendarRule, at Place) string {
	region := strings.ToUpper(at.Region)
	if table := p.shared.zones[rule.Zone.Table]; table != nil {
		region = table.regionAt(at)
	}
	return cmp.Or(rule.RegionHolidays[region], rule.Holidays)
}

// deemedReceived is the instant at which the rules hold a request for received.
func (p *Pack) deemedReceived(received time.Time, at Place) (time.Time, error) {
	cal, err := p.calendar(mainCalendar, at)
	if err != nil {
		return time.Time{}, err
	}
	received = received.In(cal.zone)
	if p.Rules.CutOff == nil {
		return received, nil
	}
	today := dateOf(received)
	if !cal.isOpen(today) || received.Before(cal.opening(today)) {
		return cal.opening(cal.openDay(today)), nil
	}
	if received.After(today.At(minutesOf(p.Rules.CutOff.Until), cal.zone)) {
		return cal.opening(cal.addDays(today, 1)), nil
	}
	return received, nil
}

// sortDues orders deadlines by time, then by name.
func sortDues(dues []Due) {
	slices.SortFunc(dues, func(a, b Due) int {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return strings.Compare(a.Clock, b.Clock)
	})
}

// no is the pack's way to say no.
func (p *Pack) no(kind porting.Kind, code, op, detail, next string) error {
	return &porting.Error{Kind: kind, Code: code, Op: op, Object: p.Ref(), Detail: detail, Next: next}
}
