package audit

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint says what a log holds at an instant: so many leaves, and the root over them. Signed, it is a note as witnesses
// of transparency logs take it: origin, size and root a line each, then our number and time.
type Checkpoint struct {
	Origin string    // which log
	Number int64     // 1 for the first; none is left out
	Size   int64     // leaves
	Root   tlog.Hash // over all of them
	At     time.Time // real time
}

// SignedCheckpoint is a checkpoint with its signatures.
type SignedCheckpoint struct {
	Checkpoint
	Note []byte
}

// Origin names the log of a ledger, by the ledger's incarnation.
func Origin(incarnation string) string { return originPrefix + incarnation }

const (
	originPrefix = "portsaga/"

	numberLine = "number "
	timeLine   = "time "
)

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n%s%d\n%s%s\n", c.Origin, c.Size, c.Root, numberLine, c.Number, timeLine, c.At.UTC().Format(time.RFC3339Nano))
}

// parseCheckpoint reads what text writes, and nothing else.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 6 {
		return Checkpoint{}, errors.New("a checkpoint has five lines")
	}
	var err [4]error
	c := Checkpoint{Origin: lines[0]}
	c.Size, err[0] = strconv.ParseInt(lines[1], 10, 64)
	c.Root, err[1] = tlog.ParseHash(lines[2])
	c.Number, err[2] = strconv.ParseInt(strings.TrimPrefix(lines[3], numberLine), 10, 64)
	c.At, err[3] = time.Parse(time.RFC3339Nano, strings.TrimPrefix(lines[4], timeLine))
	if e := errors.Join(err[:]...); e != nil {
		return Checkpoint{}, e
	}
	if c.text() != text {
		return Checkpoint{}, errors.New("it is not written as checkpoints are")
	}
	return c, nil
}

// Signer signs the checkpoints of one log.
type Signer struct {
	note.Verifier
	key  ed25519.PrivateKey
	vkey string
}

// NewSigner signs with a key under the name of a log.
func NewSigner(origin string, key ed25519.PrivateKey) (*Signer, error) {
	public, _ := key.Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return nil, err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	return &Signer{verifier, key, vkey}, nil
}

// Sign implements note.Signer.
func (s *Signer) Sign(text []byte) ([]byte, error) { return ed25519.Sign(s.key, text), nil }

// VerifierKey is what auditors pin: the name of the log and the public key, as note.NewVerifier reads them.
func (s *Signer) VerifierKey() string { return s.vkey }

// Format keeps the key out of every kind of print.
func (s *Signer) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("[checkpoint key of " + s.Name() + "]"))
}

// Checkpoint signs what a tree has come to.
func (s *Signer) Checkpoint(tree *Tree, number int64, at time.Time) (SignedCheckpoint, error) {
	root, err := tree.Root()
	if err != nil {
		return SignedCheckpoint{}, err
	}
	c := Checkpoint{Origin: s.Name(), Number: number, Size: tree.Size, Root: root, At: at.UTC().Truncate(time.Microsecond)}
	signed, err := note.Sign(&note.Note{Text: c.text()}, s)
	return SignedCheckpoint{c, signed}, err
}

// OpenCheckpoint reads a checkpoint that the key of a verifier signed, whoever else signed it too. The error is a *Finding:
// LogReplaced for one that says that it is of another log, CheckpointForged for any other.
func OpenCheckpoint(signed []byte, by note.Verifier) (SignedCheckpoint, error) {
	origin, _, _ := strings.Cut(string(signed), "\n")
	if strings.HasPrefix(origin, originPrefix) && origin != by.Name() {
		return SignedCheckpoint{}, &Finding{Code: LogReplaced, Detail: "a checkpoint is of the log " + origin + ", and this is " + by.Name()}
	}
	n, err := note.Open(signed, note.VerifierList(by))
	if err != nil {
		return SignedCheckpoint{}, &Finding{Code: CheckpointForged, Detail: "a checkpoint is not signed by " + by.Name() + ": " + err.Error()}
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil || c.Origin != by.Name() {
		return SignedCheckpoint{}, &Finding{Code: CheckpointForged, Detail: "what is signed is no checkpoint of " + by.Name()}
	}
	return SignedCheckpoint{c, signed}, nil
}
