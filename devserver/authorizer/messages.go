package authorizer

import (
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// message says who may send one, and whether it is only ever an update.
type message struct {
	who        Role
	updateOnly bool
}

// messages are the names that ports and bulk orders listen to, and who may speak them from outside. Revoking and
// cancelling lead to where nothing moves, so more may do it.
var messages = map[string]message{
	porting.UpdateReceive:    {Submitter, true},
	porting.UpdateAddPorts:   {Submitter, true},
	porting.MsgDecide:        {Approver, false},
	porting.MsgRevoke:        {CustomerCare | Operator, false},
	porting.MsgAmend:         {Submitter | Operator, false},
	porting.MsgHold:          {Operator, false},
	porting.MsgResume:        {Operator, false},
	porting.MsgExtend:        {Operator, false},
	porting.MsgReassign:      {Operator, false},
	porting.MsgNote:          {Submitter | Approver | CustomerCare | Operator, false},
	porting.MsgCarrierEvent:  {Webhook | Operator, false},     // an operator brings what the desk signed
	porting.MsgCustomerReply: {CustomerCare | Webhook, false}, // of a port-out's subscriber
	porting.MsgDispute:       {CustomerCare | Operator, false},
	porting.MsgAcknowledge:   {Operator, false}, // of a concern
	porting.MsgProgress:      {nobody, false},   // from a port to its bulk order
	porting.MsgSettled:       {nobody, false},   // from the reaper to a concern
}

// passedOn are the messages that workflows send to each other.
var passedOn = map[string]bool{porting.MsgDecide: true, porting.MsgRevoke: true, porting.MsgProgress: true, porting.MsgSettled: true}

// queries are what may be asked of a workflow: its status, and what the Web UI asks of every one.
var queries = map[string]bool{
	porting.QueryStatus: true, porting.QueryConcern: true,
	"__temporal_workflow_metadata": true, "__stack_trace": true, "__enhanced_stack_trace": true,
}

// kind is a workflow that may be started, and how.
type kind struct {
	prefix    string // of its IDs
	who       Role   // from outside
	child     bool   // by another of our workflows
	scheduled bool   // by a schedule
	again     bool   // once more under the same ID, when it has ended
}

// kinds are all our workflows. Nothing else is started.
var kinds = map[string]kind{
	porting.WorkflowPortIn:    {prefix: "pi-", who: Submitter, child: true},
	porting.WorkflowPortOut:   {prefix: "po-", who: Submitter | Webhook}, // a counterparty asks by webhook, too
	porting.WorkflowBulk:      {prefix: "bo-", who: Submitter},
	porting.WorkflowReap:      {prefix: "reap", scheduled: true},
	porting.WorkflowRescue:    {prefix: "rescue-", child: true, again: true},
	porting.WorkflowConcern:   {prefix: "concern-", child: true, again: true},
	porting.WorkflowReconcile: {prefix: "reconcile", who: Operator, again: true},
}

// isOurs reports whether an ID is that of one of our workflows, and not of one of the server itself.
func isOurs(id string) bool {
	for _, k := range kinds {
		if strings.HasPrefix(id, k.prefix) {
			return true
		}
	}
	return false
}
