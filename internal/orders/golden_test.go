package orders_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/orders"
)

var update = flag.Bool("update", false, "write the golden files anew")

// now is the present of every test: a Monday noon in New York.
var now = time.Date(2026, time.January, 19, 17, 0, 0, 0, time.UTC)

var options = orders.Options{Now: now}

const examples = "../../examples/orders"

func files(t testing.TB, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(examples, pattern))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	return names
}

func load(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return data
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	require.Equal(t, string(load(t, path)), got, "run the test with -update if the change is meant")
}

func TestExamplesLintClean(t *testing.T) {
	t.Parallel()
	names := files(t, "*.yaml")
	require.GreaterOrEqual(t, len(names), 8)
	references := map[string]string{}
	for _, name := range names {
		data := load(t, name)
		require.Empty(t, orders.Lint(data, options), name)
		order, err := orders.Read(bytes.NewReader(data), options)
		require.NoError(t, err, name)
		require.NotContains(t, references, order.Reference, "%s has the reference of %s", name, references[order.Reference])
		references[order.Reference] = name
	}
}

// TestBrokenExamples is the catalogue of mistakes: what each file under broken is told, by Lint and by Read alike.
func TestBrokenExamples(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, name := range files(t, "broken/*.yaml") {
		data := load(t, name)
		problems := orders.Lint(data, options)
		require.NotEmpty(t, problems, name)
		fmt.Fprintf(&b, "%s\n", filepath.Base(name))
		for _, p := range problems {
			require.NotEmpty(t, p.Next, "%s: %s does not say what to do", name, p.Code)
			fmt.Fprintf(&b, "  %-7s %-22s %s\n", p.Severity, p.Code, p)
		}
		_, err := orders.Read(bytes.NewReader(data), options)
		requireRefused(t, name, problems, err)
	}
	golden(t, "broken.golden", b.String())
}

// requireRefused holds what Read says to what Lint says: an error refuses the order, a warning does not.
func requireRefused(t *testing.T, name string, problems []orders.Problem, err error) {
	t.Helper()
	if !hasError(problems) {
		require.NoError(t, err, name)
		return
	}
	var invalid *orders.InvalidOrderError
	require.ErrorAs(t, err, &invalid, name)
	require.Equal(t, problems, invalid.Problems, name)
}

func hasError(problems []orders.Problem) bool {
	for _, p := range problems {
		if p.Severity == orders.SeverityError {
			return true
		}
	}
	return false
}
