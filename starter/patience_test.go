package starter_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// The server gives up a moment before the caller does. The port is open if it is there, and not if it is not.
func TestAServerThatGivesUpFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		found error
		code  string
	}{
		"the port is there": {nil, ""},
		"there is no port":  {serviceerror.NewNotFound("none"), "port-not-found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := &mocks.Client{}
			server.On("NewWithStartWorkflowOperation", mock.Anything, mock.Anything, mock.Anything).Return(nil)
			server.On("UpdateWithStartWorkflow", mock.Anything, mock.Anything).
				Return(nil, client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.DeadlineExceeded))
			server.On("DescribeWorkflow", mock.Anything, mock.Anything, "").Return(&client.WorkflowExecutionDescription{}, c.found)

			answer, err := starter.New(server, starter.Options{}).Start(t.Context(), porting.Order{Reference: "ACME-1", Tenant: "acme"})
			require.Equal(t, c.code, porting.CodeOf(err))
			require.Equal(t, c.code == "", answer.Accepted)
		})
	}
}
