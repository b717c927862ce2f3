package sabotage

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long a test may take to notice, with the compiler's time.
const patience = 5 * time.Minute

// everyone reports whether all saboteurs are to work; a few show in every run that the others would.
func everyone() bool { return os.Getenv("PORTSAGA_SABOTEURS") == "all" }

// Every saboteur finds the place for the bug, and is caught by a test that passes without it.
func TestSaboteursAreCaught(t *testing.T) {
	var r report
	for _, s := range saboteurs {
		t.Run(s.name, func(t *testing.T) {
			patched := s.patch(t)
			if !everyone() && !s.quick() {
				return
			}
			tried := r.add(s)
			s.mustBeCaught(t, patched)
			tried.Caught = true
		})
	}
	r.count()
	t.Logf("saboteurs caught: %d/%d, of %d", r.Caught, r.Of, len(saboteurs))
	r.write(t)
	require.Equal(t, r.Of, r.Caught)
}

func (s saboteur) mustBeCaught(t *testing.T, patched string) {
	t.Helper()
	sound, err := s.run(t, "")
	require.NoError(t, err, "the test fails without the bug:\n%s", sound)
	output, err := s.run(t, patched)
	require.Error(t, err, "nobody noticed:\n%s", output)
	require.NotContains(t, output, "[build failed]", "the bug does not compile")
	require.NotContains(t, output, "[setup failed]")
	require.Contains(t, output, "--- FAIL: "+s.test, "nobody noticed")
}

// quick are those whose tests need little to be compiled.
func (s saboteur) quick() bool { return s.pkg == "./porting" }

// patch writes the file with the bug in it somewhere else.
func (s saboteur) patch(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), s.file))
	require.NoError(t, err)
	require.Equal(t, 1, strings.Count(string(text), s.was), "the place for the bug is gone, or there are several: %s", s.was)
	patched := filepath.Join(t.TempDir(), filepath.Base(s.file))
	require.NoError(t, os.WriteFile(patched, []byte(strings.Replace(string(text), s.was, s.is, 1)), 0o600))
	return patched
}

// run runs the test. The compiler reads the patched file in the place of the real one; without one it reads the tree as it is.
func (s saboteur) run(t *testing.T, patched string) (string, error) {
	t.Helper()
	replaced := map[string]string{}
	if patched != "" {
		replaced[filepath.Join(root(t), s.file)] = patched
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	require.NoError(t, err)
	list := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(list, overlay, 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	test := exec.CommandContext(ctx, "go", "test", "-vet=off", "-overlay="+list, "-run=^"+s.test+"$", s.pkg)
	test.Dir = root(t)
	output, err := test.CombinedOutput()
	return string(output), err
}

// root is the directory of the module.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	return dir
}
