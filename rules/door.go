package rules

import (
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Door is how a request that comes at an instant finds the desks of a place, by the pack's main calendar.
type Door struct {
	Eve    bool      // the last open day before closed ones
	CutOff time.Time // until when a request counts for today; zero where the pack has no cut-off, and on closed days
}

// DoorAt says how a request that comes at an instant finds the desks. Errors: as for Due.
func (p *Pack) DoorAt(received time.Time, at Place) (Door, error) {
	cal, err := p.calendar(mainCalendar, at)
	if err != nil {
		return Door{}, err
	}
	today := dateOf(received.In(cal.zone))
	if !cal.isOpen(today) {
		return Door{}, nil
	}
	door := Door{Eve: !cal.isOpen(today.Add(1))}
	if p.Rules.CutOff != nil {
		door.CutOff = today.At(minutesOf(p.Rules.CutOff.Until), cal.zone)
	}
	return door, nil
}

// Serves reports whether a country, by its ISO 3166-1 code, is the pack's or one of its territories.
func (p *Pack) Serves(country string) bool { return p.serves(country) }

// CountryOf is the ISO 3166-1 code of the country that a number belongs to, "" where the number plan does not say.
func CountryOf(n porting.Number) string { return factsOf(n).country }
