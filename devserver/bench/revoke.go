package bench

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/cli"
	"github.com/portsaga/portsaga/porting"
)

// revocable are port-ins that their carrier has: each is revoked, and followed until what was done is undone.
func (s *stack) revocable(run string) *subject {
	return &subject{
		name: "ours",
		prepare: func(ctx context.Context, i int) error {
			t, err := s.open(ctx, run, i)
			if err != nil {
				return err
			}
			defer s.watch.forget(t)
			if err := s.approve(ctx, t.id); err != nil {
				return err
			}
			return t.await(ctx, string(porting.Submitted))
		},
		one: func(ctx context.Context, i int) (string, error) {
			order, err := s.options.order(run, i)
			if err != nil {
				return "", err
			}
			id := porting.PortID(porting.PortIn, order.TenantOrDefault(), order.Reference)
			t := s.watch.follow(id)
			defer s.watch.forget(t)
			asked := time.Now()
			if _, err := s.ports.Revoke(ctx, id, porting.Revoke{ID: "revoke", By: "carla@care"}); err != nil {
				return id, err
			}
			s.messages.sent(id, asked, time.Now())
			return id, t.awaitEnd(ctx)
		},
	}
}

// noteCancels takes from the carrier's own record when it was asked to cancel.
func (s *stack) noteCancels() {
	for _, e := range s.carrier.Effects() {
		if e.Effect == simulator.CancelAsked {
			s.messages.begun(e.Ref.Port, s.clock.Real(e.At))
		}
	}
}

// atHalfLoad revokes ports one after the other, at half of the rate that the burst reached. Between any two of them a bare
// workflow is sent a signal, and starts an activity on another queue.
func (s *stack) atHalfLoad(ctx context.Context, ours *subject, run string, report *Report) error {
	found := &Revocations{Rate: cmp.Or(s.options.Rate, report.Ours.PerSecond/2)}
	bare, err := s.probes(run)
	if err != nil {
		return err
	}
	burst := ours.ids
	ours.ids = nil
	for turn := range s.options.Rounds {
		what := fmt.Sprintf("half load, round %d of %d", turn+1, s.options.Rounds)
		achieved, err := s.abreast(ctx, ours, bare, found.Rate, func(done int) { s.options.Tell(what, done, s.options.Ports) })
		if err != nil {
			return err
		}
		found.Achieved = append(found.Achieved, achieved)
	}
	s.noteCancels()
	for way, ids := range map[*Way][]string{&found.Burst: burst, &found.HalfLoad: ours.ids, &found.Bare: bare.ids} {
		if *way, err = s.messages.wayTo(ids); err != nil {
			return err
		}
	}
	report.Revocations = found
	report.LatencyRatio = found.HalfLoad.Begun.P99 / found.Bare.Begun.P99
	report.WholeLatencyRatio = found.HalfLoad.Whole.P99 / found.Bare.Whole.P99
	return nil
}

// abreast carries a round of ports through at a rate, one of the bare ones after each of ours, and returns the rate that this
// reached until the last had ended.
func (s *stack) abreast(ctx context.Context, ours, bare *subject, rate float64, tell func(done int)) (float64, error) {
	n := s.options.Ports
	for _, b := range []*subject{ours, bare} {
		if err := s.prepare(ctx, b, n); err != nil {
			return 0, err
		}
	}
	ids := [2][]string{make([]string, n), make([]string, n)}
	began := time.Now()
	err := paced(ctx, 2*rate, 2*n, func(ctx context.Context, i int) (err error) {
		b := []*subject{ours, bare}[i%2]
		ids[i%2][i/2], err = b.one(ctx, b.done+i/2)
		tell(i/2 + 1)
		return err
	})
	took := time.Since(began)
	for k, b := range []*subject{ours, bare} {
		b.done += n
		b.ids = append(b.ids, ids[k]...)
	}
	return float64(n) / took.Seconds(), err
}

// paced begins something n times at a rate, whether or not what was begun before has ended.
func paced(ctx context.Context, rate float64, n int, do func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	beat := time.NewTicker(max(time.Duration(float64(time.Second)/rate), time.Microsecond))
	defer beat.Stop()
	for i := range n {
		select {
		case <-beat.C:
			g.Go(func() error { return do(ctx, i) })
		case <-ctx.Done():
			return g.Wait()
		}
	}
	return g.Wait()
}

// Revocations are how long it took to stop ports that their carrier had.
type Revocations struct {
	Rate     float64   `json:"rate"`     // revocations a second, and as many bare signals, in what is not the burst
	Achieved []float64 `json:"achieved"` // of it, by round, until the last of its ports had ended
	Burst    Way       `json:"burst"`    // all at once, as many in progress as the bench has
	HalfLoad Way       `json:"half_load"`
	Bare     Way       `json:"bare"` // from a signal to an activity of another queue, between those at half load
}

// Way is how long messages were on their way. Of a revocation, accepted means that the fence is closed and that whoever revoked has
// the answer, and begun that the carrier has the cancel; of a bare signal, that the engine has it, and that the activity runs.
type Way struct {
	Messages int     `json:"messages"`
	Accepted Latency `json:"accepted"` // from the request
	Begun    Latency `json:"begun"`    // from the acceptance
	Whole    Latency `json:"whole"`    // from the request
}

// Latency is in milliseconds.
type Latency struct {
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
}

func wayOf(all []message) Way {
	latency := func(took func(message) time.Duration) Latency {
		values := make([]float64, len(all))
		for i, m := range all {
			values[i] = float64(took(m).Microseconds()) / 1000
		}
		return Latency{median(values), quantile(values, 0.99)}
	}
	return Way{
		Messages: len(all),
		Accepted: latency(func(m message) time.Duration { return m.accepted.Sub(m.asked) }),
		Begun:    latency(func(m message) time.Duration { return m.begun.Sub(m.accepted) }),
		Whole:    latency(func(m message) time.Duration { return m.begun.Sub(m.asked) }),
	}
}

func (r *Revocations) write(f *cli.Factory, w io.Writer, ratio, whole float64) {
	if r == nil {
		return
	}
	fmt.Fprintf(w, "\nrevocations in a burst, and %.1f a second beside as many bare signals, in milliseconds\n", r.Rate)
	row := func(name string, way Way) []string {
		row := []string{name, fmt.Sprint(way.Messages)}
		for _, l := range []Latency{way.Accepted, way.Begun, way.Whole} {
			row = append(row, fmt.Sprintf("%.0f", l.P50), fmt.Sprintf("%.0f", l.P99))
		}
		return row
	}
	f.Table(w, []string{"", "MESSAGES", "ACCEPTED P50", "P99", "THEN BEGUN P50", "P99", "WHOLE P50", "P99"},
		[][]string{row("burst", r.Burst), row("half load", r.HalfLoad), row("bare signal", r.Bare)})
	fmt.Fprintf(w, "latency ratio %.2f by the p99 from accepted to begun, %.2f by the whole\n", ratio, whole)
}
