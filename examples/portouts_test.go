package examples_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/rules"
)

// Every example request can be read, and there are rules by which it is answered.
func TestPortOutsMeetTheirRules(t *testing.T) {
	t.Parallel()
	book, err := rules.Embedded()
	require.NoError(t, err)
	files, err := filepath.Glob("portouts/*.yaml")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 3)
	now := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	for _, file := range files {
		text, err := os.Open(file)
		require.NoError(t, err)
		request, err := orders.ReadPortOut(text, orders.Options{Now: now})
		require.NoError(t, err, file)
		require.NoError(t, text.Close())
		chosen, err := book.Select(request.Order(), now)
		require.NoError(t, err, file)
		_, asks := chosen.Pack.Clock("answer-lead")
		require.True(t, asks, file)
	}
}
