// Package enginetest gives tests a real Temporal server. A server leaves about a hundred goroutines behind when it stops,
// so the tests of a package share one, each with its own task queue and workflow IDs.
package enginetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/devserver/engine"
)

// shared is the engine of the test binary, started by the first test that asks for it.
var shared func() (*engine.Engine, error)

// Main runs the tests of a package with one shared engine: call it from TestMain. Where options name no directory the
// files are temporary. It does not return.
func Main(m *testing.M, options engine.Options) { os.Exit(run(m, options)) }

func run(m *testing.M, options engine.Options) int {
	if options.Dir == "" {
		dir, err := os.MkdirTemp("", "portsaga-engine-")
		if err != nil {
			return fail(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		options.Dir = dir
	}
	started := false
	shared = sync.OnceValues(func() (*engine.Engine, error) {
		started = true
		return engine.Start(context.Background(), options)
	})
	code := m.Run()
	if !started {
		return code
	}
	e, err := shared()
	if err == nil {
		err = e.Stop()
	}
	if err != nil {
		return fail(err)
	}
	return code
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, "enginetest:", err)
	return 1
}

// Shared returns the engine of the test binary.
func Shared(t testing.TB) *engine.Engine {
	t.Helper()
	if shared == nil {
		require.NoError(t, errors.New("the package's TestMain does not call enginetest.Main"))
	}
	e, err := shared()
	require.NoError(t, err)
	return e
}

// Client returns a client of the shared engine, open until the test ends.
func Client(t testing.TB) client.Client {
	t.Helper()
	return Dial(t, Shared(t))
}

// Start runs an engine of the test's own, for tests that stop and restart it. It is stopped when the test ends, if the test
// has not done so; where options name no directory the files are temporary.
func Start(t testing.TB, options engine.Options) *engine.Engine {
	t.Helper()
	if options.Dir == "" {
		options.Dir = t.TempDir()
	}
	e, err := engine.Start(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Stop()) })
	return e
}

// Dial returns a client of e, open until the test ends.
func Dial(t testing.TB, e *engine.Engine) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), e.ClientOptions())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}
