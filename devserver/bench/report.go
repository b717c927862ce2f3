package bench

import (
	"fmt"
	"io"
	"math"

	"github.com/portsaga/portsaga/internal/cli"
)

// Report is what a bench found. Ratios are medians of rounds that were run in turn, so that what else the machine does weighs
// on both sides; absolute figures hold for one machine and one moment.
type Report struct {
	Kind       string `json:"kind"`
	Engine     string `json:"engine"`
	Ledger     string `json:"ledger"`
	Durable    bool   `json:"durable"` // the embedded engine's commits survive a loss of power
	Rounds     int    `json:"rounds"`
	Ports      int    `json:"ports"` // of each round
	InProgress int    `json:"in_progress"`
	Numbers    int    `json:"numbers"`          // of each port
	Signed     bool   `json:"signed,omitempty"` // decisions were, and were verified

	Ours      Figures  `json:"ours"`
	Bare      *Figures `json:"bare,omitempty"`
	Reference *Figures `json:"reference,omitempty"`

	Ratio             float64 `json:"ratio,omitempty"`     // of ports per second, ours to bare
	CPURatio          float64 `json:"cpu_ratio,omitempty"` // of processor time a port, bare to ours
	ReferenceRatio    float64 `json:"reference_ratio,omitempty"`
	ReferenceCPURatio float64 `json:"reference_cpu_ratio,omitempty"`

	Fleets []Fleet `json:"fleets,omitempty"`
	Starts []Start `json:"starts,omitempty"`

	Revocations       *Revocations `json:"revocations,omitempty"`
	LatencyRatio      float64      `json:"latency_ratio,omitempty"`       // of p99 at half load: accepted to begun, a revocation of ours to a bare signal
	WholeLatencyRatio float64      `json:"whole_latency_ratio,omitempty"` // the same from the request on
}

// Figures are those of one subject.
type Figures struct {
	PerSecond    float64   `json:"ports_per_second"` // median of rounds
	ByRound      []float64 `json:"by_round"`
	Events       float64   `json:"history_events"` // means a port
	Bytes        float64   `json:"history_bytes"`
	Largest      int       `json:"largest_payload_bytes"`   // of any history that was read
	ParentEvents float64   `json:"parent_events,omitempty"` // of a bulk order's parent, a port
	WorkerCPU    float64   `json:"worker_cpu_seconds"`      // a port, with whoever drives it, the simulated carrier and the ledger
	EngineCPU    float64   `json:"engine_cpu_seconds,omitempty"`
	ServerCPU    float64   `json:"database_cpu_seconds,omitempty"` // of the PostgreSQL servers of both, where they are on this machine
	WorkerRSS    int64     `json:"worker_rss_bytes,omitempty"`
	EngineRSS    int64     `json:"engine_rss_bytes,omitempty"`
	EngineDB     float64   `json:"engine_database_bytes,omitempty"` // a port
	LedgerDB     float64   `json:"ledger_database_bytes,omitempty"`
	Memory       float64   `json:"memory_bytes"` // that both processes grew by a port; says something of ports that stay open only
	OfWorker     float64   `json:"worker_memory_bytes"`
	OfEngine     float64   `json:"engine_memory_bytes"`
	Stages       []Stage   `json:"stages,omitempty"`
	cpuByRound   []float64 // seconds a port, of all processes
}

