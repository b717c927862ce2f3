package guard_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// sign is what a person of the desk signs for the lock of the number.
func (w *world) sign(t testing.TB, person, decision string) guard.Signed {
	t.Helper()
	challenge, err := w.Challenge(t.Context(), w.subject(), w.now)
	require.NoError(t, err)
	return w.signOn(t, person, decision, challenge)
}

func (w *world) signOn(t testing.TB, person, decision string, c porting.Challenge) guard.Signed {
	t.Helper()
	statement, err := approval.Encode(c.Statement(decision, "", w.now, porting.StatementLife))
	require.NoError(t, err)
	signature, err := approval.SignWithSigner(w.desk.Key(person), statement)
	require.NoError(t, err)
	return guard.Signed{Statement: statement, Signature: signature}
}

func (w *world) unlock(t testing.TB, by string, decisions ...guard.Signed) (ledger.Lock, error) {
	t.Helper()
	return w.UnlockBySignature(t.Context(), w.subject(), by, decisions, w.now)
}

func TestUnlockByPIN(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	unlock := func(pin porting.Secret) error {
		_, err := w.UnlockByPIN(t.Context(), w.attempt(number, pin, "s"), "subscriber")
		return err
	}
	requireCode(t, unlock(goodPIN), porting.Refused, "not-locked")
	w.lock(t)
	requireCode(t, unlock(goodPIN), porting.Unauthorised, "pin-wrong")
	w.setPIN(t, goodPIN)
	requireCode(t, unlock(badPIN), porting.Unauthorised, "pin-wrong")
	requireCode(t, unlock(goodPIN), porting.Refused, "pin-too-young")
	w.now = w.now.Add(coolOff)
	require.NoError(t, unlock(goodPIN))

	require.True(t, w.locked(t, w.now.Add(coolOff-time.Second), w.subject()), "it holds through the cool-off")
	require.False(t, w.locked(t, w.now.Add(coolOff), w.subject()))
}

func TestUnlockByPINWhenLockedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	w.setPIN(t, goodPIN)
	w.now = w.now.Add(coolOff)
	w.lock(t)
	for i := range 5 {
		w.try(t, number, badPIN, string(rune('a'+i)))
	}
	_, err := w.UnlockByPIN(t.Context(), w.attempt(number, goodPIN, "s"), "subscriber")
	requireCode(t, err, porting.Refused, "pin-locked")
}

func TestUnlockBySignature(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	w.lock(t)
	w.now = w.now.Add(time.Minute)
	lock, err := w.unlock(t, "subscriber", w.sign(t, "ben", porting.Approve))
	require.NoError(t, err)
	require.True(t, lock.Ending(w.now))
	require.True(t, w.now.Add(coolOff).Equal(lock.UnlockDueAt))

	history, err := w.History(t.Context(), w.subject(), 9)
	require.NoError(t, err)
	require.Equal(t, ledger.EventUnlockAsked, history[0].Kind)
	require.Equal(t, "signed by ben", history[0].Detail)
	require.Contains(t, history[0].Proof, "SSH SIGNATURE", "what was signed is kept")
}

func TestUnlockBySignatureRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		by   string
		sign func(t *testing.T, w *world) []guard.Signed
		code string
	}{
		"nobody signed": {"subscriber", func(*testing.T, *world) []guard.Signed { return nil }, "unlock-approvals-missing"},
		"whoever asks signs": {"ben@desk", func(t *testing.T, w *world) []guard.Signed {
			return []guard.Signed{w.sign(t, "ben", porting.Approve)}
		}, "unlock-approvals-missing"},
		"one rejects": {"subscriber", func(t *testing.T, w *world) []guard.Signed {
			return []guard.Signed{w.sign(t, "ben", porting.Approve), w.sign(t, "fay", porting.Reject)}
		}, "unlock-rejected"},
		"another key's signature": {"subscriber", func(t *testing.T, w *world) []guard.Signed {
			signed := w.sign(t, "ben", porting.Approve)
			signed.Signature = w.sign(t, "fay", porting.Reject).Signature
			return []guard.Signed{signed}
		}, "signature-invalid"},
		"for another number": {"subscriber", func(t *testing.T, w *world) []guard.Signed {
			_, err := w.Lock(t.Context(), w.Number(tenant, other), "ana@desk", "", w.now)
			require.NoError(t, err)
			challenge, err := w.Challenge(t.Context(), w.Number(tenant, other), w.now)
			require.NoError(t, err)
			return []guard.Signed{w.signOn(t, "ben", porting.Approve, challenge)}
		}, "statement-differs"},
		"for an earlier lock": {"subscriber", func(t *testing.T, w *world) []guard.Signed {
			signed := w.sign(t, "ben", porting.Approve)
			_, err := w.unlock(t, "subscriber", signed)
			require.NoError(t, err)
			w.lock(t)
			return []guard.Signed{signed}
		}, "statement-differs"},
		"for a port": {"subscriber", func(t *testing.T, w *world) []guard.Signed {
			challenge, err := w.Challenge(t.Context(), w.subject(), w.now)
			require.NoError(t, err)
			challenge.Stage = porting.Verifying
			return []guard.Signed{w.signOn(t, "ben", porting.Approve, challenge)}
		}, "statement-differs"},
		"too late": {"subscriber", func(t *testing.T, w *world) []guard.Signed {
			signed := w.sign(t, "ben", porting.Approve)
			w.now = w.now.Add(porting.StatementLife)
			return []guard.Signed{signed}
		}, "statement-expired"},
		"a revoked key": {"subscriber", func(t *testing.T, w *world) []guard.Signed {
			signed := w.sign(t, "ben", porting.Approve)
			w.desk.Revoke("ben")
			w.now = w.now.Add(time.Minute)
			return []guard.Signed{signed}
		}, "credential-revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, guard.Policies{})
			w.lock(t)
			decisions := c.sign(t, w)
			_, err := w.unlock(t, c.by, decisions...)
			requireCode(t, err, porting.Refused, c.code)
			require.True(t, w.locked(t, w.now.Add(2*coolOff), w.subject()))
		})
	}
}

// Persons are counted, and neither signatures nor keys.
func TestUnlockByTwoPersons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, policies(t, "default: {approvals: 2}"))
	w.lock(t)
	ben := w.sign(t, "ben", porting.Approve)
	_, err := w.unlock(t, "subscriber", ben, ben, w.sign(t, "ben", porting.Approve))
	requireCode(t, err, porting.Refused, "unlock-approvals-missing")
	_, err = w.unlock(t, "fay@fraud", ben, w.sign(t, "fay", porting.Approve))
	requireCode(t, err, porting.Refused, "unlock-approvals-missing")
	_, err = w.unlock(t, "fay@fraud", ben, w.sign(t, "ana", porting.Approve))
	require.NoError(t, err)
}

func TestUnlockWithoutApprovers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	w.lock(t)
	g, err := guard.Open(t.Context(), w.books, w.vault, guard.Options{}, w.now)
	require.NoError(t, err)
	_, err = g.Challenge(t.Context(), w.subject(), w.now)
	requireCode(t, err, porting.Refused, "approvers-missing")
	_, err = g.UnlockBySignature(t.Context(), w.subject(), "subscriber", nil, w.now)
	requireCode(t, err, porting.Refused, "approvers-missing")
}

func TestCancelUnlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	w.lock(t)
	signed := w.sign(t, "ben", porting.Approve)
	_, err := w.unlock(t, "subscriber", signed)
	require.NoError(t, err)
	_, err = w.CancelUnlock(t.Context(), w.subject(), "subscriber", w.now.Add(time.Minute))
	require.NoError(t, err)
	require.True(t, w.locked(t, w.now.Add(2*coolOff), w.subject()))
	_, err = w.unlock(t, "subscriber", signed)
	requireCode(t, err, porting.Refused, "statement-differs")
}
