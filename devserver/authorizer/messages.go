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
	porting.UpdateReceive:   {Submitter, true},
	porting.UpdateAddPorts:  {Submitter, true},
	porting.MsgDecide:       {Approver, false},
	porting.MsgRevoke:       {CustomerCare | Operator, false},
	porting.MsgAmend:        {Submitter | Operator, false},
	porting.MsgHold:         {Operator, false},
	porting.MsgResume:       {Operator, false},
	porting.MsgExtend:       {Operator, false},
	porting.MsgReassign:     {Operator, false},
	porting.MsgNote:         {Submitter | Approver | CustomerCare | Operator, false},
	porting.MsgCarrierEvent: {Webhook, false},
	porting.MsgProgress:     {nobody, false}, // from a port to its bulk order
}

// passedOn are the messages that sagas send to each other.
var passedOn = map[string]bool{porting.MsgDecide: true, porting.MsgRevoke: true, porting.MsgProgress: true}

// queries are what may be asked of a saga: its status, and what the Web UI asks of every workflow.
var queries = map[string]bool{
	porting.QueryStatus: true, "__temporal_workflow_metadata": true, "__stack_trace": true, "__enhanced_stack_trace": true,
}

// sagas are the workflows that may be started, and how the IDs of each begin.
var sagas = map[string]string{
	porting.WorkflowPortIn: "pi-",
	porting.WorkflowBulk:   "bo-",
}

// isSaga reports whether an ID is that of a port or a bulk order, and not of a workflow of the server itself.
func isSaga(id string) bool {
	for _, prefix := range sagas {
		if strings.HasPrefix(id, prefix) {
			return true
		}
	}
	return false
}
