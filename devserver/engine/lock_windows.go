package engine

import (
	"os"

	"golang.org/x/sys/windows"
)

// tryLock locks one byte far behind the content, because a locked byte cannot be read by others.
func tryLock(file *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	return windows.LockFileEx(windows.Handle(file.Fd()), flags, 0, 1, 0, &windows.Overlapped{Offset: 1 << 30})
}
