package rules_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

const (
	newYork = porting.Number("+12125550123")
	phoenix = porting.Number("+16025550123") // Western region: Denver's clocks, which Arizona does not keep in summer
	elPaso  = porting.Number("+19155550123") // Southwest region: Chicago's clocks, an hour ahead of El Paso
	chicago = porting.Number("+13125550123")
	honolu  = porting.Number("+18085550123") // West Coast region
	sanJuan = porting.Number("+17875550123") // Southeast region
	indiana = porting.Number("+13175550123") // Midwest region: Chicago's clocks, though Indianapolis keeps New York's
)

func TestSimplePort(t *testing.T) {
	t.Parallel()
	p := pack(t, "us-wireline-simple")
	thanksgiving := []rules.Date{date(t, "2026-11-26"), date(t, "2026-11-27")}
	for _, c := range []struct {
		name, received           string
		place                    rules.Place
		deemed, foc, eligibleDay string
	}{
		{
			"in the morning", "2026-11-24T09:30-07:00",
			rules.Place{Number: phoenix},
			"2026-11-24T09:30-07:00", "2026-11-24T13:30-07:00", "2026-11-25T00:00-07:00",
		},
		{
			"at 13:00 still on time", "2026-11-24T13:00-07:00",
			rules.Place{Number: phoenix},
			"2026-11-24T13:00-07:00", "2026-11-24T17:00-07:00", "2026-11-25T00:00-07:00",
		},
		{
			"at 13:01 too late", "2026-11-24T13:01-07:00",
			rules.Place{Number: phoenix},
			"2026-11-25T08:00-07:00", "2026-11-25T12:00-07:00", "2026-11-26T00:00-07:00",
		},
		{
			"before opening", "2026-11-24T07:59-07:00",
			rules.Place{Number: phoenix},
			"2026-11-24T08:00-07:00", "2026-11-24T12:00-07:00", "2026-11-25T00:00-07:00",
		},
		{
			"at night", "2026-11-24T23:10-07:00",
			rules.Place{Number: phoenix},
			"2026-11-25T08:00-07:00", "2026-11-25T12:00-07:00", "2026-11-26T00:00-07:00",
		},
		{
			"the donor's holidays", "2026-11-25T14:00-07:00",
			rules.Place{Number: phoenix, DonorHolidays: thanksgiving},
			"2026-11-30T08:00-07:00", "2026-11-30T12:00-07:00", "2026-12-01T00:00-07:00",
		},
		{
			"a donor that works on Thanksgiving", "2026-11-25T14:00-07:00",
			rules.Place{Number: phoenix, DonorHolidays: thanksgiving[1:]},
			"2026-11-26T08:00-07:00", "2026-11-26T12:00-07:00", "2026-11-27T00:00-07:00",
		},
		{
			"a donor that is not known to close", "2026-10-12T09:00-04:00",
			rules.Place{Number: newYork},
			"2026-10-12T09:00-04:00", "2026-10-12T13:00-04:00", "2026-10-13T00:00-04:00",
		},
		{
			"Phoenix in summer is on Denver's time", "2026-07-07T07:30-07:00",
			rules.Place{Number: phoenix},
			"2026-07-07T08:30-06:00", "2026-07-07T12:30-06:00", "2026-07-08T00:00-06:00",
		},
		{
			"El Paso is on Chicago's time", "2026-11-24T12:30-07:00",
			rules.Place{Number: elPaso},
			"2026-11-25T08:00-06:00", "2026-11-25T12:00-06:00", "2026-11-26T00:00-06:00",
		},
		{
			"the number goes before the subscriber's state", "2026-11-24T12:30-07:00",
			rules.Place{Number: elPaso, Region: "az"},
			"2026-11-25T08:00-06:00", "2026-11-25T12:00-06:00", "2026-11-26T00:00-06:00",
		},
		{
			"the state alone", "2026-11-24T12:30-07:00",
			rules.Place{Region: "az"},
			"2026-11-24T12:30-07:00", "2026-11-24T16:30-07:00", "2026-11-25T00:00-07:00",
		},
		{
			"the state by its name", "2026-11-24T12:30-07:00",
			rules.Place{Region: "arizona"},
			"2026-11-24T12:30-07:00", "2026-11-24T16:30-07:00", "2026-11-25T00:00-07:00",
		},
		{
			"the zone goes before all", "2026-11-24T12:30-07:00",
			rules.Place{Number: elPaso, Zone: "America/New_York"},
			"2026-11-25T08:00-05:00", "2026-11-25T12:00-05:00", "2026-11-26T00:00-05:00",
		},
		{
			"Friday", "2026-11-20T10:00-05:00",
			rules.Place{Number: newYork},
			"2026-11-20T10:00-05:00", "2026-11-20T14:00-05:00", "2026-11-21T00:00-05:00",
		},
		{
			"over the weekend into summer time", "2027-03-12T14:00-05:00",
			rules.Place{Number: newYork},
			"2027-03-15T08:00-04:00", "2027-03-15T12:00-04:00", "2027-03-16T00:00-04:00",
		},
		{
			"over the weekend out of summer time", "2026-10-30T14:00-04:00",
			rules.Place{Number: newYork},
			"2026-11-02T08:00-05:00", "2026-11-02T12:00-05:00", "2026-11-03T00:00-05:00",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := p.Deadlines(at(t, c.received), c.place)
			require.NoError(t, err)
			const layout = "2006-01-02T15:04Z07:00"
			require.Equal(t, c.deemed, d.DeemedReceived.Format(layout))
			require.Equal(t, c.foc, d.FOCDue.Format(layout))
			require.Equal(t, c.eligibleDay, d.EligibleFrom.Format(layout))
		})
	}
	dues(t, "us-wireline-simple", []due{
		{"one business day", "port", "2026-11-20T10:00-05:00", rules.Place{Number: newYork}, "2026-11-23T10:00-05:00"},
		{"30 days", "confirmed-grace", "2026-12-01T00:00-05:00", rules.Place{Number: newYork}, "2027-01-01T00:00-05:00"},
		{"24 hours", "snapback", "2027-03-13T15:00-05:00", rules.Place{Number: newYork}, "2027-03-14T16:00-04:00"},
		{"14 days", "correction", "2026-11-20T10:00-05:00", rules.Place{Number: newYork}, "2026-12-05T00:00-05:00"},
		{"nine hours at the registry", "cancel-initial", "2026-11-24T10:00-05:00", rules.Place{Number: newYork}, "2026-11-24T19:00-05:00"},
	})
}

