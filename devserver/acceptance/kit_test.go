package acceptance

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long a process may live, and how long anything may take to be seen. Most is there within a second; a
// call to the carrier that a killed process left behind is tried again after a minute.
const patience = 5 * time.Minute

// desk is a machine with portsaga on it: a home and a data directory of its own, and no settings but these.
type desk struct {
	home     string
	settings []string
	scale    int       // how many times faster than real time a dev lives here; real time when zero
	begin    time.Time // the business time at which it begins
}

func newDesk(t *testing.T, settings ...string) desk {
	t.Helper()
	d := desk{home: t.TempDir(), settings: settings}
	require.NoError(t, os.Mkdir(d.tmp(), 0o700))
	return d
}

// with is the same desk with more settings.
func (d desk) with(settings ...string) desk {
	d.settings = slices.Concat(d.settings, settings)
	return d
}

// fast is the same desk with a fast clock, which begins when the first dev starts.
func (d desk) fast(scale int, begin time.Time) desk {
	d.scale, d.begin = scale, begin
	return d
}

func (d desk) dir() string { return filepath.Join(d.home, ".portsaga") }
func (d desk) tmp() string { return filepath.Join(d.home, "tmp") }

func (d desk) environment() []string {
	inherited := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "PORTSAGA_") || strings.HasPrefix(v, "TEMPORAL_")
	})
	return slices.Concat(inherited, []string{
		asProgram + "=1", "HOME=" + d.home, "TMPDIR=" + d.tmp(), "PORTSAGA_DIR=" + d.dir(),
		"PORTSAGA_FRAUD_OFF=true", // whether people decide today must not depend on the hour at which the tests run
	}, d.settings)
}

// process is a run of the program.
type process struct {
	args           []string
	cmd            *exec.Cmd
	stdout, stderr transcript
	ended          chan struct{}
}

// start runs the program. It is killed at the end of the test if it still runs.
func (d desk) start(t *testing.T, stdin string, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	return d.startAs(t, self, stdin, args...)
}

// startAs runs the program under another name.
func (d desk) startAs(t *testing.T, name, stdin string, args ...string) *process {
	t.Helper()
	return d.startIn(t, "", stdin, name, args...)
}

// startIn runs any program, in a directory.
func (d desk) startIn(t *testing.T, dir, stdin, name string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	p := &process{args: args, cmd: exec.CommandContext(ctx, name, args...), ended: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = dir, d.environment()
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = strings.NewReader(stdin), &p.stdout, &p.stderr
	require.NoError(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait() // the exit code says it too
		close(p.ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-p.ended
		if t.Failed() {
			t.Logf("portsaga %s\nstdout:\n%s\nstderr:\n%s", strings.Join(args, " "), &p.stdout, &p.stderr)
		}
	})
	return p
}

// kill ends the process as a loss of power would.
func (p *process) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	<-p.ended
}

// interrupt is a person's Ctrl-C. It returns the exit code.
func (p *process) interrupt(t *testing.T) int {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	return p.exit()
}

// exit waits for the end and returns the exit code; -1 if the process was killed.
func (p *process) exit() int {
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}

// says waits until the process has printed a text to stdout.
func (p *process) says(t *testing.T, text string) {
	t.Helper()
	await(t, often, "portsaga "+strings.Join(p.args, " ")+" says "+text, func() bool {
		return strings.Contains(p.stdout.String(), text) || p.isOver()
	})
	require.Contains(t, p.stdout.String(), text, "stderr: %s", &p.stderr)
}

func (p *process) isOver() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// result is what a run of the program leaves.
type result struct {
	code           int
	stdout, stderr string
}

// run runs the program to its end.
func (d desk) run(t *testing.T, args ...string) result {
	t.Helper()
	return d.runWith(t, "", args...)
}

// runWith runs the program with something to read on stdin.
func (d desk) runWith(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	p := d.start(t, stdin, args...)
	return result{p.exit(), p.stdout.String(), p.stderr.String()}
}

// do runs the program, which must succeed.
func (d desk) do(t *testing.T, args ...string) result {
	t.Helper()
	r := d.run(t, args...)
	require.Zero(t, r.code, "portsaga %s\n%s", strings.Join(args, " "), r.stderr)
	return r
}

// transcript collects what a process prints while others read it.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(b)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// How often to look: a look at a process's output or at a file costs nothing, one that runs the program does.
const (
	often = 20 * time.Millisecond
	every = 250 * time.Millisecond
)

// await looks again and again until something is seen.
func await(t *testing.T, how time.Duration, what string, seen func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	look := time.NewTicker(how)
	defer look.Stop()
	for !seen() {
		select {
		case <-ctx.Done():
			require.FailNow(t, "waited in vain", what)
		case <-look.C:
		}
	}
}

// write puts a file on the desk and returns its name.
func (d desk) write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(d.home, name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// requireErrorLine sees that a run told its failure in one line that a person can read, or in one and a list.
func requireErrorLine(t *testing.T, r result) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(r.stderr, "\n"), "\n")
	require.Regexp(t, `^error: \S.*: \S`, lines[0])
	for _, line := range lines[1:] {
		require.Regexp(t, `^  \S`, line, "only a list may follow the error")
	}
	require.NotContains(t, r.stderr, "goroutine ")
	require.NotRegexp(t, `\.go:\d+`, r.stderr)
	require.Empty(t, r.stdout)
}
