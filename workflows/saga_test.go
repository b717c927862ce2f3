package workflows

import (
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/temporal"
)

// What a server says when an activity ends. A carrier that answered 503 for a day is reported by its last failure.
func TestFoundNoAnswer(t *testing.T) {
	t.Parallel()
	application := func(final bool) *failurepb.Failure {
		return &failurepb.Failure{Message: "503", FailureInfo: &failurepb.Failure_ApplicationFailureInfo{
			ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{NonRetryable: final},
		}}
	}
	timeout := &failurepb.Failure{FailureInfo: &failurepb.Failure_TimeoutFailureInfo{
		TimeoutFailureInfo: &failurepb.TimeoutFailureInfo{TimeoutType: enums.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE},
	}}
	for _, c := range []struct {
		name  string
		state enums.RetryState
		cause *failurepb.Failure
		want  bool
	}{
		{"the last failure, and no time for another try", enums.RETRY_STATE_TIMEOUT, application(false), true},
		{"a timeout", enums.RETRY_STATE_TIMEOUT, timeout, true},
		{"a timeout of a server that does not say more", enums.RETRY_STATE_UNSPECIFIED, timeout, true},
		{"a failure for good", enums.RETRY_STATE_NON_RETRYABLE_FAILURE, application(true), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := temporal.GetDefaultFailureConverter().FailureToError(&failurepb.Failure{
				Cause: c.cause,
				FailureInfo: &failurepb.Failure_ActivityFailureInfo{ActivityFailureInfo: &failurepb.ActivityFailureInfo{
					ActivityType: &commonpb.ActivityType{Name: "SubmitPort"}, RetryState: c.state,
				}},
			})
			require.Equal(t, c.want, foundNoAnswer(err))
		})
	}
	require.False(t, foundNoAnswer(nil))
	require.False(t, foundNoAnswer(temporal.NewCanceledError()))
}
