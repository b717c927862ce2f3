package engine

import (
	"context"
	"fmt"
	"net/http"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
)

// webUI is Temporal's Web UI, served from the assets in the binary.
type webUI struct {
	server  *uiserver.Server
	address string
	done    chan struct{}
}

func startWebUI(o Options, p ports) *webUI {
	u := &webUI{
		server:  uiserver.NewServer(uioptions.WithConfigProvider(uiConfig(o, p))),
		address: "http://" + loopback(p.ui),
		done:    make(chan struct{}),
	}
	go func() {
		defer close(u.done)
		_ = u.server.Start() // fails only on a configuration it could not read, which NewServer has read
	}()
	return u
}

func uiConfig(o Options, p ports) *uiconfig.Config {
	return &uiconfig.Config{
		Host:                host,
		Port:                p.ui,
		TemporalGRPCAddress: loopback(p.frontend),
		EnableUI:            true,
		DefaultNamespace:    o.Namespace,
		Codec:               uiconfig.Codec{Endpoint: o.CodecEndpoint},
		CORS:                uiconfig.CORS{CookieInsecure: true}, // plain HTTP on loopback
		HideLogs:            true,
		DisableNewsFetch:    true,

		// A terminated saga undoes nothing. Operators revoke or cancel, and both roll back.
		WorkflowTerminateDisabled: true,
	}
}

func (u *webUI) awaitReady(ctx context.Context) error {
	err := await(ctx, func() error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.address+"/healthz", nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("the health check answers %s", response.Status)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("engine: wait for the Web UI: %w", err)
	}
	return nil
}

// stop returns when the UI no longer listens.
func (u *webUI) stop() {
	u.server.Stop()
	<-u.done
}
