package cli

import (
	"context"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// secrets is a store for authorization codes that opens the vault and the ledger only when a code comes.
type secrets struct {
	factory *Factory
	config  config.Config
}

func (f *Factory) secrets(cfg config.Config) secrets { return secrets{f, cfg} }

// PutSecret seals a code and keeps it in the ledger.
func (s secrets) PutSecret(ctx context.Context, port string, code porting.Secret) (string, error) {
	keys, err := vault.Load(s.config.KeyFile)
	if err != nil {
		return "", err
	}
	books, err := ledger.Open(ctx, s.config.Ledger)
	if err != nil {
		return "", err
	}
	defer books.Close()
	return worker.NewSecrets(books, keys, s.factory.Now).PutSecret(ctx, port, code)
}
