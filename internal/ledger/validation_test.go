package ledger_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/porting"
)

// TestValidationsSQLite and TestValidationsPostgres run the same tests, as the suite of the ports does.
func TestValidationsSQLite(t *testing.T) {
	t.Parallel()
	validationSuite(t, sqliteFile)
}

func TestValidationsPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	validationSuite(t, server.New)
}

func validationSuite(t *testing.T, dsn newDSN) {
	for name, test := range map[string]func(*testing.T, newDSN){
		"the first answer stays":           testValidation,
		"a secret comes with its answer":   testValidationSecret,
		"claimed until the port is open":   testClaimValidations,
		"an attempt of before is ignored":  testValidationFailedLate,
		"forgotten when nothing waits":     testForgetValidations,
		"numbers of other ports":           testInOpenPort,
		"contacts replace one another":     testGuardContacts,
		"race: two answers to one request": testRaceValidation,
		"many at once share commits":       testGroups,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, dsn)
		})
	}
}

func validation(portID, answer string) ledger.Validation {
	return ledger.Validation{
		PortID: portID, Wholesaler: "northwind", Digest: "d-" + portID, Answer: answer, AnsweredAt: noon, Sealed: []byte("sealed " + portID),
	}
}

func keepValidation(t testing.TB, l *ledger.Ledger, v ledger.Validation) ledger.Validation {
	t.Helper()
	kept, err := l.RecordValidation(t.Context(), v, nil)
	require.NoError(t, err)
	return kept
}

func testValidation(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	_, err := l.Validation(t.Context(), "po-1")
	requireCode(t, err, porting.NotFound, "validation-unknown")
	first := keepValidation(t, l, validation("po-1", "hold"))
	require.Equal(t, validation("po-1", "hold"), first)
	require.Equal(t, first, keepValidation(t, l, validation("po-1", "refuse")))
	kept, err := l.Validation(t.Context(), "po-1")
	require.NoError(t, err)
	require.Equal(t, first, kept)
}

func testValidationSecret(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	secret := ledger.KeptSecret{Ref: ledger.NewSecretRef(), Owner: "po-1", Sealed: []byte("PIN"), At: noon, ExpiresAt: noon.Add(time.Hour)}
	_, err := l.RecordValidation(t.Context(), validation("po-1", "hold"), &secret)
	require.NoError(t, err)
	sealed, err := l.GetSecret(t.Context(), secret.Ref, noon)
	require.NoError(t, err)
	require.Equal(t, []byte("PIN"), sealed)

	again := secret
	again.Ref = ledger.NewSecretRef()
	_, err = l.RecordValidation(t.Context(), validation("po-1", "hold"), &again)
	require.NoError(t, err)
	_, err = l.GetSecret(t.Context(), again.Ref, noon)
	requireCode(t, err, porting.NotFound, "secret-gone")
}

func claimed(t testing.TB, l *ledger.Ledger, at time.Time) []string {
	t.Helper()
	due, err := l.ClaimValidations(t.Context(), at, time.Minute, 9)
	require.NoError(t, err)
	var ports []string
	for _, v := range due {
		ports = append(ports, v.PortID)
	}
	return ports
}

func testClaimValidations(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	keepValidation(t, l, validation("po-1", "hold"))
	closed := validation("po-2", "refuse")
	closed.Sealed = nil // no port is opened for it
	keepValidation(t, l, closed)
	require.Equal(t, []string{"po-1"}, claimed(t, l, noon))
	require.Empty(t, claimed(t, l, noon), "somebody has it")
	require.Equal(t, []string{"po-1"}, claimed(t, l, noon.Add(time.Minute)), "who had it is gone")

	require.NoError(t, l.ValidationsOpened(t.Context(), noon.Add(2*time.Minute), "po-1", "po-9"))
	require.Empty(t, claimed(t, l, noon.Add(time.Hour)))
	kept, err := l.Validation(t.Context(), "po-1")
	require.NoError(t, err)
	require.Nil(t, kept.Sealed, "what was asked is destroyed")
	require.Equal(t, "hold", kept.Answer)
}

