package worker

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/wire"
	"github.com/portsaga/portsaga/porting"
)

func TestTold(t *testing.T) {
	t.Parallel()
	down := &porting.Error{Kind: porting.Failed, Code: "carrier-unavailable", Op: "read order", Detail: "no answer"}
	refusing := *down
	refusing.Err = fmt.Errorf("get: %w", &wire.DownError{Carrier: "telnyx", Wait: time.Minute, Why: "it does not answer at present"})
	for name, c := range map[string]struct {
		err  error
		code string
		wait time.Duration // at least, and at most a quarter more
	}{
		"ours":                        {err: down, code: "carrier-unavailable"},
		"ours, in other words":        {err: fmt.Errorf("step: %w", down), code: "carrier-unavailable"},
		"the carrier says when":       {err: carrier.WithRetryAfter(down, 20*time.Second), code: "carrier-unavailable", wait: 20 * time.Second},
		"the breaker says when":       {err: &refusing, code: "carrier-unavailable", wait: time.Minute},
		"both say when":               {err: carrier.WithRetryAfter(&refusing, 20*time.Second), code: "carrier-unavailable", wait: time.Minute},
		"for good":                    {err: temporal.NewNonRetryableApplicationError("no", "port-closed", nil), code: "port-closed"},
		"a wait of no length at all":  {err: carrier.WithRetryAfter(down, 0), code: "carrier-unavailable"},
		"ours, as a cause of another": {err: temporal.NewApplicationErrorWithCause("no", "port-closed", down), code: "port-closed"},
	} {
		var failure *temporal.ApplicationError
		require.ErrorAs(t, told(c.err), &failure, name)
		require.Equal(t, c.code, failure.Type(), name)
		require.GreaterOrEqual(t, failure.NextRetryDelay(), c.wait, name)
		require.LessOrEqual(t, failure.NextRetryDelay(), c.wait*5/4, name)
	}
	other := errors.New("a bug")
	require.Equal(t, other, told(other))
	require.NoError(t, told(nil))
}

// A panic is a fault like any other, and does not tell what it was about.
func TestPanicsTellNobodysData(t *testing.T) {
	t.Parallel()
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&manners{}}})
	env.RegisterActivityWithOptions(func(context.Context, []porting.Number) error {
		panic(porting.Subscriber{Name: "Robin Sample"})
	}, activity.RegisterOptions{Name: "Talks"})
	env.RegisterActivityWithOptions(func(_ context.Context, numbers []porting.Number) (porting.Number, error) {
		return numbers[0], nil
	}, activity.RegisterOptions{Name: "Stumbles"})

	for step, detail := range map[string]string{"Talks": "a porting.Subscriber", "Stumbles": "index out of range [0] with length 0"} {
		_, err := env.ExecuteActivity(step, []porting.Number{})
		var failure *temporal.ApplicationError
		require.ErrorAs(t, err, &failure, step)
		require.Equal(t, "step-panicked", failure.Type())
		require.False(t, failure.NonRetryable())
		require.Contains(t, failure.Message(), detail)
		require.NotContains(t, err.Error(), "Robin")
	}
}
