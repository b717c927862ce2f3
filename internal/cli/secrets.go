package cli

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// lateSecrets is a store for authorization codes that opens the vault and the ledger only when a code comes.
type lateSecrets struct {
	keyFile, ledger string
	now             func() time.Time // business time, in which codes expire
}

func newLateSecrets(cfg config.Config, now func() time.Time) lateSecrets {
	return lateSecrets{cfg.KeyFile, cfg.Ledger, now}
}

// PutSecret implements starter.SecretStore.
func (s lateSecrets) PutSecret(ctx context.Context, port string, code porting.Secret) (ref string, err error) {
	err = s.with(ctx, func(store *worker.Secrets) error {
		ref, err = store.PutSecret(ctx, port, code)
		return err
	})
	return ref, err
}

// DropSecret implements starter.SecretStore.
func (s lateSecrets) DropSecret(ctx context.Context, ref string) error {
	return s.with(ctx, func(store *worker.Secrets) error { return store.DropSecret(ctx, ref) })
}

func (s lateSecrets) with(ctx context.Context, do func(*worker.Secrets) error) error {
	keys, err := vault.Load(s.keyFile)
	if err != nil {
		return err
	}
	books, err := ledger.Open(ctx, s.ledger)
	if err != nil {
		return err
	}
	defer books.Close()
	return do(worker.NewSecrets(books, keys, s.now))
}
