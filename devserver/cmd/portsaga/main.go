// Command portsaga, all in one: the same commands as the lean build, and demo and dev on an embedded engine.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/portsaga/portsaga/devserver/allinone"
	"github.com/portsaga/portsaga/devserver/bench"
	"github.com/portsaga/portsaga/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args, cli.SystemStreams(), allinone.NewDemo, allinone.NewDev, bench.NewCommand)
	stop()
	os.Exit(code)
}
