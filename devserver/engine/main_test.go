package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/devserver/engine/enginetest"
)

// In a process that has this variable the test binary is an engine on the named directory until it is killed.
const childDirectory = "PORTSAGA_TEST_ENGINE_DIR"

var (
	stage      = temporal.NewSearchAttributeKeyKeyword("PortStage")
	attributes = map[string]enumspb.IndexedValueType{stage.GetName(): stage.GetValueType()}
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDirectory); dir != "" {
		runChild(dir)
	}
	enginetest.Main(m, engine.Options{SearchAttributes: attributes})
}

// child is an engine in a process of its own.
type child struct {
	command                     *exec.Cmd
	Frontend, Namespace, Failed string
}

func runChild(dir string) {
	e, err := engine.Start(context.Background(), engine.Options{Dir: dir, SearchAttributes: attributes})
	report := child{}
	if err != nil {
		report.Failed = err.Error()
	} else {
		report.Frontend, report.Namespace = e.FrontendAddress(), e.Namespace()
	}
	runtime.GC() // the engine is out of sight now, and must hold its directory all the same
	line, _ := json.Marshal(report)
	fmt.Println(string(line))
	select {}
}

// startChild returns when the engine of the new process is ready.
func startChild(t testing.TB, dir string) *child {
	t.Helper()
	c := &child{command: exec.Command(os.Args[0])}
	c.command.Env = append(os.Environ(), childDirectory+"="+dir)
	c.command.Stderr = os.Stderr
	stdout, err := c.command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.command.Start())
	t.Cleanup(c.kill)

	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(line, c))
	require.Empty(t, c.Failed)
	return c
}

func (c *child) dial(t testing.TB) client.Client {
	t.Helper()
	opened, err := client.DialContext(t.Context(), client.Options{
		HostPort: c.Frontend, Namespace: c.Namespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(opened.Close)
	return opened
}

// kill gives the process no chance to clean up.
func (c *child) kill() {
	_ = c.command.Process.Kill()
	_ = c.command.Wait()
}

// patientWorkflow is as open as a port: it shows its stage and waits for a signal or, much later, its clock.
func patientWorkflow(ctx workflow.Context, clock time.Duration) (string, error) {
	if err := workflow.UpsertTypedSearchAttributes(ctx, stage.ValueSet("submitted")); err != nil {
		return "", err
	}
	ended := "silence"
	waiting := workflow.NewSelector(ctx)
	waiting.AddFuture(workflow.NewTimer(ctx, clock), func(workflow.Future) {})
	waiting.AddReceive(workflow.GetSignalChannel(ctx, "foc"), func(channel workflow.ReceiveChannel, _ bool) {
		channel.Receive(ctx, &ended)
	})
	waiting.Select(ctx)
	return ended, nil
}

const taskQueue = "engine-test"

// runWorker serves patientWorkflow until the returned function is called, or the test ends.
func runWorker(t testing.TB, c client.Client) (stop func()) {
	t.Helper()
	w := worker.New(c, taskQueue, worker.Options{})
	w.RegisterWorkflow(patientWorkflow)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	return w.Stop
}

func startPatient(t testing.TB, c client.Client, id string, clock time.Duration) client.WorkflowRun {
	t.Helper()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: taskQueue}, patientWorkflow, clock)
	require.NoError(t, err)
	return run
}
