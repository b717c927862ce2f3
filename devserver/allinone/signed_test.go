package allinone

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/porting"
)

// signedDesk is a stack on which decisions must be signed, and its approvers.
type signedDesk struct {
	*Stack
	*approvaltest.Desk
}

func startSigned(t *testing.T) signedDesk {
	t.Helper()
	desk := approvaltest.NewDesk(t)
	s, err := Start(t.Context(), Options{
		Dir: t.TempDir(), Clock: demoClock, Fast: true,
		Approvals: &Approvals{Registry: desk.Registry, Roots: desk.Roots, SigningKey: desk.Signing},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return signedDesk{s, desk}
}

func (d signedDesk) start(ctx context.Context, t *testing.T, reference string, number porting.Number) string {
	t.Helper()
	order, err := readDemoOrder()
	require.NoError(t, err)
	order.Reference, order.Numbers = reference, []porting.Number{number}
	answer, err := d.Ports.Start(ctx, order)
	require.NoError(t, err)
	return answer.ID
}

// await looks at a port until it is as wanted.
func (d signedDesk) await(ctx context.Context, t *testing.T, id string, wanted func(porting.Status) bool) porting.Status {
	t.Helper()
	next := time.NewTicker(glance)
	defer next.Stop()
	for {
		status, err := d.Ports.Status(ctx, id)
		if err == nil && wanted(status) {
			return status
		}
		select {
		case <-next.C:
		case <-ctx.Done():
			require.FailNow(t, "waited in vain", "%+v, %v", status, err)
		}
	}
}

func asks(s porting.Status) bool { return s.Challenge != nil }

func TestSignedPort(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	d := startSigned(t)
	id := d.start(ctx, t, "SIGNED-1", "+12125550150")
	status := d.await(ctx, t, id, asks)

	answer, err := d.Ports.Decide(ctx, id, d.Decide("ben", porting.Approve, *status.Challenge))
	require.NoError(t, err)
	require.True(t, answer.Accepted)

	ended, err := d.Ports.Wait(ctx, id)
	require.NoError(t, err)
	require.Equal(t, porting.OutcomeCompleted, ended.Outcome)
	require.True(t, ended.Decisions[0].Signed)
	require.Equal(t, "ben", ended.Decisions[0].By)
	whole := readHistory(ctx, t, d.Stack, id)
	checkBudget(t, whole)
	writeGolden(t, "signed", whole)
}

func TestBadDecisionsLeaveNoTrace(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	d := startSigned(t)
	id := d.start(ctx, t, "FORGED-1", "+12125550159")
	status := d.await(ctx, t, id, asks)
	before := len(readHistory(ctx, t, d.Stack, id).Events)
	for what, bad := range map[string]porting.Decide{
		"unsigned":    {Decision: porting.Approve, By: "ben"},
		"unknown key": approvaltest.Sign(t, approvaltest.NewKey(t), status.Challenge.Statement(porting.Approve, "", time.Now(), porting.StatementLife)),
		"expired":     approvaltest.Sign(t, d.Key("ben"), status.Challenge.Statement(porting.Approve, "", time.Now().Add(-time.Hour), porting.StatementLife)),
	} {
		_, err := d.Ports.Decide(ctx, id, bad)
		require.Equal(t, porting.Refused, porting.KindOf(err), what)
		require.Len(t, readHistory(ctx, t, d.Stack, id).Events, before, what)
	}
	_, err := d.Ports.Decide(ctx, id, d.Decide("ana", porting.Approve, *status.Challenge))
	require.ErrorContains(t, err, "who submits an order does not decide on it")
}

// A Reset makes another run, whose activation nobody has approved: the gate asks again.
func TestResetNeedsNewApprovals(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	d := startSigned(t)
	id := d.start(ctx, t, "RESET-1", "+12125550153")
	status := d.await(ctx, t, id, asks)
	approval := d.Decide("ben", porting.Approve, *status.Challenge)
	_, err := d.Ports.Decide(ctx, id, approval)
	require.NoError(t, err)
	d.await(ctx, t, id, func(s porting.Status) bool { return s.Stage == porting.Confirmed })

	d.reset(ctx, t, id)
	status = d.await(ctx, t, id, asks)
	require.Equal(t, porting.Confirmed, status.Stage)
	require.Equal(t, porting.WaitingApprover, status.WaitingOn)
	_, err = d.Ports.Decide(ctx, id, approval)
	require.Error(t, err, "the old approval is worthless")
	_, err = d.Ports.Decide(ctx, id, d.Decide("ben", porting.Approve, *status.Challenge))
	require.NoError(t, err)

	ended, err := d.Ports.Wait(ctx, id)
	require.NoError(t, err)
	require.Equal(t, porting.OutcomeCompleted, ended.Outcome)
	writeGolden(t, "approved-again", readHistory(ctx, t, d.Stack, id))
}

// reset lets the port's saga begin again at its last workflow task.
func (d signedDesk) reset(ctx context.Context, t *testing.T, id string) {
	t.Helper()
	var last int64
	for _, e := range readHistory(ctx, t, d.Stack, id).Events {
		if e.EventType == enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			last = e.EventId
		}
	}
	_, err := d.Client.ResetWorkflowExecution(ctx, &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: d.Engine.Namespace(), WorkflowExecution: &common.WorkflowExecution{WorkflowId: id}, RequestId: id, Reason: "test",
		WorkflowTaskFinishEventId: last,
	})
	require.NoError(t, err)
}

// A port that Temporal cancels ends as Canceled, with everything taken back.
func TestCancelledInTemporal(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	d := startSigned(t)
	id := d.start(ctx, t, "CANCEL-1", "+12125550156")
	d.await(ctx, t, id, asks)
	require.NoError(t, d.Client.CancelWorkflow(ctx, id, ""))
	ended, err := d.Ports.Wait(ctx, id)
	require.NoError(t, err)
	require.Equal(t, porting.OutcomeCancelled, ended.Outcome)
	writeGolden(t, "cancelled-in-temporal", readHistory(ctx, t, d.Stack, id))
}
