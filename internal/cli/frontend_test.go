package cli

import (
	"context"
	"maps"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/schedule/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

// frontend is as much of a Temporal server as the commands need that prepare one or work for it.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	operatorservice.UnimplementedOperatorServiceServer

	mu         sync.Mutex
	namespaces map[string]time.Duration // retention
	attributes map[string]enums.IndexedValueType
	schedules  map[string]*schedule.Schedule
	tenantRate *taskqueue.RateLimit
	unknown    int // times that a new namespace is still unknown
	denied     bool
	time       timekeeper
}

// startFrontend serves it on a free port and makes the session find it.
func startFrontend(t *testing.T, s *session) *frontend {
	t.Helper()
	f := &frontend{namespaces: map[string]time.Duration{}, attributes: map[string]enums.IndexedValueType{}, schedules: map[string]*schedule.Schedule{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.UnaryInterceptor(asStatus))
	workflowservice.RegisterWorkflowServiceServer(server, f)
	operatorservice.RegisterOperatorServiceServer(server, f)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		require.NoError(t, <-served)
	})
	s.connectTo(listener.Addr().String())
	s.factory.Dial = s.factory.dial
	return f
}

// asStatus sends Temporal's errors over the wire as the server does.
func asStatus(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	answer, err := handle(ctx, req)
	if err != nil {
		err = serviceerror.ToStatus(err).Err()
	}
	return answer, err
}

func (f *frontend) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{}}, nil
}

func (f *frontend) RegisterNamespace(_ context.Context, r *workflowservice.RegisterNamespaceRequest) (*workflowservice.RegisterNamespaceResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.denied {
		return nil, serviceerror.NewPermissionDenied("no", "")
	}
	if _, ok := f.namespaces[r.Namespace]; ok {
		return nil, serviceerror.NewNamespaceAlreadyExists("it exists")
	}
	f.namespaces[r.Namespace] = r.WorkflowExecutionRetentionPeriod.AsDuration()
	return &workflowservice.RegisterNamespaceResponse{}, nil
}

func (f *frontend) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{}, nil
}

func (f *frontend) ListSearchAttributes(_ context.Context, r *operatorservice.ListSearchAttributesRequest) (*operatorservice.ListSearchAttributesResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unknown > 0 {
		f.unknown--
		return nil, serviceerror.NewNamespaceNotFound(r.Namespace)
	}
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: maps.Clone(f.attributes)}, nil
}

func (f *frontend) AddSearchAttributes(_ context.Context, r *operatorservice.AddSearchAttributesRequest) (*operatorservice.AddSearchAttributesResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.Copy(f.attributes, r.SearchAttributes)
	return &operatorservice.AddSearchAttributesResponse{}, nil
}

func (f *frontend) CreateSchedule(_ context.Context, r *workflowservice.CreateScheduleRequest) (*workflowservice.CreateScheduleResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.schedules[r.ScheduleId]; ok {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("it exists", "", "")
	}
	f.schedules[r.ScheduleId] = r.Schedule
	return &workflowservice.CreateScheduleResponse{}, nil
}

func (f *frontend) UpdateTaskQueueConfig(_ context.Context, r *workflowservice.UpdateTaskQueueConfigRequest) (*workflowservice.UpdateTaskQueueConfigResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.TaskQueue != "portsaga-gate" || r.TaskQueueType != enums.TASK_QUEUE_TYPE_ACTIVITY {
		return nil, serviceerror.NewPermissionDenied("tenants are limited at the gate", "")
	}
	f.tenantRate = r.GetUpdateFairnessKeyRateLimitDefault().GetRateLimit()
	return &workflowservice.UpdateTaskQueueConfigResponse{}, nil
}

func (f *frontend) PollWorkflowTaskQueue(ctx context.Context, _ *workflowservice.PollWorkflowTaskQueueRequest) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	<-ctx.Done()
	return &workflowservice.PollWorkflowTaskQueueResponse{}, nil
}

func (f *frontend) PollActivityTaskQueue(ctx context.Context, _ *workflowservice.PollActivityTaskQueueRequest) (*workflowservice.PollActivityTaskQueueResponse, error) {
	<-ctx.Done()
	return &workflowservice.PollActivityTaskQueueResponse{}, nil
}

func (f *frontend) ShutdownWorker(context.Context, *workflowservice.ShutdownWorkerRequest) (*workflowservice.ShutdownWorkerResponse, error) {
	return &workflowservice.ShutdownWorkerResponse{}, nil
}
