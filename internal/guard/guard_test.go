package guard_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

const (
	tenant  = "default"
	number  = porting.Number("+12125550123")
	other   = porting.Number("+12125550199")
	goodPIN = porting.Secret("830472")
	badPIN  = porting.Secret("618259")
	coolOff = 24 * time.Hour
)

// world is a guard with what it stands on.
type world struct {
	*guard.Guard
	books *ledger.Ledger
	vault *vault.Vault
	file  string // of the ledger
	desk  *approvaltest.Desk
	now   time.Time
}

func newWorld(t testing.TB, policies guard.Policies) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{file: filepath.Join(dir, "ledger.db"), desk: approvaltest.NewDesk(t), now: time.Now().UTC().Truncate(time.Second)}
	var err error
	w.vault, err = vault.Create(filepath.Join(dir, "key"))
	require.NoError(t, err)
	w.books, err = ledger.Open(t.Context(), w.file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.books.Close()) })
	w.Guard, err = guard.Open(t.Context(), w.books, w.vault, guard.Options{Policies: policies, Approvers: w.desk.Keeper()}, w.now)
	require.NoError(t, err)
	return w
}

func (w *world) subject() guard.Subject { return w.Number(tenant, number) }

func (w *world) setPIN(t testing.TB, pin porting.Secret) {
	t.Helper()
	require.NoError(t, w.SetPIN(t.Context(), w.subject(), pin, "subscriber", w.now))
}

// try makes an attempt from a source of its kind.
func (w *world) try(t testing.TB, n porting.Number, pin porting.Secret, source string) guard.Verdict {
	t.Helper()
	verdict, err := w.Check(t.Context(), w.attempt(n, pin, source))
	require.NoError(t, err)
	return verdict
}

func (w *world) attempt(n porting.Number, pin porting.Secret, source string) guard.Attempt {
	return guard.Attempt{Number: w.Number(tenant, n), PIN: pin, Source: guard.Source{Kind: guard.FromPortal, ID: source}, At: w.now}
}

func (w *world) lock(t testing.TB) ledger.Lock {
	t.Helper()
	lock, err := w.Lock(t.Context(), w.subject(), "ana@desk", "asked by the subscriber", w.now)
	require.NoError(t, err)
	return lock
}

func (w *world) locked(t testing.TB, at time.Time, subjects ...guard.Subject) bool {
	t.Helper()
	_, locked, err := w.Locked(t.Context(), at, subjects...)
	require.NoError(t, err)
	return locked
}

func requireCode(t testing.TB, err error, kind porting.Kind, code string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, porting.CodeOf(err), err.Error())
	require.Equal(t, kind, porting.KindOf(err))
}

func TestPIN(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	require.Equal(t, guard.None, w.try(t, number, goodPIN, "s"))
	w.setPIN(t, goodPIN)
	require.Equal(t, guard.OK, w.try(t, number, goodPIN, "s"))
	require.Equal(t, guard.Wrong, w.try(t, number, badPIN, "s"))
	require.Equal(t, guard.Wrong, w.try(t, number, "", "s"))
	require.Equal(t, guard.None, w.try(t, other, goodPIN, "s"), "a PIN is one number's")

	w.setPIN(t, badPIN)
	require.Equal(t, guard.OK, w.try(t, number, badPIN, "t"))
	require.Equal(t, guard.Wrong, w.try(t, number, goodPIN, "t"))
	require.NoError(t, w.RemovePIN(t.Context(), w.subject(), "subscriber", w.now))
	require.Equal(t, guard.None, w.try(t, number, badPIN, "t"))
}

// Another process has the same keys; one with another vault's key is told so, before it finds every PIN wrong.
func TestOpenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	w.setPIN(t, goodPIN)
	again, err := guard.Open(t.Context(), w.books, w.vault, guard.Options{}, w.now)
	require.NoError(t, err)
	verdict, err := again.Check(t.Context(), w.attempt(number, goodPIN, "s"))
	require.NoError(t, err)
	require.Equal(t, guard.OK, verdict)
	require.Equal(t, w.Account(tenant, "a-1").Token, again.Account(tenant, "A1").Token)
	require.NotEqual(t, w.Account(tenant, "a-1").Token, again.Account("acme", "a-1").Token)
	require.Equal(t, w.Account(tenant, "a-1"), again.Account("", "a-1"), "whoever names no tenant is the default one's")

	stranger, err := vault.Create(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	_, err = guard.Open(t.Context(), w.books, stranger, guard.Options{}, w.now)
	requireCode(t, err, porting.Failed, "seal-broken")
}

