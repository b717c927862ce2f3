package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/doctor"
	"github.com/portsaga/portsaga/porting"
)

// limitTenants sets how many steps a second each tenant has at the gate, or takes the limit away; one that is not told to
// leaves alone what is there. The trust workers' queue has no limit, because fences are closed there, and the cluster takes
// none for the queue of the sagas.
func limitTenants(ctx context.Context, c client.Client, namespace string, cfg config.Config) (*float64, error) {
	if cfg.TenantRate == "" {
		return nil, nil
	}
	rate, err := strconv.ParseFloat(cfg.TenantRate, 32)
	if err != nil {
		return nil, err
	}
	limit := &workflowservice.UpdateTaskQueueConfigRequest_RateLimitUpdate{Reason: "portsaga bootstrap"}
	if rate > 0 {
		limit.RateLimit = &taskqueue.RateLimit{RequestsPerSecond: float32(rate)}
	}
	_, err = c.WorkflowService().UpdateTaskQueueConfig(ctx, &workflowservice.UpdateTaskQueueConfigRequest{
		Namespace: namespace, TaskQueue: porting.GateQueue(cfg.TaskQueue), TaskQueueType: enums.TASK_QUEUE_TYPE_ACTIVITY,
		UpdateFairnessKeyRateLimitDefault: limit,
	})
	return &rate, err
}

func rated(rate *float64) string {
	switch {
	case rate == nil:
		return "left alone"
	case *rate == 0:
		return "no limit"
	}
	return fmt.Sprintf("%g steps a second", *rate)
}

// lookAtTenantRate tells how many steps a second a tenant has at the gate.
func lookAtTenantRate(queue string) func(context.Context, client.Client, string) doctor.Finding {
	return func(ctx context.Context, c client.Client, namespace string) doctor.Finding {
		d, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: namespace, TaskQueue: &taskqueue.TaskQueue{Name: porting.GateQueue(queue)}, TaskQueueType: enums.TASK_QUEUE_TYPE_ACTIVITY,
			ReportConfig: true,
		})
		if _, denied := errors.AsType[*serviceerror.PermissionDenied](err); denied {
			return doctor.Skip("this role may not ask")
		}
		if err != nil {
			return doctor.Wrong(err, "see why the cluster does not answer")
		}
		limit := d.GetConfig().GetFairnessKeysRateLimitDefault().GetRateLimit()
		if limit == nil {
			return doctor.Good("no tenant is limited at the gate; portsaga bootstrap does it, with PORTSAGA_TENANT_RATE")
		}
		return doctor.Good(fmt.Sprintf("each tenant has %g steps a second at the gate", limit.GetRequestsPerSecond()))
	}
}
