package worker_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/carrier/telnyx/telnyxtest"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// leavingHour is an hour of business, as it passes where the time for an answer is short.
const leavingHour = 100 * time.Millisecond

// leavingSaga is the port-out saga with its real steps, for a request that Telnyx brings.
type leavingSaga struct {
	*testing.T
	*signals
	ours   worker.Neighbours
	fake   *telnyxtest.Fake
	clock  porting.Clock
	env    *testsuite.TestWorkflowEnvironment
	asked  chan porting.PortOutRequest // that a port was opened for
	starts atomic.Int32                // that were tried
}

// StartPortOut implements worker.PortOutStarter as the Go client does: a request has one port, and its PIN stays in the vault.
func (s *leavingSaga) StartPortOut(ctx context.Context, r porting.PortOutRequest) (porting.Answer, error) {
	ref, err := s.ours.Secrets(time.Now).PutSecret(ctx, r.PortID(), r.Given.PIN)
	if err != nil {
		return porting.Answer{}, err
	}
	r.Given.PIN, r.Given.PINRef = "", ref
	if s.starts.Add(1) > 1 {
		return porting.Answer{}, &porting.Error{Kind: porting.Refused, Code: "port-exists", Op: "start port-out", Object: r.PortID()}
	}
	s.asked <- r
	return porting.Answer{ID: r.PortID(), Accepted: true}, nil
}

// pinIs is a guard of numbers that have one PIN.
type pinIs porting.Secret

func (p pinIs) CheckPIN(_ context.Context, a activities.PINAttempt) (activities.PINVerdict, error) {
	if a.PIN == porting.Secret(p) {
		return activities.PINRight, nil
	}
	return activities.PINWrong, nil
}

func (pinIs) Locked(context.Context, string, porting.Number, string) (bool, error) { return false, nil }

func newLeavingSaga(t *testing.T, pin porting.Secret, brings func(context.Context, *postman, letter)) *leavingSaga {
	t.Helper()
	s := &leavingSaga{T: t, clock: carrierClock(leavingHour), asked: make(chan porting.PortOutRequest, 1)}
	post := newPostman(t, s.clock.RealDuration(24*time.Hour), brings)
	s.fake = telnyxtest.Start(t, telnyxtest.Options{Clock: s.clock, WebhookURL: post.url + "/news/telnyx"})
	dir, file := t.TempDir(), carriersFile(t, telnyxFile(t, s.fake))
	s.ours = openNeighbours(t, worker.Settings{
		Ledger: filepath.Join(dir, "ledger.db"), KeyFile: filepath.Join(dir, "key"), CreateKey: true, CarriersFile: file,
		Trusted: true, AllowScaledClock: true,
	})
	s.ours.Leaving = &activities.Leaving{Switch: &simulator.Client{URL: s.fake.Sim.URL()}, Guard: pinIs(pin)}
	s.fake.Sim.SetLine("+12125550123", carrier.Line{Active: true, PINSet: true})
	request := porting.PortOutRequest{ID: telnyxtest.PortOutID("leaving"), Carrier: "telnyx"}
	s.env = realTimeEnvironment(t, s.ours, request.PortID())
	s.signals = &signals{env: s.env, port: request.PortID()}
	post.knows(s.ours, file, s)
	return s
}

// run answers the request that a port was opened for.
func (s *leavingSaga) run(r porting.PortOutRequest) (end porting.Status) {
	s.Helper()
	s.begin()
	s.env.ExecuteWorkflow(porting.WorkflowPortOut, porting.PortOutInput{ID: r.PortID(), Request: r, Clock: s.clock})
	s.set(false)
	require.True(s, s.env.IsWorkflowCompleted())
	require.NoError(s, s.env.GetWorkflowError())
	require.NoError(s, s.env.GetWorkflowResult(&end))
	return end
}

// Requests reach us by news or, where these are lost, by looking; either way each has one port and one answer, and the PIN that
// only Telnyx's events tell is checked.
func TestTelnyxPortOutsThroughTheSaga(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pin     porting.Secret
		lost    bool // the news
		loses   bool // every answer, once
		outcome porting.Outcome
		effects []string
		code    int // with which it was refused
	}{
		"announced":                     {pin: telnyxtest.PIN, outcome: porting.OutcomeCompleted, effects: []string{gatewaytest.Approved}},
		"looked for":                    {pin: telnyxtest.PIN, lost: true, outcome: porting.OutcomeCompleted, effects: []string{gatewaytest.Approved}},
		"approved with a lost answer":   {pin: telnyxtest.PIN, loses: true, outcome: porting.OutcomeCompleted, effects: []string{gatewaytest.Approved}},
		"with another PIN":              {pin: "000111", outcome: porting.OutcomeRejected, effects: []string{gatewaytest.Refused}, code: 1002},
		"another PIN and a lost answer": {pin: "000111", loses: true, outcome: porting.OutcomeRejected, effects: []string{gatewaytest.Refused}, code: 1002},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			brings := comesThreeTimes
			if c.lost {
				brings = isLost
			}
			s := newLeavingSaga(t, c.pin, brings)
			if c.loses {
				s.fake.LoseAnswers()
			}
			require.NoError(t, s.fake.SendPortOut("leaving", gatewaytest.Happy, "+12125550123"))
			request := s.received(c.lost)
			end := s.run(request)
			require.Equal(t, c.outcome, end.Outcome, "%+v", end.Timeline)
			id := telnyxtest.PortOutID("leaving")
			require.Equal(t, c.effects, s.fake.Effects(id))
			code, _ := s.fake.Rejection("leaving")
			require.Equal(t, c.code, code)
			if c.outcome == porting.OutcomeCompleted {
				require.Equal(t, request.Numbers, s.fake.Sim.Released(end.ID))
			}
		})
	}
}

// received is the request that a port was opened for: by the news, or by the poller where they are lost. Where they are not,
// the poller finds it open.
func (s *leavingSaga) received(lost bool) (r porting.PortOutRequest) {
	poller := &worker.PortOutPoller{
		Ports: s, Gateways: s.ours.Carriers, Now: func() time.Time { return s.clock.Business(time.Now()) }, Log: slog.New(slog.DiscardHandler),
	}
	if lost {
		poller.Look(s.Context())
		return <-s.asked
	}
	r = <-s.asked
	poller.Look(s.Context())
	require.Greater(s, s.starts.Load(), int32(1))
	return r
}
