package integration

import (
	"os"
	"os/exec"
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

// rowsOf reads what became of each attack. One whose test failed was stopped nowhere that is known.
func rowsOf(out string) []string {
	var rows []string
	for line := range strings.Lines(out) {
		if _, name, begins := strings.Cut(line, "=== RUN   TestGuardedServer/"); begins {
			rows = append(rows, "| "+strings.ReplaceAll(strings.TrimSpace(name), "_", " ")+" | **failed** |")
		}
		if _, place, told := strings.Cut(line, ": stopped at: "); told && len(rows) > 0 {
			last := &rows[len(rows)-1]
			*last = strings.Replace(*last, "**failed**", strings.TrimSpace(place), 1)
		}
	}
	return rows
}

func TestRowsOfTheRedTeam(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"| one attack | the gate |", "| another | **failed** |", "| a third | the saga |"}, rowsOf(`=== RUN   TestGuardedServer
=== RUN   TestGuardedServer/one_attack
    rogues_test.go:9: something
    suite_test.go:101: stopped at: the gate
=== RUN   TestGuardedServer/another
    rogues_test.go:9: something
=== RUN   TestGuardedServer/a_third
    suite_test.go:101: stopped at: the saga
`))
}

// sendReaperHome deletes the reaper's schedule: its input is sealed, and the red team's workers open nothing.
func (w *town) sendReaperHome() {
	w.t.Helper()
	founder := w.founder.speaks(w.t)
	require.NoError(w.t, founder.client.ScheduleClient().GetHandle(w.t.Context(), porting.ScheduleReaper).Delete(w.t.Context()))
}
