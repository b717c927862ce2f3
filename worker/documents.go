package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/telnyx"
	"github.com/portsaga/portsaga/carrier/twilio"
	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/letter"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// MaxDocument is the largest document that is taken, in bytes: what every carrier takes.
const MaxDocument = 10 << 20

// Documents keeps the files that go with orders sealed in the ledger.
type Documents struct {
	ledger *ledger.Ledger
	vault  *vault.Vault
}

// NewDocuments returns the documents of an open ledger and vault.
func NewDocuments(l *ledger.Ledger, v *vault.Vault) *Documents { return &Documents{l, v} }

// Add keeps a document and returns the digest by which orders name it. Code of Invalid: "document-invalid".
func (d *Documents) Add(ctx context.Context, kind string, content []byte, at time.Time) (string, error) {
	if len(content) == 0 || len(content) > MaxDocument {
		return "", &porting.Error{
			Kind: porting.Invalid, Code: "document-invalid", Op: "add document", Detail: "it is empty, or larger than 10 MB",
			Next: "make it smaller, or split it",
		}
	}
	sum := sha256.Sum256(content)
	digest := hex.EncodeToString(sum[:])
	sealed := d.vault.Seal(placeOf(digest), porting.Secret(content))
	if err := d.ledger.PutDocument(ctx, ledger.Document{SHA256: digest, Kind: kind, Sealed: sealed, AddedAt: at}); err != nil {
		return "", err
	}
	return digest, d.fingerprint(ctx, kind, digest, content)
}

// fingerprint keeps what a letter's text is like, so that the fraud desk can compare letters without reading them. A scan has no text.
func (d *Documents) fingerprint(ctx context.Context, kind, digest string, content []byte) error {
	if kind != porting.DocumentLOA {
		return nil
	}
	key := []byte(d.vault.Token("letter", "fingerprint")) // the same for every letter, and for nobody without the vault's
	own := fraud.FingerprintOf(key, letter.Text(content))
	if own == "" {
		return nil
	}
	return d.ledger.KeepLetterPrint(ctx, digest, string(own))
}

// placeOf is the place at which the vault opens a document, and no other.
func placeOf(digest string) string { return "document/" + digest }

// read opens a document and sees that it is the one that was named.
func (d *Documents) read(ctx context.Context, digest string) ([]byte, error) {
	kept, err := d.ledger.Document(ctx, digest)
	if err != nil {
		return nil, err
	}
	content, err := d.vault.Open(placeOf(digest), kept.Sealed)
	if err != nil {
		return nil, err
	}
	text := []byte(content.Reveal()) //nolint:forbidigo // it is read to be given to the carrier
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != digest {
		return nil, fmt.Errorf("document %s is not what its name says", digest)
	}
	return text, nil
}

// forTelnyx are the documents of an order that the ledger has; a letter that was only named is left out, and Telnyx asks for it.
func (d *Documents) forTelnyx(ctx context.Context, lsr carrier.LSR) ([]telnyx.Document, error) {
	var all []telnyx.Document
	for _, paper := range lsr.Order.Papers() {
		content, err := d.read(ctx, paper.SHA256)
		if porting.CodeOf(err) == "document-unknown" {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, telnyx.Document{Kind: paper.Kind, Name: paper.SHA256[:16] + extensionOf(content), Content: content})
	}
	return all, nil
}

// twilioDocuments brings an order's bills to Twilio, each once.
type twilioDocuments struct {
	*Documents
	name   string // of the carrier, in the ledger
	client *twilio.Client
}

// DocumentSIDs are Twilio's names of an order's bills.
func (d *twilioDocuments) DocumentSIDs(ctx context.Context, _ carrier.Ref, order porting.Order) ([]string, error) {
	var sids []string
	for _, paper := range order.Documents {
		sid, err := d.ledger.DocumentName(ctx, d.name, paper.SHA256)
		if err == nil && sid == "" {
			sid, err = d.upload(ctx, paper.SHA256)
		}
		if err != nil {
			return nil, err
		}
		sids = append(sids, sid)
	}
	return sids, nil
}

func (d *twilioDocuments) upload(ctx context.Context, digest string) (string, error) {
	content, err := d.read(ctx, digest)
	if err != nil {
		return "", err
	}
	sid, err := d.client.UploadBill(ctx, digest[:16]+extensionOf(content), content)
	if err != nil {
		return "", err
	}
	return sid, d.ledger.NameDocument(ctx, d.name, digest, sid)
}

// extensionOf is the extension of a file by its first bytes.
func extensionOf(content []byte) string {
	switch {
	case len(content) > 4 && string(content[:4]) == "%PDF":
		return ".pdf"
	case len(content) > 8 && string(content[1:4]) == "PNG":
		return ".png"
	case len(content) > 3 && content[0] == 0xff && content[1] == 0xd8:
		return ".jpg"
	default:
		return ".bin"
	}
}
