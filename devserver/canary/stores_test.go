package canary

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/proto"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// store is a place where something was written, with all that is in it.
type store struct {
	name string
	text []byte
}

// Names of the stores.
const (
	temporalFiles = "Temporal's databases"
	temporalWAL   = "Temporal's write-ahead logs"
	temporalRows  = "Temporal's rows"
	histories     = "histories"
	visibility    = "visibility"
	ledgerFiles   = "ledger and keys"
	ledgerWAL     = "their write-ahead logs"
	ledgerRows    = "their rows"
	notices       = "notices"
	auditLog      = "audit log"
	exchanges     = "exchanges"
	checkpoints   = "checkpoints"
	bundles       = "exported evidence"
	otherFiles    = "other files"
	processLog    = "log of the process"
	metrics       = "metrics"
	traces        = "traces"
)

// flushed is how long a batch of spans may wait.
const flushed = 10 * time.Second

// stores are everything that a house has written, in the order in which it is told.
func (h *house) stores(ctx context.Context) []store {
	h.Helper()
	h.settle(ctx)
	files := h.files()
	found := []store{
		{temporalFiles, files[temporalFiles]},
		{temporalWAL, files[temporalWAL]},
		{temporalRows, h.rows(ctx, "temporal")},
		h.readHistories(ctx),
		{ledgerFiles, files[ledgerFiles]},
		{ledgerWAL, files[ledgerWAL]},
		{ledgerRows, h.books.rows(ctx, h)},
	}
	found = append(found, h.readLedger(ctx)...)
	return append(found, h.readVisibility(ctx), h.readEvidence(ctx), store{checkpoints, files[checkpoints]}, store{otherFiles, files[otherFiles]},
		store{processLog, h.log.bytes()}, h.readMetrics(ctx), store{traces, h.spans.bytes()})
}

// settle has everything written that waits: a checkpoint, metrics that are counted, spans that are batched.
func (h *house) settle(ctx context.Context) {
	h.Helper()
	_, err := h.checkpointer(ctx).Once(ctx)
	require.NoError(h, err)
	last := "settled " + rand.Text()
	_, span := h.tells.Tracer().Start(ctx, last)
	span.End()
	require.Eventually(h, func() bool { return bytes.Contains(h.spans.bytes(), []byte(last)) }, flushed, glance, "spans are sent in batches")
	h.books.settle(ctx, h)
}

// files are those of the house, by store.
func (h *house) files() map[string][]byte {
	h.Helper()
	byStore := map[string][]byte{}
	for _, dir := range []string{h.dir, h.books.data} {
		if dir == "" {
			continue
		}
		require.NoError(h, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || (err == nil && !d.Type().IsRegular()) {
				return nil // a database has files that come and go
			}
			text, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			store := storeOf(path)
			if dir == h.books.data {
				store = postgresStoreOf(path)
			}
			byStore[store] = append(byStore[store], text...)
			return err
		}))
	}
	return byStore
}

func storeOf(path string) string {
	dir, name := filepath.Base(filepath.Dir(path)), filepath.Base(path)
	switch wal := strings.HasSuffix(name, "-wal"); {
	case dir == "temporal" && wal:
		return temporalWAL
	case dir == "temporal":
		return temporalFiles
	case dir == "checkpoints":
		return checkpoints
	case wal:
		return ledgerWAL
	case strings.Contains(name, ".db"):
		return ledgerFiles
	default:
		return otherFiles
	}
}

// rows are all values of all tables in the SQLite databases of a directory: in a file a long one may be cut into pages.
func (h *house) rows(ctx context.Context, dir string) []byte {
	h.Helper()
	names, err := filepath.Glob(filepath.Join(h.dir, dir, "*.db"))
	require.NoError(h, err)
	require.NotEmpty(h, names)
	var all []byte
	for _, name := range names {
		all = append(all, tables(ctx, h, "sqlite", "file:"+name+"?mode=ro&_pragma=busy_timeout(10000)", "SELECT name FROM sqlite_master WHERE type = 'table'")...)
	}
	return all
}

// tables are all values of the tables that a query names.
func tables(ctx context.Context, t require.TestingT, driver, dsn, names string) []byte {
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	var all bytes.Buffer
	for _, table := range values(ctx, t, db, names) {
		for _, value := range values(ctx, t, db, `SELECT * FROM "`+string(table)+`"`) {
			all.Write(append(value, '\n'))
		}
	}
	require.NoError(t, db.Close())
	return all.Bytes()
}

func values(ctx context.Context, t require.TestingT, db *sql.DB, query string) [][]byte {
	rows, err := db.QueryContext(ctx, query)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	row, into := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	var all [][]byte
	for rows.Next() {
		require.NoError(t, rows.Scan(into...))
		for _, value := range row {
			all = append(all, bytes.Clone(value))
		}
	}
	require.NoError(t, rows.Err())
	return all
}

