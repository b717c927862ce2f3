package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/porting"
)

// clean takes every variable of ours out of the environment for one test.
func clean(t *testing.T) {
	t.Helper()
	for _, name := range config.Names() {
		t.Setenv(name, "") // so that it is put back after the test
		require.NoError(t, os.Unsetenv(name))
	}
}

func TestDefaults(t *testing.T) {
	clean(t)
	t.Setenv("HOME", "/home/ana")
	t.Setenv("USERPROFILE", "/home/ana")

	c, err := config.Load()

	require.NoError(t, err)
	require.Equal(t, config.Config{
		Dir: filepath.Join("/home/ana", ".portsaga"), TaskQueue: "portsaga",
		Ledger: filepath.Join("/home/ana", ".portsaga", "ledger.db"), KeyFile: filepath.Join("/home/ana", ".portsaga", "key"),
		Encryption: config.EncryptionOn, Keys: filepath.Join("/home/ana", ".portsaga", "keys.db"), TenantKeys: filepath.Join("/home/ana", ".portsaga", "tenant-keys"),
		Registry:      filepath.Join("/home/ana", ".portsaga", "registry.json"),
		RegistryRoots: filepath.Join("/home/ana", ".portsaga", "registry-roots.json"), SigningKey: filepath.Join("/home/ana", ".portsaga", "signing_key"), Protection: filepath.Join("/home/ana", ".portsaga", "protection.yaml"),
		Carrier: "simulator", KeptSagas: "1500", LogLevel: "info", LogFormat: "text", Simulator: config.Simulator{Addr: "127.0.0.1:8490"},
	}, c)
}

func TestEveryVariableIsRead(t *testing.T) {
	clean(t)
	values := map[string]string{
		"PORTSAGA_DIR": "/d", "PORTSAGA_TASK_QUEUE": "q", "PORTSAGA_LEDGER": "postgres://l", "PORTSAGA_KEY_FILE": "/k", "PORTSAGA_RULES_DIR": "/r",
		"PORTSAGA_CARRIERS": "/n", "PORTSAGA_CARRIER": "telnyx", "PORTSAGA_CARRIER_URL": "https://c.example", "PORTSAGA_WEBHOOK_SECRET_FILE": "/w",
		"PORTSAGA_APPROVALS": "trusted", "PORTSAGA_REGISTRY": "/g", "PORTSAGA_REGISTRY_ROOTS": "/o", "PORTSAGA_SIGNING_KEY": "/i", "PORTSAGA_SSH_KEY": "/h",
		"PORTSAGA_ENCRYPTION": "off", "PORTSAGA_KEYS": "postgres://keys", "PORTSAGA_TENANT_KEYS": "gcp-kms://{tenant}", "PORTSAGA_PORTOUT_POLICY": "/q", "PORTSAGA_PROTECTION": "/p",
		"PORTSAGA_BY": "ana@desk", "PORTSAGA_METRICS_ADDR": ":3", "PORTSAGA_TOKEN_FILE": "/t", "PORTSAGA_TENANT_RATE": "20", "PORTSAGA_KEPT_SAGAS": "9", "PORTSAGA_LOG_LEVEL": "debug", "PORTSAGA_LOG_FORMAT": "json", "PORTSAGA_SIMULATOR_ADDR": ":2",
		"PORTSAGA_SIMULATOR_STATE": "/s", "PORTSAGA_SIMULATOR_WEBHOOK_URL": "http://w.example", "PORTSAGA_SIMULATOR_WEBHOOK_SECRET_FILE": "/x",
	}
	for _, name := range config.Names() {
		require.Contains(t, values, name, "a new variable: give it a value here")
		t.Setenv(name, values[name])
	}

	c, err := config.Load()

	require.NoError(t, err)
	require.Equal(t, config.Config{
		Dir: "/d", TaskQueue: "q", Ledger: "postgres://l", KeyFile: "/k", RulesDir: "/r", Carriers: "/n", Carrier: "telnyx", CarrierURL: "https://c.example",
		Encryption: config.EncryptionOff, Keys: "postgres://keys", TenantKeys: "gcp-kms://{tenant}", PortoutPolicy: "/q",
		WebhookSecretFile: "/w", Approvals: config.ApprovalsTrusted, Registry: "/g", RegistryRoots: "/o", SigningKey: "/i", Protection: "/p", SSHKey: "/h", By: "ana@desk", MetricsAddr: ":3", TokenFile: "/t", TenantRate: "20", KeptSagas: "9", LogLevel: "debug", LogFormat: "json",
		Simulator: config.Simulator{Addr: ":2", State: "/s", WebhookURL: "http://w.example", WebhookSecretFile: "/x"},
	}, c)
}

