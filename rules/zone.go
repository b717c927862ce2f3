package rules

import (
	"errors"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // deadlines are the same on hosts without zone files

	"github.com/nyaruka/phonenumbers"

	"github.com/portsaga/portsaga/porting"
)

// ZoneRule says on whose clocks a calendar runs: one zone, or the zone that a table gives for the number's region.
type ZoneRule struct {
	Name  string `yaml:"name" json:"name,omitempty"`   // IANA zone; with a table, the zone where the region is not known
	Table string `yaml:"table" json:"table,omitempty"` // zone table
}

// zoneTable gives the zone for each region (state or province) of a country.
type zoneTable struct {
	Title      string               `yaml:"title"`
	Cite       string               `yaml:"cite"`
	Confidence Confidence           `yaml:"confidence"`
	ByNumber   bool                 `yaml:"by_number"` // the number tells the region
	Groups     map[string]zoneGroup `yaml:"groups"`
	Names      map[string]string    `yaml:"names"` // what people and number plans call a region -> its code

	zones   map[string]*time.Location // by region code
	regions sync.Map                  // region code by area code, as far as asked for
}

type zoneGroup struct {
	Zone    string   `yaml:"zone"`
	Regions []string `yaml:"regions"`
}

// index resolves the table's zones.
func (t *zoneTable) index() error {
	t.zones = map[string]*time.Location{}
	for _, group := range t.Groups {
		zone, err := loadZone(group.Zone)
		if err != nil {
			return err
		}
		for _, region := range group.Regions {
			t.zones[region] = zone
		}
	}
	return nil
}

// homeZone is the zone in which the pack's own dates are meant.
func (p *Pack) homeZone() *time.Location {
	rule := p.Rules.Calendars[mainCalendar].Zone
	if zone, err := loadZone(rule.Name); err == nil && rule.Name != "" {
		return zone
	}
	return time.UTC
}

// ZoneAt is the zone in which the pack counts days at a place. Errors: as for Due.
func (p *Pack) ZoneAt(at Place) (*time.Location, error) {
	return p.zone(p.Rules.Calendars[mainCalendar].Zone, at)
}

// CheckPlace refuses an order for which no deadline could be computed, because neither the number plan nor the order says in which
// region its numbers are. Errors, all Refused: region-unknown, zone-unknown, number-wrong-country.
func (p *Pack) CheckPlace(o porting.Order) error {
	if len(o.Numbers) == 0 {
		return nil
	}
	place := Place{Number: o.Numbers[0], Region: o.Subscriber.Address.Region}
	for name := range p.Rules.Calendars {
		_, err := p.calendar(name, place)
		if no, ok := errors.AsType[*porting.Error](err); ok && no.Kind == porting.Refused {
			no.Op, no.Next = "take order", "write the state in which the number is, by its code, as region of the subscriber's address"
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// zone is the zone of a calendar at a place.
func (p *Pack) zone(rule ZoneRule, at Place) (*time.Location, error) {
	if at.Zone != "" {
		zone, err := loadZone(at.Zone)
		if err != nil {
			return nil, p.no(porting.Refused, "zone-unknown", "compute deadline", "there is no zone "+at.Zone, "name an IANA zone such as America/Denver")
		}
		return zone, nil
	}
	if rule.Table == "" {
		return loadZone(rule.Name)
	}
	table := p.shared.zones[rule.Table]
	if zone := table.zones[table.regionAt(at)]; zone != nil {
		return zone, nil
	}
	switch {
	case rule.Name != "":
		return loadZone(rule.Name)
	case at.Region != "":
		return nil, p.no(porting.Refused, "region-unknown", "compute deadline", "the table "+rule.Table+" has no region "+at.Region, "name the state by its code")
	default:
		return nil, p.no(porting.Refused, "zone-unknown", "compute deadline",
			"the clocks run on the time of the number's region, and neither number nor region is known", "give the number, the state or the zone")
	}
}

// regionAt is the code of the region at a place: the number's where the number tells, not the subscriber's.
func (t *zoneTable) regionAt(at Place) string {
	if t.ByNumber && at.Number != "" {
		if region := t.regionOf(at.Number); region != "" {
			return region
		}
	}
	return t.code(at.Region)
}

// code is the code of a region that is called by its code or by a name.
func (t *zoneTable) code(region string) string {
	if upper := strings.ToUpper(region); t.zones[upper] != nil {
		return upper
	}
	for name, code := range t.Names {
		if strings.EqualFold(name, region) {
			return code
		}
	}
	return ""
}

// regionOf is the code of the region that a number belongs to, "" where the number plan does not say. Area codes do not
// cross the regions of a table, so the answer is kept by area code.
func (t *zoneTable) regionOf(n porting.Number) string {
	const areaCode = len("+1212")
	e164 := n.E164()
	if len(e164) < areaCode {
		return ""
	}
	if known, ok := t.regions.Load(e164[:areaCode]); ok {
		return known.(string)
	}
	region := t.lookUpRegion(e164)
	t.regions.Store(e164[:areaCode], region)
	return region
}

// lookUpRegion asks the number plan, which answers "Nevada", "Phoenix, AZ", or with a territory's own country code.
func (t *zoneTable) lookUpRegion(e164 string) string {
	number, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return ""
	}
	if country := phonenumbers.GetRegionCodeForNumber(number); t.zones[country] != nil {
		return country
	}
	name, err := phonenumbers.GetGeocodingForNumber(number, "en")
	if err != nil {
		return ""
	}
	if i := strings.LastIndex(name, ", "); i >= 0 { // one name in the plan begins with a comma
		name = name[i+len(", "):]
	}
	return t.code(name)
}

var zones sync.Map // name -> *time.Location

// loadZone is time.LoadLocation, remembered.
func loadZone(name string) (*time.Location, error) {
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	zones.Store(name, zone)
	return zone, nil
}
