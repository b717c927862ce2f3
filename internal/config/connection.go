package config

import (
	"cmp"
	"context"
	"crypto/rand"
	"os"

	"go.temporal.io/sdk/client"
	temporalenv "go.temporal.io/sdk/contrib/envconfig"

	"github.com/portsaga/portsaga/porting"
)

const (
	// DefaultNamespace is the Temporal namespace where none is named.
	DefaultNamespace = "portsaga"
	// DefaultUI is where the Web UI of a local cluster is.
	DefaultUI = "http://localhost:8233"
)

// identity is this process's name in histories, which keep it in the clear: unlike the SDK's own it holds no host's name, which
// on a desk is often a person's. The worker's log says it, too.
var identity = "portsaga-" + rand.Text()[:8]

// Connection is how to reach Temporal.
type Connection struct {
	Options client.Options
	Dev     *DevState // the running `portsaga dev` that it leads to; nil for any other cluster
}

// Connect finds Temporal: where TEMPORAL_ADDRESS or TEMPORAL_PROFILE says, else at a running `portsaga dev`, else where
// temporal.toml says, else on localhost:7233. A dev that runs comes before the file, so that a trial order never reaches
// the cluster that somebody works with every day.
func Connect(ctx context.Context, dir string) (Connection, error) {
	if os.Getenv("TEMPORAL_ADDRESS") == "" && os.Getenv("TEMPORAL_PROFILE") == "" {
		dev, found, err := ReadDevState(dir)
		if err != nil {
			return Connection{}, err
		}
		if found && dev.Answers(ctx) {
			return toDev(dev), nil
		}
	}
	options, err := temporalenv.LoadDefaultClientOptions()
	if err != nil {
		return Connection{}, &porting.Error{
			Kind: porting.Invalid, Code: "temporal-config-invalid", Op: "read Temporal settings",
			Detail: err.Error(), Next: "correct temporal.toml or the TEMPORAL_* variables", Err: err,
		}
	}
	options.HostPort = cmp.Or(options.HostPort, client.DefaultHostPort)
	options.Namespace = cmp.Or(options.Namespace, DefaultNamespace)
	options.Identity = identity
	return Connection{Options: options}, nil
}

func toDev(dev DevState) Connection {
	namespace := cmp.Or(os.Getenv("TEMPORAL_NAMESPACE"), dev.Namespace, DefaultNamespace)
	return Connection{Options: client.Options{HostPort: dev.Address, Namespace: namespace, Identity: identity}, Dev: &dev}
}

// Clock is how business time runs there: real time, but in a dev that runs faster.
func (c Connection) Clock() porting.Clock {
	if c.Dev == nil {
		return porting.Clock{}
	}
	return c.Dev.Clock
}

// UI is the URL of the Web UI, where it is known or else usual.
func (c Connection) UI() string {
	if c.Dev == nil || c.Dev.UI == "" {
		return DefaultUI
	}
	return c.Dev.UI
}
