package cli

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// heard is what ports are told, and how their fence stands.
type heard struct {
	fence ledger.FenceState
	names []string
}

func (h *heard) Signal(_ context.Context, _, name string, _ any) error {
	h.names = append(h.names, name)
	return nil
}

func (h *heard) Fence(context.Context, string) (ledger.Fence, error) {
	return ledger.Fence{State: h.fence}, nil
}

func TestWhatAPortHearsOfALink(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		port  string
		fence ledger.FenceState
		names []string
	}{
		{"pi-1", ledger.FenceClosed, []string{porting.MsgRevoke}},
		{"po-1", ledger.FenceClosed, []string{porting.MsgCustomerReply}},
		{"po-1", ledger.FenceOpen, []string{porting.MsgCustomerReply}},
		{"po-1", ledger.FenceActivating, []string{porting.MsgCustomerReply, porting.MsgDispute}},
	} {
		h := &heard{fence: c.fence}
		require.NoError(t, signals{h, h}.Tell(t.Context(), c.port, porting.Revoke{ID: "link-1", By: "customer link", Reason: porting.UnauthorisedPort}))
		require.Equal(t, c.names, h.names, "%s %s", c.port, c.fence)
	}
}

// A donor stops a port where the pack says so: in the United States, not in France or Spain, nor in Nigeria after the text.
func TestWhichPortsALinkStops(t *testing.T) {
	t.Parallel()
	book, err := rules.Embedded()
	require.NoError(t, err)
	stops := stopsBy(book, func() time.Time { return now })
	for pack, ours := range map[string]bool{"us-wireless": true, "us-wireline-simple": true, "fr-mobile": false, "es-mobile": false, "ng": false, "": true} {
		require.Equal(t, ours, stops(ledger.Fence{Direction: porting.PortOut, Pack: pack}), pack)
		require.True(t, stops(ledger.Fence{Direction: porting.PortIn, Pack: pack}), "what we bring in is the customer's")
	}
}
