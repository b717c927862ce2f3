package canary

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/audit/evidence"
	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// readEvidence is what `portsaga audit export` writes of every port, without --clear: the file, and the page for people.
func (h *house) readEvidence(ctx context.Context) store {
	h.Helper()
	x := evidence.Export{Ledger: h.neighbours.Ledger, Key: h.checkpointer(ctx).Signer.VerifierKey()}
	var all bytes.Buffer
	for _, w := range h.workflows(ctx) {
		var err error
		x.Events, err = protojson.Marshal(h.history(ctx, w.GetExecution().GetWorkflowId(), w.GetExecution().GetRunId()))
		require.NoError(h, err)
		bundle, err := x.Of(ctx, w.GetExecution().GetWorkflowId())
		if porting.KindOf(err) == porting.NotFound || porting.CodeOf(err) == "checkpoint-missing" {
			continue // it is no port, or was logged a moment ago
		}
		require.NoError(h, err)
		require.NoError(h, bundle.WriteFiles(&all))
		verified, err := evidence.Verify(bundle, evidence.Pins{})
		require.NoError(h, err)
		require.NoError(h, verified.WritePage(&all))
	}
	return store{bundles, all.Bytes()}
}

func (h *house) checkpointer(ctx context.Context) *audit.Checkpointer {
	h.Helper()
	settings := worker.AuditSettings{Checkpoints: []string{h.checkpoints() + "/"}}
	c, err := worker.OpenCheckpointer(ctx, h.neighbours.Ledger, settings, h.people.Signing)
	require.NoError(h, err)
	return c
}

func (h *house) history(ctx context.Context, workflow, run string) *history.History {
	h.Helper()
	told := &history.History{}
	events := h.raw.GetWorkflowHistory(ctx, workflow, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(h, err)
		told.Events = append(told.Events, event)
	}
	return told
}

// Two people approved a port on a real server. Its evidence is exported by the command, from the live history, and verified on
// what is pinned: every check holds, the decision of the two comes to the same again, and the subscriber is in the file when
// --clear asked for it, and not otherwise.
func TestEvidenceOfALivePort(t *testing.T) {
	h := openHouse(t, true)
	ctx, cancel := context.WithTimeout(t.Context(), 2*while(false))
	defer cancel()
	happy, err := simulate.Find("happy")
	require.NoError(t, err)
	id, err := h.order(ctx, chapter{scenario: happy, pin: true})
	require.NoError(t, err)
	p := player{house: h, script: simulate.NewScript(happy), back: simulate.BackScript(happy)}
	require.Equal(t, porting.OutcomeCompleted, p.follow(ctx, id))
	settings := []string{
		"TEMPORAL_ADDRESS=" + h.engine.FrontendAddress(), "TEMPORAL_NAMESPACE=" + h.engine.Namespace(), "PORTSAGA_LEDGER=" + h.books.ledger,
		"PORTSAGA_KEYS=" + h.books.keys, "PORTSAGA_TENANT_KEYS=" + filepath.Join(h.dir, "tenant-keys"),
		"PORTSAGA_KEY_FILE=" + filepath.Join(h.dir, "key"), "PORTSAGA_SIGNING_KEY=" + h.people.Signing,
	}
	roots, err := os.ReadFile(h.people.Roots)
	require.NoError(t, err)
	pins := evidence.Pins{Key: h.checkpointer(ctx).Signer.VerifierKey(), Roots: roots}
	dir := t.TempDir()
	for file, flags := range map[string][]string{"sealed.zip": nil, "clear.zip": {"--clear"}} {
		said, err := program(t, dir, settings, append([]string{"audit", "export", id, "--file", file}, flags...)...).CombinedOutput()
		require.NoError(t, err, "%s", said)
		text, err := os.ReadFile(filepath.Join(dir, file))
		require.NoError(t, err)
		bundle, err := evidence.Open(text)
		require.NoError(t, err)
		require.NotEmpty(t, bundle.History)
		verified, err := evidence.Verify(bundle, pins)
		require.NoError(t, err)
		require.True(t, verified.Proved, "%+v", verified.Checks)
		require.Equal(t, porting.OutcomeCompleted, verified.Outcome)
		require.Contains(t, verified.Checks, evidence.Check{Name: "signatures", State: evidence.OK, Detail: "2 decisions are signed by persons whom the registry of then knows"})

		var files bytes.Buffer
		require.NoError(t, bundle.WriteFiles(&files))
		hits := newSearcher(canaries()).search(files.Bytes())
		if flags == nil {
			require.Empty(t, hits)
			require.Nil(t, bundle.Order)
			continue
		}
		require.Equal(t, holder, bundle.Order.Order.Subscriber.Name)
		require.NotEmpty(t, hits)
	}
}
