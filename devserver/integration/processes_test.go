package integration

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long anything may take to be seen. A step whose worker went away with it is tried again after a minute.
const patience = 2 * time.Minute

// process is a part of the town that runs until it is told to stop.
type process struct {
	citizen *citizen
	args    []string // with the program
	ports   []string // by name
	ready   func() bool
	stop    syscall.Signal // asks it to go

	cmd   *exec.Cmd
	log   *transcript
	ended chan struct{}
}

// guard makes the group of all processes. They go when the test goes, however it ends.
func (w *town) guard() {
	w.t.Helper()
	guardian := exec.CommandContext(context.WithoutCancel(w.t.Context()), "sh", "-c", "cat >/dev/null; kill -9 0")
	guardian.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	open, err := guardian.StdinPipe()
	require.NoError(w.t, err)
	require.NoError(w.t, guardian.Start())
	w.guardian = guardian.Process.Pid
	w.t.Cleanup(func() {
		require.NoError(w.t, open.Close())
		_ = guardian.Wait() // it kills itself with the rest
	})
}

// run starts a process and waits until it is ready.
func (w *town) run(p *process) *process {
	w.t.Helper()
	if p.stop == 0 {
		p.stop = syscall.SIGTERM
	}
	w.processes = append(w.processes, p)
	w.t.Cleanup(func() {
		p.end(w.t)
		if w.t.Failed() {
			w.t.Logf("%s said:\n%s", p.citizen.name, p.log.tail())
		}
	})
	p.start(w.t)
	return p
}

func (p *process) start(t *testing.T) {
	t.Helper()
	p.cmd, p.log, p.ended = p.citizen.command(context.WithoutCancel(t.Context()), p.args[0], p.args[1:]...), &transcript{}, make(chan struct{})
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	cmd, ended := p.cmd, p.ended
	require.NoError(t, cmd.Start())
	go func() {
		_ = cmd.Wait() // the exit code says it too
		close(ended)
	}()
	await(t, p.citizen.name+" is ready", func() bool {
		require.False(t, p.isOver(), "%s ended by itself:\n%s", p.citizen.name, p.log.tail())
		return p.ready()
	})
}

// end asks the process to go, and returns its exit code when it has gone.
func (p *process) end(t *testing.T) int {
	t.Helper()
	if !p.isOver() {
		require.NoError(t, p.cmd.Process.Signal(p.stop))
	}
	<-p.ended
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) isOver() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// says reports whether something is in the process's log.
func (p *process) says(text string) bool { return strings.Contains(p.log.String(), text) }

// census lists the processes.
func (w *town) census() string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "process\tuid\tpid\tlistens on")
	for _, p := range w.processes {
		var ports []string
		for _, name := range p.ports {
			ports = append(ports, name+" "+w.port(name))
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", p.citizen.name, p.citizen.identity(), p.cmd.Process.Pid, strings.Join(ports, ", "))
	}
	_ = table.Flush() // into memory
	return b.String()
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

// tail is what was said last.
func (t *transcript) tail() string {
	const enough = 6000
	text := t.String()
	return text[max(0, len(text)-enough):]
}

// await looks again and again until something is seen.
func await(t *testing.T, what string, seen func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for !seen() {
		select {
		case <-ctx.Done():
			require.FailNow(t, "waited in vain", what)
		case <-look.C:
		}
	}
}
