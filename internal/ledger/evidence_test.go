package ledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/ledger/pgtest"
)

// TestEvidenceSQLite and TestEvidencePostgres run the same tests, as the suite of the ports does.
func TestEvidenceSQLite(t *testing.T) {
	t.Parallel()
	evidenceSuite(t, sqliteFile)
}

func TestEvidencePostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	evidenceSuite(t, server.New)
}

func evidenceSuite(t *testing.T, dsn newDSN) {
	for name, test := range map[string]func(*testing.T, newDSN){
		"judgements are kept as they were":          testJudgements,
		"judgements are erased with their port":     testEraseJudgements,
		"judgements are forgotten in time":          testForgetJudgements,
		"requests are forgotten in time":            testForgetRequests,
		"the text of a policy is kept once":         testPolicyText,
		"requests count between two instants":       testRequests,
		"a bulk order is one request":               testBulkRequests,
		"requests recorded in any order":            testCountInAnyOrder,
		"a bulk order counts once":                  testBulkCountsOnce,
		"a ledger that did not count requests":      testMigrateCounts,
		"letters by their fingerprints":             testLetterPrints,
		"a letter of a bulk order is for all of it": testBulkLetter,
		"what was done to a number":                 testGuardPast,
		"what was taken back from a recipient":      testRecipientFrauds,
		"bursts":                                    testBursts,
		"odd hours":                                 testOddHours,
		"a ledger from before evidence was kept":    testMigrateRequests,
		"only a port's last screening is its nonce": testScreenings,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, dsn)
		})
	}
}

func judgementOf(portID string, nth int) ledger.Judgement {
	at := noon.Add(time.Duration(nth) * time.Minute)
	return ledger.Judgement{
		Nonce: fmt.Sprintf("%s/%d", portID, nth), PortID: portID, Said: []byte(`{"score": 1}`), Evidence: []byte{1, 0, byte(nth)},
		Policy: "sha256:aa", PolicyText: []byte("id: a\n"), Verdict: "signed", JudgedAt: at.Add(time.Hour), SignedAt: at,
	}
}

func judgements(t *testing.T, l *ledger.Ledger, portID string) []ledger.Judgement {
	t.Helper()
	all, err := l.Judgements(t.Context(), portID)
	require.NoError(t, err)
	return all
}

func testJudgements(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	require.Empty(t, judgements(t, l, "pi-1"))
	first, second := judgementOf("pi-1", 1), judgementOf("pi-1", 2)
	for _, j := range []ledger.Judgement{second, first, judgementOf("pi-2", 1)} {
		require.NoError(t, l.RecordJudgement(t.Context(), j))
	}
	require.Equal(t, []ledger.Judgement{first, second}, judgements(t, l, "pi-1"))

	changed := first
	changed.Said, changed.Evidence, changed.Verdict = []byte(`{}`), []byte{2}, "other"
	require.NoError(t, l.RecordJudgement(t.Context(), changed))
	require.Equal(t, []ledger.Judgement{first, second}, judgements(t, l, "pi-1"), "what was judged stays as it was")

	undated := judgementOf("pi-1", 3)
	undated.SignedAt = time.Time{}
	require.Error(t, l.RecordJudgement(t.Context(), undated))
	require.Len(t, judgements(t, l, "pi-1"), 2)
}

func testPolicyText(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	require.NoError(t, l.RecordJudgement(t.Context(), judgementOf("pi-1", 1)))
	other := judgementOf("pi-1", 2)
	other.PolicyText = []byte("id: forged\n")
	require.NoError(t, l.RecordJudgement(t.Context(), other))
	newer := judgementOf("pi-1", 3)
	newer.Policy, newer.PolicyText = "sha256:bb", []byte("id: b\n")
	require.NoError(t, l.RecordJudgement(t.Context(), newer))
	all := judgements(t, l, "pi-1")
	require.Equal(t, "id: a\n", string(all[0].PolicyText))
	require.Equal(t, "id: a\n", string(all[1].PolicyText), "the first text of a digest stays")
	require.Equal(t, "id: b\n", string(all[2].PolicyText))
}

// ask records a request on the account and with the signer of that name, which everybody has in common with the recipient.
func ask(t *testing.T, l *ledger.Ledger, portID, account, bulk string, at time.Time, odd bool) {
	t.Helper()
	require.NoError(t, l.RecordRequest(t.Context(), ledger.Request{
		PortID: portID, Account: account, Bulk: bulk, Odd: odd, At: at,
		Tokens: map[string]string{"number": "n-" + portID, "account": account, "signer": "s", "recipient": "r", "email": ""},
	}))
}

// met is how often a token was met around noon, and lately: since noon.
func met(t *testing.T, l *ledger.Ledger, dimension, token string) ledger.Velocity {
	t.Helper()
	found, err := l.Velocities(t.Context(), map[string]string{dimension: token, "email": "never met"},
		ledger.Span{Since: noon.Add(-time.Hour), Lately: noon, Until: noon.Add(time.Hour)})
	require.NoError(t, err)
	require.NotContains(t, found, "email")
	return found[dimension]
}

func requests(t *testing.T, l *ledger.Ledger, dimension, token string) int {
	t.Helper()
	return met(t, l, dimension, token).Requests
}

func accounts(t *testing.T, l *ledger.Ledger) int {
	t.Helper()
	return met(t, l, "signer", "s").Accounts
}

