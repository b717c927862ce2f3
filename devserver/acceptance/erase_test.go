package acceptance

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A port that has ended can be forgotten, and then nobody can read it any more; one that is open, or held, cannot.
func TestErasedPortIsForgotten(t *testing.T) {
	t.Parallel()
	d := newDesk(t).fast(10_000, longWeekend)
	running := d.startDev(t)
	id := d.startPort(t, d.order(t, "ERASE-1", 25))
	open := d.run(t, "keys", "erase", id, "--yes")
	require.Equal(t, 3, open.code)
	requireErrorLine(t, open)
	require.Contains(t, open.stderr, "it has not ended")

	d.do(t, "port", "revoke", id, "--by", "carla@care")
	require.Equal(t, "revoked", d.awaitEnd(t, id).Outcome)
	d.do(t, "keys", "hold", id, "--why", "case 7", "--by", "lea@legal")
	held := d.run(t, "keys", "erase", id, "--yes")
	require.Equal(t, 3, held.code)
	require.Contains(t, held.stderr, "legal hold")
	d.do(t, "keys", "hold", id, "--release")
	erased := ask[struct {
		ErasedBy string `json:"erased_by"`
	}](t, d, "keys", "erase", id, "--yes", "--by", "carla@privacy")
	require.Equal(t, "carla@privacy", erased.ErasedBy)

	shown := d.run(t, "port", "show", id)
	require.Equal(t, 3, shown.code)
	requireErrorLine(t, shown)
	require.Contains(t, shown.stderr, "erased at")
	again := d.run(t, "port", "in", "start", "-f", d.order(t, "ERASE-1", 25))
	require.Equal(t, 3, again.code, "it is not started again")
	require.Contains(t, d.do(t, "port", "list").stdout, id, "the list holds nothing of the order, and goes on")

	other := d.startPort(t, d.order(t, "ERASE-2", 26))
	d.do(t, "keys", "rotate")
	d.approve(t, other)
	require.Zero(t, running.interrupt(t))
}
