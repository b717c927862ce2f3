package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/internal/doctor"
	"github.com/portsaga/portsaga/workflows"
)

// engineChecks look at the Temporal cluster, on one connection.
func (f *Factory) engineChecks(queue string) []doctor.Check {
	var c client.Client
	ask := func(look func(ctx context.Context, c client.Client, namespace string) doctor.Finding) func(context.Context) doctor.Finding {
		return func(ctx context.Context) doctor.Finding {
			if c == nil {
				return doctor.Skip("Temporal could not be reached")
			}
			connection, err := f.Connect(ctx)
			if err != nil {
				return doctor.Wrong(err, "")
			}
			return look(ctx, c, connection.Options.Namespace)
		}
	}
	return []doctor.Check{
		{Name: "temporal", Look: func(ctx context.Context) (found doctor.Finding) {
			c, found = f.reachEngine(ctx)
			return found
		}},
		{Name: "namespace", Look: ask(lookAtNamespace)},
		{Name: "search attributes", Look: ask(lookAtAttributes)},
		{Name: "authorizer", Look: ask(lookAtAuthorizer)},
		{Name: "time skipping", Look: ask(lookAtSkipping)},
		{Name: "tenant rate", Look: ask(lookAtTenantRate(queue))},
		{Name: "clock", Look: ask(f.clockOfCluster(queue))},
	}
}

func (f *Factory) reachEngine(ctx context.Context) (client.Client, doctor.Finding) {
	connection, err := f.Connect(ctx)
	if err != nil {
		return nil, doctor.Wrong(err, "correct temporal.toml or the TEMPORAL_* variables")
	}
	c, err := f.reach(ctx, connection.Options) // without the keys of payloads: to open their store could make one
	if err != nil {
		return nil, doctor.Wrong(err, "start the cluster, or set TEMPORAL_ADDRESS")
	}
	info, err := c.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
	if err != nil {
		return c, doctor.Wrong(err, "see why the cluster does not answer")
	}
	return c, doctor.Good("server " + info.GetServerVersion())
}

// lookAtNamespace warns of a retention in which histories are gone before a dispute is over.
func lookAtNamespace(ctx context.Context, c client.Client, namespace string) doctor.Finding {
	d, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	if err != nil {
		return doctor.Wrong(err, "run portsaga bootstrap")
	}
	kept := d.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration()
	days := fmt.Sprintf("%s keeps ended ports for %d days", namespace, int(kept/(24*time.Hour)))
	if kept < Retention {
		return doctor.Warn(days+", which is less than portsaga's 30", "raise the namespace's retention")
	}
	return doctor.Good(days)
}

func lookAtAttributes(ctx context.Context, c client.Client, namespace string) doctor.Finding {
	present, err := searchAttributesOf(ctx, c, namespace)
	if err != nil {
		return doctor.Wrong(err, "run portsaga bootstrap")
	}
	var missing []string
	for name, wanted := range workflows.SearchAttributes() {
		if found, there := present[name]; !there || found != wanted {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return doctor.Finding{State: doctor.Bad, Detail: "missing, or of another type: " + strings.Join(missing, ", "), Next: "run portsaga bootstrap"}
	}
	return doctor.Good(fmt.Sprintf("all %d are there", len(present)))
}

// lookAtAuthorizer asks to terminate a workflow that does not exist: a cluster that guards portsaga says no before it looks.
func lookAtAuthorizer(ctx context.Context, c client.Client, namespace string) doctor.Finding {
	_, err := c.WorkflowService().TerminateWorkflowExecution(ctx, &workflowservice.TerminateWorkflowExecutionRequest{
		Namespace: namespace, WorkflowExecution: &common.WorkflowExecution{WorkflowId: "portsaga-doctor-looks"}, Reason: "a look by portsaga doctor",
	})
	if _, denied := errors.AsType[*serviceerror.PermissionDenied](err); denied {
		return doctor.Good("it denies what no role may do")
	}
	if _, looked := errors.AsType[*serviceerror.NotFound](err); looked {
		return doctor.Warn("this connection may terminate ports: the cluster has no authorizer of portsaga, or these are break-glass rights",
			"run the cluster with cmd/portsaga-temporal: docs/authorization.md")
	}
	return doctor.Wrong(fmt.Errorf("it could not be seen whether calls are guarded: %w", err), "look again")
}
