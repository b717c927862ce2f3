package ledger_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

var fiveAnHour = ledger.Limit{Attempts: 5, Forget: 24 * time.Hour, Lockout: time.Hour, Longest: 4 * time.Hour}

func pinOf(hash string) ledger.PIN {
	return ledger.PIN{Scheme: "test", Salt: []byte("salt"), Hash: []byte(hash), SetAt: noon, SetBy: "subscriber"}
}

func attemptAt(number, source string, at time.Time) ledger.Attempt {
	return ledger.Attempt{
		Number: subject(number), Source: ledger.Subject{Token: source, Tenant: "default", Masked: "portal"}, SourceName: "portal",
		At: at, PerNumber: fiveAnHour, PerSource: fiveAnHour,
	}
}

// fail makes an attempt that is wrong, and reports until when it was locked out.
func fail(t testing.TB, l *ledger.Ledger, a ledger.Attempt) time.Time {
	t.Helper()
	begun, err := l.BeginAttempt(t.Context(), a)
	require.NoError(t, err)
	if begun.LockedUntil.IsZero() {
		require.NoError(t, l.EndAttempt(t.Context(), a, "wrong", false))
	}
	return begun.LockedUntil
}

func succeed(t testing.TB, l *ledger.Ledger, a ledger.Attempt) {
	t.Helper()
	begun, err := l.BeginAttempt(t.Context(), a)
	require.NoError(t, err)
	require.True(t, begun.LockedUntil.IsZero())
	require.NoError(t, l.EndAttempt(t.Context(), a, "ok", true))
}

func testGuardKey(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	first, err := l.GuardKey(t.Context(), []byte("sealed"), noon)
	require.NoError(t, err)
	second, err := l.GuardKey(t.Context(), []byte("another"), noon)
	require.NoError(t, err)
	require.Equal(t, []byte("sealed"), first)
	require.Equal(t, first, second)
}

func testRaceGuardKey(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	var got [2][]byte
	var errs [2]error
	get := func(i int) func() {
		return func() { got[i], errs[i] = handles[i].GuardKey(t.Context(), fmt.Append(nil, i), noon) }
	}
	race(get(0), get(1))
	require.NoError(t, errs[0])
	require.NoError(t, errs[1])
	require.Equal(t, got[0], got[1])
}

func testPINs(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	none, err := l.PINState(t.Context(), "0101", noon)
	require.NoError(t, err)
	require.Zero(t, none)

	before := state(t, l).Changes
	require.NoError(t, l.SetPIN(t.Context(), subject("0101"), pinOf("first")))
	require.NoError(t, l.SetPIN(t.Context(), subject("0102"), pinOf("other")))
	changed := pinOf("second")
	changed.SetAt = noon.Add(time.Hour)
	require.NoError(t, l.SetPIN(t.Context(), subject("0101"), changed))
	require.Equal(t, before+3, state(t, l).Changes)

	begun, err := l.BeginAttempt(t.Context(), attemptAt("0101", "s", noon))
	require.NoError(t, err)
	require.Equal(t, changed, begun.PIN)

	renewed := changed
	renewed.Scheme, renewed.Salt, renewed.Hash = "new", []byte("grain"), []byte("third")
	require.NoError(t, l.RenewPIN(t.Context(), subject("0101"), pinOf("first"), renewed), "another PIN has come since")
	require.NoError(t, l.RenewPIN(t.Context(), subject("0101"), changed, renewed))
	require.Equal(t, before+4, state(t, l).Changes)
	begun, err = l.BeginAttempt(t.Context(), attemptAt("0101", "s", noon))
	require.NoError(t, err)
	require.Equal(t, renewed, begun.PIN)

	require.NoError(t, l.RemovePIN(t.Context(), subject("0101"), "ana@care", noon.Add(2*time.Hour)))
	requireCode(t, l.RemovePIN(t.Context(), subject("0101"), "ana@care", noon), porting.NotFound, "pin-unknown")
	begun, err = l.BeginAttempt(t.Context(), attemptAt("0101", "s", noon))
	require.NoError(t, err)
	require.Zero(t, begun.PIN)
	require.Equal(t, []string{ledger.EventPINSet, ledger.EventPINChanged, ledger.EventPINRemoved}, kinds(t, l, "0101"))
}

func testAttempts(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	at := noon
	for i := range 5 {
		at = at.Add(time.Minute)
		require.Zero(t, fail(t, l, attemptAt("0101", fmt.Sprint("source-", i), at)))
	}
	until := at.Add(time.Hour)
	require.True(t, until.Equal(fail(t, l, attemptAt("0101", "source-9", until.Add(-time.Microsecond)))))
	pin, err := l.PINState(t.Context(), "0101", at)
	require.NoError(t, err)
	require.True(t, until.Equal(pin.LockedUntil))
	require.Zero(t, fail(t, l, attemptAt("0102", "source-9", at)), "another number is not locked out")

	events, err := l.GuardEvents(t.Context(), "0101", 100)
	require.NoError(t, err)
	require.Len(t, events, 6, "five failures and one lockout; attempts in the lockout are no events")
	var due time.Time
	for _, e := range events {
		if e.Kind == ledger.EventPINLocked {
			due = e.DueAt
		}
	}
	require.True(t, until.Equal(due))

	for _, hours := range []int{2, 4, 4} { // each lockout in a row is twice as long, up to the longest
		at = until
		for i := range 5 {
			require.Zero(t, fail(t, l, attemptAt("0101", fmt.Sprint(hours, at, i), at)))
		}
		until = at.Add(time.Duration(hours) * time.Hour)
		require.True(t, until.Equal(fail(t, l, attemptAt("0101", "source-9", at))))
	}
	require.NoError(t, l.SetPIN(t.Context(), subject("0101"), pinOf("new")))
	succeed(t, l, attemptAt("0101", "source-9", at))
}

