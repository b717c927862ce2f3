// Package starter is the Go client for services: start a port, decide on it, revoke it, amend it, watch it. It links the
// Temporal SDK and the porting language and nothing else of portsaga.
package starter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/porting"
)

// DefaultTaskQueue is the queue that workers poll unless they are told otherwise.
const DefaultTaskQueue = "portsaga"

// SecretStore keeps an authorization code outside Temporal and returns its reference.
type SecretStore interface {
	PutSecret(ctx context.Context, port string, secret porting.Secret) (ref string, err error)
	// DropSecret destroys a secret that its port does not use.
	DropSecret(ctx context.Context, ref string) error
}

// Options configure a Client. The zero value works for orders without secrets.
type Options struct {
	TaskQueue string        // DefaultTaskQueue when empty
	Secrets   SecretStore   // required for orders that carry an authorization code
	Clock     porting.Clock // a scaled clock, for demo and dev only
	Patience  time.Duration // how long Start waits for a worker's answer; 10 s when zero
}

// Client talks to the sagas. It is safe for concurrent use.
type Client struct {
	temporal client.Client
	options  Options
}

// New returns a client on a Temporal connection, which stays the caller's to close.
func New(t client.Client, o Options) *Client {
	if o.TaskQueue == "" {
		o.TaskQueue = DefaultTaskQueue
	}
	if o.Patience == 0 {
		o.Patience = 10 * time.Second
	}
	return &Client{temporal: t, options: o}
}

// Start opens a port for an order and answers when the order is accepted or refused. An order that was started before is
// refused with code "port-exists". When no worker answers in time the port is open all the same, and the answer says so.
func (c *Client) Start(ctx context.Context, order porting.Order) (porting.Answer, error) {
	id := porting.PortID(porting.PortIn, order.TenantOrDefault(), order.Reference)
	order.Version = 1
	kept, err := c.putSecret(ctx, id, order)
	if err != nil {
		return porting.Answer{}, err
	}
	answer, err := c.start(ctx, id, porting.WorkflowPortIn, porting.PortInput{ID: id, Order: kept, Clock: c.options.Clock}, c.startOptions(id, kept))
	if order.Authorization.Code != "" {
		err = c.dropUnused(ctx, kept.Authorization.CodeRef, err)
	}
	return answer, err
}

// StartIfNotExists is Start, except that a port that exists already is answered with its status instead of refused.
func (c *Client) StartIfNotExists(ctx context.Context, order porting.Order) (porting.Answer, error) {
	id := porting.PortID(porting.PortIn, order.TenantOrDefault(), order.Reference)
	status, err := c.Status(ctx, id)
	if err == nil {
		return porting.Answer{ID: id, Accepted: true, Stage: status.Stage, Outcome: status.Outcome, Reason: status.Reason, Says: "the port exists already"}, nil
	}
	if porting.KindOf(err) != porting.NotFound {
		return porting.Answer{}, err
	}
	return c.Start(ctx, order)
}

func (c *Client) putSecret(ctx context.Context, id string, order porting.Order) (porting.Order, error) {
	if order.Authorization.Code == "" {
		return order, nil
	}
	ref, err := c.keep(ctx, id, order.Authorization.Code, "start port", "authorization code")
	if err != nil {
		return order, err
	}
	order.Authorization.Code, order.Authorization.CodeRef = "", ref
	return order, nil
}

// keep puts a secret where Temporal does not see it, and returns its reference.
func (c *Client) keep(ctx context.Context, id string, secret porting.Secret, op, what string) (string, error) {
	if c.options.Secrets == nil {
		return "", &porting.Error{
			Kind: porting.Invalid, Code: "no-secret-store", Op: op, Object: id,
			Detail: "there is a secret, the " + what + ", and nowhere to keep it outside Temporal",
			Next:   "set PORTSAGA_LEDGER and PORTSAGA_KEY_FILE, or give Options.Secrets",
		}
	}
	ref, err := c.options.Secrets.PutSecret(ctx, id, secret)
	if err != nil {
		return "", fmt.Errorf("keep the %s of %s: %w", what, id, err)
	}
	return ref, nil
}

