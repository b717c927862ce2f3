package starter

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/porting"
)

// batchSize is how many orders are added to a bulk order at once. A bulk order that was interrupted is resumed by whole
// batches, so the size must stay what it is.
const batchSize = 10

// BulkID names a bulk order: the same tenant and reference always give the same ID.
func BulkID(tenant, reference string) string {
	return "bo-" + porting.PortID("bulk", tenant, reference)[3:]
}

// StartBulk carries many orders of one tenant under one parent. It answers when all are added, and tells after each batch
// how far it is. Called again with the same orders it goes on where it was interrupted; with others it is refused, code
// "order-differs".
func (c *Client) StartBulk(ctx context.Context, reference string, orders []porting.Order, tell func(porting.BulkStatus)) (porting.BulkStatus, error) {
	if len(orders) == 0 {
		return porting.BulkStatus{}, &porting.Error{Kind: porting.Invalid, Code: "order-empty", Op: "start order", Object: reference, Detail: "there is nothing to start"}
	}
	digest, err := digestOf(orders)
	if err != nil {
		return porting.BulkStatus{}, err
	}
	status, err := c.OpenBulk(ctx, orders[0].TenantOrDefault(), reference, digest)
	if err != nil {
		return status, err
	}
	if status.Digest != digest {
		return status, &porting.Error{
			Kind: porting.Refused, Code: "order-differs", Op: "start order", Object: status.ID,
			Detail: "it was started with other numbers or other orders", Next: "use the files that it was started with, or another reference",
		}
	}
	batches := slices.Collect(slices.Chunk(orders, batchSize))
	for tell(status); !status.Complete && status.NextBatch < len(batches); tell(status) {
		next := status.NextBatch
		status, err = c.AddPorts(ctx, status.ID, porting.AddPorts{Batch: next, Orders: batches[next], Last: next == len(batches)-1})
		if err != nil {
			return status, err
		}
	}
	return status, nil
}

// digestOf stands for orders, without their secrets and whoever sends them: another person may resume them.
func digestOf(orders []porting.Order) (string, error) {
	sum := sha256.New()
	for _, o := range orders {
		o.SubmittedBy = ""
		text, err := json.Marshal(o)
		if err != nil {
			return "", fmt.Errorf("encode order %s: %w", o.Reference, err)
		}
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// OpenBulk starts the parent of a bulk order, or finds the one that was started before, and answers with its roll-up.
// NextBatch says where to go on, Digest with what.
func (c *Client) OpenBulk(ctx context.Context, tenant, reference, digest string) (porting.BulkStatus, error) {
	id := BulkID(tenant, reference)
	_, err := c.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: c.options.TaskQueue,
		WorkflowIDReusePolicy:                    enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(porting.AttrDirection).ValueSet(string(porting.PortIn)),
			temporal.NewSearchAttributeKeyKeyword(porting.AttrTenant).ValueSet(tenant),
		),
		Priority:      shareOf(tenant),
		StaticSummary: "Bulk order " + reference,
	}, porting.WorkflowBulk, porting.Bulk{ID: id, Reference: reference, Tenant: tenant, Digest: digest, Clock: c.options.Clock})
	if err != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return porting.BulkStatus{}, explainBulk("open order", id, err)
	}
	return c.BulkStatus(ctx, id)
}

// AddPorts adds a batch to a bulk order. Authorization codes go to the secret store first. It answers when there is room
// for the next batch; a batch that was added before changes nothing.
func (c *Client) AddPorts(ctx context.Context, id string, batch porting.AddPorts) (porting.BulkStatus, error) {
	var status porting.BulkStatus
	kept := make([]porting.Order, len(batch.Orders))
	for i, order := range batch.Orders {
		order.Version = 1
		var err error
		if kept[i], err = c.putSecret(ctx, porting.PortID(porting.PortIn, order.TenantOrDefault(), order.Reference), order); err != nil {
			return status, err
		}
	}
	batch.Orders = kept
	for {
		handle, err := c.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID: id, UpdateName: porting.UpdateAddPorts,
			UpdateID: fmt.Sprintf("batch-%d", batch.Batch), Args: []any{batch}, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err == nil {
			err = handle.Get(ctx, &status)
		}
		if err == nil || !c.goesOn(ctx, id, err) {
			return status, explainBulk("add ports to order", id, err)
		}
	}
}

// DecideBulk decides on every port of a bulk order that waits for a decision, now and later.
func (c *Client) DecideBulk(ctx context.Context, id string, d porting.Decide) (porting.Answer, error) {
	return c.updateBulk(ctx, id, porting.MsgDecide, d.ID, d)
}

// RevokeBulk revokes every open port of a bulk order. Each port says itself when its fence is closed; Untold counts those
// that the revocation has not reached.
func (c *Client) RevokeBulk(ctx context.Context, id string, r porting.Revoke) (porting.Answer, error) {
	return c.updateBulk(ctx, id, porting.MsgRevoke, r.ID, r)
}

func (c *Client) updateBulk(ctx context.Context, id, name, messageID string, body any) (porting.Answer, error) {
	for {
		answer, err := c.update(ctx, id, name, messageID, body)
		if err == nil || !c.goesOn(ctx, id, err) {
			return answer, asBulk(name+" order", err)
		}
	}
}

// BulkStatus is the roll-up of a bulk order.
func (c *Client) BulkStatus(ctx context.Context, id string) (porting.BulkStatus, error) {
	var status porting.BulkStatus
	value, err := c.temporal.QueryWorkflow(ctx, id, "", porting.QueryStatus)
	if err == nil {
		err = value.Get(&status)
	}
	return status, explainBulk("show order", id, err)
}

// goesOn reports whether an update met the moment in which the order went on in a new run, and waits a moment if so.
func (c *Client) goesOn(ctx context.Context, id string, err error) bool {
	// A task that was thrown away because more news had come is done again.
	if _, busy := errors.AsType[*serviceerror.WorkflowNotReady](err); !busy {
		if porting.CodeOf(explain("", "", err)) != "port-closed" {
			return false
		}
		described, err := c.temporal.DescribeWorkflowExecution(ctx, id, "")
		if err != nil || described.GetWorkflowExecutionInfo().GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
			return false
		}
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

func explainBulk(op, id string, err error) error { return asBulk(op, explain(op, id, err)) }

// asBulk says of an order what explain says of a port.
func asBulk(op string, err error) error {
	var said *porting.Error
	if !errors.As(err, &said) {
		return err
	}
	switch said.Code {
	case "port-closed":
		return &porting.Error{Kind: said.Kind, Code: "order-closed", Op: op, Object: said.Object, Detail: "the order has ended", Next: "look at it with `bulk show`", Err: err}
	case "port-not-found":
		return &porting.Error{Kind: said.Kind, Code: "order-not-found", Op: op, Object: said.Object, Detail: "there is no such order", Next: "check its ID", Err: err}
	}
	return err
}
