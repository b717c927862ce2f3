//go:build unix

package bench

import (
	"syscall"
	"time"
)

// processorTime is what this process has had of the processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// apart keeps the terminal's Ctrl-C from the engine: it stops when its parent does.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
