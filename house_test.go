// Package portsaga_test keeps the house in order: imports point down, and what services link stays small.
package portsaga_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const house = "github.com/portsaga/portsaga"

// heavy are the modules that only the program itself may link.
var heavy = []string{"go.temporal.io/server", "modernc.org", "github.com/jackc", "github.com/spf13", "charm.land"}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	for room, c := range map[string]struct{ ours, forbidden []string }{
		"porting":   {forbidden: []string{"go.temporal.io", "google.golang.org", "database/sql", "net/http"}},
		"workflows": {ours: []string{"porting"}, forbidden: heavy},
		"starter":   {ours: []string{"porting"}, forbidden: heavy},
	} {
		t.Run(room, func(t *testing.T) {
			t.Parallel()
			for _, dep := range list(t, linked, room) {
				if rest, ours := strings.CutPrefix(dep, house+"/"); ours && rest != room {
					require.Contains(t, c.ours, rest, "%s imports %s", room, dep)
				}
				for _, no := range c.forbidden {
					require.False(t, dep == no || strings.HasPrefix(dep, no+"/"), "%s links %s", room, dep)
				}
			}
		})
	}
}

// A saga replays for weeks, so its own files touch nothing that answers differently the second time.
func TestSagasAreDeterministic(t *testing.T) {
	t.Parallel()
	imports := list(t, imported, "workflows")
	require.Contains(t, imports, "go.temporal.io/sdk/workflow")
	for _, no := range []string{"os", "net/http", "math/rand", "math/rand/v2", "crypto/rand", "go.temporal.io/sdk/client", "go.temporal.io/sdk/activity"} {
		require.NotContains(t, imports, no)
	}
}

// Services link the starter. What it brings was 422 packages of 24 modules when this was written; a tenth more is the
// budget. Raise it knowingly.
func TestStarterStaysLight(t *testing.T) {
	t.Parallel()
	const packages, modules = 464, 26
	require.LessOrEqual(t, len(list(t, linked, "starter")), packages)
	require.LessOrEqual(t, len(list(t, linkedModules, "starter")), modules)
}

// The language links the standard library and nothing else.
func TestPortingStaysLight(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{house}, list(t, linkedModules, "porting"))
}

// What can be asked of `go list` about a room.
var (
	imported      = []string{"-f", `{{join .Imports "\n"}}`}
	linked        = []string{"-deps"}
	linkedModules = []string{"-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}
)

// list asks about a room as it is built for Linux; no line comes twice.
func list(t *testing.T, question []string, room string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", slices.Concat([]string{"list"}, question, []string{house + "/" + room})...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0", "GOFLAGS=")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	lines := strings.Fields(string(out))
	slices.Sort(lines)
	return slices.Compact(lines)
}
