package porting_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/porting"
)

// The IDs of open ports depend on this: it may never change.
func TestPortIDIsStable(t *testing.T) {
	t.Parallel()
	require.Equal(t, "pi-exgvpdexnkmkvryd", porting.PortID(porting.PortIn, "default", "ORDER-1"))
	require.Equal(t, "po-ujkkk3kkt5fzompn", porting.PortID(porting.PortOut, "default", "ORDER-1"))
}

func TestPortIDNamesTenantAndReference(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[ -~]{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		tenant, reference := word.Draw(t, "tenant"), word.Draw(t, "reference")
		id := porting.PortID(porting.PortIn, tenant, reference)
		require.Regexp(t, `^pi-[a-z2-7]{16}$`, id)
		require.Equal(t, id, porting.PortID(porting.PortIn, tenant, reference))
		require.NotEqual(t, id[3:], porting.PortID(porting.PortOut, tenant, reference)[3:])

		otherTenant, otherReference := word.Draw(t, "other tenant"), word.Draw(t, "other reference")
		same := tenant == otherTenant && reference == otherReference
		require.Equal(t, same, id == porting.PortID(porting.PortIn, otherTenant, otherReference))
	})
}

func TestRefIsPortAndVersion(t *testing.T) {
	t.Parallel()
	p := porting.NewPort(input())
	require.Equal(t, "pi-test/1", p.Ref().String())
}
