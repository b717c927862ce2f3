// Package audittest has a witness of logs for tests: it takes checkpoints as C2SP's tlog-witness describes it.
package audittest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/portsaga/portsaga/internal/audit"
)

// Witness signs a checkpoint if it follows from the last one that it signed, and keeps it. It is an http.Handler.
type Witness struct {
	Key *audit.Signer
	Dir string // a file a checkpoint, as `portsaga audit verify --checkpoints` reads them

	mu   sync.Mutex
	log  note.Verifier // nil until somebody tells whose log it watches
	last audit.SignedCheckpoint
}

// NewWitness is a witness that knows no log yet: it turns everybody away.
func NewWitness(t testing.TB) *Witness {
	t.Helper()
	return &Witness{Key: NewSigner(t, "witness.example"), Dir: t.TempDir()}
}

// NewSigner signs under a name with a key of its own.
func NewSigner(t testing.TB, name string) *audit.Signer {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := audit.NewSigner(name, key)
	require.NoError(t, err)
	return signer
}

// Watch has the witness take checkpoints of a log.
func (w *Witness) Watch(log note.Verifier) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = log
}

// Seen is how many leaves the witness has seen.
func (w *Witness) Seen() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last.Size
}

// ServeHTTP implements http.Handler.
func (w *Witness) ServeHTTP(answer http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.URL.Path != "/add-checkpoint" || r.Method != http.MethodPost || w.log == nil {
		http.NotFound(answer, r)
		return
	}
	head, text, _ := strings.Cut(string(body), "\n\n")
	old, proof, _ := strings.Cut(head, "\n")
	if old != fmt.Sprintf("old %d", w.last.Size) {
		http.Error(answer, fmt.Sprint(w.last.Size), http.StatusConflict)
		return
	}
	c, err := audit.OpenCheckpoint([]byte(text), w.log)
	if err != nil {
		http.Error(answer, err.Error(), http.StatusForbidden)
		return
	}
	if w.last.Size > 0 && tlog.CheckTree(readProof(proof), c.Size, c.Root, w.last.Size, w.last.Root) != nil {
		http.Error(answer, "it does not follow", http.StatusUnprocessableEntity)
		return
	}
	signature, err := w.sign(c)
	if err != nil {
		http.Error(answer, err.Error(), http.StatusInternalServerError)
		return
	}
	w.last = c
	_, _ = answer.Write(signature)
}

func readProof(lines string) (proof tlog.TreeProof) {
	for line := range strings.Lines(lines) {
		var h tlog.Hash
		decoded, _ := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
		copy(h[:], decoded)
		proof = append(proof, h)
	}
	return proof
}

// sign keeps a checkpoint and returns the line with the witness's signature.
func (w *Witness) sign(c audit.SignedCheckpoint) ([]byte, error) {
	n, err := note.Open(c.Note, note.VerifierList(w.log))
	if err != nil {
		return nil, err
	}
	both, err := note.Sign(n, w.Key)
	if err != nil {
		return nil, err
	}
	name := filepath.Join(w.Dir, fmt.Sprintf("checkpoint-%09d.txt", c.Number))
	if err := os.WriteFile(name, both, 0o600); err != nil {
		return nil, err
	}
	return both[bytes.LastIndex(bytes.TrimSuffix(both, []byte("\n")), []byte("\n"))+1:], nil
}
