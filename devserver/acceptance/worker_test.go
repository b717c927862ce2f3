package acceptance

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/approval/approvaltest"
)

// A worker lives in real time. A port with a demo's clock that comes to it must not run its weeks in seconds.
func TestWorkerRefusesAScaledClock(t *testing.T) {
	t.Parallel()
	d := newDesk(t).fast(10_000, longWeekend)
	running := d.startDev(t)
	lean := d.with("PORTSAGA_TASK_QUEUE=lean", "PORTSAGA_CARRIER_URL="+running.carrier).with(approvaltest.NewDesk(t).Settings()...)
	worker := lean.start(t, "", "worker")
	await(t, often, "the worker runs", func() bool { return strings.Contains(worker.stderr.String(), "worker runs") || worker.isOver() })

	r := lean.run(t, "port", "in", "start", "-f", d.order(t, "LEAN-1", 23), "-o", "json")
	require.Equal(t, 3, r.code)
	require.Empty(t, r.stdout)
	require.Contains(t, r.stderr, `"code":"SCALED_CLOCK_REFUSED"`)
	var refused struct{ Error struct{ Object string } }
	read(t, r.stderr, &refused)
	p := lean.awaitEnd(t, refused.Error.Object)
	require.Equal(t, "rejected", p.Outcome)
	require.Equal(t, "SCALED_CLOCK_REFUSED", p.Reason)

	require.Zero(t, worker.interrupt(t))
	require.Empty(t, d.effects(t), "the carrier heard nothing")
}

// In production the work is done by roles, each a process with no more than it needs, and decisions are signed.
func TestWorkersByRoleRunPortsInRealTime(t *testing.T) {
	t.Parallel()
	d, approvers := newDesk(t), approvaltest.NewDesk(t)
	running := d.startDev(t)
	lean := d.with("PORTSAGA_TASK_QUEUE=lean").with(approvers.Settings()...)
	var workers []*process
	for role, place := range map[string]desk{
		"workflow": lean.with("PORTSAGA_LEDGER=/nowhere", "PORTSAGA_KEY_FILE=/nowhere", "PORTSAGA_SIGNING_KEY=/nowhere",
			"PORTSAGA_KEYS="+filepath.Join(d.dir(), "keys.db")), // the data keys, and nothing else
		"trust": lean.with("PORTSAGA_KEY_FILE=/nowhere"),
		"gate":  lean.with("PORTSAGA_CARRIER_URL=" + running.carrier),
	} {
		workers = append(workers, place.start(t, "", "worker", "--role", role))
	}

	id := lean.startPort(t, d.order(t, "LEAN-2", 24))
	lean.awaitPort(t, id, "waits for approval", func(p port) bool { return p.Stage == "verifying" })
	unsigned := lean.run(t, "decide", id, "--approve", "--by", "ben@desk", "--yes")
	require.NotZero(t, unsigned.code, "there is no key to sign with")
	lean.do(t, "decide", id, "--approve", "--key", approvers.KeyFile("ben"), "--yes")
	lean.awaitPort(t, id, "is sent to the carrier", func(p port) bool { return p.Stage == "submitted" })
	require.Equal(t, []effect{{id, 1, "submitted"}}, d.effects(t))
	for _, worker := range workers {
		require.Zero(t, worker.interrupt(t), &worker.stderr)
	}
}
