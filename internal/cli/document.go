package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

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
		Example: "  portsaga document add bill.pdf --kind invoice",
		GroupID: groupPorts,
	}, newDocumentAdd(f))
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
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	keys, err := vault.Load(cfg.KeyFile)
	if err != nil {
		return err
	}
	return f.withLedger(ctx, func(books *ledger.Ledger) error {
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
