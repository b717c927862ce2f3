// Package outage kills the engine, the worker and the ledger, each as a loss of power does, while counterparties wait for our
// answer. The carrier is not ours and stays up: it says whether the answer was there in time, or the numbers were gone.
package outage

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"

	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/internal/cli"
	"github.com/portsaga/portsaga/workflows"
)

// In a process that has one of these variables the test binary is the lean program, or an engine on a port.
const (
	asProgram = "PORTSAGA_OUTAGE_PROGRAM"
	asEngine  = "PORTSAGA_OUTAGE_ENGINE"
)

func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch {
	case os.Getenv(asProgram) != "":
		os.Exit(cli.Main(ctx, os.Args, cli.SystemStreams()))
	case os.Getenv(asEngine) != "":
		if err := serveEngine(ctx, os.Getenv(asEngine)); err != nil {
			slog.Error("the engine ended", "error", err)
			os.Exit(1)
		}
	default:
		stop() // an interrupt ends the tests
		// These tests wait much more than they compute.
		if err := flag.Set("test.parallel", "3"); err != nil {
			panic(err)
		}
		m.Run()
	}
}

// serveEngine runs an engine in the present directory until ctx ends.
func serveEngine(ctx context.Context, port string) error {
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	e, err := engine.Start(ctx, engine.Options{Dir: "temporal", FrontendPort: number, SearchAttributes: workflows.SearchAttributes()})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return e.Stop()
}
