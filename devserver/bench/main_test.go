package bench

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// The test binary is the engine's process, too: it is started as the program would be.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "bench" && os.Args[2] == "engine" {
		if err := serveEngine(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}
