package activities_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// sagas is the engine as a test wants it. What is not listed is gone.
type sagas struct {
	listed   map[string]map[string]activities.Shown // what the list shows, by type
	truth    map[string]activities.Saga
	statuses map[string]porting.Status
	asked    func(id string) // before the truth is told
	err      error
}

func (s *sagas) Running(_ context.Context, workflowType string) (map[string]activities.Shown, error) {
	return maps.Clone(s.listed[workflowType]), s.err
}

func (s *sagas) Saga(_ context.Context, id string) (activities.Saga, error) {
	if s.asked != nil {
		s.asked(id)
	}
	if saga, ok := s.truth[id]; ok {
		return saga, nil
	}
	return activities.Saga{Ended: porting.SagaGone}, nil
}

func (s *sagas) Status(_ context.Context, port string) (porting.Status, error) {
	if status, ok := s.statuses[port]; ok {
		return status, nil
	}
	return porting.Status{}, errors.New("no worker answers")
}

// listing is a carrier that can be asked what it holds.
type listing struct {
	scripted
	orders []porting.Ref
	err    error
}

func (l *listing) Orders(context.Context, time.Time) ([]porting.Ref, error) { return l.orders, l.err }

// night is a world at night: a reaper, and nobody else.
type night struct {
	*world
	reaper *activities.Reaper
	sagas  *sagas
}

func newNight(t *testing.T, gateway carrier.Gateway) night {
	t.Helper()
	w := newWorld(t, gateway)
	s := &sagas{
		listed: map[string]map[string]activities.Shown{porting.WorkflowPortIn: {}, porting.WorkflowRescue: {}, porting.WorkflowConcern: {}},
		truth:  map[string]activities.Saga{}, statuses: map[string]porting.Status{},
	}
	return night{w, &activities.Reaper{Activities: w.Activities, Sagas: func(context.Context) activities.Sagas { return s }}, s}
}

// runs makes a port's saga run in a stage, as the list has it and in truth.
func (n night) runs(port string, stage porting.Stage) {
	n.sagas.listed[porting.WorkflowPortIn][port] = activities.Shown{Stage: stage}
	n.sagas.truth[port] = activities.Saga{Live: true}
	n.sagas.statuses[port] = porting.Status{ID: port, Stage: stage, OrderVersion: 1}
}

func (n night) find(in porting.ReapInput) porting.Found {
	n.t.Helper()
	found, err := n.reaper.FindAbandoned(n.t.Context(), in)
	require.NoError(n.t, err)
	return found
}

func (n night) abandoned() []string {
	n.t.Helper()
	var ports []string
	for _, a := range n.find(porting.ReapInput{}).Abandoned {
		ports = append(ports, a.Port+" "+a.Saga)
	}
	return ports
}

func TestFindAbandoned(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		saga  activities.Saga
		finds []string
	}{
		"gone":       {activities.Saga{Ended: porting.SagaGone}, []string{"pi-test gone"}},
		"terminated": {activities.Saga{Ended: "terminated"}, []string{"pi-test terminated"}},
		"timed out":  {activities.Saga{Ended: "timed-out"}, []string{"pi-test timed-out"}},
		"failed":     {activities.Saga{Ended: "failed"}, []string{"pi-test failed"}},
		"completed":  {activities.Saga{Ended: "completed"}, []string{"pi-test completed"}},
		"runs, though the list does not know it yet": {activities.Saga{Live: true}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNight(t, &scripted{t: t})
			n.taken(order())
			n.sagas.truth[portID] = c.saga
			require.Equal(t, c.finds, n.abandoned())
		})
	}
}

func TestFindAbandonedLeavesAlone(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(night){
		"a port that runs":                         func(n night) { n.runs(portID, porting.Submitted) },
		"a port that is being rescued":             func(n night) { n.sagas.listed[porting.WorkflowRescue]["rescue-"+portID] = activities.Shown{} },
		"a rescue that the list does not know yet": func(n night) { n.sagas.truth["rescue-"+portID] = activities.Saga{Live: true} },
		"a port that ends meanwhile": func(n night) {
			n.sagas.asked = func(string) { n.close(porting.OutcomeExpired) }
		},
		"a port that has ended": func(n night) { n.close(porting.OutcomeExpired) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNight(t, &scripted{t: t})
			n.taken(order())
			arrange(n)
			require.Empty(t, n.abandoned())
		})
	}
}

