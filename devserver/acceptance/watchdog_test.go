package acceptance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/notify/notifytest"
)

// TestWatchdogOfADeadCluster has the whole engine killed while a port waits for people. Nothing is left that could call anybody, but
// the ledger and the watchdog.
func TestWatchdogOfADeadCluster(t *testing.T) {
	t.Parallel()
	mail := notifytest.Start(t)
	// Where a dev lives in the past, the dates of its ports are over.
	d := newDesk(t).fast(2, time.Date(2026, time.February, 2, 15, 0, 0, 0, time.UTC))
	dev := d.startDev(t)
	id := d.startPort(t, d.order(t, "DOG-1", 77))
	d.awaitPort(t, id, "waits for a decision", func(p port) bool { return p.Stage == "verifying" })
	dev.kill(t)

	dog := d.with("PORTSAGA_WATCHDOG_TO=desk@example.com", "PORTSAGA_SMTP_ADDR="+mail.Addr(), "PORTSAGA_SMTP_TLS=none", "PORTSAGA_SMTP_FROM=dog@example.com")
	r := dog.run(t, "watchdog", "--once")
	require.Equal(t, 1, r.code, r.stderr)
	require.Contains(t, r.stdout, id)
	require.Len(t, mail.Texts(), 1)
	require.Contains(t, mail.Texts()[0], id+"  people decide (over)")
	require.NotContains(t, mail.Texts()[0], "212555")

	require.Zero(t, dog.run(t, "watchdog", "--once").code, "a date is told once")
	require.Len(t, mail.Texts(), 1)
}
