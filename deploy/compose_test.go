// Package deploy_test checks what is deployed as the machines that run it would read it, without needing one: the file of
// docker compose, the manifests of Kubernetes and the units of systemd.
package deploy_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

var pinned = regexp.MustCompile(`^[a-z/-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$`)

func TestEveryImageIsPinned(t *testing.T) {
	t.Parallel()
	for _, service := range load(t).Services {
		if service.Build == nil {
			require.Regexp(t, pinned, service.Image, service.Name)
		}
	}
	require.Regexp(t, pinned, find(t, "deploy/Dockerfile", `^FROM (golang\S+) AS build$`))
}

// The cluster of docker-compose.yml and the embedded one are the same release: what is tried in one holds in the other.
func TestVersionsMatchTheEmbeddedEngine(t *testing.T) {
	t.Parallel()
	services := load(t).Services

	require.Equal(t, "portsaga-temporal", services["temporal"].Build.Target, "our own server, made of the module below")
	require.Equal(t, "temporalio/admin-tools:"+moduleVersion(t, "devserver/go.mod", "go.temporal.io/server"), services["temporal-schema"].Image)
	require.Equal(t, moduleVersion(t, "devserver/go.mod", "go.temporal.io/server"), moduleVersion(t, "tools/schema/go.mod", "go.temporal.io/server"), "the tool of another release makes another schema")
	require.Equal(t, "temporalio/ui:"+moduleVersion(t, "devserver/go.mod", "github.com/temporalio/ui-server/v2"), services["temporal-ui"].Image)

	// Prometheus 3.12 is version 0.312 of its module, with which the alerts are tested.
	module := strings.Split(moduleVersion(t, "deploy/prometheus/go.mod", "github.com/prometheus/prometheus"), ".")
	require.Equal(t, "prom/prometheus:v"+module[1][:1]+"."+module[1][1:]+"."+module[2], services["prometheus"].Image)
	require.Contains(t, read(t, "deploy/Dockerfile"), "FROM golang:"+find(t, "go.mod", `^go (\d+\.\d+)`)+".")
}

func TestServicesStartInOrderAndTellTheirHealth(t *testing.T) {
	t.Parallel()
	project := load(t)
	jobs := map[string]bool{}
	for _, service := range project.Services {
		for name, dependency := range service.DependsOn {
			switch dependency.Condition {
			case types.ServiceConditionCompletedSuccessfully:
				jobs[name] = true
			case types.ServiceConditionHealthy:
				require.NotNil(t, project.Services[name].HealthCheck, "%s waits for the health of %s", service.Name, name)
			default:
				require.Failf(t, "weak dependency", "%s only waits until %s was started", service.Name, name)
			}
		}
	}

	for _, service := range project.Services {
		switch {
		case service.Name == "desk", service.Name == "ops":
			require.Equal(t, types.RestartPolicyNo, service.Restart, "a command ends")
		case jobs[service.Name]:
			require.Equal(t, "on-failure:5", service.Restart, "%s runs once", service.Name)
		default:
			require.NotNil(t, service.HealthCheck, "%s runs for long", service.Name)
			require.NotEmpty(t, service.HealthCheck.Test, service.Name)
			require.Equal(t, types.RestartPolicyUnlessStopped, service.Restart, service.Name)
		}
	}
}

// An image without a shell is probed by what is in it, at an address where the process listens.
func TestHealthIsAskedWhereItIsTold(t *testing.T) {
	t.Parallel()
	for _, service := range ours(load(t)) {
		if service.HealthCheck == nil || service.Name == "tokens" {
			continue
		}
		require.Equal(t, types.HealthCheckTest{"CMD", "/probe"}, service.HealthCheck.Test[:2], service.Name)
		port := regexp.MustCompile(`^http://127\.0\.0\.1(:\d+)/`).FindStringSubmatch(service.HealthCheck.Test[2])
		require.NotNil(t, port, service.Name)
		if service.Name == "temporal" {
			continue // its ports are Temporal's usual ones; a test of that server asks there
		}
		listens := false
		for name, value := range service.Environment {
			listens = listens || (strings.HasSuffix(name, "_ADDR") && *value == "0.0.0.0"+port[1])
		}
		require.True(t, listens, "%s listens at %s", service.Name, port[1])
	}
}

func TestPublishedPortsAreLoopback(t *testing.T) {
	t.Parallel()
	for _, service := range load(t).Services {
		for _, port := range service.Ports {
			address, err := netip.ParseAddr(port.HostIP)
			require.NoError(t, err, "%s publishes port %s on every address", service.Name, port.Published)
			require.True(t, address.IsLoopback(), "%s publishes port %s on %s", service.Name, port.Published, address)
		}
	}
}