// dropUnused destroys what was kept for a port that exists already: an ended port would keep it for good.
func (c *Client) dropUnused(ctx context.Context, ref string, err error) error {
	if porting.CodeOf(err) != "port-exists" {
		return err
	}
	return errors.Join(err, c.options.Secrets.DropSecret(ctx, ref))
}

func (c *Client) start(ctx context.Context, id, saga string, input any, options client.StartWorkflowOptions) (porting.Answer, error) {
	waitCtx, cancel := context.WithTimeout(ctx, c.options.Patience)
	defer cancel()
	handle, err := c.temporal.UpdateWithStartWorkflow(waitCtx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: c.temporal.NewWithStartWorkflowOperation(options, saga, input),
		UpdateOptions: client.UpdateWorkflowOptions{
			WorkflowID: id, UpdateName: porting.UpdateReceive,
			WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	var answer porting.Answer
	if err == nil {
		err = handle.Get(waitCtx, &answer)
	}
	if ctx.Err() == nil && outOfPatience(waitCtx, err) {
		return c.startedWithoutWorker(ctx, id)
	}
	if err != nil {
		return porting.Answer{}, explain("start port", id, err)
	}
	if !answer.Accepted {
		return answer, &porting.Error{Kind: porting.Refused, Code: string(answer.Reason), Op: "start port", Object: id, Detail: answer.Says}
	}
	return answer, nil
}

// outOfPatience reports whether a wait ended without an answer. The server knows the deadline, and may give up a moment before it.
func outOfPatience(ctx context.Context, err error) bool {
	_, gaveUp := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err)
	return gaveUp || err != nil && ctx.Err() != nil
}

// startedWithoutWorker answers for a port that no worker has taken yet.
func (c *Client) startedWithoutWorker(ctx context.Context, id string) (porting.Answer, error) {
	if _, err := c.temporal.DescribeWorkflow(ctx, id, ""); err != nil {
		return porting.Answer{}, explain("start port", id, err)
	}
	return porting.Answer{ID: id, Accepted: true, Stage: porting.Received, Says: "started; no worker has taken it yet"}, nil
}

func (c *Client) startOptions(id string, order porting.Order) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                       id,
		TaskQueue:                c.options.TaskQueue,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword(porting.AttrDirection).ValueSet(string(porting.PortIn)),
			temporal.NewSearchAttributeKeyKeyword(porting.AttrStage).ValueSet(string(porting.Received)),
			temporal.NewSearchAttributeKeyKeyword(porting.AttrTenant).ValueSet(order.TenantOrDefault()),
		),
		Priority:      shareOf(order.TenantOrDefault()),
		StaticSummary: summary(order),
		StaticDetails: details(id, order),
	}
}

// summary is the line that operators read in lists: masked numbers, parties, reference.
func summary(o porting.Order) string {
	return fmt.Sprintf("Port-in %s, %s → %s, order %s", numbers(o), o.Donor.Name, o.Recipient.Name, o.Reference)
}

func numbers(o porting.Order) string {
	switch len(o.Numbers) {
	case 0:
		return "no numbers"
	case 1:
		return o.Numbers[0].String()
	default:
		return fmt.Sprintf("%s and %d more", o.Numbers[0], len(o.Numbers)-1)
	}
}

func details(id string, o porting.Order) string {
	return fmt.Sprintf("| Port | `%s` |\n|---|---|\n| Order | `%s` |\n| Tenant | %s |\n| Kind | %s |\n| Numbers | %d |\n| Donor | %s |\n| Recipient | %s |\n",
		id, o.Reference, o.TenantOrDefault(), o.Kind, len(o.Numbers), o.Donor.Name, o.Recipient.Name)
}

