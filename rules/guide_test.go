package rules_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/rules"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestTheGuide writes the pack that docs/rules.md shows, and asks it.
func TestTheGuide(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../docs/rules.md")
	require.NoError(t, err)
	blocks := yamlBlock.FindAllStringSubmatch(string(guide), -1)
	require.Len(t, blocks, 5, "head, calendars, holidays, clocks, refusals")
	const rest = `cancel:
  recipient: {allowed: true, rule: the recipient cancels, cite: article 7, confidence: low}
  donor: {allowed: false, rule: the donor does not, cite: article 7, confidence: low}
`
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("is.yaml", blocks[0][1]+blocks[1][1]+blocks[3][1]+blocks[4][1]+rest)
	write("_holidays.yaml", blocks[2][1])

	findings, err := rules.Lint(dir)
	require.NoError(t, err)
	require.Empty(t, findings)
	b, err := rules.LoadDir(dir)
	require.NoError(t, err)
	iceland, err := b.Pack("is")
	require.NoError(t, err)
	port, err := iceland.Due("port", at(t, "2027-03-24T10:00Z"), rules.Place{Number: "+3546111234"})
	require.NoError(t, err)
	require.Equal(t, at(t, "2027-03-30T17:00Z"), port.At.UTC(), "over Easter")
}
