package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/workflows"
)

// The engine runs in a process of its own, so that its processor time and memory are its own, too. The two processes speak
// in lines: the engine is told what it is to be, says where it is, and then answers every line with what it has used.

// making is what an engine is to be.
type making struct {
	Dir         string             `json:"dir"`
	Synchronous engine.Synchronous `json:"synchronous"`
	Postgres    string             `json:"postgres,omitempty"`
	Port        int                `json:"port,omitempty"`    // of its frontend; a free one when zero
	Profile     string             `json:"profile,omitempty"` // file for a profile of its processor time
}

// place is where a child's engine is reached.
type place struct {
	Frontend  string `json:"frontend"`
	Namespace string `json:"namespace"`
	Failed    string `json:"failed,omitempty"`
}

// tidy asks an engine to give memory back that it does not need before it says what it has.
const tidy = "tidy"

// serveEngine is the child: it runs an engine until nobody is left to talk to.
func serveEngine(ctx context.Context, in io.Reader, out io.Writer) error {
	asked, say := bufio.NewScanner(in), json.NewEncoder(out)
	m, err := whatToBe(asked)
	if err != nil {
		return errors.Join(err, say.Encode(place{Failed: err.Error()}))
	}
	return profiled(m.Profile, func() error { return serve(ctx, m, asked, say) })
}

func serve(ctx context.Context, m making, asked *bufio.Scanner, say *json.Encoder) error {
	e, err := startEngine(ctx, m)
	if err != nil {
		return errors.Join(err, say.Encode(place{Failed: err.Error()}))
	}
	err = say.Encode(place{Frontend: e.FrontendAddress(), Namespace: e.Namespace()})
	for err == nil && asked.Scan() {
		if asked.Text() == tidy {
			debug.FreeOSMemory()
		}
		err = say.Encode(usedByMe())
	}
	return errors.Join(err, e.Stop())
}

func whatToBe(told *bufio.Scanner) (m making, err error) {
	told.Scan()
	if err := json.Unmarshal(told.Bytes(), &m); err != nil {
		return m, fmt.Errorf("read what the engine is to be: %w", errors.Join(told.Err(), err))
	}
	return m, nil
}

func startEngine(ctx context.Context, m making) (*engine.Engine, error) {
	return engine.Start(ctx, engine.Options{
		Dir: m.Dir, Synchronous: m.Synchronous, Postgres: m.Postgres, FrontendPort: m.Port, SearchAttributes: workflows.SearchAttributes(),
		Logger: slog.New(slog.DiscardHandler),
	})
}

// child is the engine's process as its parent sees it.
type child struct {
	place
	ready   time.Duration // from the start of its process until it answered
	command *exec.Cmd
	ask     io.WriteCloser
	mu      sync.Mutex
	answers *json.Decoder
}

func startChild(m making) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{command: exec.Command(self, "bench", "engine")} //nolint:gosec // it is this program
	c.command.Stderr = os.Stderr
	c.command.SysProcAttr = apart()
	if c.ask, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := c.command.Start(); err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	c.answers = json.NewDecoder(out)
	err = json.NewEncoder(c.ask).Encode(m)
	if err = errors.Join(err, c.answers.Decode(&c.place)); err != nil || c.Failed != "" {
		return nil, errors.Join(fmt.Errorf("start the engine: %s", c.Failed), err, c.stop())
	}
	c.ready = time.Since(began)
	return c, nil
}

// used asks the engine what it has used so far.
func (c *child) used() (usage, error) { return c.answer("") }

// kept is what the engine has used so far, its memory without what it could give back.
func (c *child) kept() (usage, error) { return c.answer(tidy) }

func (c *child) answer(question string) (usage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := io.WriteString(c.ask, question+"\n"); err != nil {
		return usage{}, fmt.Errorf("ask the engine: %w", err)
	}
	var u usage
	err := c.answers.Decode(&u)
	return u, err
}

// stop ends the conversation, and with it the engine.
func (c *child) stop() error { return errors.Join(c.ask.Close(), c.command.Wait()) }

// kill gives the engine no chance to clean up.
func (c *child) kill() error {
	err := c.command.Process.Kill()
	_ = c.command.Wait() // it says that the process was killed
	return err
}

// port is where the frontend listens.
func (c *child) port() int {
	_, port, _ := net.SplitHostPort(c.Frontend)
	n, _ := strconv.Atoi(port)
	return n
}

// connection is how clients reach the engine: over loopback gzip costs time and saves nothing.
func (c *child) connection() client.Options {
	return client.Options{
		HostPort: c.Frontend, Namespace: c.Namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{GrpcCompression: &client.GrpcCompressionNone{}},
	}
}
