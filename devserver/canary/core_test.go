//go:build linux

package canary

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// The memory of a process that works on orders holds them in the clear: it must not become a file. A dev is killed as the
// kernel kills a program that went wrong, where cores are allowed, however large. It leaves none. The control, which hides
// nothing, leaves one, and people are found in it.
func TestNoCoreIsLeft(t *testing.T) {
	if into, err := os.ReadFile("/proc/sys/kernel/core_pattern"); err != nil || bytes.ContainsAny(into, "/|") {
		t.Skipf("cores of this machine are not left where the process runs, but go to %q", into)
	}
	sealed := crash(t)
	require.Empty(t, sealed.cores)
	require.Empty(t, newSearcher(canaries()).search(sealed.said), "what it says when it dies")

	control := crash(t, "PORTSAGA_ENCRYPTION=off")
	require.Len(t, control.cores, 1)
	core, err := os.ReadFile(control.cores[0])
	require.NoError(t, err)
	hits := total([]found{{hits: newSearcher(canaries()).plain(core)}})
	require.NotZero(t, hits)
	t.Logf("canaries found in core files: 0 in %d files sealed, %d in the control's, of %d MB", len(sealed.cores), hits, len(core)>>20)
}

// crashed is what a process leaves that was killed by SIGABRT.
type crashed struct {
	said  []byte
	cores []string
}

// crash runs a dev with one port, and kills it when the port's order was screened.
func crash(t *testing.T, settings ...string) crashed {
	t.Helper()
	dir := t.TempDir()
	order, err := yaml.Marshal(orderFile())
	require.NoError(t, err)
	file := filepath.Join(dir, "order.yaml")
	require.NoError(t, os.WriteFile(file, order, 0o600))
	said := &journal{}
	dev := mayDump(program(t, dir, settings, "dev", "--port", "0", "--ui-port", "0"))
	dev.Stdout, dev.Stderr = said, said
	require.NoError(t, dev.Start())
	ended := make(chan error, 1)
	go func() { ended <- dev.Wait() }()
	require.Eventually(t, func() bool { return bytes.Contains(said.bytes(), []byte("Try ")) }, starts, glance, "%s", said.bytes())

	started := program(t, dir, nil, "port", "in", "start", "-f", file) // a dev seals what Temporal is given in any case
	answer, err := started.CombinedOutput()
	require.NoError(t, err, "%s", answer)
	require.NoError(t, dev.Process.Signal(syscall.SIGABRT))
	require.Error(t, <-ended)
	cores, err := filepath.Glob(filepath.Join(dir, "core*"))
	require.NoError(t, err)
	return crashed{said.bytes(), cores}
}

// starts is how long a dev may take to be up on a busy machine.
const starts = 2 * time.Minute

// mayDump lets a run leave a core of any size.
func mayDump(cmd *exec.Cmd) *exec.Cmd {
	cmd.Args = append([]string{"sh", "-c", `ulimit -c unlimited && exec "$0" "$@"`, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/bin/sh"
	cmd.Env = append(cmd.Env, "GOTRACEBACK=crash", "PORTSAGA_FRAUD_OFF=true")
	return cmd
}

// orderFile is an order as people write it, with canaries.
func orderFile() map[string]any {
	address := map[string]any{"street": street, "city": town, "region": "NY", "postal_code": postalCode[:5], "country": "US"}
	return map[string]any{
		"reference": "CORE-1", "kind": "wireline", "numbers": []string{"+12125567101"}, "country": "US",
		"donor": map[string]any{"name": "Hudson Telephone", "spid": "1234"}, "recipient": map[string]any{"name": "Acme Voice", "spid": "567A"},
		"subscriber":    map[string]any{"name": holder, "business": true, "address": address, "contact": map[string]any{"email": email, "phone": telephone}},
		"account":       map[string]any{"number": account, "btn": billing, "lines": 12},
		"csr":           map[string]any{"name": holder, "address": address, "account_number": account, "btn": billing, "lines": 12},
		"authorization": map[string]any{"kind": "loa", "signed_at": "2026-01-13T15:05:00-05:00", "signed_by": holder, "document_sha256": strings.Repeat("ab", 32)},
		"submitted_by":  "ana@desk",
	}
}
