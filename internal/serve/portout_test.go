package serve_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/porting"
)

// leave makes a port-out, under rules that let a donor stop it or not.
func (w *world) leave(t *testing.T, port, pack string) {
	t.Helper()
	_, err := w.books.Claim(t.Context(), ledger.Claim{
		PortID: port, Direction: porting.PortOut, Tenant: "acme", Reference: port, Run: "run", Pack: pack, At: noon,
		Numbers: []ledger.NumberClaim{{Token: port, Masked: "+1…0188"}},
	})
	require.NoError(t, err)
}

func donorStops(o *serve.Options) {
	o.Desk.Stops = func(f ledger.Fence) bool { return f.Pack == "us" }
}

func TestALinkStopsAPortOutWhereTheRulesSaySo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, donorStops)
	w.leave(t, "po-us", "us")
	w.leave(t, "po-fr", "fr")

	require.Contains(t, text(t, w.press(t, w.give(t, "po-us"))), `data-state="stopped"`)
	require.Equal(t, ledger.FenceClosed, w.fence(t, "po-us"))

	page := text(t, w.press(t, w.give(t, "po-fr")))
	require.Contains(t, page, `data-state="noted"`)
	require.Contains(t, page, "only the provider that asks for your number can stop the move")
	require.Equal(t, ledger.FenceOpen, w.fence(t, "po-fr"), "what a donor may not stop is not promised")
	require.Equal(t, []ledger.FenceState{ledger.FenceClosed, ledger.FenceOpen}, w.sagas.fences, "both ports are told, the first after its fence")
}

// Numbers that were let go may be moving: the page does not promise that they stay.
func TestALinkOfAPortOutThatWasAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, donorStops)
	w.leave(t, "po-us", "us")
	_, err := w.books.BeginActivation(t.Context(), "po-us", 1, "po-us/1", noon)
	require.NoError(t, err)
	require.Contains(t, text(t, w.press(t, w.give(t, "po-us"))), `data-state="late"`)
	fence, err := w.books.Fence(t.Context(), "po-us")
	require.NoError(t, err)
	require.Equal(t, ledger.FenceActivating, fence.State)
	require.Equal(t, noon, fence.RevokeRequestedAt, "the donor's cancel needs it")
}

// A service's word stops a port-out only after its saga has looked at the rules and the authority: nothing is closed before.
func TestAServiceRevokesAPortOutThroughItsSaga(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.leave(t, "po-us", "us")
	answer := w.revoke(t, "po-us", w.acme, `{"id":"r-1","authority_at":"2026-11-23T13:00:00Z"}`)
	require.Equal(t, http.StatusOK, answer.Code)
	require.Equal(t, []ledger.FenceState{ledger.FenceOpen}, w.sagas.fences)
	require.Equal(t, 13, w.sagas.heard[0].AuthorityAt.Hour())

	w.sagas.err = &porting.Error{Kind: porting.Refused, Code: "authority-missing", Op: "revoke port", Object: "po-us", Detail: "a donor needs authority"}
	require.Equal(t, http.StatusConflict, w.revoke(t, "po-us", w.acme, `{}`).Code)
	require.Equal(t, ledger.FenceOpen, w.fence(t, "po-us"), "a revocation that was refused stops nothing")

	w.sagas.err = errEngine
	require.Equal(t, http.StatusServiceUnavailable, w.revoke(t, "po-us", w.acme, `{}`).Code, "what does not hold is not acknowledged")
}
