package acceptance

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCommandsSayWhatIsNotThere asks for a port that does not exist, and for a server that does not run.
func TestCommandsSayWhatIsNotThere(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	running := d.startDev(t)
	silent := d.with("TEMPORAL_ADDRESS=" + silence(t))
	order := d.order(t, "NOWHERE-1", 23)

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

		r = silent.run(t, command...)
		require.Equal(t, 1, r.code, command)
		requireErrorLine(t, r)
		require.Contains(t, r.stderr, "portsaga dev", "it says how to get a server")
	}
	r := silent.run(t, "port", "in", "start", "-f", order)
	require.Equal(t, 1, r.code)
	requireErrorLine(t, r)

	require.Zero(t, running.interrupt(t))
	require.NoFileExists(t, filepath.Join(d.dir(), "dev.json"), "nobody looks for a dev that has stopped")
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

func TestBootstrapMayBeRepeated(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.startDev(t)
	fresh := d.with("TEMPORAL_NAMESPACE=another")

	type made struct {
		Namespace  string
		Created    bool     `json:"namespace_created"`
		Attributes []string `json:"search_attributes_added"`
		Ledger     bool
	}
	first := ask[made](t, fresh, "bootstrap")
	require.Equal(t, made{"another", true, first.Attributes, true}, first)
	require.Len(t, first.Attributes, 12)
	for range 2 {
		require.Equal(t, made{"another", false, []string{}, true}, ask[made](t, fresh, "bootstrap"))
	}
	require.Equal(t, made{"portsaga", false, []string{}, true}, ask[made](t, d, "bootstrap"), "dev has prepared its own namespace")
}

// The temporal CLI runs an extension by its name: `temporal port show` is `temporal-port show`.
func TestProgramIsAnExtensionOfTemporal(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.startDev(t)
	id := d.startPort(t, d.order(t, "EXT-1", 23))
	self, err := os.Executable()
	require.NoError(t, err)
	extension := filepath.Join(d.home, "temporal-port")
	require.NoError(t, os.Symlink(self, extension))

	show := d.startAs(t, extension, "", "show", id, "-o", "json")
	require.Zero(t, show.exit(), show.stderr.String())
	requireShape(t, portShape, show.stdout.String())

	wrong := d.startAs(t, extension, "", "port", "show", id)
	require.Equal(t, 2, wrong.exit())
	require.Contains(t, wrong.stderr.String(), "temporal port --help")
}

func TestDirectoryHoldsOneDev(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.startDev(t)
	r := d.run(t, "dev", "--port", "0", "--ui-port", "0")
	require.Equal(t, 3, r.code)
	requireErrorLine(t, r)
	d.startPort(t, d.order(t, "STILL-1", 23)) // the first one is not disturbed
}
