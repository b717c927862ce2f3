// Command portsaga is the lean build: every command but demo and dev, which the all-in-one build in devserver/ has.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/portsaga/portsaga/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Main(ctx, os.Args, cli.SystemStreams())
	stop()
	os.Exit(code)
}
