package deploy_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	portsaga "github.com/portsaga/portsaga/internal/cli"
	"github.com/portsaga/portsaga/worker"
)

// unit is a service of systemd with what is common to all of them; a directive may be given several times.
type unit map[string][]string

// one is the value of a directive that is given once.
func (u unit) one(t *testing.T, directive string) string {
	t.Helper()
	require.Len(t, u[directive], 1, directive)
	return u[directive][0]
}

func (u unit) add(t *testing.T, path string) {
	t.Helper()
	text := strings.ReplaceAll(read(t, path), "\\\n", " ")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.ContainsAny(line[:1], "#[") {
			continue
		}
		directive, value, is := strings.Cut(line, "=")
		require.True(t, is, "%s: %s", path, line)
		u[directive] = append(u[directive], value)
	}
}

// environment is what a unit's program is told.
func (u unit) environment(t *testing.T) map[string]string {
	t.Helper()
	env := map[string]string{}
	for line := range strings.Lines(read(t, "deploy/systemd/portsaga.env")) {
		if name, value, is := strings.Cut(strings.TrimSpace(line), "="); is && !strings.HasPrefix(line, "#") {
			env[name] = value
		}
	}
	for _, assignment := range u["Environment"] {
		name, value, _ := strings.Cut(strings.Trim(assignment, `"`), "=")
		require.NotContains(t, env, name, "it is set twice")
		env[name] = value
	}
	return env
}

// units are all of them by role.
func units(t *testing.T) map[string]unit {
	t.Helper()
	all := map[string]unit{}
	for role, name := range map[string]string{
		"bootstrap": "bootstrap", "workflow": "worker-workflow", "trust": "worker-trust", "gate": "worker-gate", "serve": "serve", "tokens": "tokens", "watchdog": "watchdog",
	} {
		u := unit{}
		u.add(t, "deploy/systemd/portsaga-"+name+".service")
		u.add(t, "deploy/systemd/portsaga-.service.d/common.conf")
		all[role] = u
	}
	files, err := filepath.Glob("systemd/*.service")
	require.NoError(t, err)
	require.Len(t, files, len(all), "a unit is not looked at")
	return all
}

func TestUnitsCanDoLittle(t *testing.T) {
	t.Parallel()
	for role, u := range units(t) {
		for directive, value := range map[string]string{
			"DynamicUser": "yes", "NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "AmbientCapabilities": "", "ProtectSystem": "strict", "ProtectHome": "yes",
			"PrivateTmp": "yes", "PrivateDevices": "yes", "MemoryDenyWriteExecute": "yes", "RestrictAddressFamilies": "AF_INET AF_INET6", "UMask": "0077",
		} {
			require.Equal(t, value, u.one(t, directive), "%s: %s", role, directive)
		}
		require.Equal(t, []string{"@system-service", "~@privileged"}, u["SystemCallFilter"], role)
		for directive := range u {
			require.NotContains(t, []string{"User", "ReadWritePaths", "PermissionsStartOnly"}, directive, role)
		}
		_, inside := u["IPAddressDeny"]
		require.Equal(t, role != "gate", inside, "the gate alone reaches the world outside, not %s", role)
	}
}

func TestUnitsLiveAndEndWell(t *testing.T) {
	t.Parallel()
	addresses := map[string]string{}
	for role, u := range units(t) {
		require.Equal(t, "0", u.one(t, "StartLimitIntervalSec"), "%s is tried for ever", role)
		require.Equal(t, "portsaga.target", u.one(t, "WantedBy"), role)
		if role == "bootstrap" {
			require.Equal(t, "on-failure", u.one(t, "Restart"))
			continue
		}
		require.Equal(t, "always", u.one(t, "Restart"), role)
		patience, err := time.ParseDuration(u.one(t, "TimeoutStopSec"))
		require.NoError(t, err)
		require.True(t, role == "tokens" || patience > stopTimeout(t), role)
		for name, address := range u.environment(t) {
			if strings.HasPrefix(name, "PORTSAGA_") && strings.HasSuffix(name, "_ADDR") && name != "PORTSAGA_SMTP_ADDR" {
				require.True(t, strings.HasPrefix(address, "127.0.0.1:"), "%s is behind a proxy: %s=%s", role, name, address)
				require.NotContains(t, addresses, address, "%s and %s listen there", role, addresses[address])
				addresses[address] = role
			}
		}
	}
}

