package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func pastOf(t *testing.T, l *ledger.Ledger, at time.Time, tokens ...string) ledger.GuardPast {
	t.Helper()
	past, err := l.GuardPast(t.Context(), tokens, at.Add(-24*time.Hour), at)
	require.NoError(t, err)
	return past
}

func numberSubject(token string) ledger.Subject {
	return ledger.Subject{Token: token, Tenant: "acme", Masked: "+1…" + token}
}

// testGuardPast tells what was done to a number and to its account, and nothing of what was done to others.
func testGuardPast(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	ctx := t.Context()
	number, other, account := numberSubject("0101"), numberSubject("0102"), numberSubject("account")
	later := noon.Add(100 * time.Hour)
	require.Zero(t, pastOf(t, l, later))
	require.Zero(t, pastOf(t, l, later, "0101", "0102"), "nobody has heard of them")

	contact := func(s ledger.Subject, at time.Time) {
		require.NoError(t, l.SetGuardContact(ctx, s, ledger.GuardContact{ID: ledger.NewContactID(), Token: s.Token, Sealed: []byte{1}, SetAt: at}, "ana"))
	}
	contact(number, noon)
	require.Equal(t, ledger.GuardPast{Contacts: 1, ContactSince: noon}, pastOf(t, l, later, "0101", "0102"), "the first contact changes nothing")
	contact(other, noon)
	contact(number, noon.Add(time.Hour))
	require.Equal(t, ledger.GuardPast{Contacts: 2, ContactSince: noon.Add(time.Hour), ContactReplacedAt: noon.Add(time.Hour)}, pastOf(t, l, later, "0101", "0102"))
	require.Equal(t, ledger.GuardPast{Contacts: 1, ContactSince: noon}, pastOf(t, l, later, "0102"))

	require.NoError(t, l.SetPIN(ctx, number, ledger.PIN{Scheme: "s", Salt: []byte{1}, Hash: []byte{2}, SetAt: noon.Add(2 * time.Hour), SetBy: "ana"}))
	require.Equal(t, noon.Add(2*time.Hour), pastOf(t, l, later, "0101", "0102").PINSetAt)

	_, err := l.AssignAccount(ctx, number, account, "ana", noon)
	require.NoError(t, err)
	lock, err := l.PlaceLock(ctx, account, "ana", "", noon)
	require.NoError(t, err)
	due := noon.Add(48 * time.Hour)
	_, err = l.AskUnlock(ctx, account, ledger.Unlock{LockID: lock.ID, By: "ana", At: noon, DueAt: due})
	require.NoError(t, err)
	require.Zero(t, pastOf(t, l, due.Add(-time.Second), "0101").UnlockedAt, "it holds until then")
	require.Equal(t, due, pastOf(t, l, later, "0101").UnlockedAt, "the account's lock is the number's, whether it was settled or not")
	_, err = l.SettleUnlocks(ctx, later, 9)
	require.NoError(t, err)
	require.Equal(t, due, pastOf(t, l, later, "0101").UnlockedAt)
	require.Zero(t, pastOf(t, l, later, "0102").UnlockedAt)

	limit := ledger.Limit{Attempts: 100, Forget: time.Hour, Lockout: time.Minute, Longest: time.Hour}
	for _, at := range []time.Time{later.Add(-25 * time.Hour), later.Add(-time.Hour), later, later.Add(time.Hour)} {
		attempt := ledger.Attempt{Number: number, Source: numberSubject("source"), At: at, PerNumber: limit, PerSource: limit}
		_, err := l.BeginAttempt(ctx, attempt)
		require.NoError(t, err)
		require.NoError(t, l.EndAttempt(ctx, attempt, "wrong", false))
	}
	require.Equal(t, 2, pastOf(t, l, later, "0101").Failed, "within the day, and not afterwards")
}

// testRecipientFrauds counts what had to be taken back from a recipient.
func testRecipientFrauds(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	ended := func(id, recipient string, d porting.Direction, outcome porting.Outcome, at time.Time) {
		c := portIn(id, "t-"+id)
		c.Direction = d
		_, err := l.Claim(t.Context(), c)
		require.NoError(t, err)
		require.NoError(t, l.RecordRequest(t.Context(), ledger.Request{PortID: id, Tokens: map[string]string{"recipient": recipient, "number": id}, At: noon}))
		require.NoError(t, l.Release(t.Context(), id, outcome, at))
	}
	ended("po-1", "harbor", porting.PortOut, porting.OutcomeReversed, noon.Add(time.Hour))
	ended("po-2", "harbor", porting.PortOut, porting.OutcomeReversed, noon.Add(2*time.Hour))
	ended("po-3", "harbor", porting.PortOut, porting.OutcomeCompleted, noon.Add(2*time.Hour))
	ended("po-4", "other", porting.PortOut, porting.OutcomeReversed, noon.Add(2*time.Hour))
	ended("pi-5", "harbor", porting.PortIn, porting.OutcomeReversed, noon.Add(2*time.Hour))
	for since, want := range map[time.Duration]int{0: 2, 90 * time.Minute: 1, 3 * time.Hour: 0} {
		n, err := l.RecipientFrauds(t.Context(), "harbor", noon.Add(since))
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
}
