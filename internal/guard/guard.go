// Package guard protects numbers that are ours from leaving: by locks on numbers and accounts, and by port-out PINs.
//
// It stands on the ledger, outside Temporal, and answers while the engine is down. A PIN enters it as a porting.Secret and
// stays a slow hash over a keyed one; it is in no error, event or log. Every attempt at a PIN is counted before the PIN is
// looked at, and takes as long for a number that nobody knows as for one that has a PIN.
//
// Locks and attempts live in real time: a clock that runs faster, as in a demo, ends no lock.
package guard

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// Subject is what is protected: a number or an account. Guard.Number and Guard.Account make them.
type Subject struct {
	ledger.Subject
	account bool
	number  porting.Number // empty for an account, and where only the number's token is known
}

// IsAccount reports whether the subject is an account.
func (s Subject) IsAccount() bool { return s.account }

// Format keeps every verb from printing the number.
func (s Subject) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.Masked)) }

// Approvers is the registry of those whose signatures open locks. *approval.Keeper is one.
type Approvers interface {
	Current(ctx context.Context, now time.Time) (*approval.Registry, error)
}

// Options are what a deployment chooses.
type Options struct {
	Policies  Policies
	Approvers Approvers // nil: no signature opens a lock
}

// Guard protects numbers. It is safe for concurrent use.
type Guard struct {
	books     *ledger.Ledger
	vault     *vault.Vault
	keys      keys
	policies  Policies
	approvers Approvers
	decoy     ledger.PIN    // compared where there is no PIN
	hashing   chan struct{} // slots for hashes that are made at once
	hashed    atomic.Int64
}

// Open is the guard of a ledger. Its key is made at the first call, at a real instant, and kept in the ledger, sealed by the
// vault: a process with another vault's key is refused with code "seal-broken" before it finds every PIN wrong.
func Open(ctx context.Context, books *ledger.Ledger, v *vault.Vault, o Options, at time.Time) (*Guard, error) {
	keys, err := openKeys(ctx, books, v, at)
	if err != nil {
		return nil, err
	}
	g := &Guard{books: books, vault: v, keys: keys, policies: o.Policies, approvers: o.Approvers, hashing: newSlots()}
	g.decoy = g.decoyPIN()
	return g, nil
}

// Number is the subject that a number of a tenant is.
func (g *Guard) Number(tenant string, n porting.Number) Subject {
	return Subject{Subject: ledger.Subject{Token: g.vault.LockToken(n), Tenant: tenantOf(tenant), Masked: n.String()}, number: n}
}

// Account is the subject that an account of a tenant is. Case, spaces, hyphens, dots and slashes of its name do not count.
func (g *Guard) Account(tenant, account string) Subject {
	tenant = tenantOf(tenant)
	return Subject{Subject: ledger.Subject{Token: g.keys.accountToken(tenant, account), Tenant: tenant, Masked: porting.Mask(account)}, account: true}
}

// tenantOf is the tenant of those who name none, as orders have it.
func tenantOf(tenant string) string { return porting.Order{Tenant: tenant}.TenantOrDefault() }

// History lists what happened to a subject, the newest first.
func (g *Guard) History(ctx context.Context, s Subject, limit int) ([]ledger.GuardEvent, error) {
	return g.books.GuardEvents(ctx, s.Token, limit)
}
