package deploy_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Who is on which network is the whole of who can speak to whom.
func TestNetworks(t *testing.T) {
	t.Parallel()
	project := load(t)
	members := map[string][]string{}
	for _, service := range project.Services {
		for network := range service.Networks {
			members[network] = append(members[network], service.Name)
		}
	}
	for _, names := range members {
		slices.Sort(names)
	}

	require.Equal(t, map[string][]string{
		"alarms":   {"mail", "watchdog"},
		"carriers": {"mail", "simulator", "worker-gate"},
		"ledger":   {"bootstrap", "desk", "grants", "ops", "postgres", "serve", "watchdog", "worker-gate", "worker-trust", "worker-workflow"},
		"engine":   {"postgres", "temporal", "temporal-schema"},
		"cluster":  {"bootstrap", "desk", "ops", "prometheus", "serve", "temporal", "temporal-ui", "worker-gate", "worker-trust", "worker-workflow"},
		"watch":    {"grafana", "prometheus", "watchdog"},
		"news":     {"serve", "simulator"},
		"doors":    {"grafana", "prometheus", "serve", "temporal", "temporal-ui"},
	}, members)
	for network, config := range project.Networks {
		open := network == "carriers" || network == "doors" || network == "alarms"
		require.Equal(t, !open, bool(config.Internal), "%s has a way out", network)
	}
	for _, alone := range []string{"tokens", "keys"} {
		require.Equal(t, "none", project.Services[alone].NetworkMode, alone)
	}
}

// Who runs sagas, and the desk, see data keys and nothing else of the ledger; the watchdog sees dates.
func TestRolesOfTheDatabase(t *testing.T) {
	t.Parallel()
	project := load(t)
	for _, service := range project.Services {
		whole, keys := service.Environment["PORTSAGA_LEDGER"], service.Environment["PORTSAGA_KEYS"]
		switch {
		case slices.Contains([]string{"worker-workflow", "desk"}, service.Name):
			require.Nil(t, whole, service.Name)
			require.Contains(t, *keys, "postgres://portsaga_keys@", service.Name)
		case service.Name == "watchdog":
			require.Nil(t, keys, service.Name)
			require.Contains(t, *whole, "postgres://portsaga_watchdog@", service.Name)
		case whole != nil:
			require.Nil(t, keys, "%s has the keys with the ledger", service.Name)
			require.Contains(t, *whole, "postgres://portsaga@", service.Name)
		default:
			require.Nil(t, keys, service.Name)
		}
	}
	require.Contains(t, read(t, "deploy/postgres/grants.sh"), "GRANT SELECT, INSERT, UPDATE ON data_keys TO portsaga_keys'")
	require.Equal(t, 1, strings.Count(read(t, "deploy/postgres/grants.sh"), "portsaga_watchdog'"))
	require.Contains(t, read(t, "deploy/postgres/grants.sh"), "'GRANT SELECT ON awaited TO portsaga_watchdog'")
	require.NotContains(t, read(t, "deploy/postgres/init.sql"), "GRANT portsaga ")
	require.Contains(t, read(t, "docs/encryption.md"), "GRANT SELECT, INSERT, UPDATE ON data_keys TO portsaga_keys;")
}

