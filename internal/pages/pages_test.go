package pages_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/pages"
)

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestRead(t *testing.T) {
	t.Parallel()
	file := write(t, "# Page\n\n<!-- setup:\nmkdir x\n-->\n\n```sh\nportsaga version\n```\n\n   <!-- not run: needs Docker -->\n   ```sh\n   docker compose up\n   ```\n\n"+
		"```console\n$ portsaga version\nv1\n```\n\n```\nanything else\n```\n\n<!-- fails: it is sick -->\n```sh\nportsaga doctor\n```\n")
	blocks, err := pages.Read(file)
	require.NoError(t, err)
	require.Equal(t, []pages.Block{
		{Page: file, Line: 4, Text: "mkdir x\n", Hidden: true},
		{Page: file, Line: 8, Text: "portsaga version\n"},
		{Page: file, Line: 13, Text: "docker compose up\n", NotRun: "needs Docker"},
		{Page: file, Line: 17, Text: "portsaga version\n"},
		{Page: file, Line: 27, Text: "portsaga doctor\n", Fails: true},
	}, blocks)
	require.Equal(t, file+":4", blocks[0].Where())

	for name, text := range map[string]string{
		"holds commands":  "```\nportsaga version\n```\n",
		"is never closed": "```sh\nportsaga version\n",
	} {
		_, err := pages.Read(write(t, text))
		require.ErrorContains(t, err, name)
	}
	blocks, err = pages.Read(write(t, "<!-- page not run: examples -->\n\n```sh\nportsaga version\n```\n"))
	require.NoError(t, err)
	require.Equal(t, "examples", blocks[0].NotRun)
	_, err = pages.Read(filepath.Join(t.TempDir(), "gone.md"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestLines(t *testing.T) {
	t.Parallel()
	for text, lines := range map[string][][]string{
		"portsaga port list # all of them":                                  {{"port", "list"}},
		"A=1 bin/portsaga port show 'pi 1' | jq '.[]' > out":                {{"port", "show", "pi 1"}},
		"bin/portsaga-all dev & \\\n  sudo portsaga doctor >>x 2>/dev/null": {{"dev"}, {"doctor"}},
		"if ! portsaga version; then echo no; fi && ls":                     {{"version"}},
		`echo "token $(portsaga dev token --role reader)"`:                  {{"dev", "token", "--role", "reader"}},
		"x=$(portsaga audit checkpoint -o json | jq -r .key)":               {{"audit", "checkpoint", "-o", "json"}},
		"psql <<'SQL'\nportsaga is not here\nSQL\nportsaga version":         {{"version"}},
		"docker compose run --rm -T desk port in start -f - <order.yaml":    {{"port", "in", "start", "-f", "-"}},
		"docker compose up -d; temporal-port list; ls portsaga":             {{"port", "list"}},
		"number contact; portsaga number lock +1 --reason \"asked by\"":     {{"number", "lock", "+1", "--reason", "asked by"}},
	} {
		require.Equal(t, lines, pages.Lines(text), text)
	}
}
