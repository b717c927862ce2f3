package cli

import "syscall"

// leaveNoCore keeps the memory of this process, which holds what is sealed everywhere else, out of files: neither the kernel
// nor a program that it hands cores to gets one, and nobody of the same user can look into it.
func leaveNoCore() {
	_ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) // a process may always have less
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_DUMPABLE, 0, 0)
}
