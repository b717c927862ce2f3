package redteam

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The table stands in the report between these lines.
const (
	tableBegins = "<!-- table: written by go test ./redteam -run TestReport -update -->\n"
	tableEnds   = "<!-- end of table -->\n"
)

// The report lists every attack, and says of each what the suite sees.
func TestReport(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "redteam.md")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, begins := strings.Cut(string(text), tableBegins)
	table, after, ends := strings.Cut(rest, tableEnds)
	require.True(t, begins && ends, "the report has no place for its table")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(before+tableBegins+report()+tableEnds+after), 0o600))
		return
	}
	require.Equal(t, report(), table, "write it anew with -update")
}

func report() string {
	var b strings.Builder
	b.WriteString("\n| Attack | On a stock server it reaches | and is stopped at | With the authorizer, by a token of | it is stopped at |\n|---|---|---|---|---|\n")
	for _, family := range families {
		for _, a := range family {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", a.name, a.reaches, a.stock, a.token, a.guarded)
		}
	}
	b.WriteString("\n")
	return b.String()
}

// No two rows of the table have one name.
func TestRowsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for _, family := range families {
		for _, a := range family {
			require.NotEmpty(t, a.reaches, a.name)
			require.NotZero(t, a.token, a.name)
			require.False(t, seen[a.name], a.name)
			seen[a.name] = true
		}
	}
}
