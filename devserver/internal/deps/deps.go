//go:build deps

// Package deps keeps go.mod complete while the first rooms are being built; it goes away with the last of them.
package deps

import (
	_ "github.com/chromedp/chromedp"
	_ "github.com/portsaga/portsaga/internal/deps"
	_ "github.com/spf13/cobra"
	_ "github.com/stretchr/testify/require"
	_ "github.com/temporalio/ui-server/v2/server"
	_ "go.temporal.io/sdk/client"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	_ "go.temporal.io/server/schema/sqlite"
	_ "go.temporal.io/server/temporal"
	_ "go.temporal.io/server/tools/sql"
	_ "modernc.org/sqlite"
	_ "pgregory.net/rapid"
)
