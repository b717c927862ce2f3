package starter_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/mocks"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// parent is a bulk order and the connection to it.
type parent struct {
	client.Client
	porting.Bulk
	exists  bool
	closed  bool
	updates []string
	failing []error // what the next updates meet instead
}

func (p *parent) ExecuteWorkflow(_ context.Context, _ client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	if p.exists {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("exists", "", "")
	}
	p.exists, p.Bulk = true, args[0].(porting.Bulk)
	return nil, nil
}

func (p *parent) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	return encoded{p.Status()}, nil
}

func (p *parent) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	status := enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	if p.closed {
		status = enums.WORKFLOW_EXECUTION_STATUS_COMPLETED
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflow.WorkflowExecutionInfo{Status: status}}, nil
}

func (p *parent) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	if len(p.failing) > 0 {
		err := p.failing[0]
		p.failing = p.failing[1:]
		return nil, err
	}
	p.updates = append(p.updates, o.UpdateID)
	var answer any = porting.Answer{ID: o.WorkflowID, Accepted: true}
	if batch, ok := o.Args[0].(porting.AddPorts); ok {
		p.Add(batch)
		answer = p.Status()
	}
	return updated{encoded{answer}}, nil
}

// updated is an update that was answered.
type updated struct{ answer encoded }

func (u updated) WorkflowID() string                    { return "" }
func (u updated) RunID() string                         { return "" }
func (u updated) UpdateID() string                      { return "" }
func (u updated) Get(_ context.Context, into any) error { return u.answer.Get(into) }

func bulkOf(n int) []porting.Order {
	var orders []porting.Order
	for i := range n {
		orders = append(orders, porting.Order{Reference: fmt.Sprintf("ACME-%04d", i), Tenant: "acme", Numbers: []porting.Number{porting.Number(fmt.Sprintf("+1212555%04d", i))}})
	}
	return orders
}

var closed = serviceerror.NewNotFound("workflow execution already completed")

func TestStartBulk(t *testing.T) {
	t.Parallel()
	p := &parent{}
	ports := starter.New(p, starter.Options{})
	var told []int
	status, err := ports.StartBulk(t.Context(), "ACME", bulkOf(25), func(s porting.BulkStatus) { told = append(told, s.Ports) })
	require.NoError(t, err)
	require.Equal(t, starter.BulkID("acme", "ACME"), status.ID)
	require.True(t, status.Complete)
	require.Equal(t, []int{0, 10, 20, 25}, told)
	require.Equal(t, []string{"batch-0", "batch-1", "batch-2"}, p.updates)
	require.Equal(t, 1, p.Waiting[24].Version)

	same := bulkOf(25)
	same[0].SubmittedBy = "ben@desk"
	again, err := ports.StartBulk(t.Context(), "ACME", same, func(porting.BulkStatus) {})
	require.NoError(t, err)
	require.Equal(t, status, again)
	require.Len(t, p.updates, 3, "started again, it changes nothing")

	_, err = ports.StartBulk(t.Context(), "ACME", bulkOf(26), func(porting.BulkStatus) {})
	require.Equal(t, "order-differs", porting.CodeOf(err))
	_, err = ports.StartBulk(t.Context(), "ACME", nil, func(porting.BulkStatus) {})
	require.Equal(t, "order-empty", porting.CodeOf(err))
}

func TestStartBulkGoesOnWhereItWasInterrupted(t *testing.T) {
	t.Parallel()
	p := &parent{}
	ports := starter.New(p, starter.Options{})
	gone := errors.New("gone")
	_, err := ports.StartBulk(t.Context(), "ACME", bulkOf(25), func(s porting.BulkStatus) {
		if s.Ports == 10 {
			p.failing = []error{gone}
		}
	})
	require.ErrorIs(t, err, gone)
	status, err := ports.StartBulk(t.Context(), "ACME", bulkOf(25), func(porting.BulkStatus) {})
	require.NoError(t, err)
	require.Equal(t, 25, status.Ports)
	require.Equal(t, []string{"batch-0", "batch-1", "batch-2"}, p.updates)
}

// An order goes on in new runs; a batch that meets such a moment is sent again.
func TestAddPortsMeetsANewRun(t *testing.T) {
	t.Parallel()
	p := &parent{failing: []error{closed, serviceerror.NewWorkflowNotReady("its task failed")}}
	ports := starter.New(p, starter.Options{})
	status, err := ports.AddPorts(t.Context(), "bo-1", porting.AddPorts{Orders: bulkOf(1)})
	require.NoError(t, err)
	require.Equal(t, 1, status.Ports)
}

func TestMessagesForAll(t *testing.T) {
	t.Parallel()
	p := &parent{failing: []error{closed}}
	ports := starter.New(p, starter.Options{})
	answer, err := ports.DecideBulk(t.Context(), "bo-1", porting.Decide{ID: "d-1", Decision: porting.Approve, By: "ana@desk"})
	require.NoError(t, err)
	require.True(t, answer.Accepted)
	_, err = ports.RevokeBulk(t.Context(), "bo-1", porting.Revoke{ID: "r-1", By: "ben@care"})
	require.NoError(t, err)
	require.Equal(t, []string{"d-1", "r-1"}, p.updates)

	p.closed, p.failing = true, []error{closed, serviceerror.NewNotFound("no such workflow"), errors.New("broken")}
	for _, code := range []string{"order-closed", "order-not-found", "engine-error"} {
		_, err = ports.RevokeBulk(t.Context(), "bo-1", porting.Revoke{By: "ben@care"})
		require.Equal(t, code, porting.CodeOf(err))
	}
}

func TestAddPortsKeepsSecretsOutOfTemporal(t *testing.T) {
	t.Parallel()
	p := &parent{}
	orders := bulkOf(1)
	orders[0].Authorization.Code = "ABC123456"
	batch := porting.AddPorts{Orders: orders}
	_, err := starter.New(p, starter.Options{}).AddPorts(t.Context(), "bo-1", batch)
	require.Equal(t, "no-secret-store", porting.CodeOf(err))

	_, err = starter.New(p, starter.Options{Secrets: keeps{}}).AddPorts(t.Context(), "bo-1", batch)
	require.NoError(t, err)
	require.Empty(t, p.Waiting[0].Authorization.Code)
	require.Equal(t, "sec-"+porting.PortID(porting.PortIn, "acme", "ACME-0000"), p.Waiting[0].Authorization.CodeRef)
	require.NotEmpty(t, orders[0].Authorization.Code, "the caller's orders stay as they are")
}

type keeps struct{}

func (keeps) PutSecret(_ context.Context, port string, _ porting.Secret) (string, error) {
	return "sec-" + port, nil
}

func (keeps) DropSecret(context.Context, string) error { return nil }

func TestListOfABulkOrder(t *testing.T) {
	t.Parallel()
	c := &mocks.Client{}
	c.On("ListWorkflow", mock.Anything, mock.MatchedBy(func(r *workflowservice.ListWorkflowExecutionsRequest) bool {
		return r.Query == "WorkflowType IN ('PortIn', 'PortOut') AND PortOrder = 'bo-1'"
	})).Return(&workflowservice.ListWorkflowExecutionsResponse{}, nil)
	ports, err := starter.New(c, starter.Options{}).List(t.Context(), starter.Filter{Order: "bo-1"})
	require.NoError(t, err)
	require.Empty(t, ports)
}
