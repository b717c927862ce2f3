package ledger_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/porting"
)

// TestGuardSQLite and TestGuardPostgres run the same tests, as the suite of the ports does.
func TestGuardSQLite(t *testing.T) {
	t.Parallel()
	guardSuite(t, sqliteFile)
}

func TestGuardPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	guardSuite(t, server.New)
}

func guardSuite(t *testing.T, dsn newDSN) {
	for name, test := range map[string]func(*testing.T, newDSN){
		"lock and unlock":                    testLock,
		"unlock refused":                     testUnlockRefused,
		"unlock cancelled":                   testCancelUnlock,
		"an end is settled once":             testSettle,
		"accounts":                           testAccounts,
		"events are told once":               testTellEvents,
		"guard key":                          testGuardKey,
		"PINs":                               testPINs,
		"attempts":                           testAttempts,
		"attempts at a kept PIN":             testKeptPIN,
		"a kept PIN locked out":              testKeptPINLockedOut,
		"attempts are forgotten":             testForgetAttempts,
		"attempts that nobody is told of":    testQuietAttempts,
		"a source that tries many numbers":   testSourceLockedOut,
		"any order of attempts":              testAttemptModel,
		"race: attempts at one number":       testRaceAttempts,
		"race: attempts from one source":     testRaceSources,
		"race: attempts in opposite order":   testRaceCrossed,
		"race: guard keys":                   testRaceGuardKey,
		"race: unlock against another lock":  testRaceUnlock,
		"race: settling an end":              testRaceSettle,
		"race: attempts that end right once": testRaceForgive,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, dsn)
		})
	}
}

const coolOff = 24 * time.Hour

func subject(token string) ledger.Subject {
	return ledger.Subject{Token: token, Tenant: "default", Masked: "+1…" + token}
}

func lock(t testing.TB, l *ledger.Ledger, token string, at time.Time) ledger.Lock {
	t.Helper()
	placed, err := l.PlaceLock(t.Context(), subject(token), "ana@care", "asked by the subscriber", at)
	require.NoError(t, err)
	return placed
}

func unlockOf(lock ledger.Lock, at time.Time) ledger.Unlock {
	return ledger.Unlock{LockID: lock.ID, By: "subscriber", Method: "port-out PIN", At: at, DueAt: at.Add(coolOff)}
}

func unlock(t testing.TB, l *ledger.Ledger, lock ledger.Lock, at time.Time) ledger.Lock {
	t.Helper()
	asked, err := l.AskUnlock(t.Context(), lock.Subject, unlockOf(lock, at))
	require.NoError(t, err)
	return asked
}

// kinds are what happened to a subject, the oldest first.
func kinds(t testing.TB, l *ledger.Ledger, token string) []string {
	t.Helper()
	events, err := l.GuardEvents(t.Context(), token, 100)
	require.NoError(t, err)
	var all []string
	for _, e := range events {
		all = append([]string{e.Kind}, all...)
	}
	return all
}

func testLock(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	none, err := l.Locks(t.Context(), "0101")
	require.NoError(t, err)
	require.Empty(t, none)

	before := state(t, l).Changes
	placed := lock(t, l, "0101", noon)
	require.True(t, placed.Holds(noon))
	require.Equal(t, before+1, state(t, l).Changes, "a restore that forgets a lock is noticed")
	require.Equal(t, placed, lock(t, l, "0101", noon.Add(time.Hour)), "once is enough")
	require.Equal(t, before+1, state(t, l).Changes)

	asked := unlock(t, l, placed, noon.Add(2*time.Hour))
	due := noon.Add(2*time.Hour + coolOff)
	require.True(t, asked.Ending(noon.Add(3*time.Hour)))
	require.True(t, due.Equal(asked.UnlockDueAt))
	require.True(t, asked.Holds(due.Add(-time.Microsecond)), "it holds until it is due")
	require.False(t, asked.Holds(due))
	require.Equal(t, asked, unlock(t, l, placed, noon.Add(3*time.Hour)), "asking again moves nothing")

	settled, err := l.SettleUnlocks(t.Context(), due, 9)
	require.NoError(t, err)
	require.Equal(t, 1, settled)
	require.Equal(t, []string{ledger.EventLocked, ledger.EventUnlockAsked, ledger.EventUnlocked}, kinds(t, l, "0101"))

	again := lock(t, l, "0101", due.Add(time.Hour))
	require.NotEqual(t, placed.ID, again.ID)
}

func testUnlockRefused(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	_, err := l.AskUnlock(t.Context(), subject("0101"), unlockOf(ledger.Lock{}, noon))
	requireCode(t, err, porting.Refused, "not-locked")
	require.Empty(t, kinds(t, l, "0101"))

	first := lock(t, l, "0101", noon)
	_, err = l.AskUnlock(t.Context(), first.Subject, unlockOf(ledger.Lock{ID: "lk-other"}, noon))
	requireCode(t, err, porting.Refused, "lock-changed")

	unlock(t, l, first, noon)
	_, err = l.AskUnlock(t.Context(), first.Subject, unlockOf(first, noon.Add(coolOff)))
	requireCode(t, err, porting.Refused, "not-locked")
}

