package acceptance

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumberIsInOneOpenPort(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.startDev(t)
	holder := d.startPort(t, d.order(t, "CLAIM-1", 23))

	refused := d.run(t, "port", "in", "start", "-f", d.order(t, "CLAIM-2", 23))
	require.Equal(t, 3, refused.code)
	requireErrorLine(t, refused)
	require.Contains(t, refused.stderr, holder, "it says which port holds the number")
	require.Contains(t, refused.stderr, masked(23))
	require.NotContains(t, refused.stderr, "2125550123")

	asJSON := d.run(t, "port", "in", "start", "-f", d.order(t, "CLAIM-3", 23), "-o", "json")
	require.Equal(t, 3, asJSON.code)
	require.Empty(t, asJSON.stdout)
	requireShape(t, object(map[string]shape{"error": object(map[string]shape{"kind": oneOf("refused"), "code": oneOf("NUMBER_IN_OPEN_PORT"),
		"operation": said, "object": said, "detail": said})}), asJSON.stderr)
	require.NotContains(t, asJSON.stderr, "2125550123")

	d.do(t, "port", "revoke", holder, "--by", "carla@care")
	require.Equal(t, "revoked", d.awaitEnd(t, holder).Outcome)
	next := d.startPort(t, d.order(t, "CLAIM-4", 23))
	require.NotEqual(t, holder, next)
	d.awaitPort(t, next, "goes on", func(p port) bool { return p.Stage == "verifying" })
}
