package cli

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// withLedger is a session with a ledger of its own that port pi-1 has claimed in.
func withLedger(t *testing.T) (*session, *ledger.Ledger) {
	t.Helper()
	s := newSession(t)
	s.config.Ledger = filepath.Join(s.config.Dir, "named.db")
	books, err := ledger.Open(t.Context(), s.config.Ledger)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	_, err = books.Claim(t.Context(), ledger.Claim{
		PortID: "pi-1", Direction: porting.PortIn, Tenant: "default", Reference: "R", Run: "run-1", At: now,
		Numbers: []ledger.NumberClaim{{Token: "token", Masked: "+1…0123"}},
	})
	require.NoError(t, err)
	s.ports.answer = porting.Answer{ID: "pi-1", Accepted: true, Stage: porting.RollingBack, Says: "heard"}
	return s, books
}

func TestRevokeClosesTheFenceFirst(t *testing.T) {
	t.Parallel()
	s, books := withLedger(t)
	s.ports.err = &porting.Error{Kind: porting.Failed, Code: "engine-error", Op: "revoke port", Object: "pi-1", Detail: "no worker answers"}

	require.Equal(t, 1, s.run(t, "portsaga port revoke pi-1 --by ben@care"))

	require.Equal(t, "pi-1: the fence is closed, no activation starts any more\nerror: revoke port pi-1: no worker answers\n", s.err.String())
	fence, err := books.Fence(t.Context(), "pi-1")
	require.NoError(t, err)
	require.Equal(t, ledger.FenceClosed, fence.State)
	require.Equal(t, "ben@care", fence.RevokedBy)
	require.Equal(t, porting.AuthorizationRevoked, fence.RevokeReason)
	require.True(t, now.Equal(fence.RevokedAt))

	s.ports.err = nil
	s.must(t, "portsaga port revoke pi-1 -o json")
	require.Empty(t, s.err.String())
}

func TestRevokeTooLateIsRecorded(t *testing.T) {
	t.Parallel()
	s, books := withLedger(t)
	_, err := books.BeginActivation(t.Context(), "pi-1", 1, "key", now)
	require.NoError(t, err)
	s.must(t, "portsaga port revoke pi-1")
	require.Equal(t, "pi-1: the fence is activating, so the numbers may have moved; the revocation is recorded\n", s.err.String())
}

func TestRevokeGoesOnByMessageAlone(t *testing.T) {
	t.Parallel()
	s, _ := withLedger(t)
	s.ports.answer.ID = "pi-2"
	s.must(t, "portsaga port revoke pi-2")
	require.Empty(t, s.err.String(), "the ledger does not know the port yet: the port closes its fence itself")

	s.config.Ledger = filepath.Join(s.config.Dir, "missing.db")
	s.must(t, "portsaga port revoke pi-1")
	require.Contains(t, s.err.String(), "the fence was not closed from here; the message to the port does it")
	require.Contains(t, s.err.String(), "code=ledger-missing")
	require.NoFileExists(t, s.config.Ledger)
	require.IsType(t, porting.Revoke{}, s.ports.message)
}