// Stage is how long a stage was worked on, waits for people, carriers and clocks left out, in milliseconds.
type Stage struct {
	Stage string  `json:"stage"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
}

// figuresOf sums up the rounds of a subject.
func figuresOf(rounds []round, found sizes, end reading) Figures {
	f := Figures{Events: mean(found.events), Bytes: mean(found.bytes), Largest: found.largest, WorkerRSS: end.worker.RSS, EngineRSS: end.engine.RSS}
	var worker, engine, server, engineDB, ledgerDB, ofWorker, ofEngine []float64
	for _, r := range rounds {
		n := float64(len(r.ids))
		f.ByRound = append(f.ByRound, r.rate())
		worker, engine = append(worker, r.worker.Seconds()/n), append(engine, r.engine.Seconds()/n)
		engineDB, ledgerDB = append(engineDB, float64(r.stored.engine)/n), append(ledgerDB, float64(r.stored.ledger)/n)
		server, ofWorker, ofEngine = append(server, r.server.Seconds()/n), append(ofWorker, float64(r.memory.worker)/n), append(ofEngine, float64(r.memory.engine)/n)
		f.cpuByRound = append(f.cpuByRound, (r.worker+r.engine+r.server).Seconds()/n)
	}
	f.PerSecond, f.WorkerCPU, f.EngineCPU = median(f.ByRound), median(worker), median(engine)
	f.EngineDB, f.LedgerDB, f.ServerCPU = median(engineDB), median(ledgerDB), median(server)
	f.OfWorker, f.OfEngine = median(ofWorker), median(ofEngine)
	f.Memory = f.OfWorker + f.OfEngine
	for _, stage := range found.order {
		f.Stages = append(f.Stages, Stage{stage, median(found.stages[stage]), quantile(found.stages[stage], 0.99)})
	}
	return f
}

// ratios are the medians over rounds of a to b.
func ratio(a, b []float64) float64 {
	var ratios []float64
	for i := range min(len(a), len(b)) {
		ratios = append(ratios, a[i]/b[i])
	}
	return median(ratios)
}

func (r *Report) compare() {
	if r.Bare != nil {
		r.Ratio, r.CPURatio = ratio(r.Ours.ByRound, r.Bare.ByRound), ratio(r.Bare.cpuByRound, r.Ours.cpuByRound)
	}
	if r.Reference != nil {
		r.ReferenceRatio = ratio(r.Ours.ByRound, r.Reference.ByRound)
		r.ReferenceCPURatio = ratio(r.Reference.cpuByRound, r.Ours.cpuByRound)
	}
}

func (r *Report) write(f *cli.Factory, w io.Writer) {
	if r.Kind == KindStart {
		r.writeStarts(f, w)
		return
	}
	decisions := "trusted"
	if r.Signed {
		decisions = "signed"
	}
	fmt.Fprintf(w, "%s, %d rounds of %d, %d in progress; numbers of each: %d, decisions: %s, engine: %s, ledger: %s\n\n",
		r.Kind, r.Rounds, r.Ports, r.InProgress, r.Numbers, decisions, r.Engine, r.Ledger)
	rows := [][]string{r.Ours.row("ours")}
	if r.Bare != nil {
		rows = append(rows, r.Bare.row("bare"))
	}
	if r.Reference != nil {
		rows = append(rows, r.Reference.row("reference"))
	}
	f.Table(w, []string{"", "PORTS/S", "EVENTS", "BYTES", "CPU MS WORKER", "CPU MS ENGINE", "RSS MB WORKER", "RSS MB ENGINE", "GREW KB", "DB KB ENGINE", "DB KB LEDGER"}, rows)
	if r.Bare != nil {
		fmt.Fprintf(w, "\nratio %.2f of the bare workflow's ports a second (%.2f by processor time)\n", r.Ratio, r.CPURatio)
		if part := r.Ours.Events / r.Bare.Events; math.Abs(part-1) > 0.03 {
			fmt.Fprintf(w, "they are not of the same commands: ours had %.2f of its events\n", part)
		}
	}
	r.Revocations.write(f, w, r.LatencyRatio, r.WholeLatencyRatio)
	if r.Reference != nil {
		fmt.Fprintf(w, "reference ratio %.2f of the reference workflow's (%.2f by processor time)\n", r.ReferenceRatio, r.ReferenceCPURatio)
	}
	if len(r.Fleets) > 0 {
		fmt.Fprintln(w, "\nBeside ports that stand open:")
		f.Table(w, fleetHeads, fleetRows(r.Fleets))
	}
	if len(r.Ours.Stages) == 0 {
		return
	}
	var stages [][]string
	for _, s := range r.Ours.Stages {
		stages = append(stages, []string{s.Stage, fmt.Sprintf("%.0f", s.P50), fmt.Sprintf("%.0f", s.P99)})
	}
	fmt.Fprintln(w)
	f.Table(w, []string{"STAGE", "P50 MS", "P99 MS"}, stages)
}

func (f Figures) row(name string) []string {
	const kb, mb = 1 << 10, 1 << 20
	return []string{
		name, fmt.Sprintf("%.1f", f.PerSecond), fmt.Sprintf("%.0f", f.Events), fmt.Sprintf("%.0f", f.Bytes),
		fmt.Sprintf("%.1f", f.WorkerCPU*1000), fmt.Sprintf("%.1f", f.EngineCPU*1000),
		fmt.Sprint(f.WorkerRSS / mb), fmt.Sprint(f.EngineRSS / mb), fmt.Sprintf("%.0f", f.Memory/kb), fmt.Sprintf("%.1f", f.EngineDB/kb), fmt.Sprintf("%.1f", f.LedgerDB/kb),
	}
}
