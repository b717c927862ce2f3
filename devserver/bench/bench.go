// Package bench measures what a port costs: our sagas beside a bare workflow that makes the same commands and does nothing
// else, in turn, in the same processes.
package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/porting"
)

// Options say what is measured, and on what.
type Options struct {
	Kind       string
	Ports      int // of each round
	Rounds     int
	InProgress int            // ports that are under way at a time
	Numbers    int            // of each port; what is usual for the kind when zero
	Signed     bool           // an approver signs the decisions, and the worker verifies them
	Rate       float64        // of revocations a second, after the burst; half of what the burst reached when zero
	Baseline   bool           // measure bare workflows, too
	Fast       bool           // the embedded engine gives up safety against a loss of power
	Address    string         // of a cluster; the embedded engine when empty
	Connection client.Options // to the cluster
	Database   string         // of the embedded engine, on PostgreSQL; files in Dir when empty
	Ledger     string         // DSN; a file in Dir when empty
	Open       []int          // ports that stand open while others are measured, by and by
	Dir        string         // of everything that is written

	EngineProfile string // file for a profile of the embedded engine's processor time

	Tell func(what string, done, of int)
}

// Kinds of benches.
const (
	KindPortIn  = "port-in"
	KindPortOut = "port-out"
	KindIdle    = "idle"
	KindBulk    = "bulk"
	KindRevoke  = "revoke"
	KindStart   = "start"
)

// Kinds lists them.
var Kinds = []string{KindPortIn, KindPortOut, KindBulk, KindRevoke, KindIdle, KindStart}

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

// Run measures, and says what it found; where it failed, beside which fleets it had measured until then.
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
	if o.Baseline && o.Kind != KindRevoke {
		both, err := s.baselines(ctx, warm, run)
		if err != nil {
			return report, err
		}
		subjects = append(subjects, both...)
	}
	report = o.report()
	figures, fleets, err := s.besideFleets(ctx, subjects)
	report.Fleets = fleets
	if err != nil {
		return report, err
	}
	report.Ours = figures[0]
	if len(figures) > 1 {
		report.Bare = &figures[1]
	}
	if len(figures) > 2 {
		report.Reference = &figures[2]
	}
	report.compare()
	if o.Kind == KindRevoke {
		err = errors.Join(s.atHalfLoad(ctx, ours, run, &report), s.remember(ours.done))
	}
	return report, err
}

func (o Options) report() Report {
	r := Report{
		Kind: o.Kind, Engine: "embedded SQLite", Ledger: "SQLite", Durable: !o.Fast, Rounds: o.Rounds, Ports: o.Ports, InProgress: o.InProgress,
		Numbers: o.numbers(), Signed: o.Signed,
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

// mostWarm bounds how many ports warm a bench up.
const mostWarm = 20

// warmUp carries a few ports through, as many as will be under way at a time, and returns them.
func (s *stack) warmUp(ctx context.Context, b *subject) (ids []string, err error) {
	r, err := s.measure(ctx, b, min(s.options.InProgress, mostWarm), func(int) {})
	if err != nil {
		return nil, fmt.Errorf("warm up: %w", err)
	}
	return r.ids, nil
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
	case KindBulk:
		return s.bulkOrders(run), nil
	case KindRevoke:
		return s.revocable(run), nil
	}
	return nil, &porting.Error{
		Kind: porting.Invalid, Code: "bench-kind-unknown", Op: "run bench", Object: s.options.Kind, Detail: "there is no bench of this kind",
		Next: "choose one of " + strings.Join(Kinds, ", "),
	}
}

// baselines are the bare workflow with the commands of a port of ours, and for ports that end the reference workflow.
func (s *stack) baselines(ctx context.Context, ports []string, run string) ([]*subject, error) {
	p, err := s.usualPlan(ctx, ports)
	if err != nil {
		return nil, err
	}
	if s.options.Kind == KindIdle {
		p = append(p, step{do: awaitSignal, name: porting.MsgDecide})
	}
	bare, err := s.baseline(ctx, p, "bare", run)
	if err != nil || s.options.Kind == KindIdle {
		return []*subject{bare}, err
	}
	bare.follows = true
	if s.options.Kind == KindBulk {
		return []*subject{bare}, nil // the reference workflow has no parent
	}
	reference, err := s.baseline(ctx, referencePlan(), "reference", run)
	return []*subject{bare, reference}, err
}

// baseline is a workflow that follows a plan, with workers of its own.
func (s *stack) baseline(ctx context.Context, p plan, name, run string) (*subject, error) {
	queue, r := s.options.queue()+"-"+name, newRoute(p)
	if err := s.startBare(r, queue, name); err != nil {
		return nil, err
	}
	b := s.bareOnes(r, name, queue, run)
	if s.options.Kind == KindBulk {
		b = s.bareOrders(r, name, queue, run)
	}
	_, err := s.warmUp(ctx, b)
	return b, err
}

// usualPlan is what a port among these does that has about as many events as they have on average: under load a message may
// arrive before its saga waits for it, and then saves it a timer.
func (s *stack) usualPlan(ctx context.Context, ports []string) (plan, error) {
	histories := make([]*history.History, len(ports))
	events := 0
	for i, id := range ports {
		h, err := s.readHistory(ctx, id)
		if err != nil {
			return nil, err
		}
		histories[i] = h
		events += len(h.Events)
	}
	far := func(h *history.History) int {
		off := len(h.Events)*len(histories) - events
		return max(off, -off)
	}
	usual := slices.MinFunc(histories, func(a, b *history.History) int { return cmp.Compare(far(a), far(b)) })
	return planOf(usual, s.options.queue()), nil
}

// lead has those that follow our ports do from now on what these did.
func (s *stack) lead(ctx context.Context, subjects []*subject, ports []string) error {
	for _, b := range subjects {
		if !b.follows {
			continue
		}
		p, err := s.usualPlan(ctx, ports[:min(len(ports), sample)])
		if err != nil {
			return err
		}
		b.route.follow(p)
	}
	return nil
}

// sampleOf are some of all rounds.
func sampleOf(rounds []round) []string {
	var all, some []string
	for _, r := range rounds {
		all = append(all, r.ids...)
	}
	for i := range min(len(all), sample) {
		some = append(some, all[i*len(all)/min(len(all), sample)])
	}
	return some
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
			subjects[k].ids = append(subjects[k].ids, r.ids...)
			if ends[k], err = s.reading(ctx); err != nil {
				return nil, err
			}
			if k == 0 {
				if err := s.lead(ctx, subjects, r.ids); err != nil {
					return nil, err
				}
			}
		}
	}
	figures := make([]Figures, len(subjects))
	for k := range subjects {
		found, err := s.study(ctx, sampleOf(rounds[k]), subjects[k].stays)
		if err != nil {
			return nil, err
		}
		figures[k] = figuresOf(rounds[k], found, ends[k])
		if figures[k].ParentEvents, err = s.parentEvents(ctx, subjects[k]); err != nil {
			return nil, err
		}
	}
	return figures, nil
}
