package telnyx

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/portsaga/portsaga/carrier"
)

// Document is a file that goes with an order.
type Document struct {
	Kind    string // loa, invoice, csr or other
	Name    string // with its extension; no personal data
	Content []byte
}

// papers are the documents of an order that Telnyx has, by kind.
type papers map[string]string

type documentRequest struct {
	File              []byte `json:"file"` // base64 in JSON
	Filename          string `json:"filename"`
	CustomerReference string `json:"customer_reference"`
}

type document struct {
	ID                string `json:"id"`
	CustomerReference string `json:"customer_reference"`
}

type additionalDocument struct {
	DocumentID   string `json:"document_id"`
	DocumentType string `json:"document_type"`
}

type additionalDocuments struct {
	Documents []additionalDocument `json:"additional_documents"`
}

// upload brings the documents of an order to Telnyx, which forgets within half an hour those that no order takes.
func (c *Client) upload(ctx context.Context, lsr carrier.LSR) (papers, error) {
	if c.Documents == nil {
		return nil, nil
	}
	documents, err := c.Documents(ctx, lsr)
	if err != nil {
		return nil, err
	}
	p := papers{}
	for _, d := range documents {
		sum := sha256.Sum256(d.Content)
		digest := hex.EncodeToString(sum[:])
		signed := lsr.Order.Authorization.DocumentSHA256
		if d.Kind == "loa" && signed != "" && !strings.EqualFold(signed, digest) {
			return nil, call{op: "upload document", object: lsr.Ref.String()}.refused("the letter of authorization is not the one that the order names")
		}
		if p[d.Kind], err = c.uploadOnce(ctx, lsr.Ref, d, digest); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// uploadOnce looks for a document by port, kind and content before it sends it.
func (c *Client) uploadOnce(ctx context.Context, ref carrier.Ref, d Document, digest string) (string, error) {
	const short = 16 // digits of the digest: enough to tell the documents of one order apart
	name := ref.Port + "/" + d.Kind + "/" + digest[:short]
	q := call{op: "upload document", object: ref.String(), method: http.MethodGet, path: "/documents"}
	q.query = query("filter[customer_reference][eq]", name)
	known, err := list[document](ctx, c, q)
	if err != nil {
		return "", err
	}
	if i := slices.IndexFunc(known, func(k document) bool { return k.CustomerReference == name }); i >= 0 {
		return known[i].ID, nil
	}
	q.method, q.query = http.MethodPost, nil
	q.body = documentRequest{File: d.Content, Filename: d.Name, CustomerReference: name}
	var sent document
	err = c.do(ctx, q, &sent)
	return sent.ID, err
}

// onOrder are the documents that an order itself names.
func (p papers) onOrder() *documentIDs {
	if p["loa"] == "" && p["invoice"] == "" {
		return nil
	}
	return &documentIDs{LOA: p["loa"], Invoice: p["invoice"]}
}

// attach adds all others to an order, each once.
func (c *Client) attach(ctx context.Context, o portingOrder, ref carrier.Ref, p papers) error {
	var more []additionalDocument
	for _, kind := range []string{"csr", "other"} {
		if id := p[kind]; id != "" {
			more = append(more, additionalDocument{DocumentID: id, DocumentType: kind})
		}
	}
	if len(more) == 0 {
		return nil
	}
	q := aboutOrder("attach documents", ref, o.ID, http.MethodGet, "/additional_documents")
	there, err := list[additionalDocument](ctx, c, q)
	if err != nil {
		return err
	}
	more = slices.DeleteFunc(more, func(d additionalDocument) bool {
		return slices.ContainsFunc(there, func(t additionalDocument) bool { return t.DocumentID == d.DocumentID })
	})
	if len(more) == 0 {
		return nil
	}
	q.method, q.query, q.body = http.MethodPost, nil, additionalDocuments{more}
	return c.do(ctx, q, &[]additionalDocument{})
}
