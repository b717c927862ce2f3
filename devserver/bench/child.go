package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/workflows"
)

// The engine runs in a process of its own, so that its processor time and memory are its own, too. The two processes speak
// in lines of JSON: the engine says where it is, and then answers every line with what it has used.

// place is where a child's engine is reached.
type place struct {
	Frontend  string `json:"frontend"`
	Namespace string `json:"namespace"`
	Failed    string `json:"failed,omitempty"`
}

// serveEngine is the child: it runs an engine until nobody is left to talk to.
func serveEngine(ctx context.Context, dir string, durable engine.Synchronous, in io.Reader, out io.Writer) error {
	say := json.NewEncoder(out)
	e, err := engine.Start(ctx, engine.Options{
		Dir: dir, Synchronous: durable, SearchAttributes: workflows.SearchAttributes(), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return errors.Join(err, say.Encode(place{Failed: err.Error()}))
	}
	err = say.Encode(place{Frontend: e.FrontendAddress(), Namespace: e.Namespace()})
	for asked := bufio.NewScanner(in); err == nil && asked.Scan(); {
		err = say.Encode(usedByMe())
	}
	return errors.Join(err, e.Stop())
}

// child is the engine's process as its parent sees it.
type child struct {
	place
	command *exec.Cmd
	ask     io.WriteCloser
	mu      sync.Mutex
	answers *json.Decoder
}

func startChild(dir string, durable engine.Synchronous) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{command: exec.Command(self, "bench", "engine", "--dir", dir, "--synchronous", string(durable))} //nolint:gosec // it is this program
	c.command.Stderr = os.Stderr
	c.command.SysProcAttr = apart()
	if c.ask, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.command.Start(); err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	c.answers = json.NewDecoder(out)
	if err := c.answers.Decode(&c.place); err != nil || c.Failed != "" {
		return nil, errors.Join(fmt.Errorf("start the engine: %s", c.Failed), err, c.stop())
	}
	return c, nil
}

// used asks the engine what it has used so far.
func (c *child) used() (usage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := io.WriteString(c.ask, "\n"); err != nil {
		return usage{}, fmt.Errorf("ask the engine: %w", err)
	}
	var u usage
	return u, c.answers.Decode(&u)
}

// stop ends the conversation, and with it the engine.
func (c *child) stop() error { return errors.Join(c.ask.Close(), c.command.Wait()) }

// connection is how clients reach the engine: over loopback gzip costs time and saves nothing.
func (c *child) connection() client.Options {
	return client.Options{
		HostPort: c.Frontend, Namespace: c.Namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{GrpcCompression: &client.GrpcCompressionNone{}},
	}
}
