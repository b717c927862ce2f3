package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// patience is how many times as long as all tests together the tests of a mutant may take, before they count as hung.
const patience = 5

// lab is a copy of the repository for the mutants, and the tools to try them with.
type lab struct {
	dir  string
	goes string // the go command
}

func newLab(ctx context.Context, root string) (*lab, error) {
	goes, err := exec.LookPath("go")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "portsaga-mutants-")
	if err != nil {
		return nil, err
	}
	l := &lab{dir: dir, goes: goes}
	if err := errors.Join(l.copyTree(ctx, root), l.build(ctx, root), l.standIn()); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *lab) close() { _ = os.RemoveAll(l.dir) }

func (l *lab) tree() string     { return filepath.Join(l.dir, "tree") }
func (l *lab) gremlins() string { return filepath.Join(l.dir, "gremlins") }
func (l *lab) bin() string      { return filepath.Join(l.dir, "bin") }

// copyTree copies what git knows, as it is now: gremlins copies all that it finds, and what was built is large.
func (l *lab) copyTree(ctx context.Context, root string) error {
	list := exec.CommandContext(ctx, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		return fmt.Errorf("list the files of %s: %w", root, err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		err := copyFile(filepath.Join(root, name), filepath.Join(l.tree(), name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a file that was deleted and not yet committed
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	return os.WriteFile(to, text, info.Mode())
}

// build builds the gremlins that tools/go.mod pins.
func (l *lab) build(ctx context.Context, root string) error {
	build := exec.CommandContext(ctx, l.goes, "build", "-o", l.gremlins(), "github.com/go-gremlins/gremlins/cmd/gremlins")
	build.Dir = filepath.Join(root, "tools")
	if told, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build gremlins: %w\n%s", err, told)
	}
	return nil
}

// standIn puts this program where gremlins looks for the go command.
func (l *lab) standIn() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.Mkdir(l.bin(), 0o750); err != nil {
		return err
	}
	return os.Symlink(self, filepath.Join(l.bin(), "go"))
}

// try runs gremlins on a room, which tells what lives or hangs as it goes.
func (l *lab) try(ctx context.Context, r room, workers int, progress io.Writer) (score, error) {
	others, err := l.others(r)
	if err != nil {
		return score{}, err
	}
	result := filepath.Join(l.dir, r.name+".json")
	args := []string{
		"unleash", "--workers", strconv.Itoa(workers), "--timeout-coefficient", strconv.Itoa(patience), "-S", "lt", "-o", result,
		"--invert-logical", "--invert-assignments", "--remove-self-assignments", "--invert-loopctrl",
	}
	for _, name := range others {
		args = append(args, "--exclude-files", "^"+regexp.QuoteMeta(name)+"$")
	}
	unleash := exec.CommandContext(ctx, l.gremlins(), append(args, "./"+r.dir)...)
	unleash.Dir = l.tree()
	unleash.Env = slices.Concat(os.Environ(), r.env, []string{
		"GOGC=400", // most of the time goes into compiling
		realGo + "=" + l.goes, "GOFLAGS=" + r.goFlags(), "PATH=" + l.bin() + string(os.PathListSeparator) + os.Getenv("PATH"),
	})
	unleash.Stdout, unleash.Stderr = progress, progress
	unleash.Cancel = func() error { return unleash.Process.Signal(os.Interrupt) } // it takes its copies away
	if err := unleash.Run(); err != nil {
		return score{}, fmt.Errorf("gremlins: %w", err)
	}
	return readScore(r, result)
}

// others are the files below a room's directory that are not changed.
func (l *lab) others(r room) ([]string, error) {
	var names []string
	dir := filepath.Join(l.tree(), r.dir)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if !r.changes(name) {
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	return names, err
}

func (r room) changes(name string) bool {
	if len(r.files) == 0 {
		return filepath.Dir(name) == "."
	}
	return slices.Contains(r.files, name)
}

// goFlags are for every go command of gremlins. The tests are what is asked, so vet stays silent, and nobody debugs them.
func (r room) goFlags() string {
	flags := os.Getenv("GOFLAGS") + " -vet=off -count=1 -ldflags=-s"
	if r.tests != "" {
		flags += " -run=" + r.tests
	}
	return strings.TrimSpace(flags)
}