func TestNonSimplePort(t *testing.T) {
	t.Parallel()
	ny := rules.Place{Number: newYork}
	dues(t, "us-wireline-nonsimple", []due{
		{"24 hours", "foc", "2026-11-24T15:00-05:00", ny, "2026-11-25T15:00-05:00"},
		{"weekend not counted", "foc", "2026-11-20T15:00-05:00", ny, "2026-11-23T15:00-05:00"},
		{"asked on Saturday", "foc", "2026-11-21T10:00-05:00", ny, "2026-11-24T00:00-05:00"},
		{"weekend into summer time", "foc", "2027-03-12T15:00-05:00", ny, "2027-03-15T15:00-04:00"},
		{"weekend out of summer time", "foc", "2026-10-30T15:00-04:00", ny, "2026-11-02T15:00-05:00"},
		{"four business days", "port", "2026-11-16T10:00-05:00", ny, "2026-11-20T10:00-05:00"},
		{"four business days and a holiday", "port", "2026-11-23T10:00-05:00", ny, "2026-11-30T10:00-05:00"},
		{"earliest date", "eligible", "2026-11-20T15:00-05:00", ny, "2026-11-27T00:00-05:00"},
		{
			"earliest date with the donor's list", "eligible", "2026-11-20T15:00-05:00",
			rules.Place{Number: newYork, DonorHolidays: []rules.Date{date(t, "2026-11-26"), date(t, "2026-11-27")}},
			"2026-11-30T00:00-05:00",
		},
	})
}

func TestWireless(t *testing.T) {
	t.Parallel()
	dues(t, "us-wireless", []due{
		{"30 minutes", "foc", "2026-11-24T10:00-05:00", rules.Place{Number: newYork}, "2026-11-24T10:30-05:00"},
		{"two and a half hours", "port", "2026-11-24T10:00-05:00", rules.Place{Number: newYork}, "2026-11-24T12:30-05:00"},
		{"Sunday too", "port", "2026-11-22T10:00-05:00", rules.Place{Number: newYork}, "2026-11-22T12:30-05:00"},
		{"T1 of the short timers", "t1", "2026-11-24T10:00-05:00", rules.Place{Number: newYork}, "2026-11-24T11:00-05:00"},
		{"abandoned", "confirmed-grace", "2026-11-24T10:00-05:00", rules.Place{Number: newYork}, "2026-12-25T00:00-05:00"},
	})

	status := map[string]rules.Status{}
	for _, n := range pack(t, "us-wireless").Notices() {
		status[n.Cite] = n.Status
	}
	for _, l := range pack(t, "us-wireless").Locks() {
		status[l.Cite] = l.Status
	}
	for _, paragraph := range []string{"c", "d", "e", "g"} {
		require.Equal(t, rules.AdoptedNotEffective, status["47 CFR 52.37("+paragraph+")"], "52.37(%s) was not in effect", paragraph)
	}
}

