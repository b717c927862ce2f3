package integration

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// The red team's attacks on a cluster as it is deployed, by callers who have a certificate and have stolen tokens. It
// brings workers, people and a carrier of its own, with a fast clock; those of a town take none.
func TestRedTeam(t *testing.T) {
	if !full {
		t.Skip("make integration attacks the cluster")
	}
	w := found(t)
	w.sendReaperHome()
	mallory := w.settle("mallory").connects()
	t.Logf("\n%s", w.census())

	attack := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-v", "-timeout", "15m", "-run", "^TestGuardedServer$", "./redteam")
	attack.Dir = ".."
	attack.Env = append(os.Environ(), "PORTSAGA_REDTEAM_CLUSTER="+w.issuer.home)
	for _, setting := range mallory.settings {
		if strings.HasPrefix(setting, "TEMPORAL_") {
			attack.Env = append(attack.Env, setting)
		}
	}
	out, err := attack.CombinedOutput()
	table := rowsOf(string(out))
	t.Logf("%d attacks on the cluster\n\n| Attack | is stopped at |\n|---|---|\n%s", len(table), strings.Join(table, "\n"))
	require.NoError(t, err, "%s", out)
	require.NotEmpty(t, table, "%s", out)
}

// attacked is an attack and, unless its test failed, where it was stopped.
var attacked = regexp.MustCompile(`=== RUN +TestGuardedServer/(.*)\n(?:\s+\S+: stopped at: (.*)\n)?`)

// rowsOf reads what became of each attack.
func rowsOf(out string) []string {
	var rows []string
	for _, found := range attacked.FindAllStringSubmatch(out, -1) {
		rows = append(rows, fmt.Sprintf("| %s | %s |", strings.ReplaceAll(found[1], "_", " "), cmp.Or(found[2], "**failed**")))
	}
	return rows
}

// sendReaperHome deletes the reaper's schedule: its input is sealed, and the red team's workers open nothing.
func (w *town) sendReaperHome() {
	w.t.Helper()
	founder := w.founder.speaks(w.t)
	require.NoError(w.t, founder.client.ScheduleClient().GetHandle(w.t.Context(), porting.ScheduleReaper).Delete(w.t.Context()))
}