// A saga is not yet everywhere to be seen in the moment in which it claims.
func TestFindAbandonedLeavesYoungPortsAlone(t *testing.T) {
	t.Parallel()
	n := newNight(t, &scripted{t: t})
	_, err := n.ReceiveOrder(t.Context(), porting.ReceiveInput{Port: portID, Order: order(), At: time.Now()})
	require.NoError(t, err)
	require.Empty(t, n.abandoned())
	require.Len(t, n.find(porting.ReapInput{Grace: time.Nanosecond}).Abandoned, 1)
	fast := porting.Clock{Scale: 1000, RealStart: time.Now().Add(-time.Hour), BusinessStart: time.Now().Add(-time.Hour)}
	require.Len(t, n.find(porting.ReapInput{Clock: fast}).Abandoned, 1, "the claim is old in the business time that it was made in")
}

// A rescue that failed waits for a person.
func TestAFailedRescueIsAConcern(t *testing.T) {
	t.Parallel()
	n := newNight(t, &scripted{t: t})
	n.taken(order())
	n.sagas.truth["rescue-"+portID] = activities.Saga{Ended: "failed"}
	found := n.find(porting.ReapInput{})
	require.Empty(t, found.Abandoned)
	require.Equal(t, []string{"concern-rescue-" + portID}, concerns(found))
}

// An engine that knows none of the ledger's sagas is the wrong one, or was restored: nothing is rescued by itself.
func TestManySagasAtOnceAreNotRescuedByThemselves(t *testing.T) {
	t.Parallel()
	n := newNight(t, &scripted{t: t})
	for i := range 55 {
		o := order()
		o.Numbers = []porting.Number{porting.Number(fmt.Sprintf("+121255502%02d", i))}
		require.Nil(t, n.receive(fmt.Sprintf("pi-%02d", i), o).Refused)
	}
	n.sagas.truth["pi-54"] = activities.Saga{Ended: "terminated"}
	found := n.find(porting.ReapInput{})
	require.Equal(t, []porting.Abandoned{{Port: "pi-54", Saga: "terminated"}}, found.Abandoned, "this one the engine knows")
	require.Equal(t, []string{"concern-sagas-gone"}, concerns(found))
	found = n.find(porting.ReapInput{Gone: true})
	require.Len(t, found.Abandoned, 50, "the next look begins the others")
	require.Empty(t, found.Concerns)
}

func TestFindUnheardRevocations(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		shown, is porting.Stage
		finds     int
	}{
		"the saga goes on":                       {porting.Confirmed, porting.Confirmed, 1},
		"the numbers are under guard":            {porting.Active, porting.Active, 1},
		"the saga rolls back":                    {porting.RollingBack, porting.RollingBack, 0},
		"the saga rolls back, and the list lags": {porting.Confirmed, porting.RollingBack, 0},
		"the gate will tell":                     {porting.Confirmed, porting.Activating, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNight(t, &scripted{t: t})
			n.taken(order())
			n.revoke()
			n.runs(portID, c.is)
			n.sagas.listed[porting.WorkflowPortIn][portID] = activities.Shown{Stage: c.shown}
			found := n.find(porting.ReapInput{})
			require.Len(t, found.Unheard, c.finds)
			require.Equal(t, found.Unheard, n.find(porting.ReapInput{}).Unheard, "the same message, which the saga takes once")
			if c.finds > 0 {
				require.Equal(t, portID, found.Unheard[0].Port)
				require.Equal(t, "jordan", found.Unheard[0].Revoke.By)
				require.Equal(t, porting.AuthorizationRevoked, found.Unheard[0].Revoke.Reason)
			}
		})
	}
}

func concerns(f porting.Found) []string {
	var ids []string
	for _, c := range f.Concerns {
		ids = append(ids, c.ID)
	}
	return ids
}