func testValidationFailedLate(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	keepValidation(t, l, validation("po-1", "hold"))
	due, err := l.ClaimValidations(t.Context(), noon, time.Minute, 9)
	require.NoError(t, err)
	require.NoError(t, l.ValidationFailed(t.Context(), due[0], "engine-unavailable", noon.Add(time.Second)))
	require.Equal(t, []string{"po-1"}, claimed(t, l, noon.Add(time.Second)))
	require.NoError(t, l.ValidationFailed(t.Context(), due[0], "engine-unavailable", noon))
	require.Empty(t, claimed(t, l, noon.Add(2*time.Second)), "it is in the hands of the second attempt")
	kept, err := l.Validation(t.Context(), "po-1")
	require.NoError(t, err)
	require.Equal(t, 2, kept.Attempts)
	require.Equal(t, "engine-unavailable", kept.Failure)
}

func testForgetValidations(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for _, port := range []string{"po-1", "po-2"} {
		keepValidation(t, l, validation(port, "hold"))
	}
	require.NoError(t, l.ValidationsOpened(t.Context(), noon, "po-1"))
	forgotten, err := l.ForgetValidations(t.Context(), noon.Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 1, forgotten)
	require.Equal(t, []string{"po-2"}, claimed(t, l, noon), "what waits for its port is kept")
}

func testInOpenPort(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-1", "n-1")
	claim(t, l, "po-2", "n-2")
	held := func(tokens ...string) bool {
		held, err := l.InOpenPort(t.Context(), "po-2", tokens...)
		require.NoError(t, err)
		return held
	}
	require.True(t, held("n-3", "n-1"))
	require.False(t, held("n-2", "n-3"), "its own number")
	require.NoError(t, l.Release(t.Context(), "pi-1", porting.OutcomeCompleted, noon))
	require.False(t, held("n-1"))
}

func testGuardContacts(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for i, id := range []string{"gc-1", "gc-2", "gc-3"} {
		at := noon.Add(time.Duration(i) * time.Hour)
		require.NoError(t, l.SetGuardContact(t.Context(), subject("n-1"), ledger.GuardContact{ID: id, Sealed: []byte(id), SetAt: at}, "ben@care"))
	}
	contacts := func(since time.Time) (ids []string) {
		all, err := l.GuardContacts(t.Context(), "n-1", since)
		require.NoError(t, err)
		for _, c := range all {
			ids = append(ids, c.ID)
			require.Equal(t, []byte(c.ID), c.Sealed)
			require.Equal(t, c.ID == "gc-3", c.ReplacedAt.IsZero())
		}
		return ids
	}
	require.Equal(t, []string{"gc-3", "gc-2", "gc-1"}, contacts(noon))
	require.Equal(t, []string{"gc-3", "gc-2"}, contacts(noon.Add(time.Hour)))
	require.NoError(t, l.ForgetContacts(t.Context(), noon.Add(3*time.Hour)))
	require.Equal(t, []string{"gc-3"}, contacts(noon))
	events, err := l.GuardEvents(t.Context(), "n-1", 9)
	require.NoError(t, err)
	require.Len(t, events, 3)
	require.Equal(t, ledger.EventContactChanged, events[0].Kind)
}

func testRaceValidation(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	var kept [8]ledger.Validation
	var together sync.WaitGroup
	for i := range kept {
		together.Go(func() {
			v := validation("po-1", "answer "+string(rune('a'+i)))
			kept[i], _ = handles[i%2].RecordValidation(t.Context(), v, nil)
		})
	}
	together.Wait()
	for _, v := range kept {
		require.NotEmpty(t, v.Answer)
		require.Equal(t, kept[0].Answer, v.Answer)
	}
}