// A kept PIN is one attempt, however often a saga asks.
func testKeptPIN(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	a := attemptAt("0101", "carrier", noon)
	a.Ref = "sec-1"
	for range 20 {
		begun, err := l.BeginAttempt(t.Context(), a)
		require.NoError(t, err)
		require.True(t, begun.LockedUntil.IsZero(), "a crash before the end is no second attempt")
		require.Empty(t, begun.Verdict)
	}
	require.NoError(t, l.EndAttempt(t.Context(), a, "wrong", false))
	begun, err := l.BeginAttempt(t.Context(), a)
	require.NoError(t, err)
	require.Equal(t, "wrong", begun.Verdict)

	other := a
	other.Number = subject("0102")
	begun, err = l.BeginAttempt(t.Context(), other)
	require.NoError(t, err)
	require.Empty(t, begun.Verdict, "it says nothing of another number")

	for i := range 4 {
		require.Zero(t, fail(t, l, attemptAt("0101", fmt.Sprint("source-", i), noon)))
	}
	begun, err = l.BeginAttempt(t.Context(), a)
	require.NoError(t, err)
	require.Equal(t, "wrong", begun.Verdict, "what was tried before a lockout is known in it")
	require.Zero(t, begun.LockedUntil)
	late := attemptAt("0101", "carrier", noon)
	late.Ref = "sec-2"
	require.NotZero(t, fail(t, l, late))
	late.At = noon.Add(time.Hour)
	require.Zero(t, fail(t, l, late), "what was locked out may be tried later")
}

// A kept PIN that was locked out has not been tried: it counts when it is.
func testKeptPINLockedOut(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	attempts := func(at time.Time) (refused int) {
		for i := range fiveAnHour.Attempts {
			kept := attemptAt("0101", fmt.Sprint("source-", at, i), at)
			kept.Ref = fmt.Sprint("sec-", i)
			if !fail(t, l, kept).IsZero() {
				refused++
			}
		}
		return refused
	}
	for i := range fiveAnHour.Attempts {
		require.Zero(t, fail(t, l, attemptAt("0101", fmt.Sprint("source-", i), noon)))
	}
	require.Equal(t, fiveAnHour.Attempts, attempts(noon))
	later := noon.Add(fiveAnHour.Lockout)
	require.Zero(t, attempts(later))
	require.NotZero(t, fail(t, l, attemptAt("0101", "source", later)))
}

