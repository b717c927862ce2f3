package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// house is a repository with one commit, and a place for its report.
func house(t *testing.T) options {
	t.Helper()
	o := options{root: t.TempDir(), out: t.TempDir(), tier: "short"}
	for _, args := range [][]string{{"init", "-q"}, {"-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-q", "--allow-empty", "-m", "one"}} {
		said, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", o.root}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git: %s", said)
		}
	}
	return o
}

// some are steps that need no campaign.
func some(runs ...string) []step {
	all := []step{{name: "build", words: []string{"true"}}}
	for _, run := range runs {
		name, rest, _ := strings.Cut(run, ": ")
		all = append(all, step{name: name, what: name, words: strings.Fields(rest), leaves: fromOutput})
	}
	return all
}

// made runs a report, and returns its page, what it told, and its error.
func made(t *testing.T, o options, all []step) (page, told string, failed error) {
	t.Helper()
	var out bytes.Buffer
	failed = report(t.Context(), o, all, &out)
	text, err := os.ReadFile(filepath.Join(o.out, "report.md"))
	must(t, err)
	return string(text), out.String(), failed
}

func TestAStepThatFailsDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	page, told, err := made(t, house(t), some(`bench-one: env FIGURE=1 ls /nowhere/to/be/found`, `silent: true`, `bench-port-in: echo {"ratio":0.95}`))
	if err == nil || !strings.Contains(err.Error(), "bench-one failed: exit status") || !strings.Contains(err.Error(), "silent failed: it left no figures") {
		t.Errorf("the error does not name both: %v", err)
	}
	for _, want := range []string{"0.95 met", "see bench-one.log", "/nowhere/to/be/found", "| build | 0s |"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if !strings.Contains(told, "[4/4] bench-port-in: 0s\n") {
		t.Errorf("nobody is told how far it is: %s", told)
	}
}

func TestFiguresOfAnotherCommitAreRefused(t *testing.T) {
	t.Parallel()
	o := house(t)
	all := some(`bench-port-in: echo {"ratio":0.95}`)
	_, _, err := made(t, o, all)
	must(t, err)

	o.keep = true
	all[1].words = []string{"false"}
	page, told, err := made(t, o, all)
	must(t, err)
	if !strings.Contains(page, "0.95 met") || strings.Contains(told, "bench-port-in:") {
		t.Errorf("figures of this commit are not taken: %s", told)
	}

	must(t, exec.CommandContext(t.Context(), "git", "-C", o.root, "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-q", "--allow-empty", "-m", "two").Run())
	anyway := o
	anyway.anyCommit = true
	if page, _, err = made(t, anyway, all); err != nil || !strings.Contains(page, "done, of ") {
		t.Errorf("the page does not say of which commit its figures are (%v):\n%s", err, page)
	}
	o.only = "build"
	page, _, err = made(t, o, append(all, step{name: "build-too", words: []string{"true"}}))
	must(t, err)
	if strings.Contains(page, "0.95") || !strings.Contains(page, "its figures are of ") {
		t.Errorf("figures of another commit are taken:\n%s", page)
	}
}

