package activities

import (
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/sources"
	"github.com/portsaga/portsaga/internal/match"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// knowOrder tells what the order itself shows.
func (a *Activities) knowOrder(e *fraud.Evidence, in porting.ScreenInput, came door) {
	o := in.Order
	e.Know(fraud.Request{
		Outgoing: new(in.Outgoing), Mobile: new(o.Kind == porting.KindWireless), HasLOA: new(o.Authorization.Kind == "loa"), Business: new(o.Subscriber.Business),
		HighValue: new(o.Kind == porting.KindTollFree || a.Fraud.HighValue.Any(o.Numbers)), OutOfHours: came.odd, HolidayEve: came.eve, NearCutoff: came.cutOff,
		Numbers: new(len(o.Numbers)),
	})
	if o.CSR != nil {
		e.Know(sources.Identity(match.Order(o)))
	}
	if phone, err := porting.ParseNumber(o.Subscriber.Contact.Phone); err == nil {
		e.Fill(fraud.Contact{IsTheNumber: new(slices.Contains(o.Numbers, phone))})
	}
	if a.fromAbroad(in) {
		e.Fill(fraud.Place{CountryDiffers: new(true)})
	}
}

// fromAbroad reports whether the contact number or the address of the subscriber is in another country than the numbers. That both
// are at home does not show that the request came from there: then nothing is known.
func (a *Activities) fromAbroad(in porting.ScreenInput) bool {
	pack, err := a.Rules.Pack(in.Pack)
	if err != nil {
		return false
	}
	countries := []string{strings.ToUpper(in.Order.Subscriber.Address.Country)}
	if phone, err := porting.ParseNumber(in.Order.Subscriber.Contact.Phone); err == nil {
		countries = append(countries, rules.CountryOf(phone))
	}
	return slices.ContainsFunc(countries, func(country string) bool { return country != "" && !pack.Serves(country) })
}

// door is how the order found the desks that take orders. What the pack does not say is nil.
type door struct{ odd, eve, cutOff *bool }

// Hours in which a desk that takes orders is usually open, in the zone of the number, and how near to a cut-off is near.
const (
	firstHour   = 7
	lastHour    = 20
	lastMinutes = 30 * time.Minute
)

func (a *Activities) doorOf(in porting.ScreenInput, asked time.Time) door {
	pack, err := a.Rules.Pack(in.Pack)
	if err != nil || len(in.Order.Numbers) == 0 {
		return door{}
	}
	place := placeOf(porting.Place{Number: in.Order.Numbers[0], Region: in.Order.Subscriber.Address.Region})
	zone, err := pack.ZoneAt(place)
	if err != nil {
		return door{}
	}
	local := asked.In(zone)
	weekend := local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
	came := door{odd: new(weekend || local.Hour() < firstHour || local.Hour() >= lastHour)}
	day, err := pack.DoorAt(asked, place)
	if err != nil {
		return came
	}
	came.eve = &day.Eve
	if !day.CutOff.IsZero() {
		left := day.CutOff.Sub(asked)
		came.cutOff = new(left >= 0 && left < lastMinutes)
	}
	return came
}
