package orders

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// papers are the kinds of documents that go beside the letter of authorization.
var papers = []string{porting.DocumentInvoice, porting.DocumentCSR, porting.DocumentOther}

// maxDocuments is how many of them an order may name.
const maxDocuments = 10

func (x *examination) examineDocuments() {
	if len(x.order.Documents) > maxDocuments {
		x.fail("documents", flaw{"documents-too-many", fmt.Sprintf("names more than %d", maxDocuments), "put several pages into one file"})
	}
	x.order.Documents = slices.Clone(x.order.Documents) // orders that share a template share its list
	for i := range x.order.Documents {
		d := &x.order.Documents[i]
		path := fmt.Sprintf("documents[%d]", i)
		if !slices.Contains(papers, d.Kind) {
			x.fail(path+".kind", flaw{"document-unknown", "unknown kind of document", "write " + strings.Join(papers, ", ")})
		}
		if !sha256Hex.MatchString(d.SHA256) {
			x.fail(path+".sha256", flaw{"digest-malformed", "not a SHA-256 digest", "write the 64 hexadecimal digits that portsaga document add prints"})
		}
		d.SHA256 = strings.ToLower(d.SHA256)
	}
}