func TestSourceThatChangesMeanwhileIsNoSource(t *testing.T) {
	t.Parallel()
	o := house(t)
	_, _, err := made(t, o, some("bench-one: touch "+filepath.Join(o.root, "file")))
	if err == nil || !strings.Contains(err.Error(), "the source was changed while it ran") {
		t.Errorf("nobody noticed: %v", err)
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	all, err := stepsOf(options{tier: "short", out: "/a place", seed: 7})
	must(t, err)
	for i := range all {
		all[i].lacks = "" // as if there were a PostgreSQL
	}
	there := map[string]record{"chaos": {}, "saboteurs": {}}
	for only, want := range map[string][]string{
		"chaos":         {"chaos", "chaos-postgres"},
		"bench-port-in": {"build", "bench-port-in", "bench-port-in-postgres"},
		"mutants,idle":  nil,
		"": {
			"build", "bench-port-in", "bench-port-in-postgres", "bench-signed", "bench-port-out", "bench-port-out-postgres", "bench-bulk", "bench-revoke",
			"bench-idle", "bench-fleet", "bench-start", "budgets", "chaos-postgres", "mutants", "canary", "redteam",
		},
	} {
		todo, err := choose(all, only, there)
		var names []string
		for _, s := range todo {
			names = append(names, s.name)
		}
		if (err == nil) != (want != nil) || !slices.Equal(names, want) {
			t.Errorf("-only %q runs %v, %v", only, names, err)
		}
	}
	env, command := all[slices.IndexFunc(all, func(s step) bool { return s.name == "chaos" })].split()
	if !slices.Equal(env, []string{"PORTSAGA_CHAOS=3m", "PORTSAGA_CHAOS_SEED=7", "PORTSAGA_CHAOS_REPORT=/a place/chaos.figures"}) || command[0] != "go" {
		t.Errorf("%q %q", env, command)
	}
	for _, s := range all {
		if strings.Contains(strings.ReplaceAll(strings.Join(s.words, " "), "{socket}", ""), "{") {
			t.Errorf("%s: nothing fills %q in", s.name, s.words)
		}
	}
	if _, err := stepsOf(options{tier: "long"}); err == nil {
		t.Error("there is no such tier")
	}
}

// The real go command is listened to: tests with attributes, subtests, and a package that does not compile.
func TestListener(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module m\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "a_test.go"), []byte(`package m
import "testing"
func TestA(t *testing.T) { t.Attr("sealed", "0"); t.Run("one", func(*testing.T) {}); t.Run("two", func(t *testing.T) { t.Fatal("so it goes") }) }
`), 0o600))
	log := &bytes.Buffer{}
	l := newListener(log)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "go", "test", "-json", ".")
	cmd.Dir, cmd.Stdout = dir, l
	if cmd.Run() == nil {
		t.Fatal("a test fails there")
	}
	text, err := json.Marshal(l.heard)
	must(t, err)
	if want := `[{"name":"TestA/one","result":"pass"},{"name":"TestA/two","result":"fail"},{"name":"TestA","result":"fail","figures":{"sealed":"0"}}]`; string(text) != want {
		t.Errorf("%s", text)
	}
	if !strings.Contains(log.String(), "so it goes") {
		t.Errorf("the log lacks what tests say: %s", log)
	}
	found := results{Records: map[string]record{"redteam": {Figures: text}}}
	if passed, of := found.of("redteam").leaves(); *passed != 1 || *of != 2 {
		t.Errorf("%v of %v", *passed, *of)
	}
}

func TestNothingOutlivesAStepThatIsStopped(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("processes have no groups there")
	}
	fifo := filepath.Join(t.TempDir(), "fifo")
	must(t, exec.CommandContext(t.Context(), "mkfifo", fifo).Run())
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error)
	go func() {
		file, err := os.Open(fifo)
		if err == nil {
			_, err = file.Read(make([]byte, 1)) // it runs
			stop()
			_, _ = io.Copy(io.Discard, file) // until the last who could write is gone
		}
		over <- err
	}()
	deaf := step{name: "deaf", words: []string{"sh", "-c", "(trap '' INT; echo runs; sleep 600) >" + fifo + "; true"}}
	r := runner{options: house(t), out: io.Discard, farewell: time.Nanosecond}
	if _, err := r.run(ctx, deaf, ""); err == nil || !strings.Contains(err.Error(), "was stopped") {
		t.Errorf("it was not stopped: %v", err)
	}
	must(t, <-over)
}

func TestServerIsThereForItsStepOnly(t *testing.T) {
	t.Parallel()
	if _, err := programOfPostgres("initdb"); err != nil {
		t.Skip(err)
	}
	var socket string
	must(t, withPostgres(t.Context(), func(dir string) error {
		socket = filepath.Join(dir, ".s.PGSQL.5432")
		_, err := os.Stat(socket)
		return err
	}))
	if _, err := os.Stat(filepath.Dir(socket)); !os.IsNotExist(err) {
		t.Errorf("its directory is left: %v", err)
	}
}
