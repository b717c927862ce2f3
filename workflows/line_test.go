package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// What a carrier is asked for, forward and back, goes by its own queue if it has one; everything else does not.
func TestCarrierWithItsOwnQueue(t *testing.T) {
	t.Parallel()
	undone := run(t, scenario{line: true, script: []beat{at(1*h, approve), at(2*h, revoke)}})
	moved := run(t, scenario{line: true, script: []beat{at(1*h, approve)}})
	plain := run(t, scenario{script: []beat{at(1*h, approve)}})

	base := plain.queues[porting.StepReceive]
	line := base + "-simulator"
	for _, step := range []string{porting.StepScreen, porting.StepSubmit, porting.StepCancel} {
		require.Equal(t, line, undone.queues[step], step)
	}
	for _, step := range []string{porting.StepRead, porting.StepActivate, porting.StepVerify} {
		require.Equal(t, line, moved.queues[step], step)
		require.Equal(t, base, plain.queues[step], step)
	}
	require.Equal(t, base, moved.queues[porting.StepReceive], "the carrier is not known yet")
	require.NotEqual(t, line, undone.queues[porting.StepCloseFence])
}
