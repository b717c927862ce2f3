package rules

import "time"

// ZoneAt is the zone in which the pack counts days at a place.
func (p *Pack) ZoneAt(at Place) (*time.Location, error) {
	return p.zone(p.Rules.Calendars[mainCalendar].Zone, at)
}
