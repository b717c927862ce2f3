package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/config"
	"go.yaml.in/yaml/v3"
)

const root = "../../.."

// composed is the environment that docker-compose.yml gives the server, with files in place of the container's.
func composed(t *testing.T) (env map[string]string, secrets string) {
	t.Helper()
	for _, tool := range []string{"openssl", "ssh-keygen"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("there is no %s to make the deployment's secrets with", tool)
		}
	}
	secrets = t.TempDir()
	said, err := exec.CommandContext(t.Context(), filepath.Join(root, "deploy", "secrets.sh"), secrets).CombinedOutput()
	require.NoError(t, err, "%s", said)

	text, err := os.ReadFile(filepath.Join(root, "docker-compose.yml"))
	require.NoError(t, err)
	var file struct {
		Services struct {
			Temporal struct {
				Environment map[string]string `yaml:"environment"`
			} `yaml:"temporal"`
		} `yaml:"services"`
	}
	require.NoError(t, yaml.NewDecoder(bytes.NewReader(text)).Decode(&file))
	env = file.Services.Temporal.Environment
	require.NotEmpty(t, env)
	delete(env, "TEMPORAL_JWT_KEY_SOURCE2") // where people sign in
	for name, value := range env {
		env[name] = strings.NewReplacer("/run/secrets/", secrets+"/", "/keys/", secrets+"/", "/deploy/dynamicconfig.yaml", root+"/deploy/temporal/dynamicconfig.yaml").Replace(value)
	}
	return env, secrets
}

func loadWith(t *testing.T, env map[string]string) *config.Config {
	t.Helper()
	for name, value := range env {
		t.Setenv(name, value)
	}
	cfg, err := load("")
	require.NoError(t, err)
	return cfg
}

// The stock template understands what docker-compose.yml sets: a name that it does not know would do nothing, silently.
func TestComposeSettings(t *testing.T) {
	env, secrets := composed(t)
	cfg := loadWith(t, env)

	for _, store := range []string{"default", "visibility"} {
		db := cfg.Persistence.DataStores[store].SQL
		require.Equal(t, "postgres12_pgx", db.PluginName)
		require.Equal(t, "postgres:5432", db.ConnectAddr)
		require.Equal(t, "temporal", db.User)
		require.Empty(t, db.Password, "it is in PGPASSFILE")
	}
	require.Equal(t, []string{"file:///tokens/jwks.json"}, cfg.Global.Authorization.JWTKeyProvider.KeySourceURIs)
	require.Contains(t, cfg.Services, "internal-frontend")
	require.Zero(t, cfg.Services["internal-frontend"].RPC.HTTPPort, "there it would be in the clear, and ask for no role")

	inner := cfg.Global.TLS.Internode
	require.True(t, inner.Server.RequireClientAuth)
	require.Equal(t, []string{secrets + "/internode.crt"}, inner.Server.ClientCAFiles)
	require.True(t, inner.IsServerEnabled() && inner.IsClientEnabled())
	require.Equal(t, "0.0.0.0:9090", cfg.Global.Metrics.Prometheus.ListenAddress)
	require.EqualValues(t, 4, cfg.Persistence.NumHistoryShards)
}

// The server as docker-compose.yml sets it up, on another database: only the frontend answers those who have no certificate.
func TestComposeServerKeepsItsInnerPorts(t *testing.T) {
	env, secrets := composed(t)
	dir, ports, _ := site(t)
	for i, name := range []string{
		"FRONTEND_GRPC_PORT", "FRONTEND_MEMBERSHIP_PORT", "FRONTEND_HTTP_PORT", "INTERNAL_FRONTEND_GRPC_PORT", "INTERNAL_FRONTEND_MEMBERSHIP_PORT",
		"HISTORY_GRPC_PORT", "HISTORY_MEMBERSHIP_PORT", "MATCHING_GRPC_PORT", "MATCHING_MEMBERSHIP_PORT", "WORKER_GRPC_PORT", "WORKER_MEMBERSHIP_PORT",
	} {
		env[name] = ports[i]
	}
	env["DB"], env["DBNAME"], env["VISIBILITY_DBNAME"] = "sqlite", filepath.Join(dir, "main.db"), filepath.Join(dir, "visibility.db")
	env["BIND_ON_IP"], env["PROMETHEUS_ENDPOINT"] = "127.0.0.1", ""
	env["TEMPORAL_JWT_KEY_SOURCE1"] = "file://" + filepath.Join(dir, "keys.json")
	env["LOG_LEVEL"] = "fatal"
	for name, value := range env {
		t.Setenv(name, value)
	}

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, settings{
			services: withInternalFrontend(), namespace: env["TEMPORAL_NAMESPACE"], taskQueue: env["PORTSAGA_TASK_QUEUE"],
			audience: env["PORTSAGA_TOKEN_AUDIENCE"], taskKeyFile: env["PORTSAGA_TASK_KEY_FILE"],
		})
	}()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	healthy := "http://127.0.0.1:" + ports[2] + "/api/v1/system-info" // what its health check asks
	require.Eventually(t, func() bool {
		answer, err := http.Get(healthy)
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, time.Minute, 100*time.Millisecond)

	trusted := x509.NewCertPool()
	text, err := os.ReadFile(filepath.Join(secrets, "internode.crt"))
	require.NoError(t, err)
	require.True(t, trusted.AppendCertsFromPEM(text))
	pair, err := tls.LoadX509KeyPair(filepath.Join(secrets, "internode.crt"), filepath.Join(secrets, "internode.key"))
	require.NoError(t, err)
	inner := map[string]string{
		"internal frontend": ports[3], "history": ports[5], "matching": ports[7], "membership of the frontend": ports[1],
		"membership of the internal frontend": ports[4], "membership of history": ports[6], "membership of matching": ports[8],
	}
	for what, port := range inner {
		with := &tls.Config{RootCAs: trusted, ServerName: env["TEMPORAL_TLS_INTERNODE_SERVER_NAME"], Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}}
		require.NoError(t, shakeHands(port, with), what)
		without := with.Clone()
		without.Certificates = nil
		require.Error(t, shakeHands(port, without), what)
	}
}

// shakeHands reports why a TLS server turns a client away. A refused certificate is told with the first bytes after the handshake.
func shakeHands(port string, as *tls.Config) error {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", net.JoinHostPort("127.0.0.1", port), as)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
		return err
	}
	_, err = conn.Read(make([]byte, 1))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil // it was let in, and waits for us to speak
	}
	return err
}
