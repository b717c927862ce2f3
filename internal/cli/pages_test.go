package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/pages"
)

// documentation are the pages that tell people what to type.
func documentation(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	return append(files, "../../README.md", "../../CONTRIBUTING.md", "../../deploy/approvers/README.md", "../../deploy/people/README.md", "../../examples/orders/README.md")
}

// Every command that a page tells people to type is there, and takes these flags and arguments; whether it then does what the page
// says is seen where the pages are run, on a real server.
func TestPagesNameCommandsThatThereAre(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, file := range documentation(t) {
		blocks, err := pages.Read(file)
		require.NoError(t, err)
		for _, b := range blocks {
			for _, line := range pages.Lines(b.Text) {
				require.NoError(t, Check(line), "%s: portsaga %s", b.Where(), strings.Join(line, " "))
				checked++
			}
		}
	}
	t.Logf("command lines checked: %d", checked)
	require.Greater(t, checked, 100)
}

// What the text between the blocks names is there, too. It may leave out arguments.
func TestPagesMentionCommandsThatThereAre(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, file := range documentation(t) {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, mention := range regexp.MustCompile("`(portsaga [a-z][^`]*)`").FindAllStringSubmatch(string(text), -1) {
			for _, line := range pages.Lines(strings.ReplaceAll(mention[1], "\n", " ")) {
				require.NoError(t, Check(append(line, "--help")), "%s: %s", file, mention[1])
				if err := Check(line); err != nil {
					require.NotContains(t, err.Error(), "unknown command", "%s: %s", file, mention[1])
				}
				checked++
			}
		}
	}
	t.Logf("mentions checked: %d", checked)
	require.Greater(t, checked, 50)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for line, wrong := range map[string]string{
		"port list --open":            "",
		"dev --port 0":                "",
		"port in start -f order.yaml": "",
		"port in begin":               "there is no command",
		"prot list":                   "there is no command",
		"port list --opne":            "unknown flag",
		"port show":                   "which port",
		"audit":                       "",
	} {
		err := Check(strings.Fields(line))
		if wrong == "" {
			require.NoError(t, err, line)
			continue
		}
		require.ErrorContains(t, err, wrong, line)
	}
}
