package orders_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/orders"
)

// FuzzRead feeds Read any bytes. It must not panic, and an order that it takes must be clean in every later check.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"*.yaml", "broken/*.yaml"} {
		for _, name := range files(f, pattern) {
			f.Add(load(f, name))
		}
	}
	limits := orders.Options{Now: now, MaxBytes: 1 << 14, MaxNumbers: 200}
	f.Fuzz(func(t *testing.T, data []byte) {
		order, err := orders.Read(bytes.NewReader(data), limits)
		require.Equal(t, err != nil, hasError(orders.Lint(data, limits)))
		if err != nil {
			var invalid *orders.InvalidOrderError
			require.ErrorAs(t, err, &invalid)
			return
		}
		require.NotEmpty(t, order.Numbers)
		again, problems := orders.Check(order, limits)
		require.False(t, hasError(problems), "%v", problems)
		require.Equal(t, order, again)
	})
}