// What a unit starts is a command that there is, with variables that it reads and a role that it knows.
func TestUnitsStartWhatThereIs(t *testing.T) {
	t.Parallel()
	known := variables()
	for role, u := range units(t) {
		line := strings.Fields(u.one(t, "ExecStart"))
		if role == "tokens" {
			require.Equal(t, []string{"/usr/local/bin/portsaga-temporal", "tokens", "--renew"}, line[:3])
			requireTokens(t, line)
			continue
		}
		require.Equal(t, "/usr/local/bin/portsaga", line[0])
		var help bytes.Buffer
		streams := portsaga.Streams{In: strings.NewReader(""), Out: &help, Err: &help}
		require.Zero(t, portsaga.Main(t.Context(), append(line, "--help"), streams), "%s", help.String())
		require.Contains(t, help.String(), "portsaga "+line[1], role)
		if line[1] == "worker" {
			require.Equal(t, []string{"--role", role}, line[2:])
			require.Contains(t, worker.Roles, worker.Role(role))
		}
		for name := range u.environment(t) {
			if strings.HasPrefix(name, "PORTSAGA_") {
				require.Contains(t, known, name, role)
			}
		}
	}
}

// requireTokens compares the tokens that a unit makes with those of docker-compose.yml.
func requireTokens(t *testing.T, line []string) {
	t.Helper()
	composed := load(t).Services["tokens"].Command
	for _, arg := range line[3:] {
		if !strings.HasPrefix(arg, "--") {
			require.Contains(t, composed, arg)
		}
	}
	require.Contains(t, line, "--audience="+*load(t).Services["temporal"].Environment["PORTSAGA_TOKEN_AUDIENCE"])
}

// A unit is given the credentials of its role, uses each of them, and holds its keys for its user alone.
func TestUnitsHaveTheirCredentialsAndNoOthers(t *testing.T) {
	t.Parallel()
	for role, u := range units(t) {
		if role == "tokens" {
			require.NotContains(t, u, "LoadCredential")
			require.Equal(t, "0700", u.one(t, "StateDirectoryMode"))
			continue
		}
		if role == "watchdog" {
			require.Equal(t, []string{"watchdog.pgpass:/etc/portsaga/credentials/watchdog/watchdog.pgpass"}, u["LoadCredential"])
			require.NotContains(t, u, "BindReadOnlyPaths", "it has no token")
			require.NotContains(t, u, "EnvironmentFile", "it knows no cluster")
			require.Equal(t, "%S/"+u.one(t, "StateDirectory"), u.environment(t)["PORTSAGA_DIR"], "what it told outlives it")
			continue
		}
		require.Equal(t, "/var/lib/portsaga-tokens/"+role+":/run/portsaga-token", u.one(t, "BindReadOnlyPaths"))
		given, used := map[string]bool{}, map[string]bool{}
		for _, credential := range u["LoadCredential"] {
			name, file, _ := strings.Cut(credential, ":")
			require.Equal(t, "/etc/portsaga/credentials/"+role+"/"+name, file)
			given[name] = true
		}
		runtime := "%t/" + u.one(t, "RuntimeDirectory")
		require.Equal(t, "0700", u.one(t, "RuntimeDirectoryMode"), role)
		install := strings.Fields(u.one(t, "ExecStartPre"))
		require.Equal(t, []string{"/usr/bin/install", "--mode=0400", "--target-directory=" + runtime}, install[:3], role)
		var keys []string
		for _, value := range u.environment(t) {
			if key, is := strings.CutPrefix(value, runtime+"/"); is {
				keys = append(keys, "%d/"+key)
			}
			for _, name := range regexp.MustCompile(`%d/([\w.]+)`).FindAllStringSubmatch(value, -1) {
				used[name[1]] = true
			}
		}
		require.ElementsMatch(t, keys, install[3:], role)
		for _, key := range keys {
			used[strings.TrimPrefix(key, "%d/")] = true
		}
		require.Equal(t, slices.Sorted(maps.Keys(used)), slices.Sorted(maps.Keys(given)), role)
		require.True(t, role == "gate" || !given["vault.key"], "the gate alone opens the vault")
	}
	gate := units(t)["gate"]
	require.Equal(t, "%S/"+gate.one(t, "StateDirectory"), gate.environment(t)["PORTSAGA_DIR"], "its mark outlives it")
}

// systemd itself takes them, where it is at hand, and finds little that they could do.
func TestSystemdTakesTheUnits(t *testing.T) {
	t.Parallel()
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not on this machine: the units were read, and not verified")
	}
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("systemd")))
	files, err := filepath.Glob(filepath.Join(dir, "*.service"))
	require.NoError(t, err)
	here, err := os.Executable() // it asks whether what is started can be
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		text = regexp.MustCompile(`/usr/local/bin/portsaga(-temporal)?`).ReplaceAll(text, []byte(here))
		require.NoError(t, os.WriteFile(file, text, 0o600))
	}
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), analyze, args...)
		cmd.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
		said, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", said)
		return string(said)
	}
	require.Empty(t, run(append([]string{"verify", "--man=no", filepath.Join(dir, "portsaga.target")}, files...)...))
	for _, file := range files {
		run("security", "--offline=yes", "--no-pager", "--threshold=20", file) // 2.0 of 10
	}
}
