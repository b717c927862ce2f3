package acceptance

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/devserver/allinone"
	"github.com/portsaga/portsaga/internal/cli"
	"github.com/portsaga/portsaga/internal/pages"
)

// prelude is what the shell of every page knows: how to start a dev on free ports and how to wait for a port. A page says in comments
// what it needs of that.
const prelude = `
set -eu -o pipefail
trap 'trap - EXIT; kill $(jobs -p) 2>/dev/null || true; wait' EXIT
start_dev() {
	portsaga dev --port 0 --ui-port 0 "$@" >dev.log 2>&1 &
	until grep -q 'Try ' dev.log; do kill -0 $!; sleep 0.1; done
}
start_port() { portsaga port in start -f "$1" -o json | jq -r .id; }
eventually() { for _ in $(seq 300); do if "$@" >/dev/null 2>&1; then return; fi; sleep 0.1; done; echo "in vain: $*" >&2; "$@"; }
is() { portsaga port show "$1" -o json | jq -e "$2"; }
await() { eventually is "$1" "$2"; }
`

// placeholders stand in a page for what a reader has.
var placeholders = []struct {
	written *regexp.Regexp
	meant   string
}{
	{regexp.MustCompile(`\bPORT\b|pi-…`), `$$PORT`},
	{regexp.MustCompile(`\bORDER\b|bo-…`), `$$ORDER`},
	{regexp.MustCompile(`\bKEY\b`), `$$KEY`},
}

// TestPages runs the commands of the documentation, each page from top to bottom in a home of its own, and says of how many blocks.
// What cannot be run here says so in the page, and is at least checked.
func TestPages(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not on this machine: the commands of the pages were checked, and not run")
	}
	for _, program := range []string{"jq", "ssh-keygen"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not on this machine: the commands of the pages were checked, and not run", program)
		}
	}
	files, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	var run, checked, notRun atomic.Int64
	t.Run("all", func(t *testing.T) {
		for _, file := range append(files, "../../README.md") {
			t.Run(filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				blocks, err := pages.Read(file)
				require.NoError(t, err)
				script, ran := scriptOf(blocks)
				for _, b := range blocks {
					if b.NotRun == "" {
						continue
					}
					notRun.Add(1)
					for _, line := range pages.Lines(b.Text) {
						require.NoError(t, cli.Check(line, allinone.NewDemo, allinone.NewDev), b.Where())
						checked.Add(1)
					}
				}
				if ran == 0 {
					t.Skip("nothing of it can be run here")
				}
				run.Add(int64(ran))
				newDesk(t).runPage(t, bash, script)
			})
		}
	})
	t.Logf("blocks run: %d; not run: %d, of which %d command lines were checked", run.Load(), notRun.Load(), checked.Load())
}

// scriptOf is a page as one script, and how many blocks of it a reader sees.
func scriptOf(blocks []pages.Block) (script string, ran int) {
	var b strings.Builder
	b.WriteString(prelude)
	for _, block := range blocks {
		if block.NotRun != "" {
			continue
		}
		text := block.Text
		if !block.Hidden {
			ran++
			for _, p := range placeholders {
				text = p.written.ReplaceAllString(text, p.meant)
			}
		}
		fmt.Fprintf(&b, "\necho '== %s' >&2\n", block.Where())
		if block.Fails {
			fmt.Fprintf(&b, "if (\n%s); then echo 'it did not fail' >&2; exit 1; fi\n", text)
			continue
		}
		b.WriteString(text)
	}
	return b.String(), ran
}

// runPage runs a script in the desk's home, where the program is on the path and the examples are at hand.
func (d desk) runPage(t *testing.T, bash, script string) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	bin := filepath.Join(d.home, "bin")
	require.NoError(t, os.Mkdir(bin, 0o700))
	for _, name := range []string{"portsaga", "portsaga-all"} {
		require.NoError(t, os.Symlink(self, filepath.Join(bin, name)))
	}
	examples, err := filepath.Abs("../../examples")
	require.NoError(t, err)
	require.NoError(t, os.Symlink(examples, filepath.Join(d.home, "examples")))

	file := d.write(t, "page.sh", script)
	d = d.with("PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "PORTSAGA_BY=ana@desk")
	p := d.startIn(t, d.home, "", bash, file)
	require.Zero(t, p.exit(), "%s\n%s", p.stdout.String(), p.stderr.String())
}
