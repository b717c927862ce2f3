package orders

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func TestDocuments(t *testing.T) {
	t.Parallel()
	digest := strings.Repeat("ab", 32)
	for name, c := range map[string]struct {
		documents []porting.Document
		codes     []string
	}{
		"none":            {},
		"a bill":          {documents: []porting.Document{{Kind: "invoice", SHA256: strings.ToUpper(digest)}}},
		"an unknown kind": {documents: []porting.Document{{Kind: "loa", SHA256: digest}}, codes: []string{"document-unknown"}},
		"no digest":       {documents: []porting.Document{{Kind: "csr", SHA256: "abc"}}, codes: []string{"digest-malformed"}},
		"too many":        {documents: slicesOf(11, porting.Document{Kind: "other", SHA256: digest}), codes: []string{"documents-too-many"}},
	} {
		x := &examination{findings: newFindings(), order: &porting.Order{Documents: c.documents}}
		x.examineDocuments()
		var codes []string
		for _, p := range x.problems {
			codes = append(codes, p.Code)
		}
		require.Equal(t, c.codes, codes, name)
		if name == "a bill" {
			require.Equal(t, digest, x.order.Documents[0].SHA256, "in one form")
		}
	}
}

func slicesOf(n int, d porting.Document) []porting.Document {
	var all []porting.Document
	for range n {
		all = append(all, d)
	}
	return all
}
