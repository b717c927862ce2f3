package allinone

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// golden names the release whose histories are to be written. An old release's histories are never written again.
var golden = flag.String("golden", "", "write the scenarios' histories as golden ones of this release, e.g. v0.1.0")

// A simple port's history stays within these bounds, with everything that a port does.
const (
	maxEvents = 100
	maxBytes  = 60 << 10
)

// readHistory is a history as it replays: with its payloads opened.
func readHistory(ctx context.Context, t *testing.T, s *Stack, id string) *history.History {
	t.Helper()
	h := sealedHistory(ctx, t, s, id)
	require.NoError(t, s.OpenHistory(ctx, h))
	return h
}

// sealedHistory is a history as the server has it.
func sealedHistory(ctx context.Context, t *testing.T, s *Stack, id string) *history.History {
	t.Helper()
	var h history.History
	events := s.Client.GetWorkflowHistory(ctx, id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		h.Events = append(h.Events, event)
	}
	return &h
}

func checkBudget(t *testing.T, h *history.History) {
	t.Helper()
	t.Logf("a simple port: %d events, %d bytes", len(h.Events), proto.Size(h))
	require.LessOrEqual(t, len(h.Events), maxEvents)
	require.LessOrEqual(t, proto.Size(h), maxBytes)
}

func writeGolden(t *testing.T, scenario string, h *history.History) {
	t.Helper()
	t.Logf("%s: %d events, %d bytes", scenario, len(h.Events), proto.Size(h))
	if *golden == "" {
		return
	}
	text, err := protojson.MarshalOptions{Multiline: true, Indent: " "}.Marshal(h)
	require.NoError(t, err)
	machine, err := os.Hostname() // the SDK names its sticky queues after the machine
	require.NoError(t, err)
	text = bytes.ReplaceAll(text, []byte(machine), []byte("machine"))
	file := filepath.Join("..", "..", "workflows", "testdata", "histories", *golden+"_"+scenario+".json")
	require.NoFileExists(t, file, "a golden history is never written again")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, text, 0o644))
}
