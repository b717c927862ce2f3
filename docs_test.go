package portsaga_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	link     = regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`)
	fileName = regexp.MustCompile("`([a-z]+/[a-z0-9_/.-]+\\.(?:go|sql|md))`")
	testName = regexp.MustCompile("`(Test[A-Z]\\w+)`")
)

// What the pages point to is there: linked files, files named by their path, and tests named as proof.
func TestPagesPointToWhatIsThere(t *testing.T) {
	t.Parallel()
	tests := testsOfTheHouse(t)
	pages, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	for _, page := range append(pages, "README.md", "CONTRIBUTING.md") {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(page)
			require.NoError(t, err)
			for _, m := range link.FindAllStringSubmatch(string(text), -1) {
				_, err := os.Stat(filepath.Join(filepath.Dir(page), m[1]))
				require.NoError(t, err)
			}
			for _, m := range fileName.FindAllStringSubmatch(string(text), -1) {
				require.FileExists(t, m[1])
			}
			for _, m := range testName.FindAllStringSubmatch(string(text), -1) {
				require.Contains(t, tests, m[1])
			}
		})
	}
}

// testsOfTheHouse are the names of all tests of both modules.
func testsOfTheHouse(t *testing.T) []string {
	t.Helper()
	var names []string
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for line := range strings.Lines(string(text)) {
			if rest, isFunc := strings.CutPrefix(line, "func Test"); isFunc {
				name, _, _ := strings.Cut(rest, "(")
				names = append(names, "Test"+name)
			}
		}
		return err
	}))
	return names
}
