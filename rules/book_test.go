package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// A pack by its name is the version that is effective: not one that comes, nor one that is over while there is another.
func TestPackByItsName(t *testing.T) {
	t.Parallel()
	dir := myPack(t)
	write := func(file string, change ...string) {
		text, err := os.ReadFile(filepath.Join(dir, "mine.yaml"))
		require.NoError(t, err)
		text = []byte(strings.NewReplacer(change...).Replace(string(text)))
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), text, 0o600))
	}
	write("next.yaml", `"2026-11"`, `"2027"`, "1999-03-01", "2027-01-01", "status: effective", "status: adopted_not_effective")
	write("gone.yaml", "id: atlantis", "id: lemuria", "status: effective", "status: superseded", "dates_note", "effective_to: 2001-01-01\ndates_note")
	b, err := rules.LoadDir(dir)
	require.NoError(t, err)

	now, err := b.Pack("atlantis")
	require.NoError(t, err)
	require.Equal(t, "atlantis@2026-11", now.Ref())
	next, err := b.Pack("atlantis@2027")
	require.NoError(t, err)
	require.Equal(t, rules.AdoptedNotEffective, next.Status)
	gone, err := b.Pack("lemuria")
	require.NoError(t, err, "better than none")
	require.Equal(t, rules.Superseded, gone.Status)

	_, err = b.PackAt("atlantis", at(t, "2027-06-01T12:00Z"))
	require.NoError(t, err)
	_, err = b.PackAt("lemuria", at(t, "2000-12-31T12:00Z"))
	require.NoError(t, err)
	_, err = b.PackAt("lemuria", at(t, "2001-01-01T12:00Z"))
	refused(t, err, "pack-not-in-force")
}

func TestPacksThatMayBeMeant(t *testing.T) {
	t.Parallel()
	for ref, next := range map[string]string{
		"us-wirelss":      "did you mean us-tollfree, us-wireless, us-wireline-nonsimple, us-wireline-simple?",
		"au-mobile@1999":  "did you mean au-local, au-mobile@c570-2009, au-mobile@c570-2024?",
		"nz-mobile":       "did you mean nz?",
		"nz-mobile@2026":  "did you mean nz?",
		"atlantis":        "see the packs with: portsaga rules list",
		"atlantis-mobile": "see the packs with: portsaga rules list",
		"":                "see the packs with: portsaga rules list",
		"@2026-11":        "see the packs with: portsaga rules list",
	} {
		_, err := book(t).Pack(ref)
		var no *porting.Error
		require.ErrorAs(t, err, &no, ref)
		require.Equal(t, next, no.Next, ref)
	}
}
