package rules_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

func TestEmbeddedPacksAreClean(t *testing.T) {
	t.Parallel()
	findings, err := rules.Lint("")
	require.NoError(t, err)
	require.Empty(t, findings)
}

// TestEmbeddedPacksFitThePublishedSchema reads the schema from the repository, as an editor would.
func TestEmbeddedPacksFitThePublishedSchema(t *testing.T) {
	t.Parallel()
	published, err := os.ReadFile("pack.schema.json")
	require.NoError(t, err)
	require.Equal(t, published, rules.Schema())
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(published))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("pack.json", document))
	schema, err := compiler.Compile("pack.json")
	require.NoError(t, err)

	files, err := filepath.Glob("packs/[a-z]*.yaml")
	require.NoError(t, err)
	require.Len(t, files, 26)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(text), "# yaml-language-server: $schema=../pack.schema.json\n"), file)
		require.NoError(t, schema.Validate(asJSON(t, text)), file)
	}
}

// asJSON reads YAML as an editor does: dates stay text.
func asJSON(t *testing.T, text []byte) any {
	t.Helper()
	var node yaml.Node
	require.NoError(t, yaml.Unmarshal(text, &node))
	quoteDates(&node)
	var value any
	require.NoError(t, node.Decode(&value))
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	value, err = jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	require.NoError(t, err)
	return value
}

func quoteDates(node *yaml.Node) {
	if node.ShortTag() == "!!timestamp" {
		node.Tag = "!!str"
	}
	for _, child := range node.Content {
		quoteDates(child)
	}
}

// myPack is the Hong Kong pack under another name, changed by pairs of old and new text.
func myPack(t *testing.T, change ...string) string {
	t.Helper()
	text, err := os.ReadFile("packs/hk.yaml")
	require.NoError(t, err)
	for i := 0; i < len(change); i += 2 {
		require.Contains(t, string(text), change[i])
	}
	dir := t.TempDir()
	text = []byte(strings.NewReplacer(append([]string{"id: hk\n", "id: atlantis\n"}, change...)...).Replace(string(text)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mine.yaml"), text, 0o600))
	return dir
}

func TestLintSaysWhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		change  []string
		path    string
		line    int
		message string
	}{
		{"a unit that is none", []string{"unit: business_day", "unit: fortnight"}, "clocks/port/unit", 29, "value must be one of"},
		{"a field that is none", []string{"model: recipient-led", "modell: recipient-led"}, "", 2, "modell"},
		{"days on a clock of hours", []string{"unit: business_day\n    lands: close", "unit: business_hour"}, "clocks/port/for", 28, "does not run for"},
		{"no landing", []string{"    lands: close\n", ""}, "clocks/port/lands", 27, "lands at"},
		{"no such holidays", []string{"holidays: hk", "holidays: atlantis"}, "calendars/main/holidays", 22, "no holiday set"},
		{"no such zone", []string{"Asia/Hong_Kong", "Ocean/Atlantis"}, "calendars/main/zone/name", 20, "no zone"},
		{"no open hours", []string{"09:00-18:00", "18:00-09:00"}, "calendars/main/hours", 21, "opening hours"},
		{"no such base", []string{"desk@2026-11", "desk@1999-01"}, "extends", 5, "no base"},
		{"a reason that is none", []string{"[TN_INACTIVE]", "[TN_ASLEEP]"}, "refusals/donor/grounds/1/reasons", 52, "no reason TN_ASLEEP"},
		{"a reason twice", []string{"[TN_INACTIVE]", "[TN_NOT_FOUND]"}, "refusals/donor/grounds/1/reasons", 52, "stands here twice"},
		{"a review without an end", []string{"within: foc", "within: never"}, "refusals/donor/reviews/0/within", 62, "no clock"},
		{"an end before the beginning", []string{"dates_note", "effective_to: 1990-01-01\ndates_note"}, "effective_to", 8, "ends before"},
		{"broken YAML", []string{"model: recipient-led", "model: [recipient-led"}, "", 16, "did not find"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := myPack(t, c.change...)
			findings, err := rules.Lint(dir)
			require.NoError(t, err)
			require.NotEmpty(t, findings)
			var messages []string
			for _, f := range findings {
				require.Equal(t, "mine.yaml", f.File)
				messages = append(messages, f.String())
			}
			require.Equal(t, c.path, findings[0].Path, messages)
			require.Equal(t, c.line, findings[0].Line, messages)
			require.Contains(t, strings.Join(messages, "\n"), c.message)

			_, err = rules.LoadDir(dir)
			require.Equal(t, "rules-invalid", porting.CodeOf(err))
			require.Contains(t, err.Error(), "mine.yaml:")
		})
	}
}

func TestLintWarns(t *testing.T) {
	t.Parallel()
	dir := myPack(t)
	require.NoError(t, os.Rename(filepath.Join(dir, "mine.yaml"), filepath.Join(dir, "mine.yml")))
	findings, err := rules.Lint(dir)
	require.NoError(t, err)
	require.Len(t, findings, 1)
	require.Equal(t, rules.SeverityWarning, findings[0].Severity)
	_, err = rules.LoadDir(dir)
	require.NoError(t, err, "a warning keeps nothing from loading")
}

func TestLintNamesEveryFault(t *testing.T) {
	t.Parallel()
	findings, err := rules.Lint(myPack(t, "unit: business_day", "unit: fortnight", "confidence: very-low", "confidence: rock-solid", "country: HK", "country: Hongkong"))
	require.NoError(t, err)
	require.Len(t, findings, 3)
}

func TestADirectoryExtendsAndReplaces(t *testing.T) {
	t.Parallel()
	dir := myPack(t)
	text, err := os.ReadFile("packs/hk.yaml")
	require.NoError(t, err)
	mine := strings.Replace(string(text), "title: Hong Kong, mobile", "title: Hong Kong, ours", 1)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "hk.yaml"), []byte(mine), 0o600))

	b, err := rules.LoadDir(dir)
	require.NoError(t, err)
	require.Len(t, b.List(), len(book(t).List())+1)
	ours, err := b.Pack("hk")
	require.NoError(t, err)
	require.Equal(t, "Hong Kong, ours", ours.Title)
	require.NotEqual(t, pack(t, "hk").Digest(), ours.Digest(), "another text is another digest")
	_, err = b.Pack("atlantis")
	require.NoError(t, err)
	same, err := b.Pack("jp")
	require.NoError(t, err)
	require.Equal(t, pack(t, "jp").Digest(), same.Digest())
}

func TestTwoVersionsNeverBindOnOneDay(t *testing.T) {
	t.Parallel()
	dir := myPack(t, `version: "2026-11"`, `version: "2027-01"`, "effective_from: 1999-03-01", "effective_from: 2027-01-01")
	mine := filepath.Join(dir, "mine.yaml")
	text, err := os.ReadFile(mine)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(mine, bytes.Replace(text, []byte("id: atlantis"), []byte("id: hk"), 1), 0o600))
	findings, err := rules.Lint(dir)
	require.NoError(t, err)
	require.Len(t, findings, 1)
	require.Contains(t, findings[0].Message, "hk@2026-11 binds too")
}

func TestADirectoryThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := rules.LoadDir(filepath.Join(t.TempDir(), "nowhere"))
	require.Equal(t, "rules-unreadable", porting.CodeOf(err))
}
