package worker

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/porting"
)

const (
	reapEvery   = time.Minute      // in real time
	reapCatchUp = 10 * time.Second // a look that was missed for longer is not made up for: the next one sees the same
	reapPatient = 10 * time.Minute // no look takes longer
)

// ScheduleReaper creates the schedule of the reaper, and leaves one alone that is there: operators may have paused it. It
// reports whether it was created.
func ScheduleReaper(ctx context.Context, c client.Client, taskQueue string, in porting.ReapInput) (created bool, err error) {
	_, err = c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID:            porting.ScheduleReaper,
		Spec:          client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: reapEvery}}},
		Overlap:       enums.SCHEDULE_OVERLAP_POLICY_SKIP,
		CatchupWindow: reapCatchUp,
		Note:          "finds ports whose saga is gone, and has them rescued",
		Action: &client.ScheduleWorkflowAction{
			ID: "reap", Workflow: porting.WorkflowReap, Args: []any{in}, TaskQueue: taskQueue, WorkflowRunTimeout: reapPatient,
		},
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return false, nil
	}
	return err == nil, err
}
