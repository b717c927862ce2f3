package config

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// DevState is where a running `portsaga dev` can be found, and how time runs there. It is kept in the local state's
// directory, so that the other commands need no settings on the same machine.
type DevState struct {
	PID       int           `json:"pid"`
	Address   string        `json:"address"` // of Temporal, host:port
	Namespace string        `json:"namespace"`
	UI        string        `json:"ui"` // URL of the Web UI
	Clock     porting.Clock `json:"clock,omitzero"`
	StartedAt time.Time     `json:"started_at"`
}

const devFile = "dev.json"

// WriteDevState replaces the state in one step: a reader sees the old one or the new one, never half of it.
func WriteDevState(dir string, s DevState) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err == nil {
		err = ReplaceFile(filepath.Join(dir, devFile), append(b, '\n'), 0o600)
	}
	if err != nil {
		return &porting.Error{
			Kind: porting.Failed, Code: "dev-state-unwritable", Op: "write", Object: filepath.Join(dir, devFile),
			Detail: reason(err), Err: err,
		}
	}
	return nil
}

// ReadDevState returns the state that was written last; found is false where there is none.
func ReadDevState(dir string) (s DevState, found bool, err error) {
	file := filepath.Join(dir, devFile)
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return DevState{}, false, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		return DevState{}, false, &porting.Error{
			Kind: porting.Failed, Code: "dev-state-unreadable", Op: "read", Object: file,
			Detail: reason(err), Next: "delete the file and start `portsaga dev` again", Err: err,
		}
	}
	return s, true, nil
}

// RemoveDevState forgets the state. It is no error if there is none.
func RemoveDevState(dir string) error {
	err := os.Remove(filepath.Join(dir, devFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Answers reports whether something listens at the address: a state may have outlived its process.
func (s DevState) Answers(ctx context.Context) bool {
	dialer := net.Dialer{Timeout: 500 * time.Millisecond}
	c, err := dialer.DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}
