package guard

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Bearer lets whoever has its token protect one number through the API. The token itself is never kept, and the number only
// as its lock token.
type Bearer struct {
	SHA256    string    `yaml:"sha256" json:"sha256"` // of the token, in hex
	Tenant    string    `yaml:"tenant" json:"tenant"`
	Number    string    `yaml:"number" json:"number"` // lock token
	Masked    string    `yaml:"masked" json:"masked"`
	ExpiresAt time.Time `yaml:"expires_at" json:"expires_at"`
}

// NewBearer makes a token for a number, of more than 256 random bits. It is in the answer and nowhere else.
func NewBearer(number Subject, expires time.Time) (b Bearer, token string) {
	token = "psn_" + rand.Text() + rand.Text()
	return Bearer{SHA256: hashOf(token), Tenant: number.Tenant, Number: number.Token, Masked: number.Masked, ExpiresAt: expires.UTC()}, token
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func (b Bearer) subject() Subject {
	return Subject{Subject: ledger.Subject{Token: b.Number, Tenant: b.Tenant, Masked: b.Masked}}
}

// Entry is a bearer as the file has it, a list in YAML to which it can be added at the end.
func (b Bearer) Entry() ([]byte, error) { return yaml.Marshal([]Bearer{b}) }

// ReadBearers reads the bearers of a file. Codes: "bearers-unreadable" (Failed), "bearers-invalid" (Invalid), and
// "bearers-exposed" (Refused) if others than its owner may write it.
func ReadBearers(file string) (map[string]Bearer, error) {
	no := &porting.Error{Kind: porting.Failed, Code: "bearers-unreadable", Op: "read bearers", Object: file}
	info, err := os.Stat(file)
	var text []byte
	if err == nil {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		no.Detail, no.Err = "it cannot be read", err
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			no.Detail = path.Err.Error()
		}
		return nil, no
	}
	const writableByOthers = 0o022
	if info.Mode().Perm()&writableByOthers != 0 {
		no.Kind, no.Code, no.Detail, no.Next = porting.Refused, "bearers-exposed", "others than its owner may write it", "chmod 600 it"
		return nil, no
	}
	bearers, err := parseBearers(text)
	if err != nil {
		no.Kind, no.Code, no.Detail, no.Err = porting.Invalid, "bearers-invalid", err.Error(), err
		no.Next = "make an entry with `portsaga number bearer NUMBER`"
		return nil, no
	}
	return bearers, nil
}

// parseBearers returns bearers by the hash of their token.
func parseBearers(text []byte) (map[string]Bearer, error) {
	var list []Bearer
	if err := strictly(text, &list); err != nil {
		return nil, err
	}
	byHash := map[string]Bearer{}
	for i, b := range list {
		sum, err := hex.DecodeString(b.SHA256)
		_, twice := byHash[b.SHA256]
		switch {
		case err != nil || len(sum) != sha256.Size:
			return nil, fmt.Errorf("the sha256 of entry %d is not that of a token", i+1)
		case twice:
			return nil, fmt.Errorf("entry %d has the token of another one", i+1)
		case b.Number == "" || b.ExpiresAt.IsZero():
			return nil, fmt.Errorf("entry %d names no number, or does not expire", i+1)
		}
		byHash[hex.EncodeToString(sum)] = b
	}
	return byHash, nil
}

// Bearers are those of a file that changes under them: a bearer that is taken out is refused at the next request.
type Bearers struct {
	file string

	mu      sync.Mutex
	changed time.Time // when the file had changed that was read
	size    int64
	byHash  map[string]Bearer
}

// NewBearers reads nothing yet.
func NewBearers(file string) *Bearers { return &Bearers{file: file} }

// of is the bearer of a token. It is looked up by hash, so the time that this takes tells nothing of the token.
func (b *Bearers) of(token string, at time.Time) (Bearer, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.reload(); err != nil {
		return Bearer{}, false, err
	}
	bearer, known := b.byHash[hashOf(token)]
	return bearer, known && at.Before(bearer.ExpiresAt), nil
}

func (b *Bearers) reload() error {
	var changed time.Time
	var size int64
	if info, err := os.Stat(b.file); err == nil {
		changed, size = info.ModTime(), info.Size()
	}
	if b.byHash != nil && changed.Equal(b.changed) && size == b.size {
		return nil
	}
	var err error
	b.byHash, err = ReadBearers(b.file) // one that cannot be read lets nobody in
	b.changed, b.size = changed, size
	return err
}
