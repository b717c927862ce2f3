package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// documentKinds are the kinds of files that carriers take with an order.
var documentKinds = []string{porting.DocumentLOA, porting.DocumentInvoice, porting.DocumentCSR, porting.DocumentOther}

func newDocument(f *Factory) *cobra.Command {
	return group(&cobra.Command{
		Use:   "document",
		Short: "Keep the files that go with orders",
		Long: "Letters of authorization, bills and customer service records are kept in the ledger, sealed with the deployment's key. Orders\n" +
			"name them by their SHA-256, and the carrier that takes an order gets its files.",
		Example: "  portsaga document add bill.pdf --kind invoice\n  portsaga document list PORT",
		GroupID: groupPorts,
	}, newDocumentAdd(f), newDocumentList(f))
}

func newDocumentAdd(f *Factory) *cobra.Command {
	var kind string
	cmd := &cobra.Command{
		Use:   "add FILE --kind KIND",
		Short: "Keep a file, and print the SHA-256 by which orders name it",
		Long: "Keep a file of at most 10 MB in the ledger. The same file again changes nothing. What is printed goes into an order: of a letter\n" +
			"of authorization as document_sha256 of its authorization, of everything else under documents.",
		Example: "  portsaga document add bill.pdf --kind invoice\n  portsaga document add letter.pdf --kind loa -o json | jq -r .sha256",
		Args:    exactly(1, "which file? name it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(documentKinds, kind) {
				return usage(cmd, "--kind is "+strings.Join(documentKinds, ", "))
			}
			return f.addDocument(cmd.Context(), args[0], kind)
		},
	}
	cmd.Flags().StringVar(&kind, "kind", "", "what it is: "+strings.Join(documentKinds, ", "))
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(documentKinds, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (f *Factory) addDocument(ctx context.Context, name, kind string) error {
	content, err := f.readDocument(name)
	if err != nil {
		return err
	}
	return f.withVault(ctx, func(books *ledger.Ledger, keys *vault.Vault) error {
		digest, err := worker.NewDocuments(books, keys).Add(ctx, kind, content, f.Now())
		if err != nil {
			return err
		}
		return f.Print(porting.Document{Kind: kind, SHA256: digest}, func(w io.Writer) { fmt.Fprintln(w, digest) })
	})
}

// readDocument reads a file, and no more of it than shows that it is too large.
func (f *Factory) readDocument(name string) ([]byte, error) {
	file, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, worker.MaxDocument+1))
	if err != nil {
		return nil, &porting.Error{Kind: porting.Failed, Code: "file-unreadable", Op: "read", Object: name, Detail: because(err), Err: err}
	}
	return content, nil
}

// paper is a file that an order names, and what became of it.
type paper struct {
	porting.Document
	KeptSince time.Time `json:"kept_since,omitzero"` // zero where the ledger does not have it
	GivenAs   string    `json:"given_as,omitempty"`  // what the port's carrier calls it, where it told
}

func newDocumentList(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "list PORT",
		Short: "List the files that go with a port's order",
		Long: "List the files that the port's order names: since when the ledger keeps each, and what the carrier calls those that it was\n" +
			"given. One that the ledger does not have was never added, or its time to be kept is over. Nothing of a file is shown.",
		Example: "  portsaga document list PORT\n  portsaga document list PORT -o json | jq '.[] | select(.kept_since == null)'",
		Args:    exactly(1, "which port? name it by its ID"),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.listDocuments(cmd.Context(), args[0]) },
	}
}

func (f *Factory) listDocuments(ctx context.Context, port string) error {
	ports, err := f.Ports(ctx)
	if err != nil {
		return err
	}
	status, err := ports.Status(ctx, port)
	if err != nil {
		return err
	}
	return f.withLedger(ctx, func(books *ledger.Ledger) error {
		papers := make([]paper, 0, len(status.Documents))
		for _, d := range status.Documents {
			p, err := paperOf(ctx, books, status.Carrier, d)
			if err != nil {
				return err
			}
			papers = append(papers, p)
		}
		return f.Print(papers, func(w io.Writer) { f.writePapers(w, papers) })
	})
}

func paperOf(ctx context.Context, books *ledger.Ledger, carrier string, d porting.Document) (paper, error) {
	kept, err := books.Document(ctx, d.SHA256)
	if err != nil && porting.KindOf(err) != porting.NotFound {
		return paper{}, err
	}
	given, err := books.DocumentName(ctx, carrier, d.SHA256)
	return paper{d, kept.AddedAt, given}, err
}

func (f *Factory) writePapers(w io.Writer, papers []paper) {
	if len(papers) == 0 {
		fmt.Fprintln(w, "No files go with this order.")
		return
	}
	var rows [][]string
	for _, p := range papers {
		kept := "missing: portsaga document add"
		if !p.KeptSince.IsZero() {
			kept = timestamp(p.KeptSince)
		}
		rows = append(rows, []string{p.Kind, p.SHA256, kept, orDash(oneLine(p.GivenAs))})
	}
	f.Table(w, []string{"KIND", "SHA-256", "KEPT SINCE", "AT THE CARRIER"}, rows)
}
