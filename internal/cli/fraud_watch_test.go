package cli

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
)

// One signer over many accounts, and nobody's name.
func TestFraudWatchTellsBursts(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	books, err := ledger.Open(t.Context(), s.config.Ledger)
	require.NoError(t, err)
	for i := range 6 {
		require.NoError(t, books.RecordRequest(t.Context(), ledger.Request{
			PortID: fmt.Sprint("pi-", i), Tokens: map[string]string{"signer": "keyed"}, Account: fmt.Sprint("account-", i), At: now.Add(-time.Hour),
		}))
	}
	require.NoError(t, books.Close())

	require.Equal(t, 0, s.run(t, "portsaga fraud watch --once --least 5"))
	require.Equal(t, "6 requests with the same signer, for 6 accounts, one of them pi-5\n", s.out.String())
	require.Equal(t, 0, s.run(t, "portsaga fraud watch --once --least 5 -o json"))
	var bursts []ledger.Burst
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &bursts))
	require.Len(t, bursts, 1)
	require.Equal(t, 0, s.run(t, "portsaga fraud watch --once --least 7 -o json"))
	require.JSONEq(t, "[]", s.out.String())

	told := map[string]int{}
	require.Len(t, grown(bursts, told), 1)
	require.Empty(t, grown(bursts, told), "the same burst is told once")
	bursts[0].Requests++
	require.Len(t, grown(bursts, told), 1, "and again when it grows")
}