// readVisibility is what lists of workflows, and the pages of each, show.
func (h *house) readVisibility(ctx context.Context) store {
	h.Helper()
	var all []byte
	for _, w := range h.workflows(ctx) {
		listed, err := proto.Marshal(w)
		require.NoError(h, err)
		described, err := h.raw.DescribeWorkflowExecution(ctx, w.GetExecution().GetWorkflowId(), w.GetExecution().GetRunId())
		require.NoError(h, err)
		page, err := proto.Marshal(described)
		require.NoError(h, err)
		all = append(append(all, listed...), page...)
	}
	return store{visibility, all}
}

func (h *house) readHistories(ctx context.Context) store {
	h.Helper()
	var all []byte
	for _, w := range h.workflows(ctx) {
		text, err := proto.Marshal(h.history(ctx, w.GetExecution().GetWorkflowId(), w.GetExecution().GetRunId()))
		require.NoError(h, err)
		all = append(all, text...)
	}
	return store{histories, all}
}

func (h *house) workflows(ctx context.Context) []*workflow.WorkflowExecutionInfo {
	h.Helper()
	var all []*workflow.WorkflowExecutionInfo
	var page []byte
	for {
		listed, err := h.raw.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{NextPageToken: page})
		require.NoError(h, err)
		all = append(all, listed.GetExecutions()...)
		if page = listed.GetNextPageToken(); len(page) == 0 {
			return all
		}
	}
}

// readLedger is what the ledger tells of notices, of the audit log and of exchanges with carriers.
func (h *house) readLedger(ctx context.Context) []store {
	h.Helper()
	books := h.neighbours.Ledger
	var told, said, leaves bytes.Buffer
	for _, w := range h.workflows(ctx) {
		id := w.GetExecution().GetWorkflowId()
		kept, err := books.Notices(ctx, id)
		require.NoError(h, err)
		require.NoError(h, json.NewEncoder(&told).Encode(kept))
		exchanged, err := books.Exchanges(ctx, id)
		require.NoError(h, err)
		for _, e := range exchanged {
			require.NoError(h, json.NewEncoder(&said).Encode(e))
			_, _ = fmt.Fprintf(&said, "%s\n%s\n", e.Request, e.Answer)
		}
	}
	for leaf, err := range books.Leaves(ctx, 0) {
		require.NoError(h, err)
		_, _ = fmt.Fprintf(&leaves, "%+v\n%s\n", leaf, leaf.Text)
	}
	return []store{{notices, told.Bytes()}, {auditLog, leaves.Bytes()}, {exchanges, said.Bytes()}}
}

func (h *house) readMetrics(ctx context.Context) store {
	h.Helper()
	desk, err := h.tells.Desk(h.raw, time.Now)
	require.NoError(h, err)
	require.NoError(h, desk.Look(ctx))
	page := httptest.NewRecorder()
	h.tells.Metrics().ServeHTTP(page, httptest.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil))
	return store{metrics, page.Body.Bytes()}
}

// babble writes a canary into every store that sealing does not cover, as somebody careless would: so a search that finds
// nothing there is shown to look there.
func (h *house) babble(ctx context.Context) {
	h.Helper()
	books, now := h.neighbours.Ledger, time.Now()
	h.logger.Warn("an order was rejected", "subscriber", holder)
	counter, err := h.tells.Meter().Int64Counter("careless")
	require.NoError(h, err)
	counter.Add(ctx, 1, metric.WithAttributes(attribute.String("subscriber", holder)))
	_, span := h.tells.Tracer().Start(ctx, "port of "+holder)
	span.End()
	started, err := h.raw.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "careless", TaskQueue: "nobody", Memo: map[string]any{"subscriber": holder}}, "Careless")
	require.NoError(h, err)
	_, err = books.PutSecret(ctx, started.GetID(), []byte(holder), now, now.Add(time.Hour))
	require.NoError(h, err)
	_, err = books.RecordNotice(ctx, ledger.Notice{ID: "nt-careless", PortID: started.GetID(), Kind: "received", Recipient: email, Channel: "email", Sealed: []byte{1}, RecordedAt: now, DueAt: now})
	require.NoError(h, err)
	require.NoError(h, books.RecordExchange(ctx, ledger.Exchange{PortID: started.GetID(), Carrier: "simulator", At: now, Method: http.MethodGet, Path: "/" + email}))
	_, err = books.CloseFence(ctx, started.GetID(), holder, porting.AuthorizationRevoked, now)
	require.NoError(h, err)
	for _, file := range []string{filepath.Join(h.checkpoints(), "careless"), filepath.Join(h.dir, "careless")} {
		require.NoError(h, os.WriteFile(file, []byte(holder), 0o600))
	}
}
