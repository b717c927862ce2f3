package engine_test

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/devserver/engine/enginetest"
)

// openWorkflows is how many workflows BenchmarkStart opens for its second half; 20,000 take about four minutes.
const openWorkflows = "PORTSAGA_BENCH_OPEN"

// BenchmarkStart measures from the start of a process to the moment its engine is ready, Web UI included; stopping is
// kill -9 and not measured.
func BenchmarkStart(b *testing.B) {
	b.Run("empty", func(b *testing.B) {
		measureStart(b, b.TempDir)
	})
	open, err := strconv.Atoi(os.Getenv(openWorkflows))
	if err != nil {
		open = 100
	}
	b.Run(fmt.Sprintf("open=%d", open), func(b *testing.B) {
		dir := b.TempDir()
		fill(b, dir, open)
		measureStart(b, func() string { return dir })
	})
}

// measureStart also reports the processor time of a start, which says the same on a busy machine.
func measureStart(b *testing.B, dir func() string) {
	var processor time.Duration
	for b.Loop() {
		c := startChild(b, dir())
		b.StopTimer()
		c.kill()
		processor += c.command.ProcessState.UserTime() + c.command.ProcessState.SystemTime()
		b.StartTimer()
	}
	b.ReportMetric(float64(processor.Milliseconds())/float64(b.N), "cpu-ms/op")
}

// fill leaves dir with count workflows that wait for a signal and a clock, as open ports do.
func fill(b *testing.B, dir string, count int) {
	b.Helper()
	e, err := engine.Start(b.Context(), engine.Options{Dir: dir, Synchronous: engine.Normal, SearchAttributes: attributes})
	require.NoError(b, err)
	c := enginetest.Dial(b, e)
	stopWorker := runWorker(b, c)

	ids := make(chan int)
	var clients sync.WaitGroup
	for range 32 {
		clients.Go(func() {
			for id := range ids {
				startPatient(b, c, "port-"+strconv.Itoa(id), 30*24*time.Hour)
			}
		})
	}
	for id := range count {
		ids <- id
	}
	close(ids)
	clients.Wait()
	require.Eventually(b, func() bool {
		waiting, err := c.CountWorkflow(b.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: "PortStage = 'submitted'"})
		return err == nil && waiting.GetCount() == int64(count)
	}, 10*time.Minute, 100*time.Millisecond)
	stopWorker()
	require.NoError(b, e.Stop())
}
