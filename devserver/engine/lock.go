package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/portsaga/portsaga/porting"
)

// directoryLock keeps a second engine out of a data directory. The operating system holds it, so that it ends with the
// process however the process ends; the file stays behind and means nothing by itself.
type directoryLock struct{ file *os.File }

// held keeps locked files from the garbage collector, which closes what nobody refers to: a program that forgets its Engine
// has a running server all the same.
var held sync.Map // of *os.File

func lockDirectory(dir string) (*directoryLock, error) {
	file, err := os.OpenFile(filepath.Join(dir, "engine.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, directoryError(dir, err)
	}
	if err := tryLock(file); err != nil {
		holder := readHolder(file)
		_ = file.Close()
		return nil, &porting.Error{
			Kind: porting.Refused, Code: "engine-directory-in-use", Op: "start engine", Object: dir,
			Detail: "another engine has the directory open" + holder, Next: "stop that one, or use another directory", Err: err,
		}
	}
	if err := writeHolder(file); err != nil {
		_ = file.Close()
		return nil, directoryError(dir, err)
	}
	held.Store(file, struct{}{})
	return &directoryLock{file: file}, nil
}

// release closes the file, and with it the lock.
func (l *directoryLock) release() error {
	held.Delete(l.file)
	return l.file.Close()
}

// readHolder names the process that wrote itself into the lock file, as far as it can be read.
func readHolder(file *os.File) string {
	buffer := make([]byte, 32)
	n, _ := file.ReadAt(buffer, 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(buffer[:n])))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (process %d)", pid)
}

func writeHolder(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}
