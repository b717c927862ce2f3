package authorizer

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/portsaga/portsaga/porting"
)

const (
	ours  = "portsaga"
	queue = "desk"
)

var taskKey = bytes.Repeat([]byte("k"), keySize)

func policyForTests(t *testing.T) *Authorizer {
	t.Helper()
	a, err := New(Config{Namespace: ours, TaskQueue: queue, TaskKey: taskKey, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return a
}

func issuerForTests(t *testing.T, now time.Time) *Issuer {
	t.Helper()
	i, err := NewIssuer(func() time.Time { return now })
	require.NoError(t, err)
	return i
}

// start is what the starter sends.
func start(change func(*workflowservice.StartWorkflowExecutionRequest)) *workflowservice.StartWorkflowExecutionRequest {
	r := &workflowservice.StartWorkflowExecutionRequest{
		Namespace: ours, WorkflowId: porting.PortID(porting.PortIn, "acme", "1"),
		WorkflowType:             &commonpb.WorkflowType{Name: porting.WorkflowPortIn},
		TaskQueue:                plain(queue),
		WorkflowIdReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIdConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
	}
	if change != nil {
		change(r)
	}
	return r
}

func plain(name string) *taskqueuepb.TaskQueue {
	return &taskqueuepb.TaskQueue{Name: name, Kind: enumspb.TASK_QUEUE_KIND_NORMAL}
}

func sticky(name, of string) *taskqueuepb.TaskQueue {
	return &taskqueuepb.TaskQueue{Name: name, Kind: enumspb.TASK_QUEUE_KIND_STICKY, NormalName: of}
}
