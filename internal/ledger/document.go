package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Document is a file that goes with orders, such as a letter of authorization or a bill, by the SHA-256 of its content in
// hexadecimal digits. The content is sealed; only the vault opens it.
type Document struct {
	SHA256  string
	Kind    string // loa, invoice, csr or other
	Sealed  []byte
	AddedAt time.Time
}

// PutDocument keeps a document. The same content again changes nothing.
func (l *Ledger) PutDocument(ctx context.Context, d Document) error {
	_, err := l.change(ctx, `INSERT INTO documents (sha256, kind, sealed, added_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		d.SHA256, d.Kind, d.Sealed, instant{d.AddedAt})
	return fault("keep document", d.SHA256, err)
}

// Document reads a document. NotFound with code "document-unknown" if it is not there.
func (l *Ledger) Document(ctx context.Context, sha256 string) (Document, error) {
	d := Document{SHA256: sha256}
	var added instant
	err := l.db.QueryRowContext(ctx, `SELECT kind, sealed, added_at FROM documents WHERE sha256 = $1`, sha256).Scan(&d.Kind, &d.Sealed, &added)
	d.AddedAt = added.Time
	if errors.Is(err, sql.ErrNoRows) {
		err = &porting.Error{
			Kind: porting.NotFound, Code: "document-unknown", Op: "read document", Object: sha256, Detail: "the ledger does not have it",
			Next: "add it with portsaga document add",
		}
	}
	return d, fault("read document", sha256, err)
}

// ForgetDocuments deletes the documents that were added before an instant, and tells how many they were.
func (l *Ledger) ForgetDocuments(ctx context.Context, before time.Time) (int64, error) {
	n, err := l.change(ctx, `DELETE FROM documents WHERE added_at < $1`, instant{before})
	return n, fault("forget documents", "", err)
}

// NameDocument writes down what a carrier calls a document that it was given; the last name counts.
func (l *Ledger) NameDocument(ctx context.Context, carrier, sha256, id string) error {
	_, err := l.change(ctx, `INSERT INTO carrier_documents (carrier, sha256, document_id) VALUES ($1, $2, $3)
		ON CONFLICT (carrier, sha256) DO UPDATE SET document_id = excluded.document_id`, carrier, sha256, id)
	return fault("name document", sha256, err)
}

// DocumentName is what a carrier calls a document, "" if it was never given it.
func (l *Ledger) DocumentName(ctx context.Context, carrier, sha256 string) (string, error) {
	var id string
	err := l.db.QueryRowContext(ctx, `SELECT document_id FROM carrier_documents WHERE carrier = $1 AND sha256 = $2`, carrier, sha256).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, fault("find document", sha256, err)
}