func TestOrdersWithoutAPortAreConcerns(t *testing.T) {
	t.Parallel()
	orphan, orphanConcern := porting.Ref{Port: "pi-orphan", Version: 1}, []string{"concern-order-pi-orphan"}
	for name, c := range map[string]struct {
		state   porting.CarrierState
		arrange func(night)
		finds   []string
	}{
		"nobody's":                     {porting.CarrierConfirmed, func(night) {}, orphanConcern},
		"of a port that has ended":     {porting.CarrierPending, func(n night) { n.received("pi-orphan"); n.ended("pi-orphan") }, orphanConcern},
		"of a port that is open":       {porting.CarrierPending, func(n night) { n.received("pi-orphan") }, nil},
		"of a saga that runs":          {porting.CarrierPending, func(n night) { n.runs("pi-orphan", porting.Submitted) }, nil},
		"of a saga not in the list":    {porting.CarrierPending, func(n night) { n.sagas.truth["pi-orphan"] = activities.Saga{Live: true} }, nil},
		"which was cancelled just now": {porting.CarrierCancelled, func(night) {}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &listing{scripted: scripted{t: t, status: says(c.state)}, orders: []porting.Ref{orphan}}
			n := newNight(t, l)
			c.arrange(n)
			require.Equal(t, c.finds, concerns(n.find(porting.ReapInput{})))
			require.Empty(t, l.asked(), "what the ledger does not know is not cancelled")
		})
	}
}

func (n night) received(port string) {
	n.t.Helper()
	require.Nil(n.t, n.receive(port, order()).Refused)
	n.sagas.truth[port] = activities.Saga{Ended: "completed"}
	n.sagas.truth["rescue-"+port] = activities.Saga{Live: true}
}

func (n night) ended(port string) {
	n.t.Helper()
	_, err := n.ClosePort(n.t.Context(), porting.CloseInput{Port: port, Outcome: porting.OutcomeExpired, At: monday})
	require.NoError(n.t, err)
}

// What is none any more is settled; what a silent carrier holds is not known to be.
func TestConcernsAreSettled(t *testing.T) {
	t.Parallel()
	l := &listing{scripted: scripted{t: t}}
	n := newNight(t, l)
	open := n.sagas.listed[porting.WorkflowConcern]
	open["concern-order-pi-orphan"], open[porting.ConcernQuarantine] = activities.Shown{}, activities.Shown{}
	require.Equal(t, []string{porting.ConcernQuarantine, "concern-order-pi-orphan"}, n.find(porting.ReapInput{}).Settled)

	l.err = errDown
	require.NoError(t, n.Ledger.Quarantine(t.Context(), "restored", monday))
	found := n.find(porting.ReapInput{})
	require.Empty(t, found.Settled)
	require.Len(t, found.Concerns, 1)
	require.True(t, found.Concerns[0].Open)
}

func TestFindAbandonedNeedsTheEngine(t *testing.T) {
	t.Parallel()
	n := newNight(t, &scripted{t: t})
	n.taken(order())
	n.sagas.err = errors.New("no server")
	_, err := n.reaper.FindAbandoned(t.Context(), porting.ReapInput{})
	require.Error(t, err, "an engine that does not answer is no reason to rescue")
}

func TestLookAtPort(t *testing.T) {
	t.Parallel()
	n := newNight(t, &scripted{t: t})
	n.activated()
	n.sagas.truth[portID] = activities.Saga{Ended: "completed", Shown: activities.Shown{Risk: porting.RiskHigh, Tokens: []string{"t-1"}}}
	n.sagas.statuses[portID] = porting.Status{Outcome: porting.OutcomeCompleted}
	look := func() porting.Record {
		record, err := n.reaper.LookAtPort(t.Context(), porting.LookInput{Port: portID})
		require.NoError(t, err)
		return record
	}
	record := look()
	require.NotEmpty(t, record.Pack)
	require.Equal(t, porting.Record{
		Open: true, Active: true, ActivatedAt: monday, Outcome: porting.OutcomeCompleted, Jurisdiction: "us-wireline-simple", Tenant: "default",
		Reference: "order-1", Carrier: "simulator", Pack: record.Pack, Version: 1, Epoch: 1, Risk: porting.RiskHigh, Tokens: []string{"t-1"},
	}, record)

	n.revoke()
	require.Equal(t, "jordan", look().Revoke.By)
	n.sagas.truth[portID] = activities.Saga{Live: true}
	require.True(t, look().Live)
	n.close(porting.OutcomeReversed)
	require.False(t, look().Open)

	_, err := n.reaper.LookAtPort(t.Context(), porting.LookInput{Port: "pi-never"})
	requireNever(t, "port-unknown", err)
}

