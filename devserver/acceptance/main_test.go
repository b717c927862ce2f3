// Package acceptance tests portsaga as its users meet it: as a program, in processes of its own, by exit codes, by what it
// prints, by the files that it leaves behind and by what its simulated carrier was asked to do.
package acceptance

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/portsaga/portsaga/devserver/allinone"
	"github.com/portsaga/portsaga/internal/cli"
)

// In a process that has this variable the test binary is the program.
const asProgram = "PORTSAGA_ACCEPTANCE_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		program()
	}
	// These tests wait much more than they compute.
	if err := flag.Set("test.parallel", "10"); err != nil {
		panic(err)
	}
	m.Run()
}

// program is what cmd/portsaga does.
func program() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args, cli.SystemStreams(), allinone.NewDemo, allinone.NewDev)
	stop()
	os.Exit(code)
}
