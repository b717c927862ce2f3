package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud/patterns"
	"github.com/portsaga/portsaga/internal/ledger"
)

// One signer over many accounts, and nobody's name.
func TestFraudWatchTellsPatterns(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	books, err := ledger.Open(t.Context(), s.config.Ledger)
	require.NoError(t, err)
	for i := range 6 {
		require.NoError(t, books.RecordRequest(t.Context(), ledger.Request{
			PortID: fmt.Sprint("pi-", i), Tokens: map[string]string{"signer": "keyed", "recipient": "we"}, Account: fmt.Sprint("account-", i), Odd: true, At: now.Add(-time.Hour),
		}))
	}
	require.NoError(t, books.Close())

	require.Equal(t, 0, s.run(t, "portsaga fraud watch --once"))
	require.Equal(t, "signer-over-accounts: 6 requests with the same signer, for 6 accounts, one of them pi-5\n"+
		"out-of-hours-spike: 6 requests out of hours, where 0.0 are usual\n", s.out.String())
	require.Equal(t, 0, s.run(t, "portsaga fraud watch --once -o json"))
	var seen []patterns.Seen
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &seen))
	require.Len(t, seen, 2)
	require.Equal(t, 0, s.run(t, "portsaga fraud watch --once --least 7 --accounts 7 -o json"))
	require.JSONEq(t, "[]", s.out.String())
	require.Equal(t, 0, s.run(t, "portsaga fraud watch --count"))
	require.Contains(t, s.out.String(), "account-burst 0\n")
	require.Contains(t, s.out.String(), "signer-over-accounts 1\n")
	require.Equal(t, 0, s.run(t, "portsaga fraud watch --count -o json"))
	require.Equal(t, 7, strings.Count(s.out.String(), ":"))

	told := map[string]int{}
	require.Len(t, grown(seen, told), 2)
	require.Empty(t, grown(seen, told), "the same pattern is told once")
	seen[0].Requests++
	require.Len(t, grown(seen, told), 1, "and again when it grows")
}
