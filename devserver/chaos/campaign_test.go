package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/devserver/chaos/oracle"
)

func TestMain(m *testing.M) {
	if where := os.Getenv(asEngine); where != "" {
		if err := serveEngine(where); err != nil && !errors.Is(err, context.Canceled) {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// options are what a campaign is asked for.
type options struct {
	tier     string
	seed     uint64
	postgres bool
}

// tier is how long a campaign takes. Ports are started for the time of load, faults go on a little longer, and then everything
// must come to rest: as long as ports still move that may take its time, because the machine may be busy.
type tier struct {
	load, faults time.Duration
	still        time.Duration // in which no port moves, and not all rest: then they never will
	everyPort    time.Duration
	everyFault   time.Duration
	brief        bool // the reaper looks more often, and waits less
}

var tiers = map[string]tier{
	"3m":  {load: 30 * time.Second, faults: 45 * time.Second, still: 4 * time.Minute, everyPort: 600 * time.Millisecond, everyFault: 250 * time.Millisecond, brief: true},
	"20m": {load: 790 * time.Second, faults: 810 * time.Second, still: 6 * time.Minute, everyPort: 720 * time.Millisecond, everyFault: 250 * time.Millisecond},
	"75m": {load: 67 * time.Minute, faults: 68 * time.Minute, still: 6 * time.Minute, everyPort: 720 * time.Millisecond, everyFault: 250 * time.Millisecond},
}

// asked reads what campaign is wanted: PORTSAGA_CHAOS is the tier, PORTSAGA_CHAOS_SEED repeats a schedule, and
// PORTSAGA_CHAOS_LEDGER=postgres has the ledger on PostgreSQL.
func asked(t *testing.T) options {
	t.Helper()
	o := options{tier: os.Getenv("PORTSAGA_CHAOS"), seed: rand.Uint64N(1_000_000_000), postgres: os.Getenv("PORTSAGA_CHAOS_LEDGER") == "postgres"}
	if o.tier == "" {
		t.Skip("it kills processes for minutes: make chaos, or PORTSAGA_CHAOS=3m")
	}
	require.Contains(t, tiers, o.tier, "PORTSAGA_CHAOS is 3m, 20m or 75m")
	if text := os.Getenv("PORTSAGA_CHAOS_SEED"); text != "" {
		var err error
		o.seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	return o
}

func TestCampaign(t *testing.T) {
	o := asked(t)
	began := time.Now()
	t.Logf("PORTSAGA_CHAOS=%s PORTSAGA_CHAOS_SEED=%d", o.tier, o.seed)
	h := open(t, o, tiers[o.tier].brief)
	report := h.campaign(o, tiers[o.tier])
	report.Seconds = time.Since(began).Seconds()
	report.save(t)
	t.Logf("\n%s", report)
	for _, found := range report.Findings {
		for _, breach := range found.Breaches {
			t.Errorf("%s: %s", found.Law, breach)
		}
	}
	if t.Failed() {
		for name := range h.processes {
			t.Logf("%s said:\n%s", name, h.tail(name))
		}
	}
}

// campaign starts ports, breaks the house meanwhile, lets everything settle, and has the oracle judge.
func (h *house) campaign(o options, t tier) report {
	h.Helper()
	whole := h.Context()
	watching, noMore := context.WithCancel(whole)
	defer noMore()
	l := newLoad(h)
	n := newNemesis(h, l)
	bar := newBar(h, l, t)
	go h.watch(watching)
	go l.decide(watching)
	go bar.run(watching)

	loading, stopLoad := context.WithTimeout(whole, t.load)
	defer stopLoad()
	raging, stopFaults := context.WithTimeout(whole, t.faults)
	defer stopFaults()
	grace, stopGrace := context.WithTimeout(whole, t.faults+time.Minute)
	defer stopGrace()
	l.run.Go(func() { l.start(loading, grace, o.seed, t.everyPort) })
	n.rage(raging, whole, o.seed, t.everyFault)
	h.line.calm()
	h.post.calm()
	l.run.Wait()

	began := time.Now()
	ports, latest := h.settle(whole, l, t.still)
	settled := time.Since(began)
	noMore()
	r := report{Tier: o.tier, Seed: o.seed, Ledger: "SQLite", Ports: len(ports), Refused: l.refused, Unstarted: len(l.failed), GivenUp: l.givenUp, Outcomes: outcomes(ports), Settled: settled.Seconds()}
	if o.postgres {
		r.Ledger = "PostgreSQL"
	}
	record := h.evidence(whole, l, ports)
	r.count(record, h.tally)
	r.Never = n.never()
	r.Findings = oracle.Judge(record)
	r.Stories = storiesOf(ports, breached(r.Findings), record.Effects)
	r.Latest = storiesOf(ports, latest, record.Effects)
	return r
}

// settle waits until every port rests, and returns where each stands and which rested last. It gives up where none has moved for
// a while, and on ports that go in circles.
func (h *house) settle(ctx context.Context, l *load, still time.Duration) (ports []oracle.Port, latest string) {
	h.Helper()
	const circles = 5 // times as long as stillness
	patient, cancel := context.WithTimeout(ctx, circles*still)
	defer cancel()
	var all []choice
	for _, id := range l.begun() {
		all = append(all, l.choices[id])
	}
	left, reminded, moved, seen := all, time.Time{}, time.Now(), ""
	until(patient, 3*time.Second, func() bool {
		ports := h.lookAll(ctx, left)
		if now := standing(ports); now != seen {
			moved, seen = time.Now(), now
		}
		left = unsettled(l, left, ports)
		if len(left) > 0 {
			latest = fmt.Sprint(left[:min(3, len(left))])
		}
		if time.Since(reminded) > 15*time.Second {
			l.remind(ctx, left)
			reminded = time.Now()
		}
		return len(left) == 0 || time.Since(moved) > still
	})
	return exists(l, all, h.lookPatiently(ctx, all)), latest
}

// standing is where ports stand, as one text that differs as soon as one of them moves.
func standing(ports []oracle.Port) string {
	var b strings.Builder
	for _, p := range ports {
		fmt.Fprintln(&b, p.ID, p.Stage, p.WaitingOn, p.Outcome, p.Open, len(p.Timeline), p.DueAt.Unix())
	}
	return b.String()
}
