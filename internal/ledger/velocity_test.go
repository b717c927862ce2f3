package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
)

// testCountInAnyOrder records requests in another order than they came in, and counts them one by one as well.
func testCountInAnyOrder(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	var came []time.Time
	for i := range 60 {
		at := noon.Add(time.Duration(random.IntN(40)) * time.Minute) // some at once
		ask(t, l, fmt.Sprintf("pi-%d", i), fmt.Sprintf("a%d", i%7), "", at, false)
		came = append(came, at)
	}
	for range 50 {
		in := ledger.Span{Since: noon.Add(time.Duration(random.IntN(20)-2) * time.Minute)}
		in.Lately = in.Since.Add(time.Duration(random.IntN(15)) * time.Minute)
		in.Until = in.Lately.Add(time.Duration(random.IntN(15)) * time.Minute)
		var want ledger.Velocity
		accounts := map[int]bool{}
		for i, at := range came {
			if at.Before(in.Since) || at.After(in.Until) {
				continue
			}
			want.Requests++
			accounts[i%7] = true
			if !at.Before(in.Lately) {
				want.Lately++
			}
		}
		want.Accounts = len(accounts)
		found, err := l.Velocities(t.Context(), map[string]string{"signer": "s", "recipient": "r"}, in)
		require.NoError(t, err)
		require.Equal(t, want, found["signer"], in)
		require.Equal(t, want.Requests, found["recipient"].Requests, in)
		require.Equal(t, want.Lately, found["recipient"].Lately, in)
	}
	_, err := l.ForgetRequests(t.Context(), noon.Add(20*time.Minute))
	require.NoError(t, err)
	ask(t, l, "pi-late", "a1", "", noon, false)
	kept := 1
	for _, at := range came {
		if !at.Before(noon.Add(20 * time.Minute)) {
			kept++
		}
	}
	require.Equal(t, kept, requests(t, l, "signer", "s"), "one that is recorded late, and those that were not forgotten")
}

// testBulkCountsOnce records the ports of a bulk order in another order than they came in, and others between them.
func testBulkCountsOnce(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for i, minute := range []int{3, 1, 4, 2} {
		ask(t, l, fmt.Sprintf("pi-bulk-%d", i), "a1", "bk-1", noon.Add(time.Duration(minute)*time.Minute), false)
	}
	ask(t, l, "pi-between", "a2", "", noon.Add(150*time.Second), false)
	require.Equal(t, ledger.Velocity{Lately: 2, Requests: 2, Accounts: 2}, met(t, l, "signer", "s"))
	require.Equal(t, 4, requests(t, l, "number", "n-pi-bulk-0")+requests(t, l, "number", "n-pi-bulk-1")+
		requests(t, l, "number", "n-pi-bulk-2")+requests(t, l, "number", "n-pi-bulk-3"))
}

// testMigrateCounts opens a ledger whose requests were not counted when they came.
func testMigrateCounts(t *testing.T, dsn newDSN) {
	where := dsn(t)
	migrateTo(t, where, 18)
	for i, request := range []struct {
		dimension, token string
		minute           int
	}{{"signer", "s", 5}, {"signer", "s", 1}, {"signer", "other", 2}, {"signer", "s", 3}, {"number", "n", 3}, {"signer", "s", 6}} {
		execute(t, where, fmt.Sprintf(`INSERT INTO requests (port_id, dimension, token, account, at) VALUES ('pi-%d', '%s', '%s', 'a%d', %d)`,
			i, request.dimension, request.token, i%2, noon.Add(time.Duration(request.minute)*time.Minute).UnixMicro()))
	}
	for _, bulk := range []int{0, 1} {
		execute(t, where, fmt.Sprintf(`INSERT INTO request_origins (port_id, bulk) VALUES ('pi-%d', 'bk-1')`, bulk))
	}
	l := open(t, where)
	require.Equal(t, ledger.Velocity{Lately: 3, Requests: 3, Accounts: 2}, met(t, l, "signer", "s"), "two ports of one bulk order")
	require.Equal(t, 1, requests(t, l, "number", "n"))
	ask(t, l, "pi-bulk", "a1", "bk-1", noon.Add(4*time.Minute), false)
	require.Equal(t, 3, requests(t, l, "signer", "s"))
	ask(t, l, "pi-0", "a1", "bk-1", noon, false)
	ask(t, l, "pi-alone", "a1", "", noon.Add(4*time.Minute), false)
	require.Equal(t, 4, requests(t, l, "signer", "s"))
}
