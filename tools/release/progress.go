package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// tell says on a terminal what runs and for how long, until what it returns is called, which says how long it took.
func (r runner) tell(what string) (done func()) {
	began, over, quiet := time.Now(), make(chan struct{}), make(chan struct{})
	elapsed := func() time.Duration { return time.Since(began).Round(time.Second) }
	go func() {
		defer close(quiet)
		for tick := time.Tick(time.Second); isTerminal(r.out); {
			fmt.Fprintf(r.out, "\r\x1b[2K%s, %s", what, elapsed())
			select {
			case <-tick:
			case <-over:
				fmt.Fprint(r.out, "\r\x1b[2K")
				return
			}
		}
	}()
	return func() {
		close(over)
		<-quiet
		fmt.Fprintf(r.out, "%s: %s\n", what, elapsed())
	}
}

func isTerminal(out io.Writer) bool {
	file, is := out.(*os.File)
	if !is {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
