package bench

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/portsaga/portsaga/devserver/engine"
)

// The test binary is the engine's process, too: it is started as the program would be.
func TestMain(m *testing.M) {
	if len(os.Args) == 7 && os.Args[1] == "bench" { // bench engine --dir DIR --synchronous HOW
		if err := serveEngine(context.Background(), os.Args[4], engine.Synchronous(os.Args[6]), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}
