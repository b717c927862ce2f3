package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// needed are the clocks that a saga asks of every pack.
var needed = []string{
	"foc", "foc-patience", "foc-lead", "port", "decision", "correction", "activation", "guard", "confirmed-grace", "cancel-ack",
	"snapback", "reverse", "dispute", "hold", "resubmit", "undo-retry",
}

// checker looks at one pack for what a schema cannot see. What a pack has from its base is found in the base's file only
// by name, so its faults are shown at the pack's first line.
type checker struct {
	*Pack
	src    *source
	report func(Finding)
}

func (r *reader) check(p *Pack) {
	c := checker{Pack: p, src: r.sources[p], report: func(f Finding) { r.findings = append(r.findings, f) }}
	c.dates()
	c.calendars()
	c.clocks()
	c.activation()
	c.confirmation()
	c.codes()
	c.refusals()
	c.silences()
	c.compensation()
}

// fault reports an error at a path.
func (c checker) fault(path string, format string, args ...any) {
	c.report(c.src.finding(strings.Split(path, "/"), fmt.Sprintf(format, args...)))
}

func (c checker) dates() {
	for path, day := range map[string]Date{"as_of": c.AsOf, "effective_from": c.EffectiveFrom} {
		if day.IsZero() {
			c.fault(path, "the date is missing")
		}
	}
	if !c.EffectiveTo.IsZero() && !c.EffectiveFrom.Before(c.EffectiveTo) {
		c.fault("effective_to", "the pack ends before it begins")
	}
	if c.Status == Superseded && c.EffectiveTo.IsZero() {
		c.fault("status", "a superseded pack says until when it bound, in effective_to")
	}
}

func (c checker) calendars() {
	for name, calendar := range c.Rules.Calendars {
		path := "calendars/" + name
		week, err := parseWeek(calendar.Hours)
		if err != nil {
			c.fault(path+"/hours", "%v", err)
		}
		calendar.week = week
		c.Rules.Calendars[name] = calendar
		if calendar.Zone.Name != "" {
			if _, err := loadZone(calendar.Zone.Name); err != nil {
				c.fault(path+"/zone/name", "there is no zone %q", calendar.Zone.Name)
			}
		}
		if calendar.Zone.Table != "" && c.shared.zones[calendar.Zone.Table] == nil {
			c.fault(path+"/zone/table", "there is no zone table %q", calendar.Zone.Table)
		}
		if calendar.Holidays != "" && c.shared.holidays[calendar.Holidays] == nil {
			c.fault(path+"/holidays", "there is no holiday set %q", calendar.Holidays)
		}
		for region, set := range calendar.RegionHolidays {
			if c.shared.holidays[set] == nil {
				c.fault(path+"/region_holidays/"+region, "there is no holiday set %q", set)
			}
		}
	}
}

func (c checker) clocks() {
	for name, clock := range c.Rules.Clocks {
		clock.Name = name
		c.Rules.Clocks[name] = clock
		path := "clocks/" + name
		for _, length := range lengthsOf(clock) {
			if clock.Unit.daily() != (length.Days > 0) {
				c.fault(path+"/for", "a clock of %ss does not run for %s", clock.Unit, length)
			}
		}
		c.landing(path, clock)
		if _, ok := c.Rules.Calendars[clock.Calendar]; !ok && clock.Calendar != "" {
			c.fault(path+"/calendar", "the pack has no calendar %q", clock.Calendar)
		}
		if outer, ok := c.Clock(clock.Within); clock.Within != "" && (!ok || outer.Within != "") {
			c.fault(path+"/within", "%q is no clock that stands by itself", clock.Within)
		}
	}
	for _, name := range needed {
		if _, ok := c.Clock(name); !ok {
			c.fault("clocks", "the clock %s is missing; extend a base that has it", name)
		}
	}
}

func lengthsOf(clock Clock) []Length {
	lengths := []Length{clock.For}
	for _, v := range clock.Variants {
		lengths = append(lengths, v.For)
	}
	return lengths
}

