package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// billDigest is the SHA-256 of "the bill".
const billDigest = "4d39aea773b1471522bfd93ba5b466e5118a781c81430627c949259b58af3f70"

func TestDocumentAdd(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	bill := filepath.Join(t.TempDir(), "bill.pdf")
	require.NoError(t, os.WriteFile(bill, []byte("the bill"), 0o600))
	require.Equal(t, 4, s.run(t, "portsaga document add --kind invoice", bill), "there is no key yet")
	_, err := vault.Create(s.config.KeyFile)
	require.NoError(t, err)
	books := s.books(t)

	require.Equal(t, 0, s.run(t, "portsaga document add --kind invoice", bill), s.err.String())
	require.Equal(t, billDigest+"\n", s.out.String())
	require.Equal(t, 0, s.run(t, "portsaga document add --kind invoice -o json", bill), s.err.String())
	require.JSONEq(t, `{"kind": "invoice", "sha256": "`+billDigest+`"}`, s.out.String(), "again it changes nothing")

	kept, err := books.Document(t.Context(), billDigest)
	require.NoError(t, err)
	require.Equal(t, "invoice", kept.Kind)
	require.NotContains(t, string(kept.Sealed), "the bill")
}

func TestDocumentList(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	_, err := vault.Create(s.config.KeyFile)
	require.NoError(t, err)
	books := s.books(t)
	s.ports.statuses = []porting.Status{{ID: "pi-1"}}
	require.Equal(t, 0, s.run(t, "portsaga document list pi-1"), s.err.String())
	require.Equal(t, "No files go with this order.\n", s.out.String())

	letter := strings.Repeat("ab", 32)
	s.ports.statuses = []porting.Status{{ID: "pi-1", Carrier: "twilio", Documents: []porting.Document{{Kind: "loa", SHA256: letter}, {Kind: "invoice", SHA256: billDigest}}}}
	require.NoError(t, books.PutDocument(t.Context(), ledger.Document{SHA256: billDigest, Kind: "invoice", Sealed: []byte("sealed"), AddedAt: now}))
	require.NoError(t, books.NameDocument(t.Context(), "twilio", billDigest, "RD1"))
	require.Equal(t, 0, s.run(t, "portsaga document list pi-1"), s.err.String())
	require.Regexp(t, `loa +`+letter+` +missing: portsaga document add +-\ninvoice +`+billDigest+` +2026-\d\d-\d\d \d\d:\d\dZ +RD1\n`, s.out.String())
	require.Equal(t, 0, s.run(t, "portsaga document list pi-1 -o json"), s.err.String())
	require.JSONEq(t, `[{"kind": "loa", "sha256": "`+letter+`"},
		{"kind": "invoice", "sha256": "`+billDigest+`", "kept_since": "`+now.UTC().Format(time.RFC3339)+`", "given_as": "RD1"}]`, s.out.String())
}

func TestDocumentAddRefuses(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	_, err := vault.Create(s.config.KeyFile)
	require.NoError(t, err)
	s.books(t)
	for line, says := range map[string]string{
		"portsaga document add":                              "which file?",
		"portsaga document add letter.pdf":                   "--kind is loa, invoice, csr, other",
		"portsaga document add letter.pdf --kind photograph": "--kind is loa, invoice, csr, other",
		"portsaga document add /nowhere --kind loa":          "name a file that you may read",
		"portsaga document add - --kind loa":                 "it is empty, or larger than 10 MB",
	} {
		require.Equal(t, 2, s.run(t, line), line)
		require.Contains(t, s.err.String(), says, line)
	}
	s.factory.Streams.In = strings.NewReader(strings.Repeat("x", worker.MaxDocument+1))
	require.Equal(t, 2, s.run(t, "portsaga document add - --kind loa"))
	require.Contains(t, s.err.String(), "it is empty, or larger than 10 MB")
}