func TestStateIsInNamedVolumes(t *testing.T) {
	t.Parallel()
	project := load(t)
	for service, path := range map[string]string{
		"postgres": "/var/lib/postgresql/data", "prometheus": "/prometheus", "grafana": "/var/lib/grafana",
		"simulator":   filepath.Dir(*project.Services["simulator"].Environment["PORTSAGA_SIMULATOR_STATE"]),
		"worker-gate": *project.Services["worker-gate"].Environment["PORTSAGA_DIR"],
		"watchdog":    *project.Services["watchdog"].Environment["PORTSAGA_DIR"],
	} {
		volume := mountedAt(project.Services[service], path)
		require.Equal(t, types.VolumeTypeVolume, volume.Type, service)
		require.False(t, volume.ReadOnly, service)
		require.Contains(t, project.Volumes, volume.Source, service)
	}
}

func TestOurServicesCanDoLittle(t *testing.T) {
	t.Parallel()
	project := load(t)
	for _, service := range ours(project) {
		require.True(t, service.ReadOnly, service.Name)
		require.Equal(t, []string{"ALL"}, service.CapDrop, service.Name)
		require.Empty(t, service.CapAdd, service.Name)
		require.Contains(t, service.SecurityOpt, "no-new-privileges:true", service.Name)
		require.False(t, service.Privileged, service.Name)
		if dir := service.Environment["PORTSAGA_DIR"]; dir != nil {
			writable := mountedAt(service, *dir).Source != "" || strings.HasPrefix(strings.Join(service.Tmpfs, ""), *dir+":uid=65532,gid=65532")
			require.True(t, writable, "%s can write %s", service.Name, *dir)
		}
	}
	for _, service := range project.Services {
		require.Contains(t, service.SecurityOpt, "no-new-privileges:true", service.Name)
		require.True(t, service.Name == "postgres" || len(service.CapDrop) == 1, "%s keeps its capabilities", service.Name)
	}
}

// A worker that is told to stop has the time to finish what it is doing.
func TestWorkersMayFinish(t *testing.T) {
	t.Parallel()
	for _, service := range ours(load(t)) {
		if strings.HasPrefix(service.Name, "worker-") {
			require.Greater(t, time.Duration(*service.StopGracePeriod), stopTimeout(t), service.Name)
		}
	}
}

func TestSecretsAreFilesThatAreNeverCommitted(t *testing.T) {
	t.Parallel()
	project := load(t)
	created := read(t, "deploy/secrets.sh")
	for name, secret := range project.Secrets {
		require.Equal(t, filepath.Join(project.WorkingDir, "deploy/secrets", name), secret.File)
		made := regexp.MustCompile(`keep_or_write ` + regexp.QuoteMeta(name) + ` |keep_or_sign ` + strings.TrimSuffix(name, "_signing_key") + `\n` +
			`|keep_or_certify ` + strings.TrimSuffix(strings.TrimSuffix(name, ".crt"), ".key") + ` `)
		require.Regexp(t, made, created, "make secrets creates it")
	}
	require.Contains(t, read(t, "deploy/.gitignore"), "/secrets/")
	for _, kept := range []string{"deploy/secrets", "deploy/approvers", "deploy/people", ".env", ".git"} {
		require.Contains(t, strings.Split(read(t, "deploy/Dockerfile.dockerignore"), "\n"), kept)
	}

	for _, service := range project.Services {
		for name, value := range service.Environment {
			if regexp.MustCompile(`(PASSWORD|SECRET|PWD|_KEY|KEYS)`).MatchString(name) && *value != "" {
				require.Regexp(t, `^(/|file://|postgres://[^:]*@)`, *value, "%s has %s in the clear", service.Name, name)
			}
		}
	}
}

// Everything that a service takes from its environment is a secret that it is also given, and it is given no other.
func TestSecretsAreGrantedAndUsed(t *testing.T) {
	t.Parallel()
	for _, service := range load(t).Services {
		uses := strings.Join(append(service.Command, service.Entrypoint...), " ")
		for _, value := range service.Environment {
			uses += " " + *value
		}
		for _, volume := range service.Volumes {
			if content, err := os.ReadFile(volume.Source); err == nil {
				uses += " " + string(content) // a script that runs there
			}
		}
		for _, used := range regexp.MustCompile(`/run/secrets/([\w.]+)`).FindAllStringSubmatch(uses, -1) {
			granted := false
			for _, secret := range service.Secrets {
				granted = granted || secret.Source == used[1]
			}
			require.True(t, granted, "%s uses %s", service.Name, used[1])
		}
		for _, secret := range service.Secrets {
			require.Contains(t, uses, secret.Source, "%s has no use for it", service.Name)
		}
	}
}

func TestMountedFilesExist(t *testing.T) {
	t.Parallel()
	for _, service := range load(t).Services {
		for _, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeBind {
				_, err := os.Stat(volume.Source)
				require.NoError(t, err, service.Name)
				require.True(t, volume.ReadOnly, "%s can write %s", service.Name, volume.Source)
			}
		}
		if service.Build != nil {
			require.FileExists(t, filepath.Join(service.Build.Context, service.Build.Dockerfile), service.Name)
			require.Contains(t, read(t, "deploy/Dockerfile"), " AS "+service.Build.Target+"\n", service.Name)
		}
	}
}
