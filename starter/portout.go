package starter

import (
	"context"
	"fmt"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/porting"
)

// StartPortOut opens a port for a counterparty's request and answers when its rules are chosen. The same request again is
// refused with code "port-exists". ReceivedAt should be when the request came in: every deadline runs from it.
func (c *Client) StartPortOut(ctx context.Context, r porting.PortOutRequest) (porting.Answer, error) {
	id := r.PortID()
	kept, err := c.putPIN(ctx, id, r)
	if err != nil {
		return porting.Answer{}, err
	}
	answer, err := c.start(ctx, id, porting.WorkflowPortOut, porting.PortOutInput{ID: id, Request: kept, Clock: c.options.Clock}, c.portOutOptions(id, kept))
	if r.Given.PIN != "" {
		err = c.dropUnused(ctx, kept.Given.PINRef, err)
	}
	return answer, err
}

// StartPortOutIfNotExists is StartPortOut, except that a port that exists already is answered with its status.
func (c *Client) StartPortOutIfNotExists(ctx context.Context, r porting.PortOutRequest) (porting.Answer, error) {
	id := r.PortID()
	status, err := c.Status(ctx, id)
	if err == nil {
		return porting.Answer{ID: id, Accepted: true, Stage: status.Stage, Outcome: status.Outcome, Reason: status.Reason, Says: "the port exists already"}, nil
	}
	if porting.KindOf(err) != porting.NotFound {
		return porting.Answer{}, err
	}
	return c.StartPortOut(ctx, r)
}

// Reply brings the subscriber's yes or no to a port-out.
func (c *Client) Reply(ctx context.Context, id string, r porting.CustomerReply) (porting.Answer, error) {
	return c.update(ctx, id, porting.MsgCustomerReply, r.ID, r)
}

// Dispute reports a port-out that nobody asked for, after the numbers moved: they are ported back.
func (c *Client) Dispute(ctx context.Context, id string, d porting.Dispute) (porting.Answer, error) {
	return c.update(ctx, id, porting.MsgDispute, d.ID, d)
}

func (c *Client) putPIN(ctx context.Context, id string, r porting.PortOutRequest) (porting.PortOutRequest, error) {
	if r.Given.PIN == "" {
		return r, nil
	}
	ref, err := c.keep(ctx, id, r.Given.PIN, "start port-out", "PIN")
	if err != nil {
		return r, err
	}
	r.Given.PIN, r.Given.PINRef = "", ref
	return r, nil
}

func (c *Client) portOutOptions(id string, r porting.PortOutRequest) client.StartWorkflowOptions {
	order := r.Order()
	return client.StartWorkflowOptions{
		ID:                       id,
		TaskQueue:                c.options.TaskQueue,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(porting.AttrDirection).ValueSet(string(porting.PortOut)),
			temporal.NewSearchAttributeKeyKeyword(porting.AttrStage).ValueSet(string(porting.Received)),
			temporal.NewSearchAttributeKeyKeyword(porting.AttrTenant).ValueSet(r.TenantOrDefault()),
		),
		Priority:      shareOf(r.TenantOrDefault()),
		StaticSummary: fmt.Sprintf("Port-out %s to %s, request %s", numbers(order), r.Recipient.Name, r.ID),
		StaticDetails: details(id, order),
	}
}
