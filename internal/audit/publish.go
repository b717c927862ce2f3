package audit

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Destination is where checkpoints go, best a place that is not ours: what was signed there cannot be unsaid here.
type Destination interface {
	// Publish brings a checkpoint there, and returns it with the signatures that it got there. The same one again changes
	// nothing. An error that is a *Finding says that the place has seen another log than this one.
	Publish(ctx context.Context, c SignedCheckpoint, hashes tlog.HashReader) ([]byte, error)
	String() string
}

// OpenDestination reads a destination as settings have it: http:// or https:// is a witness, a path that ends in a slash or
// is a directory gets a file a checkpoint, any other path is one file that holds the newest.
func OpenDestination(where string) Destination {
	if strings.HasPrefix(where, "http://") || strings.HasPrefix(where, "https://") {
		return &Witness{URL: where}
	}
	if info, err := os.Stat(where); strings.HasSuffix(where, "/") || (err == nil && info.IsDir()) {
		return Directory(where)
	}
	return File(where)
}

// Directory gets a file a checkpoint, which nobody overwrites. It is meant to have another owner.
type Directory string

func (d Directory) String() string { return string(d) }

// Publish implements Destination. Another checkpoint of the same number is TailRewritten: the log went back and signed anew.
func (d Directory) Publish(_ context.Context, c SignedCheckpoint, _ tlog.HashReader) ([]byte, error) {
	name := filepath.Join(string(d), fmt.Sprintf("checkpoint-%09d.txt", c.Number))
	before, err := os.ReadFile(name)
	switch {
	case err == nil && bytes.Equal(before, c.Note):
		return c.Note, nil
	case err == nil:
		return nil, &Finding{Code: TailRewritten, Number: c.Number, Detail: fmt.Sprintf("%s holds another checkpoint %d", d, c.Number)}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return c.Note, replaceFile(name, c.Note)
}

// File holds the newest checkpoint.
type File string

func (f File) String() string { return string(f) }

// Publish implements Destination.
func (f File) Publish(_ context.Context, c SignedCheckpoint, _ tlog.HashReader) ([]byte, error) {
	return c.Note, replaceFile(string(f), c.Note)
}

// replaceFile writes a file whole or not at all. Everybody may read it: a checkpoint is made to be shown.
func replaceFile(name string, text []byte) error {
	draft, err := os.CreateTemp(filepath.Dir(name), ".checkpoint-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }() // there is none after the rename
	_, err = draft.Write(text)
	if err := errors.Join(err, draft.Chmod(0o444), draft.Sync(), draft.Close()); err != nil {
		return err
	}
	return os.Rename(draft.Name(), name)
}

// Witness is a service that signs a checkpoint only if it follows from the last one that it signed, as C2SP's tlog-witness
// describes it.
type Witness struct {
	URL  string // of the witness; add-checkpoint is asked below it
	HTTP *http.Client

	seen int64 // how far it has seen this log
}

func (w *Witness) String() string { return w.URL }

const (
	witnessPatience = 15 * time.Second
	maxCosignatures = 64 << 10
)

// Publish implements Destination. A witness that has seen more leaves than there are is LogShorter, one that finds that what
// it has seen is not in this log is TailRewritten.
func (w *Witness) Publish(ctx context.Context, c SignedCheckpoint, hashes tlog.HashReader) ([]byte, error) {
	for {
		body, err := addCheckpoint(c, w.seen, hashes)
		if err != nil {
			return nil, err
		}
		status, answer, err := w.post(ctx, body)
		if err != nil {
			return nil, err
		}
		switch status {
		case http.StatusOK:
			w.seen = c.Size
			return append(bytes.Clone(c.Note), answer...), nil
		case http.StatusConflict:
			if err := w.goOnFrom(string(answer), c); err != nil {
				return nil, err
			}
		case http.StatusUnprocessableEntity:
			return nil, &Finding{Code: TailRewritten, Number: c.Number, Detail: fmt.Sprintf("the witness does not find the %d leaves that it has seen in this log", w.seen)}
		default:
			return nil, fmt.Errorf("the witness answers %d", status)
		}
	}
}

// goOnFrom takes a witness's word for how far it has seen the log.
func (w *Witness) goOnFrom(answer string, c SignedCheckpoint) error {
	size, err := strconv.ParseInt(strings.TrimSpace(answer), 10, 64)
	switch {
	case err != nil || size == w.seen:
		return fmt.Errorf("the witness does not take the checkpoint, and does not say from where to go on")
	case size > c.Size:
		return &Finding{Code: LogShorter, Number: c.Number, Detail: fmt.Sprintf("the witness has seen %d leaves, and the log has %d", size, c.Size)}
	}
	w.seen = size
	return nil
}

// addCheckpoint is what a witness is asked: from where, the proof that what is new follows, and the checkpoint.
func addCheckpoint(c SignedCheckpoint, from int64, hashes tlog.HashReader) ([]byte, error) {
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", from)
	if from > 0 && from < c.Size {
		proof, err := tlog.ProveTree(c.Size, from, hashes)
		if err != nil {
			return nil, err
		}
		for _, h := range proof {
			fmt.Fprintln(&body, base64.StdEncoding.EncodeToString(h[:]))
		}
	}
	fmt.Fprintf(&body, "\n%s", c.Note)
	return body.Bytes(), nil
}

func (w *Witness) post(ctx context.Context, body []byte) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, witnessPatience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(w.URL, "/")+"/add-checkpoint", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	client := w.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxCosignatures))
	return response.StatusCode, answer, err
}

// ReadCheckpoints reads what a Directory or a File holds, in the order of the numbers. They are not verified.
func ReadCheckpoints(where string) ([][]byte, error) {
	info, err := os.Stat(where)
	if err != nil {
		return nil, err
	}
	names := []string{where}
	if info.IsDir() {
		if names, err = filepath.Glob(filepath.Join(where, "checkpoint-*.txt")); err != nil {
			return nil, err
		}
	}
	var all [][]byte
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, nil
}
