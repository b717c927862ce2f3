package simulator

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// line is one thing that happened at the carrier. The lines in their order are its whole state.
type line struct {
	Line   int         `json:"line"`
	At     time.Time   `json:"at"` // business time
	Ref    carrier.Ref `json:"ref,omitzero"`
	Effect string      `json:"effect"`

	RequestID string           `json:"request_id,omitempty"` // of a request of ours
	Reference string           `json:"reference,omitempty"`  // of submitted and scenario-chosen
	Scenario  string           `json:"scenario,omitempty"`   // of submitted and scenario-chosen
	Numbers   []porting.Number `json:"numbers,omitempty"`    // of submitted and supplemented
	DDD       time.Time        `json:"ddd,omitzero"`         // of submitted and supplemented
	FOC       time.Time        `json:"foc,omitzero"`         // of confirmed and foc-changed
	Reason    *Reason          `json:"reason,omitempty"`     // of rejected, cancel-asked and reversal-asked
	Left      []NumberView     `json:"left,omitempty"`       // of confirmed and activated: numbers that stay behind
	Job       *jobKey          `json:"job,omitempty"`        // of a step that the carrier did by itself
	PortOut   *portOutLine     `json:"port_out,omitempty"`   // of what happens to a port-out
	Webhook   string           `json:"webhook,omitempty"`    // ID of the webhook that tells of it, or was delivered
}

// journal is an append-only file of lines. The nil journal keeps nothing.
type journal struct {
	file *os.File
	end  int64 // behind the last whole line
}

// openJournal reads every whole line of a file and continues behind them. A last line that a power cut tore off was never
// answered to anybody, and is dropped.
func openJournal(path string, replay func(line) error) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, badState(path, err)
	}
	j := &journal{file: file}
	if err := errors.Join(j.readAll(replay), j.rewind()); err != nil {
		return nil, badState(path, errors.Join(err, file.Close()))
	}
	return j, nil
}

func (j *journal) readAll(replay func(line) error) error {
	r := bufio.NewReader(j.file)
	for {
		text, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return err
		}
		if err := replay(l); err != nil {
			return err
		}
		j.end += int64(len(text))
	}
}

// write appends a line; durable makes it survive a power cut before write returns.
func (j *journal) write(l line, durable bool) error {
	if j == nil {
		return nil
	}
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if _, err := j.file.Write(text); err != nil {
		return errors.Join(err, j.rewind())
	}
	if durable {
		if err := j.file.Sync(); err != nil {
			return errors.Join(err, j.rewind())
		}
	}
	j.end += int64(len(text))
	return nil
}

// rewind takes away whatever stands behind the last whole line.
func (j *journal) rewind() error {
	if err := j.file.Truncate(j.end); err != nil {
		return err
	}
	_, err := j.file.Seek(j.end, io.SeekStart)
	return err
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	return j.file.Close()
}

func badState(path string, err error) error {
	return &porting.Error{
		Kind: porting.Failed, Code: "simulator-state-unreadable", Op: "open simulator state", Object: path,
		Detail: err.Error(), Next: "move the file away to begin anew", Err: err,
	}
}
