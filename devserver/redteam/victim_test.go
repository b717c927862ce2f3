package redteam

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
)

// patience is how long anything may take to be seen. A step whose worker went home with it is tried again after a minute.
const patience = 3 * time.Minute

// victim is a deployment of its own on the city's server, with a port in it that is to be attacked.
type victim struct {
	*testing.T
	city    *city
	queue   string
	clock   porting.Clock
	people  *people
	carrier *simulator.Server
	journal string // file of the carrier
	line    *line
	ledger  *ledger.Ledger // the one of the workers, looked at from outside
	client  client.Client
	ports   *starter.Client
	policy  porting.Policy

	neighbours worker.Neighbours
	shifts     map[worker.Role]func() // ends each
	id         string                 // of the port
	order      porting.Order

	resets  []time.Time // decisions of before do not count afterwards
	revoked time.Time   // when a revocation was acknowledged
}

// setting is what an attack needs around its port.
type setting struct {
	low, above porting.Policy // one person when zero
	scenario   string         // of the carrier; prompt when empty
	realTime   bool           // the gate takes no scaled clock
}

var everyone = []worker.Role{worker.RoleWorkflow, worker.RoleTrust, worker.RoleGate}

func newVictim(t *testing.T, c *city, s setting) *victim {
	t.Helper()
	if s.low == (porting.Policy{}) {
		s.low = porting.Policy{People: 1}
	}
	if s.above == (porting.Policy{}) {
		s.above = s.low
	}
	if s.scenario == "" {
		s.scenario = prompt
	}
	dir, number := t.TempDir(), int(c.ports.Add(1))
	v := &victim{
		T: t, city: c, queue: c.queue(number), clock: clock(time.Now()), people: newPeople(t), journal: filepath.Join(dir, "carrier.jsonl"),
		client: c.as(t, honest), policy: s.above, shifts: map[worker.Role]func(){},
	}
	if s.above != s.low {
		v.policy = s.low // an attack that changes the risk says so
	}
	v.openCarrier(s.scenario)
	v.openNeighbours(dir, s)
	v.ports = starter.New(v.client, starter.Options{})
	v.order = v.newOrder(fmt.Sprintf("RED-%d", number), "+14155550134")
	v.id = porting.PortID(porting.PortIn, v.order.TenantOrDefault(), v.order.Reference)
	v.on(everyone...)
	return v
}

const secret = porting.Secret("the carrier's and ours, and nobody else's")

func (v *victim) openCarrier(text string) {
	v.Helper()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(v, err)
	v.carrier, err = simulator.Start(v.Context(), simulator.Options{
		Clock: v.clock, StateFile: v.journal, WebhookURL: "http://" + door.Addr().String() + "/news/simulator", WebhookSecret: secret,
		ScenarioFor: func(string) string { return "attacked" },
	})
	require.NoError(v, err)
	v.Cleanup(func() { require.NoError(v, v.carrier.Close()) })
	scenario, err := simulator.ParseScenario("attacked", []byte(text))
	require.NoError(v, err)
	v.carrier.Learn(scenario)
	v.line = newLine(v, v.carrier)

	ctx, cancel := context.WithCancel(context.WithoutCancel(v.Context()))
	hints := starter.New(v.client, starter.Options{})
	served := make(chan error, 1)
	go func() {
		served <- worker.ServeNews(ctx, door, worker.NewsHandler(hints, secret, time.Now, slog.New(slog.DiscardHandler)))
	}()
	v.Cleanup(func() {
		cancel()
		require.NoError(v, <-served)
	})
}

func (v *victim) openNeighbours(dir string, s setting) {
	v.Helper()
	var err error
	v.neighbours, err = worker.Open(v.Context(), worker.Settings{
		Ledger: filepath.Join(dir, "ledger.db"), KeyFile: filepath.Join(dir, "key"), CreateKey: true, RulesDir: writeRules(v, s.low, s.above),
		Carrier: "simulator", CarrierURL: v.line.url, CarrierTimeout: patience, AllowScaledClock: !s.realTime,
		Registry: v.people.registry, RegistryRoots: v.people.rootsFile, SigningKey: v.people.serviceKey, WatermarkFile: filepath.Join(dir, "gate.mark"),
	})
	require.NoError(v, err)
	v.Cleanup(func() { require.NoError(v, v.neighbours.Close()) })
	v.ledger, err = ledger.Open(v.Context(), filepath.Join(dir, "ledger.db"))
	require.NoError(v, err)
	v.Cleanup(func() { require.NoError(v, v.ledger.Close()) })
}

