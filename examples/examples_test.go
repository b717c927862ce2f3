package examples_test

import (
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/examples"
	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/rules"
)

// Every example order is one that the rules take, and its code checks out.
func TestOrdersMeetTheirRules(t *testing.T) {
	t.Parallel()
	book, err := rules.Embedded()
	require.NoError(t, err)
	files, err := fs.Glob(examples.Orders, "orders/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 6)
	for _, file := range files {
		t.Run(strings.TrimPrefix(file, "orders/"), func(t *testing.T) {
			t.Parallel()
			text, err := examples.Orders.Open(file)
			require.NoError(t, err)
			now := time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
			order, err := orders.Read(text, orders.Options{Now: now})
			require.NoError(t, err)
			chosen, err := book.Select(order, now)
			require.NoError(t, err)
			require.NotEmpty(t, chosen.Why)
			if order.Authorization.Code == "" {
				return
			}
			checked, err := chosen.Pack.CheckCode(rules.CodeCheck{
				Code: order.Authorization.Code, Number: order.Numbers[0],
				Issued: order.Authorization.IssuedAt, At: now, Area: order.Subscriber.Address.Region,
			})
			require.NoError(t, err)
			require.True(t, checked.Valid, checked.Why)
		})
	}
}
