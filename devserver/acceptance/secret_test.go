package acceptance

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The PINs are long, so that no digits are them by chance.
const (
	pin        = "804173359261047"
	anotherPIN = "640928175530386"
)

// evening is one in California. A decision on a wireless port that is asked for then may take until half past eleven.
var evening = time.Date(2027, time.September, 4, 4, 5, 0, 0, time.UTC)

// TestPINNeverEntersTemporal sends an order with a PIN to the carrier, and a correction with another one, and looks for
// both in everything that was written or printed.
func TestPINNeverEntersTemporal(t *testing.T) {
	t.Parallel()
	d := newDesk(t).fast(1_000, evening)
	running := d.startDev(t, "--scenario", "carrier-rejects-then-fix", "--verbose")
	example, err := os.ReadFile("../../examples/orders/us-wireless.yaml")
	require.NoError(t, err)
	text := strings.Replace(string(example), `"004217"`, `"`+pin+`"`, 1)
	require.Contains(t, text, pin)
	order := d.write(t, "wireless.yaml", text)

	var printed []string
	say := func(r result) {
		require.Zero(t, r.code, r.stderr)
		printed = append(printed, r.stdout, r.stderr)
	}
	say(d.run(t, "order", "lint", order))
	say(d.run(t, "port", "in", "start", "-f", order, "-o", "json"))
	var started answer
	read(t, printed[2], &started)
	id := started.ID
	d.approve(t, id)
	d.awaitPort(t, id, "is in exception", func(p port) bool { return p.Stage == "exception" })
	requireNowhere(t, d.dir(), pin) // while the vault still holds it

	tooEarly := d.run(t, "decide", id, "--approve", "--by", "ben@approvals")
	require.Equal(t, 3, tooEarly.code, "there is nothing new to decide on")
	say(d.runWith(t, anotherPIN, "port", "amend", id, "--code-file", "-", "--by", "ana@desk", "-o", "json"))
	requireNowhere(t, d.dir(), anotherPIN)
	d.approve(t, id)
	d.awaitPort(t, id, "is sent again", func(p port) bool { return p.Stage == "submitted" && p.OrderVersion == 2 })
	say(d.run(t, "port", "revoke", id, "--by", "carla@care"))
	require.Equal(t, "revoked", d.awaitEnd(t, id).Outcome)
	say(d.run(t, "port", "show", id))
	say(d.run(t, "port", "show", id, "-o", "json"))
	require.Contains(t, printed[len(printed)-2], "authorization code valid", "the PIN was read")
	require.Equal(t, []string{"submitted", "supplemented", "cancel-asked"}, names(d.effects(t)))

	require.Zero(t, running.interrupt(t))
	require.NoFileExists(t, filepath.Join(d.dir(), "dev.json"), "nobody looks for a dev that has stopped")
	printed = append(printed, running.stdout.String(), running.stderr.String())
	for _, secret := range []string{pin, anotherPIN} {
		requireNowhere(t, d.dir(), secret)
		for _, text := range printed {
			require.NotContains(t, text, secret)
		}
	}
	temporal := filepath.Join(d.dir(), "temporal")
	require.NotEmpty(t, filesWith(t, temporal, id), "Temporal's files can be searched like this")
	require.Empty(t, filesWith(t, temporal, "ACME-2026-0119"), "Temporal does not know the order either")
}

func requireNowhere(t *testing.T, dir, secret string) {
	t.Helper()
	require.Empty(t, filesWith(t, dir, secret))
}

// filesWith are the files below a directory that hold a text.
func filesWith(t *testing.T, dir, text string) []string {
	t.Helper()
	var found []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(text)) {
			found = append(found, path)
		}
		return err
	}))
	return found
}
