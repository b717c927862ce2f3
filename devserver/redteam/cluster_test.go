package redteam

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	temporalenv "go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"

	"github.com/portsaga/portsaga/devserver/authorizer"
)

// EnvCluster names the directory of the key that signs tokens for a running cluster with the authorizer, which is then attacked
// in place of one that the tests start. TEMPORAL_* variables say where it is. It must have a namespace with our search
// attributes, believe tokens for the audience of one machine, and have no workers.
const EnvCluster = "PORTSAGA_REDTEAM_CLUSTER"

// foundCity is a cluster that runs already.
func foundCity(t testing.TB, guarded bool, keys string) *city {
	t.Helper()
	if !guarded {
		t.Skip("the cluster that is named has the authorizer: it is no stock server")
	}
	issuer, err := authorizer.OpenIssuer(keys, time.Now)
	require.NoError(t, err)
	options, err := temporalenv.LoadDefaultClientOptions()
	require.NoError(t, err)
	options.Logger = log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	return &city{t: t, options: options, issuer: issuer}
}
