package acceptance

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func numberIsInOneOpenPort(t *testing.T, d desk) {
	holder := d.startPort(t, d.order(t, "CLAIM-1", 5))

	refused := d.run(t, "port", "in", "start", "-f", d.order(t, "CLAIM-2", 5))
	require.Equal(t, 3, refused.code)
	requireErrorLine(t, refused)
	require.Contains(t, refused.stderr, holder, "it says which port holds the number")
	require.Contains(t, refused.stderr, masked(5))
	require.NotContains(t, refused.stderr, "2125550105")

	asJSON := d.run(t, "port", "in", "start", "-f", d.order(t, "CLAIM-3", 5), "-o", "json")
	require.Equal(t, 3, asJSON.code)
	require.Empty(t, asJSON.stdout)
	requireShape(t, object(map[string]shape{"error": object(map[string]shape{
		"kind": oneOf("refused"), "code": oneOf("NUMBER_IN_OPEN_PORT"),
		"operation": said, "object": said, "detail": said,
	})}), asJSON.stderr)
	require.NotContains(t, asJSON.stderr, "2125550105")

	d.do(t, "port", "revoke", holder, "--by", "carla@care")
	require.Equal(t, "revoked", d.awaitEnd(t, holder).Outcome)
	next := d.startPort(t, d.order(t, "CLAIM-4", 5))
	require.NotEqual(t, holder, next)
	d.awaitPort(t, next, "goes on", func(p port) bool { return p.Stage == "verifying" })
}
