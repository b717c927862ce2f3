package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func TestPlanOfTheExamples(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"us-wireline-simple", "us-wireline-nonsimple", "us-wireless", "us-toll-free", "ca-wireless", "au-mobile", "de-fixed"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			order := filepath.Join("..", "..", "examples", "orders", name+".yaml")
			require.Equal(t, 0, s.run(t, "portsaga plan --at 2026-11-24T09:30:00-05:00", order), s.err.String())
			golden(t, filepath.Join("plan", name+".txt"), s.out.String())
			require.Empty(t, s.err.String())
		})
	}
}

// edited is a copy of an example order with some words exchanged.
func edited(t *testing.T, file string, oldnew ...string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for i := 0; i < len(oldnew); i += 2 {
		require.Contains(t, string(text), oldnew[i])
	}
	file = filepath.Join(t.TempDir(), filepath.Base(file))
	require.NoError(t, os.WriteFile(file, []byte(strings.NewReplacer(oldnew...).Replace(string(text))), 0o600))
	return file
}

func planned(t *testing.T, s *session) plan {
	t.Helper()
	var p plan
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &p))
	return p
}

func TestPlanForPrograms(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga plan -o json", nonSimpleOrder), s.err.String())
	var keys map[string]any
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &keys))
	for _, key := range []string{"pack", "pack_why", "clocks", "conditional", "approvals", "documents", "authorization", "warnings", "earliest", "due_date"} {
		require.Contains(t, keys, key)
	}
	p := planned(t, s)
	require.Equal(t, "us-wireline-nonsimple@2026-11", p.Pack)
	require.Equal(t, now, p.Received.UTC(), "it arrives at the present")
	require.Equal(t, approvals{People: 1, NotBy: "ana@desk", Why: p.Approvals.Why}, p.Approvals)
	require.NotNil(t, p.Warnings)
	for _, c := range p.Clocks {
		require.NotEmpty(t, c.Why)
		require.Equal(t, c.Starts != "receipt", c.Assumes != "", c.Clock)
		require.False(t, c.At.Before(now), c.Clock)
	}
	require.NotContains(t, s.out.String(), "5550140", "numbers stay out of a plan")
}

// The wish is held against the first date that the rules allow, and against the windows.
func TestPlanHoldsTheWishAgainstTheRules(t *testing.T) {
	t.Parallel()
	const monday, received = "2026-11-30", "2026-11-23T10:00:00-05:00"
	for wished, want := range map[string]wish{
		"2026-11-24": {Accepted: false, Earliest: monday},
		monday:       {Accepted: true, Earliest: monday},
		"2027-01-15": {Accepted: true, Earliest: monday},
	} {
		s := newSession(t)
		require.Equal(t, 0, s.run(t, "portsaga plan -o json --at", received, edited(t, nonSimpleOrder, "2031-03-14", wished)), s.err.String())
		p := planned(t, s)
		require.Equal(t, wished, p.DueDate.Date)
		require.Equal(t, want.Accepted, p.DueDate.Accepted, wished)
		require.Equal(t, want.Earliest, p.DueDate.Earliest)
		require.Contains(t, p.DueDate.Why, "47 CFR 52.35(d)")
		assumed := monday
		if want.Accepted {
			assumed = wished
		}
		require.Equal(t, assumed, p.Activation.Format(time.DateOnly))
	}
}

// German lines change hands on working days only.
func TestPlanKnowsDaysWithoutAWindow(t *testing.T) {
	t.Parallel()
	const order, sunday = "../../examples/orders/de-fixed.yaml", "2026-12-06"
	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga plan -o json", edited(t, order, "all_or_nothing: true", "due_date: "+sunday)), s.err.String())
	require.Equal(t, &wish{Date: sunday, Earliest: "2026-12-07", Why: "numbers do not change hands on that day"}, planned(t, s).DueDate)
}

func TestPlanOfAnOrderThatIsRefused(t *testing.T) {
	t.Parallel()
	s := newSession(t)

	require.Equal(t, 3, s.run(t, "portsaga plan", edited(t, nonSimpleOrder, "lines: 12", "lines: 2")), "no pack takes it")
	require.Contains(t, s.err.String(), "the account has fewer lines than the order has numbers")
	require.Empty(t, s.out.String())

	broken := edited(t, "../../examples/orders/us-wireless.yaml", `"004217"`, `"00"`)
	require.Equal(t, 3, s.run(t, "portsaga plan", broken), "the screening would block it")
	require.Contains(t, s.out.String(), "It will be refused: the authorization code is not valid: shape (PIN_MISMATCH)\n")
	require.Empty(t, s.err.String(), "the plan says it all")

	require.Equal(t, 3, s.run(t, "portsaga plan -o json", broken))
	p := planned(t, s)
	require.False(t, *p.Authorization.Valid)
	require.Equal(t, porting.PINMismatch, p.Refused.Reason)
}

func TestPlanWarnsAsLintDoes(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga plan", edited(t, simpleOrder, `number: "4412-77"`, `number: ""`)), s.err.String())
	require.Contains(t, s.out.String(), "\nWarnings\n  account.number: missing")
}

// An old letter is no ground for the screening to refuse, and the plan says that it is old.
func TestPlanOfAnOldLetter(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga plan", simpleOrder))
	require.Contains(t, s.out.String(), "authorization  loa, NOT VALID (until 2026-02-12)")
}

func TestPlanRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 2, s.run(t, "portsaga plan"))
	require.Equal(t, 2, s.run(t, "portsaga plan --at noon", simpleOrder))
	require.Equal(t, 2, s.run(t, "portsaga plan no-such.yaml"))
	require.Equal(t, 2, s.run(t, "portsaga plan ../../examples/orders/broken/account-malformed.yaml"))
}
