package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/rules"
)

// with adds a rule of the given fields to myPack, under a key of its own.
func with(key, fields string) []string {
	return []string{"\nreturn:\n", "\n" + key + ": " + fields + "\nreturn:\n"}
}

const fact = "rule: so it is, cite: nowhere, confidence: low"

// clock adds a clock to myPack.
func clock(fields string) []string {
	return []string{"clocks:\n", "clocks:\n  mine: {start: receipt, on_expiry: escalate, " + fact + ", " + fields + "}\n"}
}

// What no schema can see is a fault, and is said.
func TestFaultsThatNoSchemaSees(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change []string
		says   string
	}{
		{"superseded without an end", []string{"status: effective", "status: superseded"}, "until when it bound"},
		{"an end on the first day", []string{"dates_note", "effective_to: 1999-03-01\ndates_note"}, "ends before it begins"},
		{"no such zone table", []string{"{name: Asia/Hong_Kong}", "{table: atlantis}"}, `no zone table "atlantis"`},
		{"no such holidays of a region", []string{"holidays: hk", "holidays: hk\n    region_holidays: {KLN: atlantis}"}, `no holiday set "atlantis"`},
		{"a Saturday that closes as it opens", []string{`"09:00-18:00"}`, `"09:00-18:00", sat: "10:00-10:00"}`}, "no opening hours"},
		{"no such calendar", clock("for: 1d, unit: business_day, lands: open, calendar: moon"), `no calendar "moon"`},
		{"within no clock", clock("for: 1h, unit: wall_clock, within: never"), `"never" is no clock that stands by itself`},
		{"within a clock within another", clock("for: 1h, unit: wall_clock, within: port}\n  outer: {start: receipt, on_expiry: escalate, " + fact + ", for: 1h, unit: wall_clock, within: mine"), `"mine" is no clock that stands by itself`},
		{"hours that land", clock("for: 1h, unit: wall_clock, lands: close"), "only clocks of days land"},
		{"hours that count their first day", clock("for: 1h, unit: wall_clock, inclusive: true"), "only clocks of days land"},
		{"hours on a clock of days", clock("for: 1h, unit: business_day, lands: open"), "does not run for 1h"},
		{"days on a variant of hours", clock("for: 1h, unit: wall_clock, variants: [{kind: wireline, for: 1d}]"), "does not run for 1d"},
		{"a calendar day that opens", clock("for: 1d, unit: calendar_day, lands: open"), "lands at start-of-day, end-of-day or a time of day"},
		{"a first day that ends as it begins", clock("for: 1d, unit: business_day, inclusive: true, lands: same-time"), "lands at close or end-of-day"},
		{"no clock of the desk", []string{"extends: desk@2026-11\n", ""}, "the clock undo-retry is missing"},
		{"no rules for the recipient", []string{"extends: desk@2026-11\n", ""}, "the party recipient is missing"},
		{"no hours for the activation", []string{"activation:\n", "activation:\n  hours: {mon: \"18:00-09:00\"}\n"}, "no opening hours"},
		{"an answer within no clock", with("confirmation", "{by: donor, channel: SMS, accept: [YES], within: never, on_timeout: stop, "+fact+"}"), `no clock "never"`},
		{"a code of no shape", with("codes", "[{kind: pac, title: code, issuer: donor, pattern: '^($', "+fact+"}]"), "missing closing"},
		{"silence after no clock", with("silence", "[{waiting_on: donor, after: never, outcome: stop, "+fact+"}]"), `no clock "never"`},
		{"free and grace", with("compensation", "{per_day: '1.00', currency: EUR, free_days: 1, grace_days: 1, payer: donor, "+fact+"}"), "not both"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			findings, err := rules.Lint(myPack(t, c.change...))
			require.NoError(t, err)
			var said strings.Builder
			for _, f := range findings {
				fmt.Fprintln(&said, f)
			}
			require.Contains(t, said.String(), c.says)
		})
	}
}

// What looks like one of those faults and is none.
func TestWhatIsNoFault(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][]string{
		"superseded with an end":          {"status: effective", "status: superseded", "dates_note", "effective_to: 1999-03-02\ndates_note"},
		"holidays of a region":            {"holidays: hk", "holidays: hk\n    region_holidays: {KLN: hk}"},
		"a Saturday of its own":           {`"09:00-18:00"}`, `"09:00-18:00", sat: "10:00-10:01"}`},
		"a calendar by its name":          clock("for: 1d, unit: business_day, lands: open, calendar: main"),
		"within a clock":                  clock("for: 1h, unit: wall_clock, within: port"),
		"a calendar day at a time of day": clock("for: 1d, unit: calendar_day, lands: '06:00'"),
		"a first day that counts":         clock("for: 1d, unit: business_day, inclusive: true, lands: close"),
		"a first day to its end":          clock("for: 1d, unit: calendar_day, inclusive: true, lands: end-of-day"),
		"hours for the activation":        {"activation:\n", "activation:\n  hours: {mon: \"09:00-18:00\"}\n"},
		"an answer within a clock":        with("confirmation", "{by: donor, channel: SMS, accept: [YES], within: port, on_timeout: stop, "+fact+"}"),
		"an answer at any time":           with("confirmation", "{by: donor, channel: SMS, accept: [YES], on_timeout: stop, "+fact+"}"),
		"days that are free":              with("compensation", "{per_day: '1.00', currency: EUR, free_days: 1, payer: donor, "+fact+"}"),
		"days of grace":                   with("compensation", "{per_day: '1.00', currency: EUR, grace_days: 1, payer: donor, "+fact+"}"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			findings, err := rules.Lint(myPack(t, change...))
			require.NoError(t, err)
			require.Empty(t, findings)
		})
	}
}

func TestLengths(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"1d", "3660d", "10000h", "2h30m", "45m", "90s", "1h0m1s", "10h"} {
		var l rules.Length
		require.NoError(t, l.UnmarshalText([]byte(s)), s)
		text, err := l.MarshalText()
		require.NoError(t, err)
		var again rules.Length
		require.NoError(t, again.UnmarshalText(text), "%s is written as %s", s, text)
		require.Equal(t, l, again, "%s is written as %s", s, text)
	}
	for s, written := range map[string]string{"4d": "4d", "240m": "4h", "150m": "2h30m", "30m": "30m", "90s": "1m30s", "10s": "10s"} {
		var l rules.Length
		require.NoError(t, l.UnmarshalText([]byte(s)))
		require.Equal(t, written, l.String())
	}
	for _, s := range []string{"", "d", "0d", "-1d", "3661d", "1.5d", "0s", "-1h", "10000h1s", "tomorrow"} {
		require.Error(t, new(rules.Length).UnmarshalText([]byte(s)), s)
	}
}

func TestTimesOfDayAreReadToTheMinute(t *testing.T) {
	t.Parallel()
	b, err := rules.LoadDir(myPack(t, clock("for: 1d, unit: calendar_day, lands: '23:59'")...))
	require.NoError(t, err)
	p, err := b.Pack("atlantis")
	require.NoError(t, err)
	got, err := p.Due("mine", at(t, "2026-11-24T10:00+08:00"), rules.Place{})
	require.NoError(t, err)
	require.True(t, at(t, "2026-11-25T23:59+08:00").Equal(got.At), got.At)
}
