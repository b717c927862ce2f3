package cli

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// hearer is the sagas, which may be deaf.
type hearer struct {
	err   error
	heard []porting.CustomerReply
}

func (h *hearer) CustomerReply(_ context.Context, _ string, r porting.CustomerReply) (porting.Answer, error) {
	if h.err == nil {
		h.heard = append(h.heard, r)
	}
	return porting.Answer{}, h.err
}

// newReplies is the door's desk for answers, with a port in either direction that tells its people on one telephone.
func newReplies(t *testing.T) (replies, *hearer) {
	t.Helper()
	dir := t.TempDir()
	keys, err := vault.Create(filepath.Join(dir, "key"))
	require.NoError(t, err)
	books, err := ledger.Open(t.Context(), filepath.Join(dir, "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	for id, number := range map[string]porting.Number{"po-1": "+12025550123", "pi-1": "+12025550124"} {
		claim := ledger.Claim{PortID: id, Direction: porting.PortOut, At: now, Numbers: []ledger.NumberClaim{{Token: keys.LockToken(number), Masked: "…"}}}
		_, err := books.Claim(t.Context(), claim)
		require.NoError(t, err)
	}
	h := &hearer{}
	return replies{books, keys, h, func() time.Time { return now }}, h
}

// What a subscriber says is in the ledger before the saga hears of it, also where no saga does.
func TestAReplyIsInTheLedgerFirst(t *testing.T) {
	t.Parallel()
	for answer, want := range map[notify.Answer]string{notify.Yes: porting.ReplyYes, notify.No: porting.ReplyNo} {
		r, sagas := newReplies(t)
		said := serve.Reply{ID: "m-1", From: "+12025550123", Answer: answer, At: now}
		sagas.err = &porting.Error{Kind: porting.Failed, Code: "temporal-unavailable"}
		require.Error(t, r.CustomerReply(t.Context(), said), "the provider brings it again")
		known, err := r.books.KnownOf(t.Context(), "po-1")
		require.NoError(t, err)
		require.Equal(t, want, known.Reply)
		fence, err := r.books.Fence(t.Context(), "po-1")
		require.NoError(t, err)
		require.Equal(t, ledger.FenceOpen, fence.State, "what a no means is for the donor's rules")

		sagas.err = nil
		require.NoError(t, r.CustomerReply(t.Context(), said))
		require.Len(t, sagas.heard, 1)
		require.Equal(t, want, sagas.heard[0].Reply)
	}
}

func TestANoClosesTheFenceOfAPortIn(t *testing.T) {
	t.Parallel()
	r, sagas := newReplies(t)
	require.NoError(t, r.CustomerReply(t.Context(), serve.Reply{ID: "m-1", From: "+12025550124", Answer: notify.No, At: now}))
	fence, err := r.books.Fence(t.Context(), "pi-1")
	require.NoError(t, err)
	require.Equal(t, ledger.FenceClosed, fence.State)
	require.Len(t, sagas.heard, 1)

	for code, said := range map[string]serve.Reply{
		"reply-unclear":    {ID: "m-2", From: "+12025550124", Answer: notify.Unclear},
		"reply-unexpected": {ID: "m-3", From: "+12025550199", Answer: notify.Yes},
	} {
		require.Equal(t, code, porting.CodeOf(r.CustomerReply(t.Context(), said)))
	}
}