func TestPINLockout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	w.setPIN(t, goodPIN)
	for i := range 5 {
		require.Equal(t, guard.Wrong, w.try(t, number, badPIN, string(rune('a'+i))))
	}
	require.Equal(t, guard.Locked, w.try(t, number, goodPIN, "s"), "the right PIN does not open it either")
	for i := range 5 {
		require.Equal(t, guard.None, w.try(t, other, badPIN, string(rune('f'+i))))
	}
	require.Equal(t, guard.Locked, w.try(t, other, badPIN, "s"), "a number without a PIN locks the same way")
	w.now = w.now.Add(time.Hour)
	require.Equal(t, guard.OK, w.try(t, number, goodPIN, "s"))
}

func TestChangePIN(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	change := func(present, next porting.Secret) error {
		return w.ChangePIN(t.Context(), w.attempt(number, present, "s"), next, "subscriber")
	}
	require.NoError(t, change("", goodPIN), "there is none yet")
	requireCode(t, change(badPIN, badPIN), porting.Unauthorised, "pin-wrong")
	require.NoError(t, change(goodPIN, badPIN))
	requireCode(t, change(badPIN, "123456"), porting.Refused, "pin-weak")
	for range 3 {
		requireCode(t, change(goodPIN, goodPIN), porting.Unauthorised, "pin-wrong")
	}
	require.Equal(t, guard.OK, w.try(t, number, badPIN, "t"))
}

func TestLockAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	account := w.Account(tenant, "ACC-1001")
	require.NoError(t, w.Assign(t.Context(), w.subject(), account, "ana@desk", w.now))
	require.False(t, w.locked(t, w.now, w.subject()))
	_, err := w.Lock(t.Context(), account, "ana@desk", "", w.now)
	require.NoError(t, err)

	require.True(t, w.locked(t, w.now, w.subject()), "the account keeps its numbers")
	require.True(t, w.locked(t, w.now, w.Number(tenant, other), account), "also those that only the request names")
	require.False(t, w.locked(t, w.now, w.Number(tenant, other)))
	requireCode(t, w.Assign(t.Context(), w.subject(), w.Account(tenant, "mine"), "ana@desk", w.now), porting.Refused, "account-locked")
	requireCode(t, w.Assign(t.Context(), account, w.subject(), "ana@desk", w.now), porting.Invalid, "subject-mismatched")

	status, err := w.Status(t.Context(), w.subject(), w.now)
	require.NoError(t, err)
	require.True(t, status.Locked)
	require.Nil(t, status.Lock)
	require.Equal(t, "…1001", status.Account.Masked)
}

// recorder is told of events, and fails when it is to.
type recorder struct {
	events []ledger.GuardEvent
	fail   error
}

func (r *recorder) Tell(_ context.Context, e ledger.GuardEvent) error {
	if r.fail == nil {
		r.events = append(r.events, e)
	}
	return r.fail
}

func (r *recorder) kinds() []string {
	var all []string
	for _, e := range r.events {
		all = append(all, e.Kind)
	}
	return all
}

func TestEverybodyIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	w.setPIN(t, goodPIN)
	w.now = w.now.Add(coolOff)
	w.lock(t)
	w.now = w.now.Add(time.Minute)
	require.Equal(t, guard.Wrong, w.try(t, number, badPIN, "s"))
	w.now = w.now.Add(time.Minute)
	_, err := w.UnlockByPIN(t.Context(), w.attempt(number, goodPIN, "s"), "subscriber")
	require.NoError(t, err)

	told := &recorder{fail: errors.New("the mail server is down")}
	n, err := w.Deliver(t.Context(), told, 9, w.now)
	require.ErrorIs(t, err, told.fail)
	require.Zero(t, n)
	told.fail = nil
	n, err = w.Deliver(t.Context(), told, 9, w.now)
	require.NoError(t, err)
	require.Equal(t, 4, n)
	require.Equal(t, []string{ledger.EventPINSet, ledger.EventLocked, ledger.EventPINFailed, ledger.EventUnlockAsked}, told.kinds())
	require.True(t, w.now.Add(coolOff).Equal(told.events[3].DueAt), "they have until then to cancel it")

	w.now = w.now.Add(coolOff)
	require.NoError(t, w.Sweep(t.Context(), w.now))
	_, err = w.Deliver(t.Context(), told, 9, w.now)
	require.NoError(t, err)
	require.Equal(t, ledger.EventUnlocked, told.events[4].Kind)
	n, err = w.Deliver(t.Context(), told, 9, w.now)
	require.NoError(t, err)
	require.Zero(t, n)
}
