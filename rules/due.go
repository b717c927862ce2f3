package rules

import (
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Place is what a deadline needs to know about where the number lives. The zero Place is right for packs with one zone.
type Place struct {
	Number        porting.Number // an American zone follows from the number
	Region        string         // state, province or Land, where the number does not tell
	Zone          string         // IANA zone, where it is known; goes before everything
	DonorHolidays []Date         // the donor's own closed days; where the donor owns the calendar they replace the assumed ones
	Kind          string         // kind of line, where a clock differs by it
	Area          string         // "other" where donor and recipient serve different areas and a clock differs by it
}

// Due is when a clock runs out, and why. Times are in the zone that the pack names.
type Due struct {
	Clock          string     `json:"name"`
	Unit           Unit       `json:"unit"`
	Start          time.Time  `json:"start"`           // when the event happened
	DeemedReceived time.Time  `json:"deemed_received"` // when the rules hold that it happened: Start, or the next opening
	At             time.Time  `json:"due"`
	OnExpiry       string     `json:"on_expiry"`
	Why            string     `json:"why"`
	Confidence     Confidence `json:"confidence"`
}

// Clock is the pack's clock of that name.
func (p *Pack) Clock(name string) (Clock, bool) {
	c, ok := p.Rules.Clocks[name]
	return c, ok
}

// Due is when the named clock runs out if its start event happened at start. Errors: clock-unknown (NotFound), and
// zone-unknown, region-unknown or number-wrong-country (Refused) where the zone cannot be told.
func (p *Pack) Due(name string, start time.Time, at Place) (Due, error) {
	clock, ok := p.Clock(name)
	if !ok {
		return Due{}, p.no(porting.NotFound, "clock-unknown", "compute deadline", "the pack has no clock "+name, "see its clocks with: portsaga rules show "+p.ID)
	}
	cal, err := p.calendar(clock.Calendar, at)
	if err != nil {
		return Due{}, err
	}
	deemed := start.In(cal.zone)
	if clock.Start == DeemedReceipt {
		if deemed, err = p.deemedReceived(start, at); err != nil {
			return Due{}, err
		}
	}
	clock = clock.in(at)
	due := Due{
		Clock: name, Unit: clock.Unit, Start: start.In(cal.zone), DeemedReceived: deemed, At: clock.end(deemed, cal).In(cal.zone),
		OnExpiry: clock.OnExpiry, Why: clock.Why(), Confidence: clock.Confidence,
	}
	if clock.onBusinessTime() && p.assumesHolidays(clock.Calendar, at) {
		due.Why += "; the donor's own holidays are not known, the usual ones are assumed"
	}
	if clock.Within == "" {
		return due, nil
	}
	return p.within(clock.Within, due, at)
}

// within ends a deadline no later than another clock that started with it.
func (p *Pack) within(limit string, due Due, at Place) (Due, error) {
	if _, ok := p.Clock(limit); !ok {
		return due, nil
	}
	outer, err := p.Due(limit, due.Start, at)
	if err != nil {
		return Due{}, err
	}
	if outer.At.Before(due.At) {
		due.At = outer.At
		due.Why += "; it may not outlast the clock " + limit
	}
	return due, nil
}

// Deadlines is everything that a receipt starts. EligibleFrom is zero where the pack has no such rule.
type Deadlines struct {
	DeemedReceived time.Time `json:"deemed_received"`
	FOCDue         time.Time `json:"foc_due"`
	EligibleFrom   time.Time `json:"eligible_from,omitzero"`
	Clocks         []Due     `json:"clocks"` // by due time
}

// Names of the clocks that Deadlines singles out.
const (
	ClockFOC      = "foc"
	ClockEligible = "eligible"
)

// receipts are the events that the receipt of a request brings with it.
var receipts = map[string]bool{DeemedReceipt: true, "receipt": true}

// Deadlines computes every clock that starts with the receipt of a request.
func (p *Pack) Deadlines(received time.Time, at Place) (Deadlines, error) {
	deemed, err := p.deemedReceived(received, at)
	if err != nil {
		return Deadlines{}, err
	}
	all := Deadlines{DeemedReceived: deemed}
	for name, clock := range p.Rules.Clocks {
		if !receipts[clock.Start] {
			continue
		}
		due, err := p.Due(name, received, at)
		if err != nil {
			return Deadlines{}, err
		}
		all.Clocks = append(all.Clocks, due)
		switch name {
		case ClockFOC:
			all.FOCDue = due.At
		case ClockEligible:
			all.EligibleFrom = due.At
		}
	}
	sortDues(all.Clocks)
	return all, nil
}