// landing checks where a clock of days ends. The same time of day needs opening hours; a first day that counts must not
// end before it began.
func (c checker) landing(path string, clock Clock) {
	var allowed []string
	switch clock.Unit {
	case BusinessDay:
		allowed = []string{SameTime, Open, Close, StartOfDay, EndOfDay}
	case CalendarDay:
		allowed = []string{StartOfDay, EndOfDay}
	default:
		if clock.Lands != "" || clock.Inclusive {
			c.fault(path+"/lands", "only clocks of days land or count their first day")
		}
		return
	}
	if !slices.Contains(allowed, clock.Lands) && !timeOfDay.MatchString(clock.Lands) {
		c.fault(path+"/lands", "a clock of %ss lands at %s or a time of day", clock.Unit, strings.Join(allowed, ", "))
	}
	if clock.Inclusive && clock.Lands != Close && clock.Lands != EndOfDay {
		c.fault(path+"/inclusive", "a clock that counts its first day lands at close or end-of-day")
	}
}

func (c checker) activation() {
	if a := c.Rules.Activation; a != nil && len(a.Hours) > 0 {
		week, err := parseWeek(a.Hours)
		if err != nil {
			c.fault("activation/hours", "%v", err)
		}
		a.week = week
	}
}

func (c checker) confirmation() {
	asked, ok := c.Confirmation()
	if _, known := c.Clock(asked.Within); ok && asked.Within != "" && !known {
		c.fault("confirmation/within", "there is no clock %q", asked.Within)
	}
}

// codes compiles the shapes of the pack's codes, and remembers those that tell their country.
func (c checker) codes() {
	for i := range c.Rules.Codes {
		rule := &c.Rules.Codes[i]
		code := homeCode{country: c.Rules.For.Country, kind: rule.Kind}
		if rule.Pattern != "" {
			shape, err := regexp.Compile(rule.Pattern)
			if err != nil {
				c.fault("codes/"+strconv.Itoa(i)+"/pattern", "%v", err)
				continue
			}
			rule.shape = shape
			if rule.Distinctive {
				code.shape = shape
			}
		}
		c.shared.codes = append(c.shared.codes, code)
	}
}

// refusals checks that each reason stands under one heading, and that every review ends.
func (c checker) refusals() {
	for party, rules := range c.Rules.Refusals {
		path := "refusals/" + party
		seen := map[porting.Reason]bool{}
		count := func(heading string, i int, reasons []porting.Reason) {
			for _, reason := range reasons {
				at := fmt.Sprintf("%s/%s/%d/reasons", path, heading, i)
				if !slices.Contains(porting.Reasons, reason) {
					c.fault(at, "there is no reason %s", reason)
				}
				if seen[reason] {
					c.fault(at, "%s stands here twice", reason)
				}
				seen[reason] = true
			}
		}
		for i, rule := range rules.Grounds {
			count("grounds", i, rule.Reasons)
		}
		for i, rule := range rules.Forbidden {
			count("forbidden", i, rule.Reasons)
		}
		for i, rule := range rules.Reviews {
			count("reviews", i, rule.Reasons)
			if _, ok := c.Clock(rule.Within); !ok {
				c.fault(fmt.Sprintf("%s/reviews/%d/within", path, i), "there is no clock %q", rule.Within)
			}
		}
	}
	for _, party := range []string{Donor, Recipient} {
		if _, ok := c.Rules.Refusals[party]; !ok {
			c.fault("refusals", "the party %s is missing; extend a base that has it", party)
		}
	}
}

func (c checker) silences() {
	for i, rule := range c.Rules.Silence {
		if _, ok := c.Clock(rule.After); !ok {
			c.fault("silence/"+strconv.Itoa(i)+"/after", "there is no clock %q", rule.After)
		}
	}
}

func (c checker) compensation() {
	if rule := c.Rules.Compensation; rule != nil && rule.FreeDays > 0 && rule.GraceDays > 0 {
		c.fault("compensation/grace_days", "days are free or they are grace, not both")
	}
}

// checkVersions finds versions of a pack that bind on the same day. Packs are in order.
func (r *reader) checkVersions() {
	for i := 1; i < len(r.packs); i++ {
		older, newer := r.packs[i-1], r.packs[i]
		if older.ID != newer.ID || older.Status == AdoptedNotEffective || newer.Status == AdoptedNotEffective {
			continue
		}
		if older.EffectiveTo.IsZero() || newer.EffectiveFrom.Before(older.EffectiveTo) {
			r.findings = append(r.findings, r.sources[newer].finding([]string{"effective_from"}, "on this day "+older.Ref()+" binds too; end it with effective_to"))
		}
	}
}
