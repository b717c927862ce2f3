package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestHolidaySets shows where the calendar library is right, and what the data corrects: "+" is a closed day, "-" an open
// one. Days on which the library alone is wrong are marked.
func TestHolidaySets(t *testing.T) {
	t.Parallel()
	book, err := Embedded()
	require.NoError(t, err)
	sets := book.packs[0].shared.holidays
	for name, days := range map[string][]struct {
		day      string
		closed   bool
		libWrong bool
	}{
		"us-carrier": {
			{"2026-07-03", true, false},
			{"2026-11-26", true, false},
			{"2027-12-31", true, false},
			{"2026-10-12", false, true},
			{"2026-11-11", false, true},
		}, // Columbus and Veterans Day: federal, yet carriers work
		"ca": {
			{"2026-07-01", true, false},
			{"2026-09-30", true, false},
			{"2026-11-11", true, false},
			{"2026-04-06", false, true},
			{"2026-08-03", false, true},
		},
		"gb": {{"2026-12-28", true, false}, {"2027-12-27", true, false}, {"2027-12-28", true, false}, {"2026-08-31", true, false}},
		"gb-sct": {
			{"2026-01-02", true, true},
			{"2026-08-03", true, true},
			{"2026-11-30", true, true},
			{"2026-06-15", true, true},
			{"2026-04-06", false, true},
			{"2026-08-31", false, true},
		},
		"gb-nir": {{"2026-03-17", true, true}, {"2026-07-13", true, true}, {"2026-08-31", true, false}},
		"au-nsw": {{"2026-04-27", true, true}, {"2027-04-26", true, true}, {"2026-06-08", true, false}},
		"au-wa":  {{"2026-04-27", true, false}},
		"de":     {{"2026-10-03", true, false}, {"2026-01-06", false, false}},
		"de-by":  {{"2026-01-06", true, false}, {"2026-06-04", true, false}},
		"fr":     {{"2026-07-14", true, false}, {"2026-05-14", true, false}, {"2026-11-11", true, false}},
		"it":     {{"2026-04-06", true, false}, {"2027-10-04", true, true}},
		"nl":     {{"2026-04-27", true, false}, {"2026-04-03", false, true}, {"2026-05-05", false, true}},
		"nz":     {{"2026-04-27", true, false}, {"2026-07-10", true, true}},
		"br":     {{"2026-11-20", true, false}, {"2026-02-17", true, false}},
		"za":     {{"2026-08-10", true, false}, {"2026-12-16", true, false}},
		"es":     {{"2026-12-08", true, false}},
		"mx":     {{"2026-11-16", true, true}, {"2026-11-20", false, false}, {"2026-02-02", true, true}, {"2026-09-16", true, true}},
		"in":     {{"2026-11-08", true, true}, {"2026-01-26", true, true}, {"2026-03-04", true, true}},
		"sg":     {{"2026-08-10", true, true}},
		"hk":     {{"2026-10-19", true, true}},
		"ng":     {{"2026-06-12", true, true}},
	} {
		set := sets[name]
		require.NotNil(t, set, name)
		library := &holidaySet{Builtin: libraryOf(name)}
		require.NoError(t, library.index())
		for _, d := range days {
			day, err := ParseDate(d.day)
			require.NoError(t, err)
			require.Equal(t, d.closed, set.has(day), "%s %s", name, d.day)
			require.Equal(t, d.libWrong, library.has(day) != d.closed, "the library on %s %s", name, d.day)
		}
	}
}

// libraryOf is the library's nearest list for a set: the nation's where it has none of the part, none where it lacks the
// country or, as for Mexico, knows an old law.
func libraryOf(set string) string {
	switch set {
	case "us-carrier":
		return "us"
	case "gb-sct", "gb-nir":
		return "gb"
	}
	if _, ok := builtin[set]; ok {
		return set
	}
	return ""
}

func TestHolidaySetsThatAreWrong(t *testing.T) {
	t.Parallel()
	for _, set := range []*holidaySet{
		{Builtin: "atlantis"},
		{Builtin: "us", Drop: []string{"Towel Day"}},
		{Builtin: "us", Keep: []string{"Towel Day"}},
		{Yearly: []string{"02-30"}},
	} {
		require.Error(t, set.index())
	}
}
