package bench

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/codec"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// What runs often allocates little: a number above its bound is a step back, on any machine. These tests measure, so none of them
// runs beside others.

func TestTransitionAllocates(t *testing.T) {
	at := time.Date(2026, time.January, 13, 15, 0, 0, 0, time.UTC)
	ports := make([]*porting.Port, 102)
	for i := range ports {
		ports[i] = porting.NewPort(porting.PortInput{ID: "pi-1"})
	}
	next := 0
	within(t, "allocations", testing.AllocsPerRun(100, func() {
		if ports[next].Move(porting.EventReceived, at, "ana", "") != nil {
			panic("the first move of a port is legal")
		}
		next++
	}), 1.0)
}

func TestStatementAllocates(t *testing.T) {
	challenge := porting.Challenge{Port: "pi-1", Run: "r-1"}
	at := time.Date(2026, time.January, 13, 15, 0, 0, 0, time.UTC)
	within(t, "allocations", testing.AllocsPerRun(100, func() {
		if _, err := approval.Encode(challenge.Statement(porting.Approve, "", at, porting.StatementLife)); err != nil {
			panic(err)
		}
	}), 170.0)
}

func TestSealAllocates(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "ledger.db")
	books, err := ledger.Open(t.Context(), file) // makes the table of keys
	require.NoError(t, err)
	require.NoError(t, books.Close())
	keys, err := ledger.OpenKeys(file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, keys.Close()) })
	tenants := codec.TenantKeys(filepath.Join(dir, "tenant-keys"))
	require.NoError(t, tenants.Ready())
	saga := codec.NewRing(keys, tenants).Converter("portsaga").
		WithSerializationContext(converter.WorkflowSerializationContext{Namespace: "portsaga", WorkflowID: "pi-1"})
	_, err = saga.ToPayload(porting.PortInput{ID: "pi-1"}) // makes the key
	require.NoError(t, err)
	within(t, "allocations", testing.AllocsPerRun(100, func() {
		if _, err := saga.ToPayload("Screen the order"); err != nil {
			panic(err)
		}
	}), 25.0)
}
