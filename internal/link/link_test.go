package link_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/link"
	"github.com/portsaga/portsaga/porting"
)

var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

func TestATokenIsReadAsItWasMade(t *testing.T) {
	t.Parallel()
	token, kept := link.New("pi-1", "nt-1", noon, time.Hour)
	other, _ := link.New("pi-1", "nt-1", noon, time.Hour)
	require.NotEqual(t, token, other)
	read, ok := link.Read(string(token))
	require.True(t, ok)
	require.Equal(t, token, read)
	require.Equal(t, kept.Hash, read.Hash())
	require.Equal(t, ledger.Link{Hash: kept.Hash, PortID: "pi-1", Purpose: ledger.StopPurpose, Notice: "nt-1", MadeAt: noon, ExpiresAt: noon.Add(time.Hour)}, kept)
	require.Equal(t, "https://port.example/stop/"+string(token)+"?lang=de", token.URL("https://port.example/", "de"))
	require.NotContains(t, fmt.Sprintf("%v %s %+v", token, token, kept), string(token))
}

func TestWhatIsNoToken(t *testing.T) {
	t.Parallel()
	token, _ := link.New("pi-1", "", noon, time.Hour)
	for _, text := range []string{"", "abc", string(token) + "A", string(token)[1:], string(token) + "\n", string(token) + "=", strings.Repeat("!", len(token))} {
		_, ok := link.Read(text)
		require.False(t, ok, text)
	}
}

// teller tells ports, or fails as it is told.
type teller struct {
	err  error
	told []porting.Revoke
	port string
	// fence is how the ledger stood when the port was told.
	fence func() ledger.FenceState
	stood ledger.FenceState
}

func (f *teller) Tell(_ context.Context, port string, r porting.Revoke) error {
	f.port, f.told = port, append(f.told, r)
	if f.fence != nil {
		f.stood = f.fence()
	}
	return f.err
}

func newDesk(t *testing.T) (*link.Desk, *ledger.Ledger, *teller) {
	t.Helper()
	books, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	_, err = books.Claim(t.Context(), ledger.Claim{
		PortID: "pi-1", Direction: porting.PortIn, Tenant: "acme", Reference: "R", Run: "run", At: noon,
		Numbers: []ledger.NumberClaim{{Token: "token", Masked: "+1…0123"}},
	})
	require.NoError(t, err)
	told := &teller{}
	return &link.Desk{Books: books, Ports: told, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)}, books, told
}

func give(t *testing.T, books *ledger.Ledger) string {
	t.Helper()
	token, kept := link.New("pi-1", "nt-1", noon, time.Hour)
	require.NoError(t, books.NewLink(t.Context(), kept))
	return string(token)
}

func TestTheFenceIsClosedBeforeThePortIsTold(t *testing.T) {
	t.Parallel()
	desk, books, told := newDesk(t)
	told.fence = func() ledger.FenceState {
		fence, err := books.Fence(t.Context(), "pi-1")
		require.NoError(t, err)
		return fence.State
	}
	use, err := desk.Use(t.Context(), give(t, books))
	require.NoError(t, err)
	require.Equal(t, ledger.FenceClosed, use.Fence.State)
	require.Equal(t, ledger.FenceClosed, told.stood)
	require.Equal(t, "pi-1", told.port)
	require.Equal(t, []porting.Revoke{{ID: "link-" + use.Link.Hash[:16], By: "customer link", Reason: porting.UnauthorisedPort}}, told.told)
	require.NoError(t, desk.Retell(t.Context()))
	require.Len(t, told.told, 1, "it knows")
}

func TestAPortThatCannotBeToldIsToldLater(t *testing.T) {
	t.Parallel()
	desk, books, told := newDesk(t)
	told.err = errors.New("the engine is down")
	use, err := desk.Use(t.Context(), give(t, books))
	require.NoError(t, err, "the fence holds")
	require.Equal(t, ledger.FenceClosed, use.Fence.State)
	require.ErrorContains(t, desk.Retell(t.Context()), "the engine is down")

	told.err = nil
	require.NoError(t, desk.Retell(t.Context()))
	require.NoError(t, desk.Retell(t.Context()))
	require.Len(t, told.told, 3)
	require.Equal(t, told.told[0], told.told[2], "a repetition is the same message")
}

// hanging never answers: the engine takes calls and does nothing.
type hanging struct{}

func (hanging) Tell(ctx context.Context, _ string, _ porting.Revoke) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestACustomerDoesNotWaitForTheEngine(t *testing.T) {
	t.Parallel()
	desk, books, _ := newDesk(t)
	desk.Ports, desk.Patience = hanging{}, time.Millisecond
	use, err := desk.Use(t.Context(), give(t, books))
	require.NoError(t, err)
	require.Equal(t, ledger.FenceClosed, use.Fence.State)
	links, err := books.UntoldLinks(t.Context(), 9)
	require.NoError(t, err)
	require.Len(t, links, 1, "the port is told later")
}

func TestAPortThatNeedsNoTelling(t *testing.T) {
	t.Parallel()
	for code, again := range map[string]int{"port-closed": 1, "port-not-found": 1, "namespace-not-found": 2, "not-authorised": 2} {
		desk, books, told := newDesk(t)
		told.err = &porting.Error{Kind: porting.NotFound, Code: code}
		_, err := desk.Use(t.Context(), give(t, books))
		require.NoError(t, err)
		_ = desk.Retell(t.Context())
		require.Len(t, told.told, again, code)
	}
}

func TestALinkThatDoesNotWork(t *testing.T) {
	t.Parallel()
	desk, books, told := newDesk(t)
	guessed, _ := link.New("pi-1", "", noon, time.Hour)
	used := give(t, books)
	_, err := desk.Use(t.Context(), used)
	require.NoError(t, err)
	var says string
	for _, token := range []string{"", "short", string(guessed), used} {
		_, err := desk.Use(t.Context(), token)
		require.Equal(t, "link-unknown", porting.CodeOf(err))
		if says == "" {
			says = err.Error()
		}
		require.Equal(t, says, err.Error())
	}
	require.Len(t, told.told, 1)
}
