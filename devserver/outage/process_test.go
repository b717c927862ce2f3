package outage

import (
	"bytes"
	"context"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long anything may take to be seen: longer than every counterparty waits.
const patience = 2 * time.Minute

// process is a part of the house that is killed and started again.
type process struct {
	*testing.T
	name    string
	command func() *exec.Cmd
	ready   func() bool
	dies    syscall.Signal // leaves it no time for anything

	cmd   *exec.Cmd
	log   transcript
	ended chan struct{}
}

// run starts a process for as long as the test goes on.
func (h *house) run(p *process) *process {
	h.Helper()
	p.T = h.T
	h.Cleanup(func() {
		p.kill()
		if h.Failed() {
			h.Logf("%s said:\n%s", p.name, p.log.tail())
		}
	})
	p.start()
	return p
}

func (p *process) start() {
	p.Helper()
	p.cmd, p.ended = p.command(), make(chan struct{})
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	require.NoError(p, p.cmd.Start())
	cmd, ended := p.cmd, p.ended
	go func() {
		_ = cmd.Wait() // whoever waits for it sees that it has ended
		close(ended)
	}()
	await(p.T, p.name+" is ready", func() bool {
		select {
		case <-ended:
			require.FailNow(p, p.name+" ended by itself", p.log.tail())
		default:
		}
		return p.ready()
	})
}

// kill is what a loss of power is to the process.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(p.dies) // one that is gone needs no signal
	<-p.ended
}

// guard makes the group of all processes. They go when the test goes, however it ends.
func (h *house) guard() {
	h.Helper()
	guardian := exec.CommandContext(context.WithoutCancel(h.Context()), "sh", "-c", "cat >/dev/null; kill -9 0")
	guardian.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	held, err := guardian.StdinPipe()
	require.NoError(h, err)
	require.NoError(h, guardian.Start())
	h.guardian = guardian.Process.Pid
	h.Cleanup(func() {
		require.NoError(h, held.Close())
		_ = guardian.Wait() // it kills itself with the rest
	})
}

// grouped is a command whose process goes with the test, in a directory of its own and with nothing inherited.
func (h *house) grouped(dir string, settings []string, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, settings
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: h.guardian}
	return cmd
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

// tail is what was said last.
func (t *transcript) tail() string {
	const enough = 6000
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.text.String()
	return text[max(0, len(text)-enough):]
}

// await looks again and again until something is seen.
func await(t *testing.T, what string, seen func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for !seen() {
		select {
		case <-ctx.Done():
			require.FailNow(t, "waited in vain", what)
		case <-look.C:
		}
	}
}
