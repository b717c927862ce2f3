package acceptance

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/workflows"
)

func portDoesNotExist(t *testing.T, d desk) {
	for _, command := range [][]string{
		{"port", "show", "pi-nosuchport"},
		{"port", "watch", "pi-nosuchport"},
		{"port", "note", "pi-nosuchport", "hello", "--by", "ana@desk"},
		{"port", "revoke", "pi-nosuchport", "--by", "carla@care"},
		{"port", "amend", "pi-nosuchport", "--account", "1", "--by", "ana@desk"},
		{"decide", "pi-nosuchport", "--approve", "--by", "ben@approvals"},
	} {
		r := d.run(t, command...)
		require.Equal(t, 4, r.code, command)
		requireErrorLine(t, r)
		require.Contains(t, r.stderr, "there is no such port")
	}
}

func TestCommandsSayThatNoServerRuns(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d = d.with("TEMPORAL_ADDRESS=" + silence(t))
	for _, command := range [][]string{
		{"port", "in", "start", "-f", d.order(t, "NOWHERE-1", 23)},
		{"port", "list"},
		{"decide", "pi-nosuchport", "--approve", "--by", "ben@approvals"},
		{"bootstrap"},
	} {
		r := d.run(t, command...)
		require.Equal(t, 1, r.code, command)
		requireErrorLine(t, r)
		require.Contains(t, r.stderr, "portsaga dev", "it says how to get a server")
	}
}

// silence is an address at which nobody answers.
func silence(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

func TestProgramSaysWhatItIs(t *testing.T) {
	t.Parallel()
	requireShape(t, object(map[string]shape{"version": said, "go": said}), newDesk(t).do(t, "version", "-o", "json").stdout)
	require.Regexp(t, `^portsaga \S+\n`, newDesk(t).do(t, "version").stdout)
}

func bootstrapMayBeRepeated(t *testing.T, d desk) {
	fresh := d.with("TEMPORAL_NAMESPACE=another")

	type made struct {
		Namespace  string
		Created    bool     `json:"namespace_created"`
		Attributes []string `json:"search_attributes_added"`
		Ledger     bool
	}
	first := ask[made](t, fresh, "bootstrap")
	require.Equal(t, made{"another", true, first.Attributes, true}, first)
	require.Len(t, first.Attributes, len(workflows.SearchAttributes()))
	for range 2 {
		require.Equal(t, made{"another", false, []string{}, true}, ask[made](t, fresh, "bootstrap"))
	}
	require.Equal(t, made{"portsaga", false, []string{}, true}, ask[made](t, d, "bootstrap"), "dev has prepared its own namespace")
}

// The temporal CLI runs an extension by its name: `temporal port show` is `temporal-port show`.
func programIsAnExtensionOfTemporal(t *testing.T, d desk) {
	id := d.startPort(t, d.order(t, "EXT-1", 6))
	self, err := os.Executable()
	require.NoError(t, err)
	extension := filepath.Join(d.home, "temporal-port")
	require.NoError(t, os.Symlink(self, extension))

	show := d.startAs(t, extension, "", "show", id, "-o", "json")
	require.Zero(t, show.exit(), show.stderr.String())
	requireShape(t, portShape, show.stdout.String())

	wrong := d.startAs(t, extension, "", "port", "show", id)
	require.Equal(t, 2, wrong.exit())
	require.Contains(t, wrong.stderr.String(), `temporal port: there is no command "port"`)
}

func directoryHoldsOneDev(t *testing.T, d desk) {
	r := d.run(t, "dev", "--port", "0", "--ui-port", "0")
	require.Equal(t, 3, r.code)
	requireErrorLine(t, r)
	d.startPort(t, d.order(t, "STILL-1", 7)) // the first one is not disturbed
}