// The fence that the reaper itself closed is no revocation: nobody asked for the numbers to go back.
func TestLookAtPortKnowsTheReapersOwnFence(t *testing.T) {
	t.Parallel()
	n := newNight(t, &scripted{t: t})
	n.taken(order())
	_, err := n.CloseFence(t.Context(), porting.FenceInput{Port: portID, By: porting.Reaper, Reason: porting.CancelledInTemporal, At: monday})
	require.NoError(t, err)
	record, err := n.reaper.LookAtPort(t.Context(), porting.LookInput{Port: portID})
	require.NoError(t, err)
	require.Nil(t, record.Revoke)
	require.Equal(t, ledger.FenceClosed, n.fence().State)
}

func TestCompareLedger(t *testing.T) {
	t.Parallel()
	revokedSaga := []porting.Entry{{Event: porting.EventRevoked, Actor: "ben@care", Note: string(porting.UnauthorisedPort)}}
	for name, c := range map[string]struct {
		state   porting.CarrierState
		stage   porting.Stage
		arrange func(night)
		repair  bool
		by      string
		agree   bool
	}{
		"all agree":                            {state: porting.CarrierConfirmed, stage: porting.Confirmed, agree: true},
		"the ledger forgot a revocation":       {state: porting.CarrierCancelPending, stage: porting.RollingBack, repair: true, by: "ben@care"},
		"the saga forgot a revocation":         {state: porting.CarrierConfirmed, stage: porting.Confirmed, repair: true, arrange: func(n night) { n.revoke() }},
		"a revocation under way":               {state: porting.CarrierCancelPending, stage: porting.RollingBack, agree: true, arrange: func(n night) { n.revoke() }},
		"a carrier that cannot be read":        {state: porting.CarrierUnknown, stage: porting.Submitted},
		"an order that was lost":               {state: porting.CarrierNothing, stage: porting.Submitted},
		"numbers that moved by themselves":     {state: porting.CarrierActive, stage: porting.Confirmed},
		"an activation that the ledger forgot": {state: porting.CarrierActive, stage: porting.Active, agree: true},
		"a saga that ends": {state: porting.CarrierActive, stage: porting.Completed, agree: true, arrange: func(n night) {
			n.sagas.statuses[portID] = porting.Status{Outcome: porting.OutcomeCompleted}
		}},
		"a saga that does not answer": {state: porting.CarrierConfirmed, stage: porting.Confirmed, arrange: func(n night) { delete(n.sagas.statuses, portID) }},
		"a saga that is the rescue's": {state: porting.CarrierConfirmed, stage: porting.Confirmed, agree: true, arrange: func(n night) {
			n.sagas.truth[portID] = activities.Saga{Ended: "terminated"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNight(t, &scripted{t: t, status: says(c.state)})
			n.taken(order())
			n.runs(portID, c.stage)
			n.sagas.statuses[portID] = porting.Status{ID: portID, Stage: c.stage, OrderVersion: 1, Timeline: revokedSaga}
			if c.arrange != nil {
				c.arrange(n)
			}
			compared, err := n.reaper.CompareLedger(t.Context(), porting.CompareInput{})
			require.NoError(t, err)
			require.Equal(t, 1, compared.Looked)
			if c.agree {
				require.Empty(t, compared.Mismatches)
				return
			}
			require.Len(t, compared.Mismatches, 1)
			m := compared.Mismatches[0]
			require.Equal(t, portID, m.Port)
			require.Equal(t, c.repair, m.Repair != "")
			require.Equal(t, !c.repair, m.Next != "", "a question says what a person can do")
			require.Equal(t, c.by != "", m.Revoke != nil)
			if c.by != "" {
				require.Equal(t, &porting.Revoke{By: c.by, Reason: porting.UnauthorisedPort}, m.Revoke)
			}
		})
	}
}

// After a restore the ledger may lack whole claims.
func TestCompareLedgerFindsLostClaims(t *testing.T) {
	t.Parallel()
	n := newNight(t, &scripted{t: t})
	n.runs("pi-lost", porting.Submitted)
	n.runs("pi-new", porting.Received)
	compared, err := n.reaper.CompareLedger(t.Context(), porting.CompareInput{})
	require.NoError(t, err)
	require.Len(t, compared.Mismatches, 1)
	require.Equal(t, "pi-lost", compared.Mismatches[0].Port)
	require.Empty(t, compared.Mismatches[0].Repair)
}
