package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// The tests' own program stands in for the go command, as the program does.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "go" {
		os.Exit(standIn(os.Args[1:]))
	}
	os.Exit(m.Run())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// house is a module. Of the mutants of its room, those of > and of the condition of the switch are killed, one lives (nobody
// asks about equals), one is not reached, and one does not compile.
var house = map[string]string{
	"go.mod": "module example.com/house\n\ngo 1.26\n",
	"max/max.go": `package max

func Max(a, b int) int {
	if a > b {
		return a
	}
	return b
}

func Sum(a, b int) int { return a + b }

func Sign(a int) string {
	switch {
	case a == 0:
		return "none"
	}
	return "some"
}

func Greet(name string) string { return "hello " + name }
`,
	"max/other.go": "package max\n\nfunc Less(a, b int) bool { return a < b }\n",
	"max/max_test.go": `package max

import "testing"

func TestMax(t *testing.T) {
	if Max(1, 2) != 2 || Max(2, 1) != 2 || Sign(1) != "some" || Greet("you") != "hello you" {
		t.Fatal("not the larger one")
	}
}
`,
}

// built writes a module into a repository of its own.
func built(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	must(t, exec.CommandContext(t.Context(), "git", "init", "-q", root).Run())
	return root
}

// A lab for the house, with the gremlins of this repository.
func labFor(t *testing.T, root string) *lab {
	t.Helper()
	goes, err := exec.LookPath("go")
	must(t, err)
	l := &lab{dir: t.TempDir(), goes: goes}
	must(t, l.copyTree(t.Context(), root))
	must(t, l.build(t.Context(), "../.."))
	must(t, l.standIn())
	return l
}

func TestMutantsOfARoomAreCounted(t *testing.T) {
	l := labFor(t, built(t, house))
	var told bytes.Buffer
	got, err := l.try(t.Context(), room{name: "max", dir: "max", files: []string{"max.go"}, least: 60}, 1, &told)
	must(t, err)
	want := score{Name: "max", Mutants: 4, Killed: 2, Lived: 1, NotCovered: 1, Score: 200.0 / 3, Least: 60}
	if got != want {
		t.Fatalf("got %+v, want %+v\n%s", got, want, &told)
	}
	if !strings.Contains(told.String(), "LIVED CONDITIONALS_BOUNDARY at max.go:4:7") {
		t.Fatalf("the mutant that lives is not named:\n%s", &told)
	}
}

func TestGreenTestsComeFirst(t *testing.T) {
	broken := map[string]string{}
	for name, text := range house {
		broken[name] = strings.Replace(text, "a > b", "a < b", 1)
	}
	l := labFor(t, built(t, broken))
	if _, err := l.try(t.Context(), room{name: "max", dir: "max"}, 1, io.Discard); err == nil {
		t.Fatal("mutants were tried with a test that fails without them")
	}
}

func TestCopyLeavesOutWhatGitDoesNotKnow(t *testing.T) {
	l := &lab{dir: t.TempDir()}
	must(t, l.copyTree(t.Context(), built(t, map[string]string{".gitignore": "bin\n", "bin/large": "", "a.go": "package a\n"})))
	for name, there := range map[string]bool{"a.go": true, "bin": false, ".git": false} {
		if _, err := os.Stat(filepath.Join(l.tree(), name)); (err == nil) != there {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestScoreBelowTheOneAsked(t *testing.T) {
	var r report
	r.add(score{Name: "high", Mutants: 10, Killed: 9, Lived: 1, Score: 90, Least: 90})
	r.add(score{Name: "low", Mutants: 15, Killed: 6, Lived: 4, NotCovered: 3, TimedOut: 2, Score: 60, Least: 61})
	if got := r.below(); !reflect.DeepEqual(got, []string{"low (60.0% of 61%)"}) {
		t.Errorf("below: %v", got)
	}

	file := filepath.Join(t.TempDir(), "scores.json")
	must(t, options{out: file}.write(r))
	text, err := os.ReadFile(file)
	must(t, err)
	var read report
	must(t, json.Unmarshal(text, &read))
	if read.Score != 75 || !reflect.DeepEqual(read, r) {
		t.Errorf("read %+v, want %+v", read, r)
	}

	var table bytes.Buffer
	must(t, printTable(&table, r))
	const want = `  room  mutants  killed  lived  not covered  timed out  score  at least
  high       10       9      1            0          0  90.0%       90%
   low       15       6      4            3          2  60.0%       61%
   all       25      15      5            3          2  75.0%
`
	if table.String() != want {
		t.Errorf("table:\n%s", &table)
	}
}

func TestUnknownStatusIsNoScore(t *testing.T) {
	file := filepath.Join(t.TempDir(), "result.json")
	must(t, os.WriteFile(file, []byte(`{"files": [{"mutations": [{"status": "FLED"}]}]}`), 0o600))
	if _, err := readScore(room{}, file); err == nil {
		t.Error("what gremlins said was not understood, and counted")
	}
}

// What is tried is there: a file that was given another name would leave the score in silence.
func TestRoomsAreThere(t *testing.T) {
	for _, r := range rooms {
		for _, name := range append(r.files, ".") {
			if _, err := os.Stat(filepath.Join("../..", r.dir, name)); err != nil {
				t.Errorf("%s: %v", r.name, err)
			}
		}
	}
}
