//go:build unix && !linux

package cli

import "syscall"

// leaveNoCore keeps the memory of this process, which holds what is sealed everywhere else, out of core files.
func leaveNoCore() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) // a process may always have less
}
