package codec

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/core/registry"
	"github.com/tink-crypto/tink-go/v2/testing/fakekms"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/porting"
)

var errDown = errors.New("connection refused")

// worker is the data converter of a worker's sagas.
func (w *world) worker(r *Ring) converter.DataConverter {
	o := client.Options{Namespace: namespace}
	r.SealWorker(&o)
	return converter.WithDataConverterSerializationContext(o.DataConverter, saga(port))
}

// The key store is down for a minute while 200 workflow tasks are at work. Each task that fails is brought again, as the
// server does it; no workflow is ever given an error.
func TestKeyStoreDownForAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sealed := w.start(t, port, "acme")
	w.shelf.down = func() error {
		if w.Ring.now().Before(noon.Add(time.Minute)) {
			return errDown
		}
		return nil
	}
	const tasks = 200
	var failedTasks, failedWorkflows, done int
	var mu sync.Mutex
	var running sync.WaitGroup
	for range tasks {
		running.Go(func() {
			dc := w.worker(w.ring()) // nothing in its memory
			for {
				panicked, err := attempt(dc, sealed)
				mu.Lock()
				switch {
				case panicked != nil:
					failedTasks++
				case err != nil:
					failedWorkflows++
				default:
					done++
				}
				mu.Unlock()
				if panicked == nil {
					return
				}
			}
		})
	}
	running.Wait()
	t.Logf("%d workflows: %d failed, %d of their tasks were brought again, %d asks of the store", tasks, failedWorkflows, failedTasks, w.shelf.asks)
	require.Zero(t, failedWorkflows)
	require.Equal(t, tasks, done)
	require.Positive(t, failedTasks)
}

// attempt is a workflow task that opens a payload.
func attempt(dc converter.DataConverter, p *commonpb.Payload) (panicked any, err error) {
	defer func() { panicked = recover() }()
	var in porting.PortInput
	return nil, dc.FromPayload(p, &in)
}

// A worker's activities and every other caller get an error that may be tried again.
func TestKeyStoreDownForACall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sealed := w.start(t, port, "acme")
	r := w.ring()
	w.shelf.down = func() error { return errDown }

	var in porting.PortInput
	inActivity := Converter{codec: Codec{ring: r, namespace: namespace, panics: true}}.WithContext(t.Context()).(Converter)
	err := inActivity.WithSerializationContext(stepOf(port)).FromPayload(sealed, &in)
	requireCode(t, err, porting.Failed, "keys-unavailable")
	require.ErrorIs(t, err, errDown)
	require.GreaterOrEqual(t, w.Ring.now().Sub(noon), patience-longestPause, "it was waited out for a while")

	_, err = r.Converter(namespace).WithSerializationContext(saga(port)).ToPayload("x")
	requireCode(t, err, porting.Failed, "keys-unavailable")
}

// What was forged is an error for the saga, which rolls back; only faults of the key store fail its task.
func TestForgeriesAreErrorsInASaga(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, port, "acme")
	plain, err := converter.GetDefaultDataConverter().ToPayload(porting.Findings{Risk: porting.RiskLow})
	require.NoError(t, err)
	panicked, err := attempt(w.worker(w.Ring), plain)
	require.Nil(t, panicked)
	requireCode(t, err, porting.Refused, "payload-plain")
}

func TestKeysAreKeptForAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sealed := w.start(t, port, "acme")
	asked := w.shelf.asks
	var in porting.PortInput
	require.NoError(t, w.of(port).FromPayload(sealed, &in))
	require.Equal(t, asked, w.shelf.asks, "no look at the store")

	w.shelf.erase(port)
	w.pass(KeyLife)
	err := w.of(port).FromPayload(sealed, &in)
	requireCode(t, err, porting.Refused, "port-erased")
	require.ErrorContains(t, err, "2026-03-02T12:00:00Z by carla")
	_, err = w.of(port).ToPayload(porting.PortInput{ID: port})
	requireCode(t, err, porting.Refused, "port-erased")
}

func TestRingForgetsWhatIsTooMuch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, port, "acme")
	key := w.keys[port]
	for i := range maxKeys {
		w.keep(fmt.Sprint("pi-of-many-", i), key)
	}
	require.LessOrEqual(t, len(w.keys), maxKeys)
	require.NoError(t, w.of(port).FromPayload(w.seal(t, port, "x"), new(string)), "it comes back by one look")
}

func TestRotate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.start(t, port, "acme"), w.start(t, another, "beta")
	w.start(t, "pi-erased", "acme")
	w.shelf.erase("pi-erased")
	before := w.shelf.rows[port].Wrapped
	w.pass(time.Hour)

	done, err := w.Rotate(t.Context(), w.file)
	require.NoError(t, err)
	require.Equal(t, Rotation{Wrapped: 2, Erased: 1}, done)
	require.NotEqual(t, before, w.shelf.rows[port].Wrapped)
	require.Equal(t, noon.Add(time.Hour), w.shelf.rows[port].WrappedAt)

	text, err := os.ReadFile(string(w.file))
	require.NoError(t, err)
	roots := strings.Fields(string(text))
	require.Len(t, roots, 2)
	require.NoError(t, os.WriteFile(string(w.file), []byte(roots[1]), 0o600), "the old root is not needed any more")
	var in porting.PortInput
	fresh := w.ring().Converter(namespace)
	require.NoError(t, fresh.WithSerializationContext(saga(port)).FromPayload(first, &in))
	require.NoError(t, fresh.WithSerializationContext(saga(another)).FromPayload(second, &in))
}