// on lets workers of some roles work; one that works already goes on.
func (v *victim) on(roles ...worker.Role) {
	v.Helper()
	for _, role := range roles {
		if v.shifts[role] != nil {
			continue
		}
		ctx, cancel := context.WithCancel(context.WithoutCancel(v.Context()))
		over := make(chan error, 1)
		as := v.city.as(v, workersToken[role])
		go func() {
			over <- worker.Run(ctx, as, worker.Config{TaskQueue: v.queue, Role: role, Neighbours: v.neighbours, StopTimeout: 2 * time.Second})
		}()
		v.shifts[role] = func() {
			cancel()
			require.NoError(v, <-over)
		}
		v.Cleanup(func() { v.off(role) })
	}
}

// off sends workers home; when it returns, they take no task any more.
func (v *victim) off(roles ...worker.Role) {
	v.Helper()
	for _, role := range roles {
		if end := v.shifts[role]; end != nil {
			delete(v.shifts, role)
			end()
		}
	}
}

func (v *victim) newOrder(reference, number string) porting.Order {
	v.Helper()
	o, err := orders.Read(strings.NewReader(`
reference: `+reference+`
kind: wireless
country: US
numbers: ["`+number+`"]
donor: {name: Golden Gate Mobile, spid: "2201"}
recipient: {name: Acme Wireless, spid: 567B}
subscriber: {name: Sam Placeholder, address: {street: 500 Imaginary Avenue, city: San Francisco, region: CA, postal_code: "94103", country: US}, contact: {email: sam@example.net}}
account: {number: "88002214"}
authorization: {kind: loa, signed_at: 2026-01-13T15:05:00-05:00, signed_by: Sam Placeholder}
submitted_by: `+submitter+`
`), orders.Options{Now: v.clock.Business(time.Now())})
	require.NoError(v, err)
	o.Version = 1
	return o
}

// start starts the port, whether anybody works or not.
func (v *victim) start() {
	v.Helper()
	_, err := v.client.ExecuteWorkflow(v.Context(), startOptions(v.id, v.queue), porting.WorkflowPortIn, porting.PortInput{ID: v.id, Order: v.order, Clock: v.clock})
	require.NoError(v, err)
}

// startOptions are those that the authorizer lets through.
func startOptions(id, queue string) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: id, TaskQueue: queue, WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
	}
}

// waiting starts the port and returns when it waits for decisions.
func (v *victim) waiting() porting.Challenge {
	v.Helper()
	v.start()
	return v.challenge(v.id)
}

// challenge waits until a port asks people to decide.
func (v *victim) challenge(id string) porting.Challenge {
	v.Helper()
	status := v.see(id, "waits for a decision", func(s porting.Status) bool { return s.Challenge != nil && s.WaitingOn == porting.WaitingApprover })
	return *status.Challenge
}

// confirmed starts the port, has it approved, and returns when the carrier has given a date.
func (v *victim) confirmed() {
	v.Helper()
	v.approve("ben", v.waiting())
	v.stage(porting.Confirmed)
}

func (v *victim) stage(s porting.Stage) {
	v.Helper()
	v.see(v.id, "is "+string(s), func(p porting.Status) bool { return p.Stage == s })
}

// approve is an honest approval that must be taken.
func (v *victim) approve(person string, c porting.Challenge) {
	v.Helper()
	_, err := v.ports.Decide(v.Context(), c.Port, v.people.decide(person, porting.Approve, c))
	require.NoError(v, err)
}

// revoke is a subscriber's revocation as `port revoke` does it: the fence first, then the message.
func (v *victim) revoke() {
	v.Helper()
	v.closeFence()
	_, err := v.ports.Revoke(v.Context(), v.id, porting.Revoke{By: "carla@care"})
	require.NoError(v, err)
}

