package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/portsaga/portsaga/porting"
)

// Saga is what the engine knows of a port's workflow.
type Saga struct {
	Live  bool   // it may still act: it runs, or is paused
	Ended string // how it ended, else porting.SagaGone
	Shown Shown  // what it last showed
}

// Shown is what lists show of a port.
type Shown struct {
	Stage  porting.Stage
	Risk   porting.Risk
	Tokens []string
}

// Sagas is what the reaper asks the engine.
type Sagas interface {
	// Running lists the workflows of a type that run, by ID, as the list has them: it may lag behind.
	Running(ctx context.Context, workflowType string) (map[string]Shown, error)
	// Saga is the truth about one workflow.
	Saga(ctx context.Context, id string) (Saga, error)
	// Status asks a port's saga, which may have ended.
	Status(ctx context.Context, port string) (porting.Status, error)
}

// engine asks the server that the step's own worker works for.
type engine struct {
	client    client.Client
	namespace string
}

func engineOf(ctx context.Context) Sagas {
	return engine{activity.GetClient(ctx), activity.GetInfo(ctx).Namespace}
}

func (e engine) Running(ctx context.Context, workflowType string) (map[string]Shown, error) {
	running := map[string]Shown{}
	request := &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: e.namespace, PageSize: 1000,
		Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running'", workflowType),
	}
	for {
		page, err := e.client.ListWorkflow(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, w := range page.GetExecutions() {
			running[w.GetExecution().GetWorkflowId()] = shownOf(w)
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			return running, nil
		}
	}
}

func (e engine) Saga(ctx context.Context, id string) (Saga, error) {
	described, err := e.client.DescribeWorkflowExecution(ctx, id, "")
	if _, unknown := errors.AsType[*serviceerror.NotFound](err); unknown {
		return Saga{Ended: porting.SagaGone}, nil
	}
	if err != nil {
		return Saga{}, err
	}
	info := described.GetWorkflowExecutionInfo()
	how, ended := endings[info.GetStatus()]
	return Saga{Live: !ended, Ended: how, Shown: shownOf(info)}, nil
}

// endings are the states in which no workflow acts any more. One that is not listed here is left alone.
var endings = map[enums.WorkflowExecutionStatus]string{
	enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:  "completed",
	enums.WORKFLOW_EXECUTION_STATUS_FAILED:     "failed",
	enums.WORKFLOW_EXECUTION_STATUS_CANCELED:   "canceled",
	enums.WORKFLOW_EXECUTION_STATUS_TERMINATED: "terminated",
	enums.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:  "timed-out",
}

func (e engine) Status(ctx context.Context, port string) (status porting.Status, err error) {
	answer, err := e.client.QueryWorkflow(ctx, port, "", porting.QueryStatus)
	if err == nil {
		err = answer.Get(&status)
	}
	return status, err
}

// shownOf reads the search attributes, which are never encrypted. One that cannot be read is as good as none.
func shownOf(info *workflow.WorkflowExecutionInfo) (s Shown) {
	fields := info.GetSearchAttributes().GetIndexedFields()
	read := func(name string, into any) { _ = converter.GetDefaultDataConverter().FromPayload(fields[name], into) }
	read(porting.AttrStage, &s.Stage)
	read(porting.AttrRisk, &s.Risk)
	read(porting.AttrNumbers, &s.Tokens)
	return s
}

// jurisdictionOf is the ID of a pack that is written id@version.
func jurisdictionOf(pack string) string {
	id, _, _ := strings.Cut(pack, "@")
	return id
}
