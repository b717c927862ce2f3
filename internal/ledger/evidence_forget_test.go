package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
)

func testEraseJudgements(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for nth, port := range []string{"pi-1", "pi-1", "pi-2"} {
		require.NoError(t, l.RecordJudgement(t.Context(), judgementOf(port, nth)))
	}
	for _, want := range []int64{2, 0} {
		n, err := l.EraseJudgements(t.Context(), "pi-1")
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	require.Empty(t, judgements(t, l, "pi-1"))
	require.Len(t, judgements(t, l, "pi-2"), 1, "with the policy by which it was made")
	require.NoError(t, l.RecordJudgement(t.Context(), judgementOf("pi-3", 0)))
	require.Len(t, judgements(t, l, "pi-3"), 1)
}

// testForgetJudgements forgets neither open ports, nor those that ended not long ago, nor those under legal hold.
func testForgetJudgements(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for nth, port := range []string{"open", "fresh", "held", "old"} {
		claim(t, l, port, "token-"+port)
		require.NoError(t, l.RecordJudgement(t.Context(), judgementOf(port, nth)))
	}
	for _, port := range []string{"held", "old"} {
		require.NoError(t, l.Release(t.Context(), port, "completed", noon.Add(time.Hour)))
	}
	require.NoError(t, l.Release(t.Context(), "fresh", "completed", noon.Add(48*time.Hour)))
	_, err := l.Keys().AddDataKey(t.Context(), ledger.DataKey{Owner: "held", Tenant: "acme", KEK: "file", Wrapped: []byte{1}, MadeAt: noon})
	require.NoError(t, err)
	_, err = l.HoldDataKey(t.Context(), "held", "lea@legal", "case 7", noon)
	require.NoError(t, err)

	n, err := l.ForgetJudgements(t.Context(), noon.Add(24*time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	for port, kept := range map[string]int{"open": 1, "fresh": 1, "held": 1, "old": 0} {
		require.Len(t, judgements(t, l, port), kept, port)
	}
}

func testForgetRequests(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for port, at := range map[string]time.Time{"pi-1": noon, "pi-2": noon.Add(time.Hour)} {
		require.NoError(t, l.RecordRequest(t.Context(), ledger.Request{
			PortID: port, Tokens: map[string]string{"signer": "s"}, Account: "account-" + port, Letter: "letter", At: at,
		}))
	}
	elsewhere := func() int {
		n, err := l.LettersElsewhere(t.Context(), "letter", "another")
		require.NoError(t, err)
		return n
	}
	require.Equal(t, 2, elsewhere())
	n, err := l.ForgetRequests(t.Context(), noon.Add(time.Minute))
	require.NoError(t, err)
	require.EqualValues(t, 2, n, "a token and a letter")
	require.Equal(t, 1, elsewhere())
	require.Equal(t, 1, requests(t, l, "signer", "s"))
}

func testLetterPrints(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for nth, port := range []string{"pi-1", "pi-2", "pi-3"} {
		letter := "letter-" + port
		for _, text := range []string{"print-" + port, "another"} {
			require.NoError(t, l.KeepLetterPrint(t.Context(), letter, text))
		}
		require.NoError(t, l.RecordRequest(t.Context(), ledger.Request{
			PortID: port, Account: "account-" + port, Letter: letter, At: noon.Add(time.Duration(nth) * time.Hour),
		}))
	}
	elsewhere := func(letter, account string, limit int) []string {
		all, err := l.LetterPrintsElsewhere(t.Context(), letter, account, limit)
		require.NoError(t, err)
		return all
	}
	own, err := l.LetterPrint(t.Context(), "letter-pi-1")
	require.NoError(t, err)
	require.Equal(t, "print-pi-1", own, "the first one stays")
	none, err := l.LetterPrint(t.Context(), "scan")
	require.NoError(t, err)
	require.Empty(t, none)
	require.Equal(t, []string{"print-pi-3", "print-pi-2"}, elsewhere("letter-pi-1", "account-pi-1", 9))
	require.Equal(t, []string{"print-pi-3"}, elsewhere("letter-pi-1", "account-pi-1", 1))
	require.Equal(t, []string{"print-pi-2", "print-pi-1"}, elsewhere("letter-pi-3", "account-new", 9), "the same file is no other letter")

	require.NoError(t, l.PutDocument(t.Context(), ledger.Document{SHA256: "letter-pi-1", Kind: "loa", Sealed: []byte{1}, AddedAt: noon}))
	_, err = l.ForgetRequests(t.Context(), noon.Add(24*time.Hour))
	require.NoError(t, err)
	for letter, want := range map[string]string{"letter-pi-1": "print-pi-1", "letter-pi-2": ""} {
		kept, err := l.LetterPrint(t.Context(), letter)
		require.NoError(t, err)
		require.Equal(t, want, kept, "it stays as long as its document")
	}
}