func testRequests(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	ask(t, l, "pi-1", "a1", "", noon.Add(-time.Hour), false)
	ask(t, l, "pi-1", "a1", "", noon, false)
	ask(t, l, "pi-2", "a2", "", noon.Add(time.Hour), false)
	ask(t, l, "pi-3", "a2", "", noon.Add(time.Hour+time.Microsecond), false)
	require.Equal(t, 2, requests(t, l, "signer", "s"), "both ends are included, and a port asks once")
	require.Equal(t, 1, met(t, l, "signer", "s").Lately)
	require.Equal(t, 1, requests(t, l, "account", "a2"))
	require.Zero(t, requests(t, l, "email", ""), "what a request does not have, it has in common with nobody")
	require.Equal(t, 2, accounts(t, l))
}

func testBulkRequests(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for i := range 20 {
		ask(t, l, fmt.Sprintf("pi-bulk-%d", i), fmt.Sprintf("a%d", i%3), "bk-1", noon, false)
	}
	require.Equal(t, 1, requests(t, l, "signer", "s"))
	require.Equal(t, 1, requests(t, l, "account", "a1"))
	require.Equal(t, 1, accounts(t, l))
	ask(t, l, "pi-alone", "a9", "", noon, false)
	ask(t, l, "pi-other", "a1", "bk-2", noon, false)
	require.Equal(t, 3, requests(t, l, "signer", "s"), "another bulk order, and one port that came alone")
	require.Equal(t, 3, accounts(t, l))

	require.NoError(t, l.RecordRequest(t.Context(), ledger.Request{PortID: "pi-again", Tokens: map[string]string{"number": "n-pi-bulk-1"}, Bulk: "bk-1", At: noon}))
	require.Equal(t, 2, requests(t, l, "number", "n-pi-bulk-1"), "a number that is asked for twice is, whoever asks")
}

func testBulkLetter(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	send := func(portID, account, bulk string) {
		t.Helper()
		require.NoError(t, l.RecordRequest(t.Context(), ledger.Request{PortID: portID, Account: account, Bulk: bulk, Letter: "sha", At: noon}))
	}
	elsewhere := func(account string) int {
		t.Helper()
		n, err := l.LettersElsewhere(t.Context(), "sha", account)
		require.NoError(t, err)
		return n
	}
	send("pi-1", "a1", "bk-1")
	send("pi-2", "a2", "bk-1")
	require.Zero(t, elsewhere("a1"))
	send("pi-3", "a3", "")
	require.Equal(t, 1, elsewhere("a1"), "the same letter from outside the order")
	require.Equal(t, 2, elsewhere("a3"))
	send("pi-4", "a4", "bk-2")
	require.Equal(t, 2, elsewhere("a2"), "and in another order")
}

func testBursts(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for i := range 6 {
		ask(t, l, fmt.Sprintf("pi-bulk-%d", i), "a0", "bk-1", noon, false)
	}
	all, err := l.Bursts(t.Context(), noon, 2)
	require.NoError(t, err)
	require.Empty(t, all, "a bulk order is no burst")
	for i := range 4 {
		ask(t, l, fmt.Sprintf("pi-%d", i), fmt.Sprintf("a%d", i/2), "", noon, false)
	}
	all, err = l.Bursts(t.Context(), noon, 3)
	require.NoError(t, err)
	require.Equal(t, []ledger.Burst{
		{Dimension: "recipient", Token: "r", Requests: 5, Accounts: 3, LastPort: "pi-bulk-5"},
		{Dimension: "signer", Token: "s", Requests: 5, Accounts: 3, LastPort: "pi-bulk-5"},
		{Dimension: "account", Token: "a0", Requests: 3, Accounts: 2, LastPort: "pi-bulk-5"},
	}, all)
}

func testOddHours(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	ask(t, l, "pi-1", "a1", "", noon, true)
	ask(t, l, "pi-2", "a1", "", noon, false)
	ask(t, l, "pi-3", "a1", "bk-1", noon, true)
	ask(t, l, "pi-4", "a1", "bk-1", noon, true)
	ask(t, l, "pi-5", "a1", "", noon.Add(time.Hour), true)
	odd, err := l.OddHours(t.Context(), noon, noon.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, odd, "the end is not included")
}

func testScreenings(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for _, nonce := range []string{"", "one", "two"} {
		if nonce != "" {
			require.NoError(t, l.RecordScreening(t.Context(), "pi-1", nonce, "low", noon))
		}
		last, err := l.LastScreening(t.Context(), "pi-1")
		require.NoError(t, err)
		require.Equal(t, nonce, last)
	}
}

// testMigrateRequests opens a ledger whose requests do not say how they came.
func testMigrateRequests(t *testing.T, dsn newDSN) {
	where := dsn(t)
	migrateTo(t, where, 7)
	execute(t, where, fmt.Sprintf(`INSERT INTO requests (port_id, dimension, token, account, at) VALUES ('pi-1', 'recipient', 'r', 'a1', %d)`, noon.UnixMicro()))
	l := open(t, where)
	require.Equal(t, 1, requests(t, l, "recipient", "r"))
	odd, err := l.OddHours(t.Context(), noon, noon.Add(time.Hour))
	require.NoError(t, err)
	require.Zero(t, odd)
}