// A data key that was moved to another tenant's or another order's row does not open there.
func TestDataKeysAreBoundToTheirRow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, port, "acme")
	sealed := w.start(t, another, "beta")
	row := w.shelf.rows[port]
	row.Owner = another
	w.shelf.rows[another] = row
	var in porting.PortInput
	requireCode(t, w.ring().Converter(namespace).WithSerializationContext(saga(another)).FromPayload(sealed, &in), porting.Failed, "keys-unavailable")
}

func TestTenantKeysFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(t *testing.T, file string)
		code  string
	}{
		"missing":     {func(t *testing.T, file string) { require.NoError(t, os.Remove(file)) }, "tenant-keys-unusable"},
		"open to all": {func(t *testing.T, file string) { require.NoError(t, os.Chmod(file, 0o644)) }, "tenant-keys-exposed"},
		"cut short":   {func(t *testing.T, file string) { require.NoError(t, os.Truncate(file, 10)) }, "tenant-keys-invalid"},
		"empty":       {func(t *testing.T, file string) { require.NoError(t, os.Truncate(file, 0)) }, "tenant-keys-invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.spoil(t, string(w.file))
			_, err := w.file.At(localPlace, "acme")
			require.Equal(t, c.code, porting.CodeOf(err))
			require.Error(t, w.file.addRoot())
		})
	}
}

func TestTenantKeysFileIsMadeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before, err := os.ReadFile(string(w.file))
	require.NoError(t, err)
	require.NoError(t, w.file.Ready())
	after, err := os.ReadFile(string(w.file))
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// A KMS is whatever has a client in tink's registry.
func TestTenantKeysInAKMS(t *testing.T) {
	t.Parallel()
	uri, err := fakekms.NewKeyURI()
	require.NoError(t, err)
	service, err := fakekms.NewClient(uri)
	require.NoError(t, err)
	registry.RegisterKMSClient(service)

	w := newWorld(t)
	old := w.start(t, port, "acme")
	w.Ring = NewRing(w.shelf, TenantKeys(uri))
	w.start(t, another, "acme")
	require.Equal(t, uri, w.shelf.rows[another].KEK)
	require.NoError(t, w.Ring.Converter(namespace).WithSerializationContext(saga(another)).FromPayload(w.seal(t, another, "x"), new(string)))
	require.Error(t, w.of(port).FromPayload(old, new(porting.PortInput)), "the file is not there for this process")

	require.Equal(t, "gcp-kms://keys/acme", TenantKeys("gcp-kms://keys/{tenant}").Place("acme"))
	_, err = TenantKeys("unheard-of://keys").At("unheard-of://keys", "acme")
	require.Equal(t, "tenant-keys-unknown", porting.CodeOf(err))
}

func TestFailuresAreSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, port, "acme")
	o := client.Options{Namespace: namespace}
	w.Seal(&o)
	fc := converter.WithFailureConverterSerializationContext(o.FailureConverter, saga(port))
	failure := fc.ErrorToFailure(temporal.NewNonRetryableApplicationError("the name of Jane Doe differs", "order-differs", nil, "detail of Jane"))
	require.NotContains(t, failure.String(), "Jane")
	require.Equal(t, "order-differs", failure.GetApplicationFailureInfo().GetType())
	require.Equal(t, "order-differs; what it says is sealed", failure.GetMessage())
	require.ErrorContains(t, fc.FailureToError(failure), "Jane Doe")
	require.Equal(t, "failed; what it says is sealed", fc.ErrorToFailure(temporal.NewCanceledError()).GetMessage())
}

// A fault is told also while nothing can be sealed, and then without its words.
func TestFailuresWithoutAKeyStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, port, "acme")
	o := client.Options{Namespace: namespace}
	w.ring().SealWorker(&o)
	w.shelf.down = func() error { return errDown }
	fc := converter.WithFailureConverterSerializationContext(o.FailureConverter, saga(port))
	failure := fc.ErrorToFailure(temporal.NewNonRetryableApplicationError("the name of Jane Doe differs", "order-differs", nil))
	require.NotContains(t, failure.String(), "Jane")
	require.Equal(t, "order-differs", failure.GetApplicationFailureInfo().GetType())
	require.True(t, failure.GetApplicationFailureInfo().GetNonRetryable())
	require.False(t, fc.ErrorToFailure(errDown).GetApplicationFailureInfo().GetNonRetryable())
}
