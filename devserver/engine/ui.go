package engine

import (
	"context"
	"fmt"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/labstack/echo/v4"
	uiserver "github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/api"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	uioptions "github.com/temporalio/ui-server/v2/server/server_options"
	"google.golang.org/grpc/metadata"
)

// webUI is Temporal's Web UI, served from the assets in the binary.
type webUI struct {
	server  *uiserver.Server
	address string
	done    chan struct{}
}

func startWebUI(o Options, p ports) *webUI {
	u := &webUI{
		server:  uiserver.NewServer(uioptions.WithConfigProvider(uiConfig(o, p)), uioptions.WithAPIMiddleware(proof(o.UIHeaders))),
		address: "http://" + loopback(p.ui),
		done:    make(chan struct{}),
	}
	go func() {
		defer close(u.done)
		_ = u.server.Start() // fails only on a configuration it could not read, which NewServer has read
	}()
	return u
}

// proof adds the Web UI's own headers to every call that it makes for a browser. Headers that cannot be had are left out,
// and the server denies the call.
func proof(headers Headers) []api.Middleware {
	if headers == nil {
		return nil
	}
	return []api.Middleware{func(echo.Context) runtime.ServeMuxOption {
		return runtime.WithMetadata(func(ctx context.Context, _ *http.Request) metadata.MD {
			h, err := headers(ctx)
			if err != nil {
				return nil
			}
			return metadata.New(h)
		})
	}}
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
