package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/portsaga/portsaga/devserver/authorizer"
)

const settingsFile = "testdata/settings.yaml"

// site is what a deployment brings: keys of tokens, free ports, a dynamic configuration.
func site(t *testing.T) (dir string, ports []string, issuer *authorizer.Issuer) {
	t.Helper()
	dir = t.TempDir()
	issuer, err := authorizer.NewIssuer(time.Now)
	require.NoError(t, err)
	set, err := issuer.KeySet()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "keys.json"), set, 0o600))
	lawless := "frontend.WorkflowTimeSkippingEnabled:\n  - value: true\nfrontend.namespaceRPS:\n  - value: 77\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "dynamic.yaml"), []byte(lawless), 0o600))

	t.Setenv("TEST_DIR", dir)
	for i := range 11 {
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { _ = listener.Close() }() // held until all are chosen
		_, port, err := net.SplitHostPort(listener.Addr().String())
		require.NoError(t, err)
		t.Setenv("TEST_PORT_"+strconv.Itoa(i), port)
		ports = append(ports, port)
	}
	return dir, ports, issuer
}

// The server as it is deployed: from a settings file, on SQLite, over gRPC and HTTP.
func TestServesBehindTheAuthorizer(t *testing.T) {
	_, ports, issuer := site(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, settings{configFile: settingsFile, services: withInternalFrontend(), namespace: "portsaga", taskQueue: "desk"})
	}()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	frontend, overHTTP := "127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[2]+"/api/v1/namespaces/"
	as := func(role authorizer.Role) client.Client {
		c, err := client.NewLazyClient(client.Options{
			HostPort: frontend, Namespace: "portsaga", HeadersProvider: issuer.Headers("test", role),
			Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		})
		require.NoError(t, err)
		t.Cleanup(c.Close)
		return c
	}
	register := func(by client.Client, namespace string) error {
		_, err := by.WorkflowService().RegisterNamespace(t.Context(), &workflowservice.RegisterNamespaceRequest{
			Namespace: namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
		})
		return err
	}
	bootstrap, reader := as(authorizer.Bootstrap), as(authorizer.Reader)
	require.Eventually(t, func() bool {
		select {
		case err := <-ended:
			ended <- err
			require.NoError(t, err, "the server ended by itself")
		default:
		}
		_, err := bootstrap.CheckHealth(t.Context(), nil)
		return err == nil
	}, time.Minute, 100*time.Millisecond)

	requireDenied(t, register(reader, "portsaga"))
	requireDenied(t, register(bootstrap, "another"))
	require.NoError(t, register(bootstrap, "portsaga"))
	require.Eventually(t, func() bool {
		_, err := reader.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{})
		return err == nil
	}, time.Minute, 100*time.Millisecond, "the namespace is known")
	requireDenied(t, reader.SignalWorkflow(t.Context(), "pi-1", "", "revoke", nil))
	_, err := as(authorizer.Approver).WorkflowService().ListNamespaces(t.Context(), &workflowservice.ListNamespacesRequest{})
	requireDenied(t, err)

	token, err := issuer.Token("test", authorizer.Reader, time.Hour)
	require.NoError(t, err)
	require.Equal(t, http.StatusForbidden, get(t, overHTTP+"portsaga/workflows", ""))
	require.Equal(t, http.StatusForbidden, get(t, overHTTP+"temporal-system/workflows", token))
	require.Equal(t, http.StatusOK, get(t, overHTTP+"portsaga/workflows", token))
}

func requireDenied(t *testing.T, err error) {
	t.Helper()
	var no *serviceerror.PermissionDenied
	require.ErrorAs(t, err, &no)
}

func get(t *testing.T, url, token string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

func TestRefusesToStartWithoutProtection(t *testing.T) {
	dir, _, _ := site(t)
	whole, err := os.ReadFile(settingsFile)
	require.NoError(t, err)
	for name, c := range map[string]struct{ cut, why string }{
		"no internal frontend":         {"  internal-frontend:", "no internal-frontend"},
		"no audience":                  {"    audience: portsaga-dev", "audience"},
		"no keys":                      {"      keySourceURIs:", "no key set"},
		"keys over plain HTTP":         {"", "https://"},
		"a task key that is not there": {"-", "seals tasks"},
	} {
		t.Run(name, func(t *testing.T) {
			text := string(whole)
			s := settings{configFile: filepath.Join(t.TempDir(), "settings.yaml"), services: withInternalFrontend(), namespace: "portsaga", taskQueue: "desk"}
			switch c.cut {
			case "":
				text = strings.ReplaceAll(text, `file://{{ env "TEST_DIR" }}`, "http://issuer.example")
			case "-":
				s.taskKeyFile = filepath.Join(dir, "nowhere")
			default:
				text = without(text, c.cut)
			}
			require.NoError(t, os.WriteFile(s.configFile, []byte(text), 0o600))
			require.ErrorContains(t, run(t.Context(), s), c.why)
		})
	}
}

// without cuts the line that begins so; of a service, also the line below.
func without(text, begin string) string {
	var kept []string
	skip := false
	for line := range strings.Lines(text) {
		if skip {
			skip = false
			continue
		}
		if strings.HasPrefix(line, begin) {
			skip = strings.HasSuffix(begin, "frontend:")
			continue
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "")
}

// What the authorizer relies on holds, whatever the dynamic configuration says.
func TestLawsOfTheDynamicConfiguration(t *testing.T) {
	site(t)
	cfg, err := load(settingsFile)
	require.NoError(t, err)
	settled, err := settle(t.Context(), cfg, log.NewNoopLogger())
	require.NoError(t, err)
	value := func(key dynamicconfig.Key) any {
		values := settled.GetValue(key)
		require.Len(t, values, 1)
		require.Zero(t, values[0].Constraints)
		return values[0].Value
	}
	require.Equal(t, false, value(dynamicconfig.WorkflowTimeSkippingEnabled.Key()))
	require.Equal(t, false, value(dynamicconfig.DisableStreamingAuthorizer.Key()))
	require.Equal(t, false, value(dynamicconfig.EnableCrossNamespaceCommands.Key()))
	require.Equal(t, true, value(dynamicconfig.EnablePrincipalPropagation.Key()))
	require.Equal(t, 77, value(dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key()), "the rest is the file's")

	cfg.DynamicConfigClient = nil
	settled, err = settle(t.Context(), cfg, log.NewNoopLogger())
	require.NoError(t, err)
	require.Equal(t, false, value(dynamicconfig.WorkflowTimeSkippingEnabled.Key()))
}

func TestHelpTells(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	cmd := newCommand()
	cmd.SetArgs([]string{"--help"})
	cmd.SetOut(&out)
	require.NoError(t, cmd.ExecuteContext(t.Context()))
	for _, flag := range []string{"--config-file", "--audience", "--task-key-file", "--namespace", "--task-queue", "internal frontend"} {
		require.Contains(t, out.String(), flag)
	}
}
