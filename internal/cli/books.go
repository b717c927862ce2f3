package cli

import (
	"context"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
)

// openBooks opens a ledger that is there. One that is not is not made: a new one would know no port.
func openBooks(ctx context.Context, dsn string) (*ledger.Ledger, error) {
	if err := ledgerIsThere(dsn); err != nil {
		return nil, err
	}
	return ledger.Open(ctx, dsn)
}

func withBooks(ctx context.Context, dsn string, do func(*ledger.Ledger) error) error {
	books, err := openBooks(ctx, dsn)
	if err != nil {
		return err
	}
	defer books.Close()
	return do(books)
}

// withLedger opens the ledger that is configured.
func (f *Factory) withLedger(ctx context.Context, do func(*ledger.Ledger) error) error {
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	return withBooks(ctx, cfg.Ledger, do)
}

// withKeys opens the database of data keys: the ledger's own, or one beside it.
func (f *Factory) withKeys(ctx context.Context, do func(*ledger.Ledger) error) error {
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	return withBooks(ctx, cfg.Keys, do)
}

// withVault opens the ledger, and the vault that unseals what is in it.
func (f *Factory) withVault(ctx context.Context, do func(*ledger.Ledger, *vault.Vault) error) error {
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	keys, err := vault.Load(cfg.KeyFile)
	if err != nil {
		return err
	}
	return withBooks(ctx, cfg.Ledger, func(books *ledger.Ledger) error { return do(books, keys) })
}
