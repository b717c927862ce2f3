package rules

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// places are where the properties are tried: zones with and without summer time, on both halves of the globe.
var places = map[string][]Place{
	"US": {{Region: "NY"}, {Region: "AZ"}, {Region: "HI"}, {Zone: "America/Phoenix"}, {Region: "TX", DonorHolidays: []Date{{2026, 11, 26}, {2026, 11, 27}}}},
	"AU": {{}, {Region: "NSW"}, {Region: "QLD"}, {Region: "WA"}},
	"DE": {{}, {Region: "BY"}, {Kind: "wireline"}},
	"GB": {{}, {Region: "SCT"}, {Area: "other"}},
	"":   {{}, {Kind: "wireline"}, {Area: "other"}},
}

func placesOf(p *Pack) []Place {
	if own, ok := places[p.Rules.For.Country]; ok {
		return own
	}
	return places[""]
}

// instants draws times over five years, half of them within a day of a change of the clocks.
func instants() *rapid.Generator[time.Time] {
	var changes []time.Time
	for _, name := range []string{"America/New_York", "Europe/Berlin", "Australia/Sydney", "Pacific/Auckland"} {
		zone, _ := loadZone(name)
		for at := time.Date(2025, 1, 1, 0, 0, 0, 0, zone); at.Year() < 2030; {
			_, at = at.ZoneBounds()
			changes = append(changes, at)
		}
	}
	anywhen := rapid.Map(rapid.Int64Range(0, 5*366*24*3600), func(s int64) time.Time {
		return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(s) * time.Second)
	})
	near := rapid.Custom(func(t *rapid.T) time.Time {
		seconds := rapid.Int64Range(-24*3600, 24*3600).Draw(t, "seconds from the change")
		return rapid.SampledFrom(changes).Draw(t, "change").Add(time.Duration(seconds) * time.Second).UTC()
	})
	return rapid.OneOf(anywhen, near)
}

// drawn is a clock of some pack at some place.
func drawn(t *rapid.T) (*Pack, string, Place) {
	book, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p := rapid.SampledFrom(book.packs).Draw(t, "pack")
	var names []string
	for name := range p.Rules.Clocks {
		names = append(names, name)
	}
	slices.Sort(names)
	return p, rapid.SampledFrom(names).Draw(t, "clock"), rapid.SampledFrom(placesOf(p)).Draw(t, "place")
}

func mustDue(t *rapid.T, p *Pack, name string, start time.Time, place Place) Due {
	due, err := p.Due(name, start, place)
	if err != nil {
		t.Fatal(err)
	}
	return due
}

func TestDeadlineIsNeverBeforeItsStart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, clock, place := drawn(t)
		start := instants().Draw(t, "start")
		due := mustDue(t, p, clock, start, place)
		if due.DeemedReceived.Before(start) || !due.At.After(start) {
			t.Fatalf("%s %s: start %s, deemed %s, due %s", p.Ref(), clock, start, due.DeemedReceived, due.At)
		}
	})
}

func TestDeadlineIsMonotoneInItsStart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, clock, place := drawn(t)
		first := instants().Draw(t, "first")
		second := first.Add(time.Duration(rapid.Int64Range(0, 4*24*3600).Draw(t, "seconds later")) * time.Second)
		a, b := mustDue(t, p, clock, first, place), mustDue(t, p, clock, second, place)
		if b.At.Before(a.At) || b.DeemedReceived.Before(a.DeemedReceived) {
			t.Fatalf("%s %s: %s gives %s, later %s gives %s", p.Ref(), clock, first, a.At, second, b.At)
		}
	})
}

func TestDeadlineIsNeverInClosedTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, name, place := drawn(t)
		clock, _ := p.Clock(name)
		clock.Within = "" // the outer clock is drawn by itself
		start := instants().Draw(t, "start")
		cal, err := p.calendar(clock.Calendar, place)
		if err != nil {
			t.Fatal(err)
		}
		end := clock.in(place).end(start, cal).In(cal.zone)
		day := dateOf(end.Add(-time.Nanosecond)) // midnight closes the day before
		if clock.Lands == StartOfDay || clock.Lands == Open {
			day = dateOf(end)
		}
		switch clock.Unit {
		case ClockHourExclWeekend:
			if weekend(day) {
				t.Fatalf("%s %s ends at %s, on a weekend", p.Ref(), name, end)
			}
		case BusinessDay, BusinessHour:
			if !cal.isOpen(day) {
				t.Fatalf("%s %s ends at %s, on a closed day", p.Ref(), name, end)
			}
			inHours := clock.Unit == BusinessHour || clock.Lands == SameTime
			if inHours && (end.Before(cal.opening(day)) || end.After(cal.closing(day))) {
				t.Fatalf("%s %s ends at %s, outside the hours", p.Ref(), name, end)
			}
		}
	})
}

