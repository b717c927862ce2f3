// Command portsaga-temporal is a Temporal server behind portsaga's authorizer: the stock server with the stock settings, for
// a cluster of one's own. It has no switch to run without authorization.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // schedules name time zones, and small images have none
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "portsaga-temporal:", err)
		os.Exit(1)
	}
}
