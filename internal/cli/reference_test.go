package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

// generated divides what people write in docs/cli.md from what is made from the commands.
const generated = "<!-- generated: go test ./internal/cli -run TestReference -update -->\n"

func TestReference(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "docs", "cli.md")
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	written, _, found := strings.Cut(string(page), generated)
	require.True(t, found, "%s has lost its mark: %s", file, generated)

	want := written + generated + reference(program(newSession(t).factory, "portsaga", nil))
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(page), "make it anew with: go test ./internal/cli -run TestReference -update")
}

// reference is every command and every variable, in Markdown.
func reference(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("\n## Commands\n")
	forEach(root, func(c *cobra.Command) {
		if c == root || c.Hidden || c.HasSubCommands() || c.Name() == "help" {
			return
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n```sh\n%s\n```\n", c.CommandPath(), c.Long, unindent(c.Example))
		if flags := flagTable(c); flags != "" {
			b.WriteString("\n| Flag | Meaning |\n|---|---|\n" + flags)
		}
	})
	b.WriteString("\n## Variables\n\n| Variable | Default | Meaning |\n|---|---|---|\n")
	for _, v := range Variables() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.Name, v.Default, v.Description)
	}
	return b.String()
}

func flagTable(c *cobra.Command) string {
	var b strings.Builder
	c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, strings.ReplaceAll(f.Usage, "|", `\|`))
	})
	return b.String()
}

func unindent(example string) string {
	return strings.TrimPrefix(strings.ReplaceAll(example, "\n  ", "\n"), "  ")
}