func testCancelUnlock(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	first := lock(t, l, "0101", noon)
	_, err := l.CancelUnlock(t.Context(), first.Subject, "subscriber", noon)
	requireCode(t, err, porting.Refused, "no-unlock-pending")

	unlock(t, l, first, noon.Add(time.Minute))
	held, err := l.CancelUnlock(t.Context(), first.Subject, "subscriber", noon.Add(time.Hour))
	require.NoError(t, err)
	require.True(t, held.Holds(noon.Add(2*coolOff)))
	_, err = l.AskUnlock(t.Context(), first.Subject, unlockOf(first, noon.Add(2*time.Hour)))
	requireCode(t, err, porting.Refused, "lock-changed")

	unlock(t, l, held, noon.Add(3*time.Hour))
	locked := lock(t, l, "0101", noon.Add(4*time.Hour))
	require.False(t, locked.Ending(noon.Add(5*time.Hour)), "locking cancels too")
	require.NotEqual(t, held.ID, locked.ID)
	unlock(t, l, locked, noon.Add(6*time.Hour))
	_, err = l.CancelUnlock(t.Context(), first.Subject, "subscriber", noon.Add(6*time.Hour+coolOff))
	requireCode(t, err, porting.Refused, "no-unlock-pending")
	require.Equal(t, []string{
		ledger.EventLocked, ledger.EventUnlockAsked, ledger.EventUnlockCancelled, ledger.EventUnlockAsked,
		ledger.EventUnlockCancelled, ledger.EventUnlockAsked,
	}, kinds(t, l, "0101"))
}

func testSettle(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for i := range 3 {
		unlock(t, l, lock(t, l, fmt.Sprint("010", i), noon), noon.Add(time.Duration(i)*time.Hour))
	}
	for _, want := range []int{2, 0} {
		settled, err := l.SettleUnlocks(t.Context(), noon.Add(coolOff+time.Hour), 9)
		require.NoError(t, err)
		require.Equal(t, want, settled)
	}
	// A lock whose end nobody has written down yet ends all the same, and then another one begins.
	again := lock(t, l, "0102", noon.Add(2*coolOff))
	require.True(t, again.Holds(noon.Add(9*coolOff)))
	events, err := l.GuardEvents(t.Context(), "0102", 2)
	require.NoError(t, err)
	require.Equal(t, []string{ledger.EventLocked, ledger.EventUnlocked}, []string{events[0].Kind, events[1].Kind})
	require.True(t, noon.Add(2*time.Hour+coolOff).Equal(events[1].At), "it says when the lock ended, not when that was seen")
}

func testAccounts(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	assign := func(number, account string, at time.Time) error {
		_, err := l.AssignAccount(t.Context(), subject(number), subject(account), "ana@care", at)
		return err
	}
	require.NoError(t, assign("0101", "acc-1", noon))
	require.NoError(t, assign("0101", "acc-1", noon))
	require.NoError(t, assign("0101", "acc-2", noon.Add(time.Minute)))
	lock(t, l, "acc-2", noon.Add(time.Hour))

	held, err := l.Locks(t.Context(), "0101")
	require.NoError(t, err)
	require.Len(t, held, 2)
	require.True(t, held[1].Holds(noon.Add(time.Hour)))
	require.Equal(t, "acc-2", held[1].Token)

	requireCode(t, assign("0101", "acc-3", noon.Add(2*time.Hour)), porting.Refused, "account-locked")
	unlock(t, l, held[1], noon.Add(3*time.Hour))
	requireCode(t, assign("0101", "acc-3", noon.Add(4*time.Hour)), porting.Refused, "account-locked")
	require.NoError(t, assign("0101", "acc-3", noon.Add(3*time.Hour+coolOff)))
	require.Equal(t, []string{ledger.EventAssigned, ledger.EventAssigned, ledger.EventAssigned}, kinds(t, l, "0101"))
}

func testTellEvents(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	first := lock(t, l, "0101", noon)
	unlock(t, l, first, noon.Add(time.Hour))
	untold, err := l.UntoldGuardEvents(t.Context(), 9)
	require.NoError(t, err)
	require.Len(t, untold, 2)
	require.Equal(t, ledger.GuardEvent{
		ID: untold[1].ID, Subject: subject("0101"), Kind: ledger.EventUnlockAsked, Actor: "subscriber", Detail: "port-out PIN",
		At: noon.Add(time.Hour), DueAt: noon.Add(time.Hour + coolOff),
	}, untold[1])
	require.NoError(t, l.GuardEventTold(t.Context(), untold[0].ID, noon))
	untold, err = l.UntoldGuardEvents(t.Context(), 9)
	require.NoError(t, err)
	require.Len(t, untold, 1)
	require.Equal(t, ledger.EventUnlockAsked, untold[0].Kind)
}

// Whichever commits first, nothing that was proved for one lock ends another one.
func testRaceUnlock(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	for round := range rounds(t) / 4 {
		token := fmt.Sprint("race-", round)
		first := unlock(t, handles[0], lock(t, handles[0], token, noon), noon)
		var second ledger.Lock
		var placed, asked error
		race(
			func() { second, placed = handles[0].PlaceLock(t.Context(), first.Subject, "ana@care", "", noon) },
			func() { _, asked = handles[1].AskUnlock(t.Context(), first.Subject, unlockOf(first, noon)) },
		)
		require.NoError(t, placed)
		require.NotEqual(t, first.ID, second.ID)
		if asked != nil {
			requireCode(t, asked, porting.Refused, "lock-changed")
		}
		now, err := handles[1].Locks(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, []ledger.Lock{second}, now, "the lock that came holds on")
	}
}

func testRaceSettle(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	for round := range rounds(t) / 10 {
		token := fmt.Sprint("race-", round)
		unlock(t, handles[0], lock(t, handles[0], token, noon), noon.Add(time.Hour))
		var failed atomic.Int32
		settle := func(i int) func() {
			return func() {
				if _, err := handles[i].SettleUnlocks(t.Context(), noon.Add(2*coolOff), 9); err != nil {
					failed.Add(1)
				}
			}
		}
		race(settle(0), settle(1))
		require.Zero(t, failed.Load())
		require.Equal(t, []string{ledger.EventLocked, ledger.EventUnlockAsked, ledger.EventUnlocked}, kinds(t, handles[0], token))
	}
}
