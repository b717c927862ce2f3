package evidence

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/porting"
)

// Format is the form of the file, in its manifest.
const Format = "portsaga/evidence/v1"

// Names of the files in a bundle.
const (
	fileManifest   = "manifest.json"
	fileLeaves     = "leaves.json"
	fileCheckpoint = "checkpoint.txt"
	fileEarlier    = "checkpoints.json"
	fileOrder      = "order.json"
	fileJudgements = "judgements.json"
	fileExchanges  = "exchanges.json"
	fileHistory    = "history.json"
	fileTimeline   = "transitions.json"
	documents      = "documents/"
)

// Manifest says what is in a bundle.
type Manifest struct {
	Format string            `json:"format"`
	Port   string            `json:"port"`
	Origin string            `json:"origin"` // the log
	Key    string            `json:"key"`    // that signs its checkpoints; auditors pin their own copy
	Files  map[string]string `json:"files"`  // digests by name
}

// Leaf is a leaf with the proof that it is in the log.
type Leaf struct {
	Index int64            `json:"index"`
	Text  string           `json:"leaf"` // the exact bytes
	Proof tlog.RecordProof `json:"proof"`
}

// Earlier is a checkpoint of before, with the proof that the last one goes on from it.
type Earlier struct {
	Note  string         `json:"note"`
	Proof tlog.TreeProof `json:"proof"`
}

// Order is the order in clear, where the policy lets it out.
type Order struct {
	Order porting.Order `json:"order"`
	Salt  string        `json:"salt"` // of its digest
}

// Judgement is what the fraud desk said, and by what. The evidence is there where the policy lets it out.
type Judgement struct {
	Nonce    string             `json:"nonce"`
	Said     approval.Judgement `json:"said"`
	Policy   string             `json:"policy"` // the text
	Evidence string             `json:"evidence,omitempty"`
}

// Exchange is what was said with a carrier, without what is secret or personal.
type Exchange struct {
	At      time.Time `json:"at"`
	Carrier string    `json:"carrier"`
	Step    string    `json:"step,omitempty"`
	Method  string    `json:"method"`
	Path    string    `json:"path"`
	Status  int       `json:"status,omitempty"`
	Failure string    `json:"failure,omitempty"`
	Request string    `json:"request,omitempty"`
	Answer  string    `json:"answer,omitempty"`
}

// Transition is a line of the timeline of a port that has not ended, as its saga tells it.
type Transition struct {
	At time.Time `json:"at"`
	audit.TransitionFact
}

// Bundle is a file of evidence that was opened.
type Bundle struct {
	Manifest   Manifest
	Leaves     []Leaf
	Checkpoint []byte
	Earlier    []Earlier
	Order      *Order
	Judgements []Judgement
	Exchanges  []Exchange
	History    json.RawMessage
	Documents  map[string][]byte // by digest

	Transitions []Transition
}

// Write writes the file.
func (b Bundle) Write(w io.Writer) error {
	files, err := b.files()
	if err != nil {
		return err
	}
	b.Manifest.Format, b.Manifest.Files = Format, map[string]string{}
	for name, text := range files {
		b.Manifest.Files[name] = audit.Digest(text)
	}
	if files[fileManifest], err = pretty(b.Manifest); err != nil {
		return err
	}
	out := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		entry, err := out.Create(name)
		if err != nil {
			return err
		}
		if _, err := entry.Write(files[name]); err != nil {
			return err
		}
	}
	return out.Close()
}

// WriteFiles writes the files of a bundle one behind the other, as they are before they are packed.
func (b Bundle) WriteFiles(w io.Writer) error {
	files, err := b.files()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if _, err := fmt.Fprintf(w, "%s\n%s\n", name, files[name]); err != nil {
			return err
		}
	}
	return nil
}

func (b Bundle) files() (map[string][]byte, error) {
	files := map[string][]byte{fileCheckpoint: b.Checkpoint}
	parts := map[string]any{fileLeaves: b.Leaves, fileEarlier: b.Earlier}
	if b.Order != nil {
		parts[fileOrder] = b.Order
	}
	if len(b.Judgements) > 0 {
		parts[fileJudgements] = b.Judgements
	}
	if len(b.Exchanges) > 0 {
		parts[fileExchanges] = b.Exchanges
	}
	if len(b.History) > 0 {
		parts[fileHistory] = b.History
	}
	if len(b.Transitions) > 0 {
		parts[fileTimeline] = b.Transitions
	}
	for name, part := range parts {
		text, err := pretty(part)
		if err != nil {
			return nil, err
		}
		files[name] = text
	}
	for digest, document := range b.Documents {
		files[documentName(digest)] = document
	}
	return files, nil
}

func documentName(digest string) string { return documents + strings.TrimPrefix(digest, "sha256:") }

func pretty(v any) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return text.Bytes(), err
}

// Bounds of what is read before anything is known to be signed.
const (
	maxBundle = 256 << 20
	maxFiles  = 20_000
)

// Open reads a bundle, and refuses one in which a file is missing, added or altered. It believes nothing that a file says.
func Open(file []byte) (Bundle, error) {
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil || len(archive.File) > maxFiles {
		return Bundle{}, unreadable("", "it is not a bundle of evidence")
	}
	files := map[string][]byte{}
	left := int64(maxBundle)
	for _, entry := range archive.File {
		text, err := readEntry(entry, left)
		if _, twice := files[entry.Name]; err != nil || twice {
			return Bundle{}, unreadable(entry.Name, "the file cannot be read, or is there twice")
		}
		left -= int64(len(text))
		files[entry.Name] = text
	}
	return assemble(files)
}

func readEntry(entry *zip.File, most int64) ([]byte, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("it is too large")
	}
	return text, err
}

// assemble holds the files against the manifest and reads them.
func assemble(files map[string][]byte) (Bundle, error) {
	b := Bundle{Documents: map[string][]byte{}}
	if err := json.Unmarshal(files[fileManifest], &b.Manifest); err != nil || b.Manifest.Format != Format {
		return Bundle{}, unreadable(fileManifest, "it is not a manifest of "+Format)
	}
	for name, digest := range b.Manifest.Files {
		text, there := files[name]
		if !there {
			return Bundle{}, unreadable(name, "the file is missing")
		}
		if audit.Digest(text) != digest {
			return Bundle{}, unreadable(name, "the file was altered")
		}
	}
	for name := range files {
		if _, listed := b.Manifest.Files[name]; !listed && name != fileManifest {
			return Bundle{}, unreadable(name, "the file was added")
		}
	}
	parts := map[string]any{fileLeaves: &b.Leaves, fileEarlier: &b.Earlier, fileOrder: &b.Order, fileJudgements: &b.Judgements, fileExchanges: &b.Exchanges, fileHistory: &b.History, fileTimeline: &b.Transitions}
	for name, text := range files {
		switch part, known := parts[name]; {
		case known:
			if err := json.Unmarshal(text, part); err != nil {
				return Bundle{}, unreadable(name, "it is not the JSON that it should be")
			}
		case name == fileCheckpoint:
			b.Checkpoint = text
		case strings.HasPrefix(name, documents):
			b.Documents["sha256:"+strings.TrimPrefix(name, documents)] = text
		}
	}
	return b, nil
}

func unreadable(name, detail string) error {
	return &porting.Error{
		Kind: porting.Refused, Code: "evidence-altered", Op: "open evidence", Object: name, Detail: detail,
		Next: "ask whoever exported it for the file as it was",
	}
}
