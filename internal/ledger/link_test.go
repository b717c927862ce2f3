package ledger_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func linkOf(hash, portID string) ledger.Link {
	return ledger.Link{
		Hash: hash, PortID: portID, Purpose: ledger.StopPurpose, Notice: "n-1", MadeAt: noon, ExpiresAt: noon.Add(time.Hour),
	}
}

func newLink(t *testing.T, l *ledger.Ledger, link ledger.Link) {
	t.Helper()
	require.NoError(t, l.NewLink(t.Context(), link))
}

func stopBy(t *testing.T, l *ledger.Ledger, hash string, at time.Time) (ledger.LinkUse, error) {
	t.Helper()
	return l.StopByLink(t.Context(), hash, "customer link", porting.UnauthorisedPort, at, anyPort)
}

func testLink(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-1", "0101", "0102")
	claim(t, l, "pi-2", "0201")
	newLink(t, l, linkOf("h1", "pi-1"))
	before := state(t, l).Changes

	use, err := stopBy(t, l, "h1", noon.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, ledger.FenceClosed, use.Fence.State)
	require.Equal(t, "customer link", use.Fence.RevokedBy)
	require.Equal(t, porting.UnauthorisedPort, use.Fence.RevokeReason)
	require.Equal(t, []string{"+1…0101", "+1…0102"}, use.Numbers)
	require.True(t, noon.Add(time.Minute).Equal(use.Link.UsedAt))
	require.Equal(t, before+1, state(t, l).Changes, "a ledger restored to before it is noticed")
	_, err = l.BeginActivation(t.Context(), "pi-1", 2, "key", noon)
	requireCode(t, err, porting.Refused, "fence-closed")
	require.Equal(t, ledger.FenceOpen, fence(t, l, "pi-2").State)

	_, err = stopBy(t, l, "h1", noon.Add(2*time.Minute))
	requireCode(t, err, porting.NotFound, "link-unknown")
}

func testLinkUnknown(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-1", "0101")
	newLink(t, l, linkOf("expired", "pi-1"))
	other := linkOf("other", "pi-1")
	other.Purpose = "read"
	newLink(t, l, other)

	var first string
	for _, hash := range []string{"guessed", "expired", "other", ""} {
		_, err := stopBy(t, l, hash, noon.Add(time.Hour))
		requireCode(t, err, porting.NotFound, "link-unknown")
		if first == "" {
			first = err.Error()
		}
		require.Equal(t, first, err.Error(), "they cannot be told apart")
	}
	require.Equal(t, ledger.FenceOpen, fence(t, l, "pi-1").State)
}

// anyPort is ours to stop.
func anyPort(ledger.Fence) bool { return true }

// A port that is not ours to stop keeps its fence: what the customer says is for the saga.
func testLinkReferred(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "po-1", "0101")
	require.NoError(t, l.NewLink(t.Context(), ledger.Link{Hash: "h", PortID: "po-1", Purpose: ledger.StopPurpose, MadeAt: noon, ExpiresAt: noon.Add(time.Hour)}))
	use, err := l.StopByLink(t.Context(), "h", "customer link", porting.UnauthorisedPort, noon, func(f ledger.Fence) bool { return f.Pack != "us@1" })
	require.NoError(t, err)
	require.True(t, use.Referred)
	require.Equal(t, ledger.FenceOpen, use.Fence.State)
	require.True(t, fence(t, l, "po-1").RevokeRequestedAt.IsZero())
	untold, err := l.UntoldLinks(t.Context(), 9)
	require.NoError(t, err)
	require.Len(t, untold, 1, "the saga is to be told")
	_, err = l.StopByLink(t.Context(), "h", "customer link", porting.UnauthorisedPort, noon, anyPort)
	requireCode(t, err, porting.NotFound, "link-unknown")
}

func testLinkAfterTheEnd(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-1", "0101")
	newLink(t, l, linkOf("h1", "pi-1"))
	require.NoError(t, l.Release(t.Context(), "pi-1", porting.OutcomeRejected, noon))
	before := fence(t, l, "pi-1")

	use, err := stopBy(t, l, "h1", noon)
	require.NoError(t, err)
	require.Equal(t, before, use.Fence)
}

func testLinkTooLate(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-1", "0101")
	begin(t, l, "pi-1", "key")
	newLink(t, l, linkOf("h1", "pi-1"))

	use, err := stopBy(t, l, "h1", noon)
	require.NoError(t, err)
	require.Equal(t, ledger.FenceActivating, use.Fence.State)
	require.True(t, noon.Equal(use.Fence.RevokeRequestedAt))
	require.NoError(t, l.EndActivation(t.Context(), "pi-1", "key", false, noon))
	require.Equal(t, ledger.FenceClosed, fence(t, l, "pi-1").State)
}

func testLinkFirst(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	newLink(t, l, linkOf("h1", "pi-1"))
	use, err := stopBy(t, l, "h1", noon)
	require.NoError(t, err)
	require.Equal(t, ledger.FenceClosed, use.Fence.State)
	_, err = l.Claim(t.Context(), portIn("pi-1", "0101"))
	require.Error(t, err)
}

func testUntoldLinks(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-1", "0101")
	newLink(t, l, linkOf("h1", "pi-1"))
	newLink(t, l, linkOf("h2", "pi-1"))
	require.Empty(t, untold(t, l))
	_, err := stopBy(t, l, "h1", noon)
	require.NoError(t, err)
	require.Equal(t, []string{"h1"}, untold(t, l))
	require.NoError(t, l.LinkTold(t.Context(), "h1", noon))
	require.Empty(t, untold(t, l))
}

func untold(t *testing.T, l *ledger.Ledger) []string {
	t.Helper()
	links, err := l.UntoldLinks(t.Context(), 9)
	require.NoError(t, err)
	var hashes []string
	for _, link := range links {
		hashes = append(hashes, link.Hash)
	}
	return hashes
}

func testRaceLink(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	claim(t, handles[0], "pi-1", "0101")
	for round := range 20 {
		hash := fmt.Sprintf("h%d", round)
		newLink(t, handles[0], linkOf(hash, "pi-1"))
		var used atomic.Int32
		var runners []func()
		for i := range 4 {
			runners = append(runners, func() {
				if _, err := stopBy(t, handles[i%2], hash, noon); err == nil {
					used.Add(1)
				}
			})
		}
		race(runners...)
		require.EqualValues(t, 1, used.Load())
	}
}

// Whichever commits first holds: never both a closed fence that was reported and an activation.
func testRaceLinkActivate(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	for round := range rounds(t) / 4 {
		port := fmt.Sprintf("pi-%d", round)
		claim(t, handles[0], port, port)
		newLink(t, handles[0], linkOf(port, port))
		var use ledger.LinkUse
		var usedErr, begunErr error
		race(
			func() { use, usedErr = stopBy(t, handles[0], port, noon) },
			func() { _, begunErr = handles[1].BeginActivation(t.Context(), port, 1, "key", noon) },
		)
		require.NoError(t, usedErr)
		require.Equal(t, use.Fence.State == ledger.FenceClosed, begunErr != nil)
	}
}
