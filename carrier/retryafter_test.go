package carrier_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	busy := &porting.Error{Kind: porting.Failed, Code: "carrier-unavailable", Op: "read order", Detail: "HTTP status 429"}

	asked := fmt.Errorf("poll: %w", carrier.WithRetryAfter(busy, 90*time.Second))
	wait, said := carrier.RetryAfter(asked)
	require.True(t, said)
	require.Equal(t, 90*time.Second, wait)
	require.Equal(t, "carrier-unavailable", porting.CodeOf(asked), "the error stays what it is")
	require.Equal(t, "poll: "+busy.Error(), asked.Error())

	for _, silent := range []error{nil, busy, errors.New("no carrier's"), carrier.WithRetryAfter(busy, 0), carrier.WithRetryAfter(busy, -time.Second)} {
		_, said := carrier.RetryAfter(silent)
		require.False(t, said, "%v", silent)
	}
	require.NoError(t, carrier.WithRetryAfter(nil, time.Second))
}