func TestANamedLedger(t *testing.T) {
	clean(t)
	t.Setenv("PORTSAGA_DIR", "/d")
	c, err := config.Load()
	require.NoError(t, err)
	require.False(t, c.NamesLedger())
	require.Equal(t, filepath.Join("/d", "keys.db"), c.Keys)

	t.Setenv("PORTSAGA_LEDGER", "postgres://l")
	c, err = config.Load()
	require.NoError(t, err)
	require.Equal(t, "postgres://l", c.Keys, "a ledger that was named holds its keys")
	require.True(t, c.NamesLedger())
}

func TestEveryFaultIsToldAtOnce(t *testing.T) {
	clean(t)
	secret := "hunter2"
	for name, value := range map[string]string{
		"PORTSAGA_DIR": "/d", "PORTSAGA_TASK_QUEUE": "", "PORTSAGA_CARRIER": "", "PORTSAGA_CARRIER_URL": "ftp://" + secret,
		"PORTSAGA_APPROVALS": secret, "PORTSAGA_TENANT_RATE": secret, "PORTSAGA_KEPT_SAGAS": secret, "PORTSAGA_LOG_LEVEL": secret, "PORTSAGA_LOG_FORMAT": secret, "PORTSAGA_SIMULATOR_ADDR": secret, "PORTSAGA_SIMULATOR_WEBHOOK_URL": secret,
	} {
		t.Setenv(name, value)
	}

	_, err := config.Load()

	require.Equal(t, 2, porting.ExitCode(err))
	require.Equal(t, "config-invalid", porting.CodeOf(err))
	for _, name := range []string{
		"PORTSAGA_TASK_QUEUE", "PORTSAGA_CARRIER:", "PORTSAGA_CARRIER_URL", "PORTSAGA_APPROVALS", "PORTSAGA_TENANT_RATE", "PORTSAGA_KEPT_SAGAS", "PORTSAGA_LOG_LEVEL", "PORTSAGA_LOG_FORMAT", "PORTSAGA_SIMULATOR_ADDR: it is not host:port",
		"PORTSAGA_SIMULATOR_WEBHOOK_URL: it is not", "PORTSAGA_SIMULATOR_WEBHOOK_URL: it needs",
	} {
		require.ErrorContains(t, err, name)
	}
	require.NotContains(t, err.Error(), secret, "a value may be a secret")
}

func TestTenantRates(t *testing.T) {
	clean(t)
	t.Setenv("PORTSAGA_DIR", "/d")
	for value, good := range map[string]bool{"": true, "0": true, "1": true, "12.5": true, "0.5": false, "-1": false, "NaN": false, "many": false} {
		t.Setenv("PORTSAGA_TENANT_RATE", value)
		_, err := config.Load()
		require.Equal(t, good, err == nil, value)
	}
}

func TestKeptSagas(t *testing.T) {
	clean(t)
	t.Setenv("PORTSAGA_DIR", "/d")
	for value, kept := range map[string]int{"2": 2, "40000": 40_000, "1": 0, "-1": 0, "1e3": 0, "many": 0} {
		t.Setenv("PORTSAGA_KEPT_SAGAS", value)
		c, err := config.Load()
		require.Equal(t, kept > 0, err == nil, value)
		if err == nil {
			require.Equal(t, kept, c.Kept())
		}
	}
}

func TestEveryVariableIsExplained(t *testing.T) {
	t.Parallel()
	for _, v := range config.Variables() {
		require.Regexp(t, `^PORTSAGA_[A-Z_]+$`, v.Name)
		require.NotEmpty(t, v.Description, v.Name)
	}
}

func TestReadSecret(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte("  s3cret\n"), 0o600))

	secret, err := config.ReadSecret(file)
	require.NoError(t, err)
	require.Equal(t, porting.Secret("s3cret"), secret)

	require.NoError(t, os.WriteFile(file, []byte("\n"), 0o600))
	_, err = config.ReadSecret(file)
	require.Equal(t, "secret-empty", porting.CodeOf(err))

	_, err = config.ReadSecret(file + ".missing")
	require.Equal(t, "secret-unreadable", porting.CodeOf(err))
}

func TestMakeDirIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	c := config.Config{Dir: filepath.Join(t.TempDir(), "a", "b")}
	require.NoError(t, c.MakeDir())
	require.NoError(t, c.MakeDir(), "it may be there")

	info, err := os.Stat(c.Dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	file := filepath.Join(c.Dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	err = (&config.Config{Dir: filepath.Join(file, "x")}).MakeDir()
	require.Equal(t, "directory-unusable", porting.CodeOf(err))
}

func TestReplaceFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, config.ReplaceFile(file, []byte("old"), 0o644))
	require.NoError(t, config.ReplaceFile(file, []byte("new"), 0o644))

	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "new", string(content))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing half-written stays")

	require.Error(t, config.ReplaceFile(filepath.Join(file, "x"), nil, 0o600))
}