func (v *victim) closeFence() {
	v.Helper()
	fence, err := v.ledger.CloseFence(v.Context(), v.id, "carla@care", porting.AuthorizationRevoked, v.clock.Business(time.Now()))
	require.NoError(v, err)
	require.Equal(v, ledger.FenceClosed, fence.State)
	v.revoked = time.Now()
}

// see waits until a port's own page shows something.
func (v *victim) see(id, what string, seen func(porting.Status) bool) porting.Status {
	v.Helper()
	var status porting.Status
	v.await("port "+what, func() bool {
		s, err := v.ports.Status(v.Context(), id)
		status = s
		return err == nil && seen(s)
	}, func() any { return summary(status) })
	return status
}

// await looks again and again until something is seen.
func (v *victim) await(what string, seen func() bool, last func() any) {
	v.Helper()
	ctx, cancel := context.WithTimeout(v.Context(), patience)
	defer cancel()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for !seen() {
		select {
		case <-ctx.Done():
			require.FailNow(v, "waited in vain", "%s; last seen: %+v", what, last())
		case <-look.C:
		}
	}
}

func nothing() any { return nil }

// pending waits until a step is asked for, and returns it.
func (v *victim) pending(step string) *workflowpb.PendingActivityInfo {
	v.Helper()
	var found *workflowpb.PendingActivityInfo
	v.await(step+" is asked for", func() bool {
		for _, a := range v.steps() {
			if a.GetActivityType().GetName() == step {
				found = a
			}
		}
		return found != nil
	}, nothing)
	return found
}

// steps are those that a port waits for at the moment.
func (v *victim) steps() []*workflowpb.PendingActivityInfo {
	v.Helper()
	d, err := v.client.DescribeWorkflowExecution(v.Context(), v.id, "")
	require.NoError(v, err)
	return d.GetPendingActivities()
}

// history is what happened in the port's present run.
func (v *victim) history() []*historypb.HistoryEvent {
	v.Helper()
	var all []*historypb.HistoryEvent
	for events := v.client.GetWorkflowHistory(v.Context(), v.id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		event, err := events.Next()
		require.NoError(v, err)
		all = append(all, event)
	}
	return all
}

// atRest waits until the port moves no more by itself: it has ended, or waits for people. It returns the last that it
// showed of itself, which is nothing if nobody runs it.
func (v *victim) atRest() porting.Status {
	v.Helper()
	var status porting.Status
	v.await("port is at rest", func() bool {
		d, err := v.client.DescribeWorkflowExecution(v.Context(), v.id, "")
		if err != nil || d.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return true
		}
		if v.shifts[worker.RoleWorkflow] == nil {
			return d.GetPendingWorkflowTask() != nil || len(d.GetPendingActivities()) > 0
		}
		status, err = v.ports.Status(v.Context(), v.id)
		return err == nil && len(d.GetPendingActivities()) == 0 && d.GetPendingWorkflowTask() == nil && (forPeople(status) || status.Outcome != "")
	}, func() any { return summary(status) })
	return status
}

// summary is what a failed test shows of a port.
func summary(s porting.Status) string {
	last := s.Timeline[max(0, len(s.Timeline)-8):]
	return fmt.Sprintf("%s %s %s, waits for %s, %q, %+v", s.Stage, s.Outcome, s.Reason, s.WaitingOn, s.Attention, last)
}

func forPeople(s porting.Status) bool {
	people := []porting.Waiting{porting.WaitingApprover, porting.WaitingCustomer, porting.WaitingOperator}
	return slices.Contains(people, s.WaitingOn) || s.NeedsAttention
}

// ends waits for the port's end, which must be this one.
func (v *victim) ends(o porting.Outcome) porting.Status {
	v.Helper()
	status := v.see(v.id, "ends", func(s porting.Status) bool { return s.Outcome != "" })
	require.Equal(v, o, status.Outcome, "%+v", status.Timeline)
	return status
}

// notes are the remarks of a kind in the port's timeline.
func notes(s porting.Status, of porting.Event) []string {
	var all []string
	for _, e := range s.Timeline {
		if e.Event == of {
			all = append(all, e.Note)
		}
	}
	return all
}
