package starter

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func TestPortsWaitInTheirTenantsLine(t *testing.T) {
	t.Parallel()
	c := New(nil, Options{})
	require.Equal(t, "acme", c.startOptions("pi-1", porting.Order{Tenant: "acme"}).Priority.FairnessKey)
	require.Equal(t, "default", c.startOptions("pi-1", porting.Order{}).Priority.FairnessKey)
	require.Equal(t, "acme", c.portOutOptions("po-1", porting.PortOutRequest{Tenant: "acme"}).Priority.FairnessKey)
	require.Zero(t, c.startOptions("pi-1", porting.Order{}).Priority.FairnessWeight, "nobody's line is served before others")

	long := strings.Repeat("acme", 20)
	require.Len(t, shareOf(long).FairnessKey, longestShare, "the server refuses a longer one")
	require.NotEqual(t, shareOf(long), shareOf(long+"2"))
}
