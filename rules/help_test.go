package rules_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

func book(t testing.TB) *rules.Book {
	t.Helper()
	b, err := rules.Embedded()
	require.NoError(t, err)
	return b
}

func pack(t testing.TB, ref string) *rules.Pack {
	t.Helper()
	p, err := book(t).Pack(ref)
	require.NoError(t, err)
	return p
}

// at reads an instant as the sources would write it.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	instant, err := time.Parse("2006-01-02T15:04Z07:00", s)
	require.NoError(t, err)
	return instant
}

func date(t testing.TB, s string) rules.Date {
	t.Helper()
	d, err := rules.ParseDate(s)
	require.NoError(t, err)
	return d
}

// refused demands an error of the kind that exits with 3.
func refused(t testing.TB, err error, code string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, porting.CodeOf(err), err.Error())
	require.Equal(t, 3, porting.ExitCode(err), err.Error())
}

// due is one expected deadline: when the clock's start event happened, and when the clock runs out.
type due struct {
	name  string
	clock string
	start string
	place rules.Place
	want  string
}

// dues checks deadlines, and that each says why.
func dues(t *testing.T, ref string, cases []due) {
	t.Helper()
	p := pack(t, ref)
	for _, c := range cases {
		t.Run(c.clock+"/"+c.name, func(t *testing.T) {
			got, err := p.Due(c.clock, at(t, c.start), c.place)
			require.NoError(t, err)
			require.Equal(t, c.want, got.At.Format("2006-01-02T15:04Z07:00"))
			require.NotEmpty(t, got.Why)
			require.NotEmpty(t, got.Confidence)
		})
	}
}