// Decide approves or rejects a port at its present stage.
func (c *Client) Decide(ctx context.Context, id string, d porting.Decide) (porting.Answer, error) {
	return c.update(ctx, id, porting.MsgDecide, d.ID, d)
}

// Revoke withdraws the subscriber's authorization. When it answers, the fence is closed: no activation starts any more.
func (c *Client) Revoke(ctx context.Context, id string, r porting.Revoke) (porting.Answer, error) {
	return c.update(ctx, id, porting.MsgRevoke, r.ID, r)
}

// Amend corrects an order that its carrier rejected.
func (c *Client) Amend(ctx context.Context, id string, a porting.Amend) (porting.Answer, error) {
	return c.update(ctx, id, porting.MsgAmend, a.ID, a)
}

// Hold stops a port before its activation; the clocks that are ours stand still.
func (c *Client) Hold(ctx context.Context, id string, h porting.Hold) (porting.Answer, error) {
	return c.update(ctx, id, porting.MsgHold, h.ID, h)
}

// Resume lets a port on hold go on.
func (c *Client) Resume(ctx context.Context, id string, r porting.Resume) (porting.Answer, error) {
	return c.update(ctx, id, porting.MsgResume, r.ID, r)
}

// Extend gives people more time for a decision or a correction.
func (c *Client) Extend(ctx context.Context, id string, e porting.Extend) (porting.Answer, error) {
	return c.update(ctx, id, porting.MsgExtend, e.ID, e)
}

// Reassign names another owner.
func (c *Client) Reassign(ctx context.Context, id string, r porting.Reassign) (porting.Answer, error) {
	return c.update(ctx, id, porting.MsgReassign, r.ID, r)
}

// Note writes a line into the timeline.
func (c *Client) Note(ctx context.Context, id string, n porting.Note) (porting.Answer, error) {
	return c.update(ctx, id, porting.MsgNote, n.ID, n)
}

// CustomerReply brings the subscriber's yes or no. A no stops the port; when it answers, the fence is closed.
func (c *Client) CustomerReply(ctx context.Context, id string, r porting.CustomerReply) (porting.Answer, error) {
	return c.update(ctx, id, porting.MsgCustomerReply, r.ID, r)
}

// CarrierEvent hints that the carrier has news. It is a signal: it works with workers down, and nothing answers.
func (c *Client) CarrierEvent(ctx context.Context, id string, e porting.CarrierEvent) error {
	return c.Signal(ctx, id, porting.MsgCarrierEvent, e)
}

// Signal sends a message without waiting for an answer; it works with workers down.
func (c *Client) Signal(ctx context.Context, id, message string, body any) error {
	return explain(message+" port", id, c.temporal.SignalWorkflow(ctx, id, "", message, body))
}

func (c *Client) update(ctx context.Context, id, name, messageID string, body any) (porting.Answer, error) {
	var answer porting.Answer
	handle, err := c.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: id, UpdateID: messageID, UpdateName: name,
		Args: []any{body}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &answer)
	}
	return answer, explain(name+" port", id, err)
}

// Status is the port as it stands, or as it ended.
func (c *Client) Status(ctx context.Context, id string) (porting.Status, error) {
	var status porting.Status
	value, err := c.temporal.QueryWorkflow(ctx, id, "", porting.QueryStatus)
	if err == nil {
		err = value.Get(&status)
	}
	return status, explain("show port", id, err)
}

// Wait blocks until the port has ended and returns how.
func (c *Client) Wait(ctx context.Context, id string) (porting.Status, error) {
	var status porting.Status
	err := c.temporal.GetWorkflow(ctx, id, "").Get(ctx, &status)
	if _, ok := errors.AsType[*temporal.CanceledError](err); ok {
		return c.Status(ctx, id)
	}
	return status, explain("wait for port", id, err)
}
