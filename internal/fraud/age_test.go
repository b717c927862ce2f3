package fraud_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/internal/fraud"
)

func age(t require.TestingT, text string) fraud.Age {
	var a fraud.Age
	require.NoError(t, a.UnmarshalText([]byte(text)))
	return a
}

func TestAgeSaysNoMoreThanItsSourceKnows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		age    string
		hours  int
		within bool
		known  bool
	}{
		{"26h", 72, true, true},
		{"26h", 27, true, true},
		{"26h", 26, false, true},
		{"3d", 96, true, true},
		{"3d", 72, false, true},
		{"3d", 80, false, false},
		{"<=240h", 240, true, true},
		{"<=240h", 72, false, false},
		{">=48h", 48, false, true},
		{">=48h", 72, false, false},
		{">=120d", 240, false, true},
		{"none", 1_000_000, false, true},
	} {
		within, known := age(t, c.age).Within(c.hours)
		require.Equal(t, c.known, known, "%s within %d hours", c.age, c.hours)
		require.Equal(t, c.within, within, "%s within %d hours", c.age, c.hours)
	}
}

func TestAgeOfAnInstant(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for ago, want := range map[time.Duration]string{
		0: "0h", 59 * time.Minute: "0h", 25 * time.Hour: "25h", -time.Hour: "0h", 20_000 * time.Hour: "20000h",
	} {
		require.Equal(t, want, fraud.AgeOf(now.Add(-ago), now).String())
	}
	require.Equal(t, age(t, ">=120d"), fraud.AtLeast(120*24))
	require.Equal(t, age(t, "<=240h"), fraud.AtMost(240))
	require.Equal(t, age(t, "none"), fraud.None())
}

func TestAgeIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "26", "26 h", "-1h", "1.5h", "h", "<26h", "<=0h", "99999999h", "9999999d", "never", "NONE"} {
		var a fraud.Age
		require.Error(t, a.UnmarshalText([]byte(text)), text)
	}
}

func TestAgeReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hours := rapid.IntRange(1, 70_000).Draw(t, "hours")
		for _, a := range []fraud.Age{fraud.AtMost(hours), fraud.AtLeast(hours), fraud.None(), fraud.AgeOf(time.Unix(0, 0), time.Unix(int64(hours)*3600, 0)), age(t, strconv.Itoa(hours)+"d")} {
			var again fraud.Age
			require.NoError(t, again.UnmarshalText([]byte(a.String())))
			require.Equal(t, a, again, a.String())
		}
	})
}
