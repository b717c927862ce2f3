package cli

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/doctor"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// timekeeper is what a cluster says of time.
type timekeeper struct {
	skips bool
	polls []time.Time // when workers asked, by its clock
}

func (f *frontend) PollWorkflowExecutionTimeSkipping(context.Context, *workflowservice.PollWorkflowExecutionTimeSkippingRequest) (*workflowservice.PollWorkflowExecutionTimeSkippingResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.time.skips {
		return nil, serviceerror.NewInvalidArgument("fast_forward_id must be set")
	}
	return nil, serviceerror.NewUnimplemented("not enabled")
}

func (f *frontend) DescribeTaskQueue(context.Context, *workflowservice.DescribeTaskQueueRequest) (*workflowservice.DescribeTaskQueueResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	answer := &workflowservice.DescribeTaskQueueResponse{
		Config: &taskqueue.TaskQueueConfig{FairnessKeysRateLimitDefault: &taskqueue.RateLimitConfig{RateLimit: f.tenantRate}},
	}
	for _, at := range f.time.polls {
		answer.Pollers = append(answer.Pollers, &taskqueue.PollerInfo{LastAccessTime: timestamppb.New(at)})
	}
	return answer, nil
}

func TestDoctorLooksAtTheTime(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	server := startFrontend(t, s)
	examine := func(keeper timekeeper) map[string]doctor.Finding {
		t.Helper()
		server.mu.Lock()
		server.time = keeper
		server.mu.Unlock()
		s.run(t, "portsaga doctor -o json")
		return s.findings(t)
	}

	well := examine(timekeeper{polls: []time.Time{now.Add(-10 * time.Minute), now.Add(-time.Minute)}})
	require.Equal(t, doctor.OK, well["time skipping"].State)
	require.Equal(t, doctor.OK, well["clock"].State)
	require.Equal(t, doctor.OK, well["business time"].State)

	require.Equal(t, doctor.Bad, examine(timekeeper{skips: true})["time skipping"].State)
	require.Equal(t, doctor.Warning, examine(timekeeper{})["clock"].State)
	behind := examine(timekeeper{polls: []time.Time{now.Add(2 * time.Minute)}})["clock"]
	require.Equal(t, doctor.Bad, behind.State)
	require.Equal(t, "this machine's clock is at least 2m0s behind the cluster's", behind.Detail)
	ahead := examine(timekeeper{polls: []time.Time{now.Add(-8 * time.Minute)}})["clock"]
	require.Equal(t, doctor.Bad, ahead.State)
	require.Equal(t, "this machine's clock is at least 3m0s ahead of the cluster's", ahead.Detail)

	connect := s.factory.Connect
	s.factory.Connect = func(ctx context.Context) (config.Connection, error) {
		c, err := connect(ctx)
		c.Dev = &config.DevState{Clock: porting.Clock{Scale: 3600}}
		return c, err
	}
	require.Equal(t, doctor.Warning, examine(timekeeper{})["business time"].State)
}

// What is not signed, or signed and kept here alone, could be changed by whoever writes to the database.
func TestDoctorLooksAtTheAuditLog(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	startFrontend(t, s)
	_, err := vault.Create(s.config.KeyFile)
	require.NoError(t, err)
	look := func() doctor.Finding {
		t.Helper()
		s.run(t, "portsaga doctor -o json")
		return s.findings(t)["audit log"]
	}
	require.Equal(t, doctor.Skipped, look().State)
	books, err := ledger.Open(t.Context(), s.config.Ledger)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	require.Equal(t, doctor.Good("nothing has happened yet").Detail, look().Detail)

	require.NoError(t, books.Append(t.Context(), audit.Leaf{At: now, Kind: audit.Lifted, Data: audit.QuarantineFact{By: "ana"}}))
	require.Equal(t, doctor.Warning, look().State, "never signed")
	sign := func(number int64, at time.Time) {
		t.Helper()
		added, err := books.AddCheckpoint(t.Context(), audit.SignedCheckpoint{Checkpoint: audit.Checkpoint{Number: number, Size: number, At: at}, Note: []byte("signed")})
		require.NoError(t, err)
		require.True(t, added)
	}
	sign(1, now.Add(-3*time.Hour))
	require.Equal(t, doctor.Bad, look().State)
	require.Equal(t, "the last checkpoint is 3h0m0s old; one comes every hour", look().Detail)
	sign(2, now.Add(-time.Minute))
	require.Equal(t, doctor.Warning, look().State, "the first one has not left")
	for number := range int64(2) {
		require.NoError(t, books.CheckpointPublished(t.Context(), number+1, []byte("signed"), now))
	}
	require.Equal(t, "checkpoint 2, 1m0s ago", look().Detail)
	require.Equal(t, doctor.OK, look().State)
}