// A process sees its own token and its own keys, because it is given that one folder of the volume.
func TestTokensAndKeysAreForTheirOwners(t *testing.T) {
	t.Parallel()
	project := load(t)
	owner := map[string]string{
		"bootstrap": "bootstrap", "worker-workflow": "workflow", "worker-trust": "trust", "worker-gate": "gate", "serve": "serve", "desk": "desk", "ops": "ops",
	}
	made := map[string]string{}
	for _, arg := range project.Services["tokens"].Command {
		if name, roles, is := strings.Cut(arg, "="); is && !strings.HasPrefix(arg, "--") {
			made[name] = roles
		}
	}
	require.Equal(t, map[string]string{
		"bootstrap": "bootstrap", "workflow": "workflow-worker,reader", "trust": "trust-worker", "gate": "gate-worker,webhook",
		"serve": "customer-care,webhook", "desk": "submitter,approver,customer-care,operator", "ops": "operator",
	}, made)
	require.ElementsMatch(t, slices.Collect(maps.Values(owner)), slices.Collect(maps.Keys(made)))

	for _, service := range project.Services {
		for _, volume := range service.Volumes {
			switch {
			case volume.Source == "tokens" && service.Name != "tokens":
				want := "tokens/server"
				if service.Name != "temporal" {
					want = "tokens/" + owner[service.Name]
				}
				requireFolder(t, service, volume, want)
			case volume.Source == "keys" && service.Name != "keys":
				want := "temporal"
				if service.Name != "temporal" {
					want = owner[service.Name]
				}
				requireFolder(t, service, volume, want)
			}
		}
		if file := service.Environment["PORTSAGA_TOKEN_FILE"]; file != nil {
			require.Equal(t, "tokens", mountedAt(service, filepath.Dir(*file)).Source, service.Name)
		}
	}
}

func requireFolder(t *testing.T, service types.ServiceConfig, volume types.ServiceVolumeConfig, folder string) {
	t.Helper()
	require.NotNil(t, volume.Volume, "%s sees the whole volume %s", service.Name, volume.Source)
	require.Equal(t, folder, volume.Volume.Subpath, service.Name)
	require.True(t, volume.ReadOnly, service.Name)
}

// Every key that a process names is handed to it, and nobody is handed one that it does not name.
func TestKeysAreHandedOut(t *testing.T) {
	t.Parallel()
	handed := map[string][]string{}
	for _, line := range regexp.MustCompile(`(?m)^hand (\w+) (.+)$`).FindAllStringSubmatch(read(t, "deploy/keys.sh"), -1) {
		for key := range strings.FieldsSeq(line[2]) {
			handed[line[1]] = append(handed[line[1]], regexp.MustCompile(`^.*_signing_key$`).ReplaceAllString(key, "signing_key"))
		}
	}
	named := map[string][]string{}
	for _, service := range load(t).Services {
		folder := mountedAt(service, "/keys")
		if folder.Source == "" || service.Name == "keys" {
			continue
		}
		for _, value := range service.Environment {
			if key, is := strings.CutPrefix(*value, "/keys/"); is {
				named[folder.Volume.Subpath] = append(named[folder.Volume.Subpath], key)
			}
		}
	}
	require.Len(t, named, len(handed))
	for process, keys := range handed {
		require.ElementsMatch(t, keys, named[process], process)
	}
	require.Contains(t, handed["gate"], "vault.key")
	for process, keys := range handed {
		require.True(t, process == "gate" || !slices.Contains(keys, "vault.key"), "the gate alone opens the vault, not %s", process)
	}
}

// The server's image has no shell to read a secret with: its driver finds the password by itself.
func TestTemporalFindsItsPassword(t *testing.T) {
	temporal := load(t).Services["temporal"].Environment
	require.NotContains(t, temporal, "POSTGRES_PWD")
	require.Equal(t, "/run/secrets/temporal.pgpass", *temporal["PGPASSFILE"])
	line := find(t, "deploy/secrets.sh", `^keep_or_write temporal\.pgpass "(.*):\$\(secret temporal_password\)"$`)
	file := filepath.Join(t.TempDir(), "temporal.pgpass")
	require.NoError(t, os.WriteFile(file, []byte(line+":pa55"), 0o600))
	t.Setenv("PGPASSFILE", file)

	for _, database := range []string{"temporal", "temporal_visibility"} {
		// How the server writes it where no password is set.
		config, err := pgx.ParseConfig("postgres://" + *temporal["POSTGRES_USER"] + ":@" + *temporal["POSTGRES_SEEDS"] + ":" + *temporal["DB_PORT"] + "/" + database + "?sslmode=disable")
		require.NoError(t, err)
		require.Equal(t, "pa55", config.Password, database)
	}
}
