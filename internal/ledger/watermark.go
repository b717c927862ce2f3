package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Watermark remembers, in a file outside the database, how far the ledger had come. With it a gate notices that the
// database was restored from an older backup, fell back to a replica that lagged behind, or was replaced.
//
// It cannot see what was changed after its last Check and then lost. Nor can it see a restored database that was changed
// as often again before the next Check as it had lost changes. So a gate checks when it starts, before each activation,
// and every few seconds between: a Check that finds nothing new is one read. The file belongs to one process, and must
// lie where no backup of the database, and no snapshot of its machine, brings back an old one. A file that is removed
// leaves nothing to compare with; whoever can do that is trusted.
//
// It is safe for concurrent use.
type Watermark struct {
	file string

	mu   sync.Mutex
	last mark
}

// mark is how far a ledger had come when it was last seen. The zero mark has seen none.
type mark struct {
	Incarnation string `json:"incarnation"`
	Changes     int64  `json:"changes"`
}

// OpenWatermark reads the watermark that a file holds; a file that is missing is made by the first Check. Codes of Failed:
// "watermark-unavailable" and "watermark-invalid". A gate that meets either must not go on without a person.
func OpenWatermark(file string) (*Watermark, error) {
	w := &Watermark{file: file}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err != nil {
		return nil, w.no("watermark-unavailable", "its file cannot be read: "+err.Error(), err)
	}
	if err := json.Unmarshal(text, &w.last); err != nil || w.last.Incarnation == "" {
		return nil, w.no("watermark-invalid", "its file does not hold a watermark", err)
	}
	return w, nil
}

// Check compares the ledger with the watermark. A ledger that lies behind it, or is another one, is put in quarantine;
// then the watermark follows it. The state returned says whether activations are refused. A fault, of the database or of
// the file (code "watermark-unavailable"), leaves the watermark as it was.
func (w *Watermark) Check(ctx context.Context, l *Ledger, at time.Time) (State, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	state, err := l.State(ctx)
	if err != nil {
		return State{}, err
	}
	if why, seen := w.last.suspect(state); why != "" {
		if state, err = l.quarantine(ctx, why, at, seen); err != nil {
			return State{}, err
		}
	}
	next := mark{state.Incarnation, state.Changes}
	if next == w.last {
		return state, nil
	}
	if err := next.write(w.file); err != nil {
		return State{}, w.no("watermark-unavailable", "its file cannot be written: "+err.Error(), err)
	}
	w.last = next
	return state, nil
}

// suspect says why a ledger is not the one of the mark, and how many changes of this same ledger were seen. An empty
// reason means that it is.
func (m mark) suspect(s State) (why string, seen int64) {
	switch {
	case m.Incarnation == "":
		return "", 0
	case m.Incarnation != s.Incarnation:
		return fmt.Sprintf("this is another ledger (%s) than the one that was in use (%s)", s.Incarnation, m.Incarnation), 0
	case s.Changes < m.Changes:
		return fmt.Sprintf("it has seen %d changes and had seen %d: it was restored from an older backup", s.Changes, m.Changes), m.Changes
	}
	return "", 0
}

// write replaces the file whole, readable by its owner alone: a crash leaves the old mark or the new one.
func (m mark) write(file string) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(file), ".watermark-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }() // there is none after the rename
	_, err = draft.Write(text)
	err = errors.Join(err, draft.Sync(), draft.Close())
	if err != nil {
		return err
	}
	return os.Rename(draft.Name(), file)
}

func (w *Watermark) no(code, detail string, err error) error {
	return &porting.Error{
		Kind: porting.Failed, Code: code, Op: "check watermark", Object: filepath.Base(w.file), Detail: detail,
		Next: "find out what became of the file; until then no activation is safe", Err: err,
	}
}
