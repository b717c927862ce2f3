package worker

import (
	"maps"
	"slices"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/workflows"
)

// Role is the part of the work that a worker does. Each has a task queue of its own, so that each can run as another user,
// on another network, with no more secrets than it needs.
type Role string

// Roles.
const (
	RoleAll      Role = "all"      // everything, in one process
	RoleWorkflow Role = "workflow" // the sagas; holds the keys of their payloads, and reaches no neighbour but these
	RoleTrust    Role = "trust"    // verifies decisions and closes fences; holds the ledger and a key for verdicts
	RoleGate     Role = "gate"     // alone reaches carriers and the vault; takes orders and activates
)

// Roles lists every role.
var Roles = []Role{RoleAll, RoleWorkflow, RoleTrust, RoleGate}

func (r Role) has(part Role) bool { return r == "" || r == RoleAll || r == part }

// parts are the pieces of a role, each with its queue.
func (r Role) parts() []part {
	var mine []part
	for _, p := range parts {
		if r.has(p.role) {
			mine = append(mine, p)
		}
	}
	return mine
}

// part is what one task queue carries.
type part struct {
	role     Role
	queue    func(base string) string
	register func(worker.Registry, *activities.Activities)
	pace     float64 // steps a second, of all workers together; no bound when zero
}

// lineParts are the queues of carriers with a pace of their own.
func (n Neighbours) lineParts() []part {
	var lines []part
	for _, name := range slices.Sorted(maps.Keys(n.settings.lines())) {
		lines = append(lines, part{
			role: RoleGate, queue: func(base string) string { return porting.LineQueue(base, name) },
			register: registerGate, pace: n.settings.Carriers[name].StepsPerSecond,
		})
	}
	return lines
}

var parts = []part{
	{role: RoleWorkflow, queue: func(base string) string { return base }, register: registerSagas},
	{role: RoleTrust, queue: porting.TrustQueue, register: registerTrust},
	{role: RoleGate, queue: porting.GateQueue, register: registerGate},
}

// Register registers everything that portsaga runs, by the names that histories and the Web UI know.
func Register(r worker.Registry, a *activities.Activities) {
	for _, p := range parts {
		p.register(r, a)
	}
}

// sagas are the workflows by the names that histories and the Web UI know.
var sagas = []struct {
	name string
	run  any
}{
	{porting.WorkflowPortIn, workflows.PortIn},
	{porting.WorkflowPortOut, workflows.PortOut},
	{porting.WorkflowBulk, workflows.Bulk},
	{porting.WorkflowReap, workflows.Reap},
	{porting.WorkflowRescue, workflows.Rescue},
	{porting.WorkflowConcern, workflows.Concern},
	{porting.WorkflowReconcile, workflows.Reconcile},
}

// WorkflowTypes lists the names of the workflows that a worker runs.
func WorkflowTypes() []string {
	var names []string
	for _, s := range sagas {
		names = append(names, s.name)
	}
	return names
}

// RegisterWorkflows registers the workflows alone, as a replay needs them.
func RegisterWorkflows(r worker.WorkflowRegistry) {
	for _, s := range sagas {
		r.RegisterWorkflowWithOptions(s.run, workflow.RegisterOptions{Name: s.name})
	}
}

// registerSagas registers the workflows and the steps that only reckon, which run beside them.
func registerSagas(r worker.Registry, a *activities.Activities) {
	RegisterWorkflows(r)
	steps(r, []step{
		{porting.StepDeadline, a.ComputeDeadline},
		{porting.StepPlanAnswer, a.PlanAnswer},
		{porting.StepWindow, a.ComputeWindow},
		{porting.StepCorrect, a.PlanCorrection},
	})
}

func registerTrust(r worker.Registry, a *activities.Activities) {
	steps(r, []step{
		{porting.StepDecision, a.VerifyDecision},
		{porting.StepCloseFence, a.CloseFence},
	})
}

func registerGate(r worker.Registry, a *activities.Activities) {
	steps(r, []step{
		{porting.StepReceive, a.ReceiveOrder},
		{porting.StepScreen, a.ScreenOrder},
		{porting.StepSubmit, a.SubmitPort},
		{porting.StepRead, a.ReadCarrier},
		{porting.StepDesk, a.TakeDeskAnswer},
		{porting.StepActivate, a.ActivatePort},
		{porting.StepCancel, a.CancelPort},
		{porting.StepReverse, a.ReversePort},
		{porting.StepVerify, a.VerifyPort},
		{porting.StepClose, a.ClosePort},
		{porting.StepClaimLeaving, a.ClaimLeaving},
		{porting.StepScreenLeaving, a.ScreenLeaving},
		{porting.StepNotify, a.NotifySubscriber},
		{porting.StepAnswer, a.AnswerPortOut},
		{porting.StepReadRequest, a.ReadPortOut},
		{porting.StepReleaseNumbers, a.ReleaseNumbers},
		{porting.StepCloseLeaving, a.ClosePortOut},
	})
	reaper := activities.NewReaper(a)
	steps(r, []step{
		{porting.StepFindAbandoned, reaper.FindAbandoned},
		{porting.StepLook, reaper.LookAtPort},
		{porting.StepCompare, reaper.CompareLedger},
	})
}

type step struct {
	name string
	do   any
}

func steps(r worker.Registry, all []step) {
	for _, s := range all {
		r.RegisterActivityWithOptions(s.do, activity.RegisterOptions{Name: s.name})
	}
}
