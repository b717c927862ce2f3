package allinone

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/portsaga/portsaga/porting"
)

const clockFile = "clock.json"

// readClock is the clock with which a directory was first used.
func readClock(dir string) (clock porting.Clock, found bool, err error) {
	file := filepath.Join(dir, clockFile)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return clock, false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &clock)
	}
	if err != nil {
		return clock, false, clockError(file, err)
	}
	return clock, true, nil
}

// keepClock writes the clock that a directory lives by, once.
func keepClock(dir string, clock porting.Clock) error {
	file := filepath.Join(dir, clockFile)
	text, err := json.Marshal(clock)
	if err != nil {
		return clockError(file, err)
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		_, err = f.Write(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return clockError(file, err)
	}
	return nil
}

func clockError(file string, err error) error {
	return &porting.Error{
		Kind: porting.Failed, Code: "clock-unusable", Op: "use clock", Object: file, Detail: err.Error(),
		Next: "choose a directory that you may write to", Err: err,
	}
}

// freeOr is the port if nobody has it, and otherwise 0, which picks a free one.
func freeOr(port int) int {
	if port == 0 {
		return 0
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil || l.Close() != nil {
		return 0
	}
	return port
}
