package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/doctor"
	"github.com/portsaga/portsaga/internal/ledger"
)

// A port's clocks are law, so what tells the time is looked at, and what keeps it on record.

// lookAtSkipping asks for a thing that does not exist: only a server on which time can be skipped looks what is missing.
func lookAtSkipping(ctx context.Context, c client.Client, namespace string) doctor.Finding {
	_, err := c.WorkflowService().PollWorkflowExecutionTimeSkipping(ctx, &workflowservice.PollWorkflowExecutionTimeSkippingRequest{
		Namespace: namespace, WorkflowExecution: &common.WorkflowExecution{WorkflowId: "portsaga-doctor-looks"},
	})
	if _, off := errors.AsType[*serviceerror.Unimplemented](err); off {
		return doctor.Good("the cluster skips no time")
	}
	if _, on := errors.AsType[*serviceerror.InvalidArgument](err); on {
		return doctor.Finding{
			State: doctor.Bad, Detail: "the cluster lets clients skip time: a port's clocks can be made to run out",
			Next: "set frontend.WorkflowTimeSkippingEnabled to false in its dynamic configuration",
		}
	}
	if _, denied := errors.AsType[*serviceerror.PermissionDenied](err); denied {
		return doctor.Skip("this role may not ask")
	}
	return doctor.Wrong(fmt.Errorf("it could not be seen whether time can be skipped: %w", err), "look again")
}

// Pollers are forgotten by the cluster after five minutes: one that it lists was there since, by its own clock.
const pollersForgotten = 5 * time.Minute

// clockOfCluster compares this machine's clock with the cluster's, which says when workers asked it last.
func (f *Factory) clockOfCluster(queue string) func(context.Context, client.Client, string) doctor.Finding {
	return func(ctx context.Context, c client.Client, namespace string) doctor.Finding {
		d, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: namespace, TaskQueue: &taskqueue.TaskQueue{Name: queue}, TaskQueueType: enums.TASK_QUEUE_TYPE_WORKFLOW,
		})
		if _, denied := errors.AsType[*serviceerror.PermissionDenied](err); denied {
			return doctor.Skip("this role may not ask")
		}
		if err != nil {
			return doctor.Wrong(fmt.Errorf("the cluster does not say who polls: %w", err), "look again")
		}
		var last time.Time
		for _, p := range d.GetPollers() {
			if at := p.GetLastAccessTime().AsTime(); at.After(last) {
				last = at
			}
		}
		if last.IsZero() {
			return doctor.Warn("no worker runs sagas, so nobody tells the cluster's time", "start portsaga worker --role workflow")
		}
		return comparedClocks(f.Now().Sub(last))
	}
}

// comparedClocks judges how long ago workers asked the cluster, by this machine's clock and the cluster's.
func comparedClocks(ago time.Duration) doctor.Finding {
	const mend = "set the clocks of both by NTP: gates read dates on their own"
	switch {
	case ago < -skewWarning:
		return doctor.Finding{State: doctor.Bad, Detail: fmt.Sprintf("this machine's clock is at least %s behind the cluster's", (-ago).Round(time.Second)), Next: mend}
	case ago > pollersForgotten+skewWarning:
		return doctor.Finding{State: doctor.Bad, Detail: fmt.Sprintf("this machine's clock is at least %s ahead of the cluster's", (ago - pollersForgotten).Round(time.Second)), Next: mend}
	}
	return doctor.Good("no difference to the cluster's can be seen")
}

// businessTime says whether ports live in real time here.
func (f *Factory) businessTime(ctx context.Context) doctor.Finding {
	connection, err := f.Connect(ctx)
	if err != nil {
		return doctor.Skip("Temporal could not be found")
	}
	if connection.Clock().Scaled() {
		return doctor.Warn(fmt.Sprintf("this is a dev whose clock runs %g times as fast: its dates are not real ones", connection.Clock().Scale),
			"use it for trials; a production worker refuses such ports")
	}
	return doctor.Good("ports live in real time")
}

// lateCheckpoint is how old the last checkpoint may be: a heartbeat comes every hour.
const lateCheckpoint = audit.Heartbeat + 15*time.Minute

// auditLog says whether the log is signed as it should be, and whether what was signed has left.
func (f *Factory) auditLog(ctx context.Context, cfg config.Config) doctor.Finding {
	if lookAtLedger(ctx, cfg).State != doctor.OK {
		return doctor.Skip("the ledger could not be looked into")
	}
	var found doctor.Finding
	err := f.withLedger(ctx, func(books *ledger.Ledger) error {
		var err error
		found, err = f.lookAtCheckpoints(ctx, books)
		return err
	})
	if err != nil {
		return doctor.Wrong(err, "start the database")
	}
	return found
}

func (f *Factory) lookAtCheckpoints(ctx context.Context, books *ledger.Ledger) (doctor.Finding, error) {
	tree, err := books.LogTree(ctx)
	if err != nil {
		return doctor.Finding{}, err
	}
	last, err := books.LastCheckpoint(ctx)
	if err != nil {
		return doctor.Finding{}, err
	}
	waiting, err := books.UnpublishedCheckpoints(ctx)
	if err != nil {
		return doctor.Finding{}, err
	}
	age := f.Now().Sub(last.At)
	switch {
	case tree.Size == 0:
		return doctor.Good("nothing has happened yet"), nil
	case last.Number == 0:
		return doctor.Warn("no checkpoint was ever signed: whoever writes to the database could change what happened", "give the gate a key: docs/audit.md"), nil
	case age > lateCheckpoint:
		return doctor.Finding{
			State: doctor.Bad, Detail: fmt.Sprintf("the last checkpoint is %s old; one comes every hour", age.Round(time.Minute)),
			Next: "see whether a gate runs, and what it logs of checkpoints",
		}, nil
	case len(waiting) > 0 && f.Now().Sub(waiting[0].At) > lateCheckpoint:
		return doctor.Warn(fmt.Sprintf("%d checkpoints have not left: their destination does not take them", len(waiting)),
			"see whether PORTSAGA_AUDIT_CHECKPOINTS can be written to"), nil
	}
	return doctor.Good(fmt.Sprintf("checkpoint %d, %s ago", last.Number, age.Round(time.Second))), nil
}