func testForgetAttempts(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for range 4 {
		require.Zero(t, fail(t, l, attemptAt("0101", "source", noon)))
	}
	at := noon.Add(24 * time.Hour)
	for range 5 {
		require.Zero(t, fail(t, l, attemptAt("0101", "source", at)))
	}
	require.NotZero(t, fail(t, l, attemptAt("0101", "source", at)))
	forgotten, err := l.ForgetAttempts(t.Context(), at)
	require.NoError(t, err)
	require.Zero(t, forgotten, "a lockout is not forgotten")
	forgotten, err = l.ForgetAttempts(t.Context(), at.Add(2*time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 2, forgotten)
}

// A source that tries many numbers is locked out, and its history says so.
func testSourceLockedOut(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for i := range fiveAnHour.Attempts {
		require.Zero(t, fail(t, l, attemptAt(fmt.Sprint("010", i), "source", noon)))
	}
	require.NotZero(t, fail(t, l, attemptAt("0109", "source", noon)))
	require.Equal(t, []string{ledger.EventSourceLocked}, kinds(t, l, "source"))
	require.Equal(t, []string{ledger.EventPINFailed}, kinds(t, l, "0101"))
}

// A quiet attempt counts, and is in no history that the number's people are told from.
func testQuietAttempts(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for range 5 {
		quiet := attemptAt("0101", "source", noon)
		quiet.Quiet = true
		require.Zero(t, fail(t, l, quiet))
	}
	require.NotZero(t, fail(t, l, attemptAt("0101", "another", noon)))
	require.Empty(t, kinds(t, l, "0101"))
	require.Equal(t, []string{ledger.EventSourceLocked}, kinds(t, l, "source"))
}

// limiter is the counters of one number and one source in a few lines of memory.
type limiter struct {
	used, lockouts int
	last, until    time.Time
}

func (m *limiter) locked(at time.Time) bool { return at.Before(m.until) }

func (m *limiter) count(at time.Time) {
	quietSince := m.last
	if m.until.After(quietSince) {
		quietSince = m.until
	}
	if at.Sub(quietSince) >= fiveAnHour.Forget {
		*m = limiter{}
	}
	if !m.until.IsZero() {
		m.used, m.until = 0, time.Time{}
	}
	m.used, m.last = m.used+1, at
	if m.used == fiveAnHour.Attempts {
		m.until = at.Add(min(fiveAnHour.Longest, fiveAnHour.Lockout<<min(m.lockouts, 8)))
		m.lockouts++
	}
}

func (m *limiter) giveBack() {
	if m.used == fiveAnHour.Attempts {
		m.until = time.Time{}
		m.lockouts--
	}
	m.used--
}

func testAttemptModel(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	var run atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		unique := fmt.Sprintf("run-%d-", run.Add(1))
		at := noon
		model := map[string]*limiter{}
		of := func(name string) *limiter {
			if model[name] == nil {
				model[name] = &limiter{}
			}
			return model[name]
		}
		name := rapid.SampledFrom([]string{"1", "2"})
		attempt := func(t *rapid.T, right bool) {
			n, s := unique+"n"+name.Draw(t, "number"), unique+"s"+name.Draw(t, "source")
			a := attemptAt(n, s, at)
			begun, err := l.BeginAttempt(t.Context(), a)
			require.NoError(t, err)
			number, source := of(n), of(s)
			require.Equal(t, number.locked(at) || source.locked(at), !begun.LockedUntil.IsZero())
			if !begun.LockedUntil.IsZero() {
				return
			}
			number.count(at)
			source.count(at)
			if right {
				*number = limiter{last: number.last}
				source.giveBack()
			}
			require.NoError(t, l.EndAttempt(t.Context(), a, "", right))
		}
		t.Repeat(map[string]func(*rapid.T){
			"wrong":       func(t *rapid.T) { attempt(t, false) },
			"wrong again": func(t *rapid.T) { attempt(t, false) },
			"right":       func(t *rapid.T) { attempt(t, true) },
			"wait": func(t *rapid.T) {
				at = at.Add(time.Duration(rapid.SampledFrom([]int{1, 30, 60, 240, 1440}).Draw(t, "minutes")) * time.Minute)
			},
		})
	})
}

// begins counts how many of many attempts at once may go on.
func begins(t *testing.T, handles [2]*ledger.Ledger, many int, attempt func(i int) ledger.Attempt) int {
	var begun, failed atomic.Int32
	var runners []func()
	for i := range many {
		runners = append(runners, func() {
			b, err := handles[i%2].BeginAttempt(t.Context(), attempt(i))
			switch {
			case err != nil:
				failed.Add(1)
			case b.LockedUntil.IsZero():
				begun.Add(1)
			}
		})
	}
	race(runners...)
	require.Zero(t, failed.Load())
	return int(begun.Load())
}

// Guesses at once are never more than the limit, over all processes.
func testRaceAttempts(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	for round := range rounds(t) / 20 {
		n := begins(t, handles, 16, func(i int) ledger.Attempt {
			return attemptAt(fmt.Sprint("n-", round), fmt.Sprint("s-", round, "-", i), noon)
		})
		require.Equal(t, fiveAnHour.Attempts, n)
	}
}

func testRaceSources(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	for round := range rounds(t) / 20 {
		n := begins(t, handles, 16, func(i int) ledger.Attempt {
			return attemptAt(fmt.Sprint("n-", round, "-", i), fmt.Sprint("s-", round), noon)
		})
		require.Equal(t, fiveAnHour.Attempts, n)
	}
}

// Attempts that share numbers and sources in every combination wait for each other, and never in a circle.
func testRaceCrossed(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	for round := range rounds(t) / 20 {
		n := begins(t, handles, 8, func(i int) ledger.Attempt {
			return attemptAt(fmt.Sprint("n-", round, "-", i%2), fmt.Sprint("s-", round, "-", i/2%2), noon)
		})
		require.Equal(t, 8, n)
	}
}

// One right attempt among wrong ones forgives once: what fails from then on is at most the limit again.
func testRaceForgive(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	for round := range rounds(t) / 20 {
		number := fmt.Sprint("n-", round)
		right := attemptAt(number, fmt.Sprint("own-", round), noon)
		first, err := handles[0].BeginAttempt(t.Context(), right)
		require.NoError(t, err)
		require.Zero(t, first.LockedUntil)
		var ended error
		var wrong atomic.Int32
		runners := []func(){func() { ended = handles[0].EndAttempt(t.Context(), right, "ok", true) }}
		for i := range 12 {
			runners = append(runners, func() {
				b, err := handles[i%2].BeginAttempt(t.Context(), attemptAt(number, fmt.Sprint("s-", round, "-", i), noon))
				if err == nil && b.LockedUntil.IsZero() {
					wrong.Add(1)
				}
			})
		}
		race(runners...)
		require.NoError(t, ended)
		const oneReserved = 1
		require.LessOrEqual(t, int(wrong.Load()), 2*fiveAnHour.Attempts-oneReserved)
		require.GreaterOrEqual(t, int(wrong.Load()), fiveAnHour.Attempts-oneReserved)
	}
}
