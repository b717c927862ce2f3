package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func testClaim(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))

	fence := claim(t, l, "pi-1", "0101", "0102")

	require.Equal(t, fenceOf("pi-1"), fence)
}

func testClaimAgain(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	first := claim(t, l, "pi-1", "0101", "0102")

	require.Equal(t, first, claim(t, l, "pi-1", "0102", "0101"), "the order of the numbers does not matter")

	other := portIn("pi-1", "0101", "0102")
	other.Carrier, other.Pack, other.Submitter, other.Run = "twilio", "us@2", "eve", "run-after-a-reset"
	other.At = noon.Add(time.Hour)
	again, err := l.Claim(t.Context(), other)
	require.NoError(t, err)
	require.Equal(t, first, again, "the first claim stays")

	begin(t, l, "pi-1", "pi-1/1/activate")
	require.Equal(t, ledger.FenceActivating, claim(t, l, "pi-1", "0101", "0102").State)
}

func testClaimRefused(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-open", "0101", "0102")
	claim(t, l, "pi-ended", "0103")
	require.NoError(t, l.Release(t.Context(), "pi-ended", porting.OutcomeExpired, noon))
	claim(t, l, "pi-revoked", "0104")
	revoke(t, l, "pi-revoked")

	for _, c := range []struct {
		name  string
		claim ledger.Claim
		kind  porting.Kind
		code  string
	}{
		{"no number", portIn("pi-new"), porting.Invalid, "claim-empty"},
		{"one number twice", portIn("pi-new", "0105", "0105"), porting.Invalid, "number-twice"},
		{"fewer numbers", portIn("pi-open", "0101"), porting.Refused, "claim-differs"},
		{"more numbers", portIn("pi-open", "0101", "0102", "0103"), porting.Refused, "claim-differs"},
		{"another number", portIn("pi-open", "0101", "0103"), porting.Refused, "claim-differs"},
		{"ended port", portIn("pi-ended", "0103"), porting.Refused, "port-closed"},
		{"revoked port", portIn("pi-revoked", "0104"), porting.Refused, "port-revoked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := l.Claim(t.Context(), c.claim)
			requireCode(t, err, c.kind, c.code)
		})
	}
	_, err := l.Fence(t.Context(), "pi-new")
	requireCode(t, err, porting.NotFound, "port-unknown")
}

func testHeldNumber(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-1", "0103", "0102")
	second := portIn("po-2", "0104", "0103", "0101", "0102")
	second.Direction, second.Tenant = porting.PortOut, "another"

	_, err := l.Claim(t.Context(), second)

	requireCode(t, err, porting.Refused, "number-in-open-port")
	var held *ledger.HeldError
	require.ErrorAs(t, err, &held)
	require.Equal(t, ledger.HeldError{Number: "+1…0103", Holder: "pi-1"}, *held, "the first one in the order's own order")
	require.Contains(t, err.Error(), "+1…0103")
	require.Contains(t, err.Error(), "pi-1")
	claim(t, l, "pi-3", "0104", "0101") // nothing of a refused claim is kept
}

func testLargeClaim(t *testing.T, dsn newDSN) {
	const count = 4500 // more than two batches; the benchmark has 20,000
	l := open(t, dsn(t))
	claim(t, l, "pi-large", tokens(count)...)

	stats, err := l.Stats(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, count, stats.HeldNumbers)

	claim(t, l, "pi-large", tokens(count)...)

	_, err = l.Claim(t.Context(), portIn("pi-late", append([]string{"free"}, tokens(count)[count-3:]...)...))
	var held *ledger.HeldError
	require.ErrorAs(t, err, &held)
	require.Equal(t, "+1…"+tokens(count)[count-3], held.Number)

	require.NoError(t, l.Release(t.Context(), "pi-large", porting.OutcomeCompleted, noon))
	claim(t, l, "pi-next", tokens(count)...)
}

func testRelease(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-1", "0101")
	later := noon.Add(time.Hour)

	require.NoError(t, l.Release(t.Context(), "pi-1", porting.OutcomeRejected, later))
	require.NoError(t, l.Release(t.Context(), "pi-1", porting.OutcomeExpired, later.Add(time.Hour)))

	released := fenceOf("pi-1")
	released.State, released.Epoch, released.Outcome, released.ReleasedAt = ledger.FenceClosed, 2, porting.OutcomeRejected, later
	require.Equal(t, released, fence(t, l, "pi-1"), "the first release stays")
	claim(t, l, "pi-2", "0101")
	require.NoError(t, l.Release(t.Context(), "pi-1", porting.OutcomeRejected, later))
	_, err := l.Claim(t.Context(), portIn("pi-3", "0101"))
	requireCode(t, err, porting.Refused, "number-in-open-port")

	require.NoError(t, l.Release(t.Context(), "pi-unknown", porting.OutcomeExpired, noon))
	_, err = l.Fence(t.Context(), "pi-unknown")
	requireCode(t, err, porting.NotFound, "port-unknown")
}

func testReleaseWhileActivating(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-1", "0101")
	begin(t, l, "pi-1", "key")

	err := l.Release(t.Context(), "pi-1", porting.OutcomeCompleted, noon)
	requireCode(t, err, porting.Refused, "activation-in-flight")
	_, err = l.Claim(t.Context(), portIn("pi-2", "0101"))
	requireCode(t, err, porting.Refused, "number-in-open-port")

	require.NoError(t, l.EndActivation(t.Context(), "pi-1", "key", true, noon))
	require.NoError(t, l.Release(t.Context(), "pi-1", porting.OutcomeCompleted, noon))
	require.Equal(t, ledger.FenceClosed, fence(t, l, "pi-1").State)
}

func testHistory(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	day := 24 * time.Hour
	for i, port := range []string{"pi-1", "pi-2", "pi-3"} {
		c := portIn(port, "0101", "0102")
		c.At = noon.Add(time.Duration(i) * day)
		_, err := l.Claim(t.Context(), c)
		require.NoError(t, err)
		if port != "pi-3" {
			require.NoError(t, l.Release(t.Context(), port, porting.OutcomeExpired, c.At.Add(time.Hour)))
		}
	}

	ports, err := l.PortsOfNumber(t.Context(), "0101", noon.Add(day))

	require.NoError(t, err)
	require.Equal(t, []ledger.PortOfNumber{
		{PortID: "pi-3", Direction: porting.PortIn, ClaimedAt: noon.Add(2 * day)},
		{
			PortID: "pi-2", Direction: porting.PortIn, Outcome: porting.OutcomeExpired,
			ClaimedAt: noon.Add(day), ReleasedAt: noon.Add(day + time.Hour),
		},
	}, ports)

	ports, err = l.PortsOfNumber(t.Context(), "0101", time.Time{})
	require.NoError(t, err)
	require.Len(t, ports, 3)
	ports, err = l.PortsOfNumber(t.Context(), "0109", time.Time{})
	require.NoError(t, err)
	require.Empty(t, ports)
}

// tokens are made-up tokens in a mixed order.
func tokens(count int) []string {
	all := make([]string, count)
	for i := range all {
		all[i] = fmt.Sprintf("%05d", i*7919%count)
	}
	return all
}
