package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T) *Site {
	t.Helper()
	s, err := Read("../..")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every page of docs is found from the index, under an audience, and every page has a title.
func TestEveryPageIsFound(t *testing.T) {
	t.Parallel()
	s := read(t)
	if len(s.Sections) != 6 {
		t.Errorf("%d audiences", len(s.Sections))
	}
	found := map[string]bool{"index.html": true}
	for _, section := range s.Sections {
		for _, link := range section.Links {
			file, _, _ := strings.Cut(link.Href, "#")
			found[file] = true
		}
	}
	for source, p := range s.Pages {
		if strings.HasPrefix(source, "docs/") && !found[p.File()] {
			t.Errorf("nothing in the navigation leads to %s", source)
		}
		if p.Title == "" {
			t.Errorf("%s has no title", source)
		}
	}
}

var attribute = regexp.MustCompile(`(?:href|src)="([^"]*)"`)

// Whatever a written page links to in the site is there, with its anchor, and no page needs anything from elsewhere.
func TestLinksResolve(t *testing.T) {
	t.Parallel()
	s, dir := read(t), t.TempDir()
	if err := s.Write(dir); err != nil {
		t.Fatal(err)
	}
	byFile := map[string]*Page{}
	for _, p := range s.Pages {
		byFile[p.File()] = p
	}
	if len(byFile) != len(s.Pages) {
		t.Fatal("two pages have one file")
	}
	links := 0
	for file, p := range byFile {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(`<(script|link|img|iframe)\b|@import|url\(`).Match(text) {
			t.Errorf("%s loads something", file)
		}
		for _, found := range attribute.FindAllStringSubmatch(string(text), -1) {
			to, fragment, has := strings.Cut(found[1], "#")
			if strings.Contains(to, ":") { // of another site, or an address
				continue
			}
			links++
			target := byFile[to]
			if to == "" {
				target = p
			}
			switch {
			case target == nil:
				t.Errorf("%s links to %s", p.Source, found[1])
			case has && !target.IDs[fragment]:
				t.Errorf("%s links to %s, and %s has no such heading", p.Source, found[1], target.Source)
			}
		}
	}
	if links < 500 {
		t.Errorf("%d links only", links)
	}
	t.Logf("%d pages, %d internal links", len(byFile), links)
}

// What a page links to in the repository is there, too.
func TestFilesOfTheRepositoryAreThere(t *testing.T) {
	t.Parallel()
	for _, p := range read(t).Pages {
		for _, found := range attribute.FindAllStringSubmatch(string(p.Body), -1) {
			if file, is := strings.CutPrefix(found[1], repository); is {
				if _, err := os.Stat(filepath.Join("..", "..", file)); err != nil {
					t.Errorf("%s links to %s", p.Source, file)
				}
			}
		}
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	for heading, want := range map[string]string{
		"A port's workflow was terminated, deleted or timed out": "a-ports-workflow-was-terminated-deleted-or-timed-out",
		"RollbackStuck": "rollbackstuck",
		"1. `SIM_SWAP`": "1-sim_swap",
	} {
		if got := slug(strings.ReplaceAll(heading, "`", "")); got != want {
			t.Errorf("%s: %s", heading, got)
		}
	}
}

// A flowchart has a box for each name and a line for each arrow; stages are a table of moves, with the names that they are given.
func TestDiagrams(t *testing.T) {
	t.Parallel()
	got := draw("flowchart TD\n    cmd[\"cmd/portsaga\"] --> cli[\"internal/cli\"]\n    cli --> near\n    subgraph near[\"neighbours\"]\n        rules[\"rules: packs\"]\n    end\n")
	if strings.Count(got, "<rect ") != 3 || strings.Count(got, "<path ") != 2 || !strings.Contains(got, ">rules: packs</text>") {
		t.Error(got)
	}
	got = table("stateDiagram-v2\n    state \"on-hold\" as on_hold\n    [*] --> on_hold: held\n")
	if !strings.Contains(got, "<td>start or end</td><td>on-hold</td><td>held</td>") {
		t.Error(got)
	}
}
