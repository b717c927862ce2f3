package bench

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"

	"github.com/portsaga/portsaga/porting"
)

// doing is what a bare workflow does in one step of its plan.
type doing int

const (
	runLocal doing = iota
	startActivity
	endActivity
	startTimer
	endTimer
	cancelTimer
	upsert
	awaitSignal
	awaitUpdate // accepted
	endUpdate
	tellParent
)

// step is one step of a plan.
type step struct {
	do    doing
	of    int64         // the event that began what this step begins or ends
	name  string        // of a message
	part  string        // of startActivity: what the queue's name ends with
	after time.Duration // of startTimer
	keys  []string      // of upsert: the search attributes
}

// plan is what a workflow asks of the engine, command by command, and nothing of why.
type plan []step

// route holds the plan that bare workflows follow now.
type route struct{ now atomic.Pointer[plan] }

func newRoute(p plan) *route {
	r := &route{}
	r.follow(p)
	return r
}

func (r *route) follow(p plan) { r.now.Store(&p) }

func (r *route) plan() plan { return *r.now.Load() }

// planOf reads the plan off a history, so that a bare workflow makes the same commands in the same order, whatever the saga
// becomes.
func planOf(h *history.History, queue string) plan {
	var p plan
	for _, e := range h.Events {
		if s, is := stepOf(e, queue); is {
			p = append(p, s)
		}
	}
	return p
}

func stepOf(e *history.HistoryEvent, queue string) (step, bool) {
	switch e.GetEventType() {
	case enums.EVENT_TYPE_MARKER_RECORDED:
		return step{do: runLocal}, e.GetMarkerRecordedEventAttributes().GetMarkerName() == "LocalActivity"
	case enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
		on := e.GetActivityTaskScheduledEventAttributes().GetTaskQueue().GetName()
		return step{do: startActivity, of: e.GetEventId(), part: strings.TrimPrefix(on, queue)}, true
	case enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
		return step{do: endActivity, of: e.GetActivityTaskCompletedEventAttributes().GetScheduledEventId()}, true
	case enums.EVENT_TYPE_TIMER_STARTED:
		return step{do: startTimer, of: e.GetEventId(), after: e.GetTimerStartedEventAttributes().GetStartToFireTimeout().AsDuration()}, true
	case enums.EVENT_TYPE_TIMER_FIRED:
		return step{do: endTimer, of: e.GetTimerFiredEventAttributes().GetStartedEventId()}, true
	case enums.EVENT_TYPE_TIMER_CANCELED:
		return step{do: cancelTimer, of: e.GetTimerCanceledEventAttributes().GetStartedEventId()}, true
	case enums.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
		return step{do: upsert, keys: portKeys(e)}, true
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
		return step{do: awaitSignal, name: e.GetWorkflowExecutionSignaledEventAttributes().GetSignalName()}, true
	case enums.EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED:
		return step{do: tellParent}, true
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
		return step{do: awaitUpdate, of: e.GetEventId(), name: e.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest().GetInput().GetName()}, true
	case enums.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED:
		return step{do: endUpdate, of: e.GetWorkflowExecutionUpdateCompletedEventAttributes().GetAcceptedEventId()}, true
	}
	return step{}, false
}

// portKeys are the attributes of ours that an event sets; the SDK adds some of its own.
func portKeys(e *history.HistoryEvent) []string {
	var keys []string
	for key := range e.GetUpsertWorkflowSearchAttributesEventAttributes().GetSearchAttributes().GetIndexedFields() {
		if _, ours := attributeTypes[key]; ours {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// messages are the names of what the plan waits for after its start.
func (p plan) messages(do doing) []string {
	var names []string
	for _, s := range p {
		if s.do == do && !slices.Contains(names, s.name) {
			names = append(names, s.name)
		}
	}
	return names
}

// referencePlan is the workflow that engines are compared by: ten activities beside the workflow, one signal, one timer of a
// second, two upserts.
func referencePlan() plan {
	p := plan{{do: upsert, keys: []string{porting.AttrStage, porting.AttrCarrier, porting.AttrDueAt}}}
	activities := func(from, to int64) {
		for id := from; id <= to; id++ {
			p = append(p, step{do: startActivity, of: id}, step{do: endActivity, of: id})
		}
	}
	activities(1, 6)
	p = append(p, step{do: upsert, keys: []string{porting.AttrStage}}, step{do: awaitSignal, name: "go"},
		step{do: startTimer, of: 11, after: time.Second}, step{do: endTimer, of: 11})
	activities(7, 10)
	return p
}
