package worker

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// secretLife bounds how long a code is kept if its port never ends; a port that ends destroys it at once.
const secretLife = 60 * 24 * time.Hour

// Secrets keeps authorization codes sealed in the ledger. It is the starter's secret store where the ledger is at hand.
type Secrets struct {
	ledger *ledger.Ledger
	vault  *vault.Vault
	now    func() time.Time
}

// NewSecrets returns a store on an open ledger and vault.
func NewSecrets(l *ledger.Ledger, v *vault.Vault, now func() time.Time) *Secrets {
	return &Secrets{l, v, now}
}

// Secrets keeps what comes with news. A worker without the ledger and the vault keeps nothing.
func (n Neighbours) Secrets(now func() time.Time) *Secrets { return NewSecrets(n.Ledger, n.Vault, now) }

// PutSecret seals a code for its port and returns its reference.
func (s *Secrets) PutSecret(ctx context.Context, port string, code porting.Secret) (string, error) {
	if s.ledger == nil || s.vault == nil {
		return "", &porting.Error{
			Kind: porting.Invalid, Code: "no-secret-store", Op: "keep secret", Object: port, Detail: "this worker has no ledger and no vault",
			Next: "take news with a gate worker",
		}
	}
	at := s.now().UTC()
	return s.ledger.PutSecret(ctx, port, s.vault.Seal(port, code), at, at.Add(secretLife))
}

// DropSecret destroys a code that its port does not use.
func (s *Secrets) DropSecret(ctx context.Context, ref string) error {
	return s.ledger.DestroySecret(ctx, ref)
}
