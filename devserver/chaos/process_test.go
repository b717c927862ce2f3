package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"golang.org/x/sys/unix"

	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/workflows"
)

// process is a part of the house that is killed, paused and started again.
type process struct {
	name    string
	command func() *exec.Cmd // anew for every start
	build   atomic.Int32     // of the lean program

	disturbed sync.Mutex // by whoever breaks or mends it
	cmd       *exec.Cmd
	ended     chan struct{}
}

// run starts a process for as long as the test goes on.
func (h *house) run(p *process) {
	h.Helper()
	require.NoError(h, h.start(p))
	h.processes[p.name] = p
	h.Cleanup(func() { h.end(p) })
}

func (h *house) logFile(name string) string { return h.path("logs", name+".log") }

func (h *house) start(p *process) error {
	out, err := os.OpenFile(h.logFile(p.name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	cmd, ended := p.command(), make(chan struct{})
	said := struct{ io.Writer }{out} // hides that it is a file: the process writes to us, and speaks also where its disk is full
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = said, said, time.Second
	if cmd.Dir == "" {
		cmd.Dir = h.dir
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Pgid = true, h.guardian
	if err := cmd.Start(); err != nil {
		return errors.Join(err, out.Close())
	}
	p.cmd, p.ended = cmd, ended
	go func() {
		_ = cmd.Wait() // whoever looks after it sees that it has ended
		_ = out.Close()
		close(ended)
	}()
	return nil
}

func (p *process) isOver() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

func (p *process) send(what syscall.Signal) { _ = p.cmd.Process.Signal(what) } // one that is gone needs no signal

// kill gives it no chance to clean up.
func (p *process) kill() {
	p.send(syscall.SIGKILL)
	<-p.ended
}

// end asks the process to go, and sees to it that it does.
func (h *house) end(p *process) {
	p.send(syscall.SIGCONT)
	p.send(syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.Context()), 20*time.Second)
	defer cancel()
	select {
	case <-p.ended:
	case <-ctx.Done():
		p.kill()
	}
}

// watch starts again whatever ended by itself, as a platform does, until ctx ends.
func (h *house) watch(ctx context.Context) {
	until(ctx, 500*time.Millisecond, func() bool {
		for _, p := range h.processes {
			if h.supervise.Load() && p.disturbed.TryLock() {
				if p.isOver() {
					h.tally.gaveUp(p.name, fmt.Sprintf("%s\n%s", lastWords(h.log(p.name), shown), p.cmd.ProcessState))
					_ = h.start(p) // again at the next look
				}
				p.disturbed.Unlock()
			}
		}
		return false
	})
}

// shown is how much of what a process said is shown, in bytes.
const shown = 4000

// tail is what a process said last.
func (h *house) tail(name string) string { return lastWords(h.log(name), shown) }

func (h *house) log(name string) string {
	text, err := os.ReadFile(h.logFile(name))
	if err != nil {
		return "nothing: " + err.Error()
	}
	return string(text)
}

// lastWords is the end of a text, or what follows where the program broke if that comes before it.
func lastWords(text string, size int) string {
	from := max(0, len(text)-size)
	for _, word := range []string{"panic: ", "fatal error: ", "SIG"} {
		if broke := strings.LastIndex(text, "\n"+word) + 1; broke > 0 && broke < from && len(text)-broke < longestTrace {
			from = broke
		}
	}
	return text[from:min(len(text), from+2*size)]
}

// longestTrace is how far before the end a program may have broken, in bytes: it tells of every goroutine.
const longestTrace = 1 << 20

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}

// fillDisk lets a process write no byte more into any file, or lets it again.
func (p *process) fillDisk(full bool) error {
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if full {
		limit.Cur = 1
	}
	return unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil)
}

// asEngine makes the test binary an engine: its value is the directory and the port.
const asEngine = "PORTSAGA_CHAOS_ENGINE"

func (h *house) engineCommand() *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, asEngine + "=" + h.path("engine") + ":" + h.ports["engine"]}
	return cmd
}

// serveEngine is the engine's process. A disk that is full is an error of a write to it, and not its end.
func serveEngine(where string) error {
	dir, port, _ := strings.Cut(where, ":")
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	e, err := engine.Start(ctx, engine.Options{
		Dir: dir, FrontendPort: number, Synchronous: engine.Normal, SearchAttributes: workflows.SearchAttributes(),
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return e.Stop()
}

// plainOptions reach the engine, and seal nothing.
func plainOptions(address string) client.Options {
	return client.Options{
		HostPort: address, Namespace: engine.DefaultNamespace, Identity: "chaos", Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{GrpcCompression: &client.GrpcCompressionNone{}},
	}
}
