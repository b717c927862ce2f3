// Package bench measures what a port costs: our sagas beside a bare workflow that makes the same commands and does nothing
// else, in turn, in the same processes.
package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/porting"
)

// Options say what is measured, and on what.
type Options struct {
	Kind       string
	Ports      int // of each round
	Rounds     int
	InProgress int            // ports that are under way at a time
	Baseline   bool           // measure bare workflows, too
	Fast       bool           // the embedded engine gives up safety against a loss of power
	Address    string         // of a cluster; the embedded engine when empty
	Connection client.Options // to the cluster
	Database   string         // of the embedded engine, on PostgreSQL; files in Dir when empty
	Ledger     string         // DSN; a file in Dir when empty
	Open       []int          // ports that stand open while others are measured, by and by
	Dir        string         // of everything that is written
	Tell       func(what string, done, of int)
}

// Kinds of benches.
const (
	KindPortIn  = "port-in"
	KindPortOut = "port-out"
	KindIdle    = "idle"
	KindStart   = "start"
)

// Kinds lists them.
var Kinds = []string{KindPortIn, KindPortOut, KindIdle, KindStart}

const failIfThere = enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL

// Embedded reports whether the bench runs an engine of its own.
func (o Options) Embedded() bool { return o.Address == "" }

func (o Options) ledger() string {
	if o.Ledger != "" {
		return o.Ledger
	}
	return filepath.Join(o.Dir, "ledger.db")
}

// queue is the bench's own: other workers of the cluster do not poll it.
func (o Options) queue() string { return "portsaga-bench" }

// sample is how many histories of a subject are read.
const sample = 200

// Run measures, and says what it found.
func Run(ctx context.Context, o Options) (report Report, err error) {
	if o.Kind == KindStart {
		return measureStarts(ctx, o)
	}
	s, err := startStack(ctx, o)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	run := strconv.FormatInt(time.Now().UnixMilli(), 36)
	ours, err := s.ours(ctx, run)
	if err != nil {
		return report, err
	}
	before, err := o.kept()
	if err != nil {
		return report, err
	}
	ours.done = before.Done
	subjects := []*subject{ours}
	warm, err := s.warmUp(ctx, ours)
	if err != nil {
		return report, err
	}
	if o.Baseline {
		both, err := s.baselines(ctx, warm, run)
		if err != nil {
			return report, err
		}
		subjects = append(subjects, both...)
	}
	figures, fleets, err := s.besideFleets(ctx, subjects)
	if err != nil {
		return report, err
	}
	report = o.report()
	report.Fleets = fleets
	report.Ours = figures[0]
	if o.Baseline {
		report.Bare = &figures[1]
	}
	if len(figures) > 2 {
		report.Reference = &figures[2]
	}
	report.compare()
	return report, nil
}

func (o Options) report() Report {
	r := Report{
		Kind: o.Kind, Engine: "embedded SQLite", Ledger: "SQLite", Durable: !o.Fast, Rounds: o.Rounds, Ports: o.Ports, InProgress: o.InProgress,
	}
	if o.Database != "" {
		r.Engine, r.Durable = "PostgreSQL", true
	}
	if !o.Embedded() {
		r.Engine, r.Durable = o.Address, true
	}
	if o.Ledger != "" {
		r.Ledger = "PostgreSQL"
	}
	return r
}

// warmUp carries a few ports through, and returns one: its history is the plan of the bare workflow.
func (s *stack) warmUp(ctx context.Context, b *subject) (id string, err error) {
	r, err := s.measure(ctx, b, 3, func(int) {})
	if err != nil {
		return "", fmt.Errorf("warm up: %w", err)
	}
	return r.ids[len(r.ids)-1], nil
}

// ours are the ports of a kind.
func (s *stack) ours(ctx context.Context, run string) (*subject, error) {
	switch s.options.Kind {
	case KindPortIn:
		return s.portIns(run), nil
	case KindPortOut:
		return s.portOuts(ctx, run)
	case KindIdle:
		return s.idlers(run), nil
	}
	return nil, &porting.Error{
		Kind: porting.Invalid, Code: "bench-kind-unknown", Op: "run bench", Object: s.options.Kind, Detail: "there is no bench of this kind",
		Next: "choose one of " + strings.Join(Kinds, ", "),
	}
}

// baselines are the bare workflow with the commands of a port of ours, and for ports that end the reference workflow.
func (s *stack) baselines(ctx context.Context, port, run string) ([]*subject, error) {
	h, err := s.readHistory(ctx, port)
	if err != nil {
		return nil, err
	}
	p := planOf(h, s.options.queue())
	if s.options.Kind == KindIdle {
		p = append(p, step{do: awaitSignal, name: porting.MsgDecide})
	}
	bare, err := s.baseline(ctx, p, "bare", run)
	if err != nil || s.options.Kind == KindIdle {
		return []*subject{bare}, err
	}
	reference, err := s.baseline(ctx, referencePlan(), "reference", run)
	return []*subject{bare, reference}, err
}

// baseline is a workflow that follows a plan, with workers of its own.
func (s *stack) baseline(ctx context.Context, p plan, name, run string) (*subject, error) {
	queue := s.options.queue() + "-" + name
	if err := s.startBare(p, queue, name); err != nil {
		return nil, err
	}
	b := s.bareOnes(p, name, queue, run)
	_, err := s.warmUp(ctx, b)
	return b, err
}

// inTurn measures subjects round by round, one after the other in each, every other round backwards: a machine that gets
// slower or faster meanwhile does so for all.
func (s *stack) inTurn(ctx context.Context, subjects []*subject) ([]Figures, error) {
	rounds := make([][]round, len(subjects))
	ends := make([]reading, len(subjects))
	for turn := range s.options.Rounds {
		for k := range subjects {
			if turn%2 == 1 {
				k = len(subjects) - 1 - k
			}
			what := fmt.Sprintf("round %d of %d, %s", turn+1, s.options.Rounds, subjects[k].name)
			r, err := s.measure(ctx, subjects[k], s.options.Ports, func(done int) { s.options.Tell(what, done, s.options.Ports) })
			if err != nil {
				return nil, err
			}
			rounds[k] = append(rounds[k], r)
			if ends[k], err = s.reading(ctx); err != nil {
				return nil, err
			}
		}
	}
	figures := make([]Figures, len(subjects))
	for k := range subjects {
		last := rounds[k][len(rounds[k])-1].ids
		found, err := s.study(ctx, last[:min(len(last), sample)], subjects[k].stays)
		if err != nil {
			return nil, err
		}
		figures[k] = figuresOf(rounds[k], found, ends[k])
	}
	return figures, nil
}
