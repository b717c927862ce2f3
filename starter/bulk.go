package starter

import (
	"context"
	"fmt"
	"time"

	"github.com/portsaga/portsaga/porting"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// BulkID names a bulk order: the same tenant and reference always give the same ID.
func BulkID(tenant, reference string) string {
	return "bo-" + porting.PortID("bulk", tenant, reference)[3:]
}

// OpenBulk starts the parent of a bulk order, or finds the one that was started before, and answers with its roll-up.
// NextBatch says where to go on.
func (c *Client) OpenBulk(ctx context.Context, tenant, reference string) (porting.BulkStatus, error) {
	id := BulkID(tenant, reference)
	_, err := c.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: c.options.TaskQueue,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(porting.AttrDirection).ValueSet(string(porting.PortIn)),
			temporal.NewSearchAttributeKeyKeyword(porting.AttrTenant).ValueSet(tenant),
		),
		StaticSummary: "Bulk order " + reference,
	}, porting.WorkflowBulk, porting.Bulk{ID: id, Reference: reference, Tenant: tenant, Clock: c.options.Clock})
	if err != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return porting.BulkStatus{}, explain("open order", id, err)
	}
	return c.BulkStatus(ctx, id)
}

// AddPorts adds a batch to a bulk order. Authorization codes go to the secret store first. It answers when there is room
// for the next batch; a batch that was added before changes nothing.
func (c *Client) AddPorts(ctx context.Context, id string, batch porting.AddPorts) (porting.BulkStatus, error) {
	var status porting.BulkStatus
	for i, order := range batch.Orders {
		port := porting.PortID(porting.PortIn, order.TenantOrDefault(), order.Reference)
		order.Version = 1
		kept, err := c.putSecret(ctx, port, order)
		if err != nil {
			return status, err
		}
		batch.Orders[i] = kept
	}
	for {
		handle, err := c.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{WorkflowID: id, UpdateName: porting.UpdateAddPorts,
			UpdateID: fmt.Sprintf("batch-%d", batch.Batch), Args: []any{batch}, WaitForStage: client.WorkflowUpdateStageCompleted})
		if err == nil {
			err = handle.Get(ctx, &status)
		}
		if err == nil || !c.goesOn(ctx, id, err) {
			return status, explain("add ports to order", id, err)
		}
	}
}

// goesOn reports whether an update met the moment in which the order went on in a new run, and waits a moment if so.
func (c *Client) goesOn(ctx context.Context, id string, err error) bool {
	if porting.CodeOf(explain("", "", err)) != "port-closed" {
		return false
	}
	described, err := c.temporal.DescribeWorkflowExecution(ctx, id, "")
	if err != nil || described.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return false
	}
	pause := time.NewTimer(200 * time.Millisecond)
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-pause.C:
		return true
	}
}

// BulkStatus is the roll-up of a bulk order.
func (c *Client) BulkStatus(ctx context.Context, id string) (porting.BulkStatus, error) {
	var status porting.BulkStatus
	value, err := c.temporal.QueryWorkflow(ctx, id, "", porting.QueryStatus)
	if err == nil {
		err = value.Get(&status)
	}
	return status, explain("show order", id, err)
}
