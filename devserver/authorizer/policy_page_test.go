package authorizer

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var updatePage = flag.Bool("update", false, "write the generated part of docs/authorization.md")

// generated divides what people write in docs/authorization.md from what is made from the tables.
const generated = "<!-- generated: go -C devserver test ./authorizer -run TestPage -update -->\n"

func TestPageShowsThePolicy(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "docs", "authorization.md")
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	written, _, found := strings.Cut(string(page), generated)
	require.True(t, found, "%s has lost its mark: %s", file, generated)
	want := written + generated + policyPage()
	if *updatePage {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(page), "make it anew with: go -C devserver test ./authorizer -run TestPage -update")
}

// policyPage is the policy in Markdown: messages and methods by who may use them.
func policyPage() string {
	var b strings.Builder
	b.WriteString("\n## Messages\n\n| Message | From |\n|---|---|\n")
	for _, name := range sorted(messages) {
		by := strings.Join(messages[name].who.names(), ", ")
		if by == "" {
			by = "nobody: workflows tell each other"
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, by)
	}
	b.WriteString("\n## Workflows\n\n| Workflow | Started by |\n|---|---|\n")
	for _, name := range sorted(kinds) {
		by := kinds[name].who.names()
		if kinds[name].child {
			by = append(by, "another workflow")
		}
		if kinds[name].scheduled {
			by = append(by, "a schedule")
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, strings.Join(by, ", "))
	}
	b.WriteString("\n## Methods\n\nA star marks methods whose requests are looked into.\n\n| Who | Methods |\n|---|---|\n")
	lines := map[string][]string{}
	for _, method := range sorted(table) {
		mark := ""
		if table[method].must != nil {
			mark = "*"
		}
		by := strings.Join(table[method].who.names(), ", ")
		lines[by] = append(lines[by], short(method)+mark)
	}
	for _, by := range sorted(lines) {
		fmt.Fprintf(&b, "| %s | %s |\n", by, strings.Join(lines[by], ", "))
	}
	b.WriteString("\n## Closed to everybody\n\n| Because it | Methods |\n|---|---|\n")
	closedFor := map[string][]string{}
	for _, method := range sorted(closed) {
		closedFor[closed[method]] = append(closedFor[closed[method]], short(method))
	}
	for _, why := range sorted(closedFor) {
		fmt.Fprintf(&b, "| %s | %s |\n", why, strings.Join(closedFor[why], ", "))
	}
	return b.String()
}

// short leaves the package off a method's name.
func short(method string) string {
	service, name, _ := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	if service+"/" == strings.TrimPrefix(workflows, "/") {
		return name
	}
	return service[strings.LastIndex(service, ".")+1:] + "." + name
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