func weekend(d Date) bool { return d.Weekday() == time.Saturday || d.Weekday() == time.Sunday }

func TestDeadlineIsTheSameInWhateverZoneTheStartIsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, clock, place := drawn(t)
		start := instants().Draw(t, "start")
		want := mustDue(t, p, clock, start, place)
		zone := rapid.SampledFrom([]string{"Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Havana", "Asia/Kathmandu"}).Draw(t, "zone")
		elsewhere, err := loadZone(zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := mustDue(t, p, clock, start.In(elsewhere), place); got != want {
			t.Fatalf("%s %s: %v from UTC, %v from %s", p.Ref(), clock, want, got, zone)
		}
	})
}

const printDigest = "PORTSAGA_TEST_PRINT_DIGEST"

// TestDeadlineIsTheSameFromAnyProcessZone runs this test in processes that live in other zones, and compares every deadline
// of two years of days.
func TestDeadlineIsTheSameFromAnyProcessZone(t *testing.T) {
	t.Parallel()
	if os.Getenv(printDigest) != "" {
		fmt.Printf("digest %x\n", digestOfDeadlines(t))
		return
	}
	want := fmt.Sprintf("digest %x\n", digestOfDeadlines(t))
	for _, zone := range []string{"America/Havana", "Asia/Beirut", "Pacific/Kiritimati"} {
		self := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDeadlineIsTheSameFromAnyProcessZone$")
		self.Env = append(os.Environ(), "TZ="+zone, printDigest+"=1")
		out, err := self.Output()
		require.NoError(t, err)
		require.Contains(t, string(out), want, zone)
	}
}

func digestOfDeadlines(t *testing.T) [sha256.Size]byte {
	book, err := Embedded()
	require.NoError(t, err)
	var all []byte
	for _, p := range book.packs {
		for hours := 0; hours < 2*365*24; hours += 53 {
			start := time.Date(2026, 1, 1, hours, 17, 0, 0, time.UTC)
			due, err := p.Due("port", start, placesOf(p)[0])
			require.NoError(t, err)
			all = fmt.Appendf(all, "%s %s\n", p.Ref(), due.At.Format(time.RFC3339))
		}
	}
	return sha256.Sum256(all)
}

func TestTimesThatTheClocksSkip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone    string
		day     Date
		minutes int
		want    string
	}{
		{"America/Havana", Date{2026, 3, 8}, 0, "2026-03-08T01:00:00-04:00"}, // no midnight on this day
		{"America/Havana", Date{2026, 3, 7}, endOfDay, "2026-03-08T01:00:00-04:00"},
		{"America/New_York", Date{2026, 3, 8}, 2*60 + 30, "2026-03-08T03:00:00-04:00"},
		{"Europe/Berlin", Date{2026, 3, 29}, 2 * 60, "2026-03-29T03:00:00+02:00"},
		{"America/New_York", Date{2026, 11, 1}, 8 * 60, "2026-11-01T08:00:00-05:00"},
		{"Australia/Lord_Howe", Date{2026, 10, 4}, 2*60 + 10, "2026-10-04T02:30:00+11:00"}, // half an hour
	} {
		zone, err := loadZone(c.zone)
		require.NoError(t, err)
		require.Equal(t, c.want, c.day.At(c.minutes, zone).Format(time.RFC3339))
	}
}

func TestWeekDoesNotEnd(t *testing.T) {
	t.Parallel()
	for _, spec := range []map[string]string{{}, {"sunday": "08:00-17:00"}, {"mon": "17:00-08:00"}, {"mon": "8-17"}, {"mon": "08:00-25:00"}} {
		_, err := parseWeek(spec)
		require.Error(t, err, "%v", spec)
	}
	week, err := parseWeek(map[string]string{"daily": "08:00-17:00", "sat": "09:00-13:00"})
	require.NoError(t, err)
	require.Equal(t, hours{9 * 60, 13 * 60}, week[time.Saturday], "a single day goes before a range")
	require.Equal(t, hours{8 * 60, 17 * 60}, week[time.Sunday])
}
