package sealing_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/portsaga/portsaga/internal/codec"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/sealing"
)

// A service and a worker of the same deployment read one another.
func TestSeal(t *testing.T) {
	t.Parallel()
	keys := sealing.Keys{Store: filepath.Join(t.TempDir(), "ledger.db"), TenantKeys: filepath.Join(t.TempDir(), "tenant-keys")}
	books, err := ledger.Open(t.Context(), keys.Store)
	require.NoError(t, err)
	defer books.Close()
	require.NoError(t, codec.TenantKeys(keys.TenantKeys).Ready())

	options := client.Options{Namespace: "portsaga"}
	service, err := sealing.Seal(&options, keys)
	require.NoError(t, err)
	defer service.Close()
	at := converter.WorkflowSerializationContext{Namespace: "portsaga", WorkflowID: "pi-1"}
	sealed, err := converter.WithDataConverterSerializationContext(options.DataConverter, at).ToPayload(porting.PortInput{ID: "pi-1"})
	require.NoError(t, err)
	require.True(t, codec.IsSealed(sealed))

	var in porting.PortInput
	worker := codec.NewRing(books.Keys(), codec.TenantKeys(keys.TenantKeys)).Converter("portsaga").WithSerializationContext(at)
	require.NoError(t, worker.FromPayload(sealed, &in))
	require.Equal(t, "pi-1", in.ID)
}
