// Package engine runs a real Temporal server and its Web UI inside this process: SQLite files for storage, loopback
// for every port, nothing to install. A process that was killed continues its workflows at the next Start.
//
// It serves a first look, development and one small desk; docs/embedded-engine.md says what it does not serve.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/temporal"
)

// Engine is a running server with its Web UI. Its methods may be called from any goroutine.
type Engine struct {
	options Options
	ports   ports
	lock    *directoryLock
	server  temporal.Server
	logs    *serverLogger
	ui      *webUI
	stop    func() error
}

// Start runs the server and the Web UI on the files in options.Dir and returns when both answer and every search
// attribute can be used. It refuses a directory that another process has open and files of another server version; these
// errors, like a taken port, are *porting.Error. ctx bounds the start only: a running engine ends with Stop.
func Start(ctx context.Context, options Options) (*Engine, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Engine{options: options, logs: newServerLogger(options.Logger, options.Verbose)}
	e.stop = sync.OnceValue(e.shutDown)
	if err := e.start(ctx); err != nil {
		return nil, errors.Join(err, e.Stop())
	}
	e.logs.running.Store(true)
	return e, nil
}

func (e *Engine) start(ctx context.Context) (err error) {
	if e.lock, err = lockDirectory(e.options.Dir); err != nil {
		return err
	}
	if err = prepare(ctx, e.options); err != nil {
		return err
	}
	if e.ports, err = choosePorts(e.options); err != nil {
		return err
	}
	if err = e.startServer(); err != nil {
		return err
	}
	if err = e.registerSearchAttributes(ctx); err != nil {
		return err
	}
	e.ui = startWebUI(e.options, e.ports)
	return e.ui.awaitReady(ctx)
}

func prepare(ctx context.Context, o Options) error {
	if o.Postgres != "" {
		return preparePostgres(ctx, o)
	}
	return prepareFiles(ctx, o)
}

func (e *Engine) startServer() error {
	nameBinary()
	if err := createNamespace(e.options); err != nil {
		return err
	}
	server, err := newServer(e.options, e.ports, e.logs)
	if err != nil {
		return fmt.Errorf("engine: configure the server: %w", err)
	}
	e.server = server
	if err := server.Start(); err != nil {
		return fmt.Errorf("engine: start the server: %w", err)
	}
	return nil
}

// FrontendAddress is the host:port of the server's gRPC frontend.
func (e *Engine) FrontendAddress() string { return loopback(e.ports.frontend) }

// UIAddress is the base URL of the Web UI.
func (e *Engine) UIAddress() string { return "http://" + loopback(e.ports.ui) }

// Namespace is the namespace that the engine created.
func (e *Engine) Namespace() string { return e.options.Namespace }

// ClientOptions connects an SDK client to this engine, without the SDK's gzip: over loopback it costs time and saves nothing.
func (e *Engine) ClientOptions() client.Options {
	return clientOptions(e.FrontendAddress(), e.options.Namespace)
}

// Stop ends the Web UI and the server, folds the write-ahead logs into their files and releases the directory. It returns
// when all of it is done; later calls return the same result.
func (e *Engine) Stop() error { return e.stop() }

func (e *Engine) shutDown() error {
	e.logs.running.Store(false)
	var failures []error
	if e.ui != nil {
		e.ui.stop()
	}
	if e.server != nil {
		failures = append(failures, e.server.Stop())
	}
	if e.server != nil && e.options.Postgres == "" {
		failures = append(failures, checkpointFiles(e.options))
	}
	if e.lock != nil {
		failures = append(failures, e.lock.release())
	}
	return errors.Join(failures...)
}

func clientOptions(address, namespace string) client.Options {
	return client.Options{
		HostPort:          address,
		Namespace:         namespace,
		Logger:            sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{GrpcCompression: &client.GrpcCompressionNone{}},
	}
}
