package orders_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
)

// FuzzReadBulk feeds ReadBulk any bytes. It must not panic, every row is good or listed as bad, and every order that it
// makes is clean in every later check.
func FuzzReadBulk(f *testing.F) {
	for _, list := range []string{numberList(3), "number;code\n+12125550123;A\n", "number,kind\n+447700900123,mobile\n\"\n", "\ufeffnumber\t\r\n1\t"} {
		f.Add([]byte(list))
	}
	order, err := orders.ReadTemplate(bytes.NewReader([]byte(aTemplate)), bulkNow)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		bulk, err := orders.ReadBulk(bytes.NewReader(data), order, orders.BulkOptions{Options: bulkNow, PortsOf: 2})
		if err != nil {
			require.Equal(t, porting.Invalid, porting.KindOf(err))
			return
		}
		good := 0
		for _, o := range bulk.Orders {
			good += len(o.Numbers)
			_, problems := orders.Check(o, bulkNow)
			require.False(t, hasError(problems), "%v", problems)
		}
		bad := map[int]bool{}
		for _, e := range bulk.Errors {
			bad[e.Line] = true
		}
		require.Equal(t, bulk.Good, good)
		require.LessOrEqual(t, bulk.Good+len(bad), bulk.Rows)
	})
}