func TestTollFree(t *testing.T) {
	t.Parallel()
	dues(t, "us-tollfree", []due{
		{"two business days", "foc", "2026-11-16T10:00-05:00", rules.Place{Number: "+18005550199"}, "2026-11-18T17:00-05:00"},
		{"the help desk takes two more", "help-desk", "2026-11-18T17:00-05:00", rules.Place{}, "2026-11-20T17:00-05:00"},
		{"45 days", "reserve", "2026-11-01T12:00-05:00", rules.Place{}, "2026-12-17T00:00-05:00"},
	})
}

func TestZoneOfTheNumber(t *testing.T) {
	t.Parallel()
	p := pack(t, "us-wireline-simple")
	for number, zone := range map[porting.Number]string{
		newYork: "America/New_York", phoenix: "America/Denver", elPaso: "America/Chicago", chicago: "America/Chicago",
		honolu: "America/Los_Angeles", sanJuan: "America/New_York", indiana: "America/Chicago",
		"+12065550123": "America/Denver",   // Seattle, "Washington State" in the number plan
		"+12025550123": "America/New_York", // "Washington D.C."
		"+19075550123": "America/Denver",   // Alaska
		"+16125550123": "America/Denver",   // Minneapolis is of the Western region
		"+18015550123": "America/Denver",   // ", Orem, UT" in the number plan, with a comma before it
	} {
		got, err := p.ZoneAt(rules.Place{Number: number})
		require.NoError(t, err, number.E164())
		require.Equal(t, zone, got.String(), number.E164())
	}
}

func TestDeadlinesComeInTheirOrder(t *testing.T) {
	t.Parallel()
	for _, p := range book(t).List() {
		all, err := p.Deadlines(at(t, "2026-11-24T09:30Z"), rules.Place{Zone: "America/New_York"})
		require.NoError(t, err)
		require.True(t, slices.IsSortedFunc(all.Clocks, func(a, b rules.Due) int {
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Clock, b.Clock))
		}), p.Ref())
	}
}

func TestAGuessIsSaid(t *testing.T) {
	t.Parallel()
	p := pack(t, "us-wireline-simple")
	received := at(t, "2026-11-24T09:30-07:00")
	guessed, err := p.Due("foc", received, rules.Place{Number: phoenix})
	require.NoError(t, err)
	require.Contains(t, guessed.Why, "assumed")
	require.Contains(t, guessed.Why, "low confidence")
	for name, clock := range p.Rules.Clocks {
		got, err := p.Due(name, received, rules.Place{Number: phoenix})
		require.NoError(t, err)
		stops := clock.Unit == rules.BusinessDay || clock.Unit == rules.BusinessHour
		donors := p.Rules.Calendars[cmp.Or(clock.Calendar, "main")].Owner == rules.OwnerDonor
		require.Equal(t, stops && donors, strings.Contains(got.Why, "are assumed"), name)
	}
	told, err := p.Due("foc", received, rules.Place{Number: phoenix, DonorHolidays: []rules.Date{date(t, "2026-11-26")}})
	require.NoError(t, err)
	require.NotContains(t, told.Why, "assumed")
	nations, err := pack(t, "hk").Due("port", received, rules.Place{})
	require.NoError(t, err)
	require.NotContains(t, nations.Why, "assumed", "the nation's holidays are known")
}

// noPlace is a number of an area code that belongs to no state.
const noPlace = porting.Number("+15005550123")

func TestAnOrderWhosePlaceNobodyKnows(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"us-wireline-simple", "us-wireless"} {
		p := pack(t, id)
		for region, code := range map[string]string{"": "zone-unknown", "Bavaria": "region-unknown", "NY": "", "New York": ""} {
			o := porting.Order{Numbers: []porting.Number{noPlace}, Subscriber: porting.Subscriber{Address: porting.Address{Region: region}}}
			err := p.CheckPlace(o)
			if code == "" {
				require.NoError(t, err, region)
				_, err = p.Deadlines(at(t, "2026-11-24T09:30-07:00"), rules.Place{Number: noPlace, Region: region})
				require.NoError(t, err, "and its deadlines are known")
				continue
			}
			refused(t, err, code)
			require.ErrorContains(t, err, "write the state")
			o.Numbers = []porting.Number{newYork}
			require.NoError(t, p.CheckPlace(o), "the number says where it is")
		}
	}
}

func TestUnknownPlace(t *testing.T) {
	t.Parallel()
	p := pack(t, "us-wireline-simple")
	received := at(t, "2026-11-24T09:30-07:00")
	for code, place := range map[string]rules.Place{
		"zone-unknown":         {},
		"region-unknown":       {Region: "Bavaria"},
		"number-wrong-country": {Number: "+442071234567"},
	} {
		_, err := p.Deadlines(received, place)
		refused(t, err, code)
	}
	_, err := p.Deadlines(received, rules.Place{Zone: "Mars/Olympus"})
	refused(t, err, "zone-unknown")
	_, err = p.Due("tea-time", received, rules.Place{Number: newYork})
	require.Equal(t, "clock-unknown", porting.CodeOf(err))
}
