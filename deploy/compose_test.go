// Package deploy_test checks docker-compose.yml as a Docker engine would read it, without needing one.
package deploy_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/config"
)

func TestEveryImageIsPinned(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`^[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?$`)
	for _, service := range load(t).Services {
		if service.Build == nil {
			require.Regexp(t, pinned, service.Image, service.Name)
		}
	}

	dockerfile := read(t, "deploy/Dockerfile")
	for _, from := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(dockerfile, -1) {
		if from[1] != "scratch" {
			require.Regexp(t, pinned, from[1], "deploy/Dockerfile")
		}
	}
}

// The cluster of docker-compose.yml and the embedded one are the same release: what is tried in one holds in the other.
func TestVersionsMatchTheEmbeddedEngine(t *testing.T) {
	t.Parallel()
	services := load(t).Services
	engine := moduleVersion(t, "devserver/go.mod", "go.temporal.io/server")

	require.Equal(t, "temporalio/server:"+engine, services["temporal"].Image)
	require.Equal(t, "temporalio/admin-tools:"+engine, services["temporal-schema"].Image)
	require.Equal(t, "temporalio/ui:"+moduleVersion(t, "devserver/go.mod", "github.com/temporalio/ui-server/v2"),
		services["temporal-ui"].Image)
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
		if jobs[service.Name] {
			require.Equal(t, "on-failure:5", service.Restart, "%s runs once", service.Name)
			continue
		}
		require.NotNil(t, service.HealthCheck, "%s runs for long", service.Name)
		require.NotEmpty(t, service.HealthCheck.Test, service.Name)
		require.Equal(t, types.RestartPolicyUnlessStopped, service.Restart, service.Name)
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
		"postgres":  "/var/lib/postgresql/data",
		"simulator": filepath.Dir(*project.Services["simulator"].Environment["PORTSAGA_SIMULATOR_STATE"]),
	} {
		volume := mountedAt(project.Services[service], path)
		require.Equal(t, types.VolumeTypeVolume, volume.Type, service)
		require.Contains(t, project.Volumes, volume.Source, service)
	}
}

func TestOurServicesCanDoLittle(t *testing.T) {
	t.Parallel()
	ours := 0
	for _, service := range load(t).Services {
		if service.Build == nil {
			continue
		}
		ours++
		require.True(t, service.ReadOnly, service.Name)
		require.Equal(t, []string{"ALL"}, service.CapDrop, service.Name)
		require.Contains(t, service.SecurityOpt, "no-new-privileges:true", service.Name)
		require.False(t, service.Privileged, service.Name)
	}
	require.Equal(t, 3, ours, "bootstrap, worker and simulator")
	require.Regexp(t, `(?m)^USER [1-9]\d*:[1-9]\d*$`, read(t, "deploy/Dockerfile"))
}

func TestOnlyVariablesThatPortsagaReadsAreSet(t *testing.T) {
	t.Parallel()
	set := 0
	for _, service := range load(t).Services {
		for name := range service.Environment {
			if strings.HasPrefix(name, "PORTSAGA_") {
				set++
				require.Contains(t, config.Names(), name, service.Name)
			}
		}
	}
	require.NotZero(t, set)
}

// The database network has no way out, and the carrier is not on it.
func TestTheCarrierCannotReachTheDatabase(t *testing.T) {
	t.Parallel()
	project := load(t)
	require.True(t, project.Networks["data"].Internal)
	require.Len(t, project.Services["postgres"].Networks, 1)
	require.Contains(t, project.Services["postgres"].Networks, "data")
	require.NotContains(t, project.Services["simulator"].Networks, "data")
}

func TestSecretsAreFilesThatAreNeverCommitted(t *testing.T) {
	t.Parallel()
	project := load(t)
	created := read(t, "deploy/secrets.sh")
	for name, secret := range project.Secrets {
		require.Equal(t, filepath.Join(project.WorkingDir, "deploy/secrets", name), secret.File)
		require.Contains(t, created, "keep_or_write "+name+" ", "make secrets creates it")
	}
	require.Contains(t, read(t, "deploy/.gitignore"), "/secrets/")
	require.Contains(t, read(t, "deploy/Dockerfile.dockerignore"), "deploy/secrets")

	for _, service := range project.Services {
		for name, value := range service.Environment {
			secret := regexp.MustCompile(`(PASSWORD|SECRET|PWD|KEY)`).MatchString(name)
			require.False(t, secret && !filepath.IsAbs(*value), "%s has %s in the clear", service.Name, name)
		}
	}
}

// Everything that a service takes from its environment is a secret that it is also given.
func TestMountedSecretsAreGranted(t *testing.T) {
	t.Parallel()
	for _, service := range load(t).Services {
		granted := map[string]bool{}
		for _, secret := range service.Secrets {
			granted[secret.Source] = true
		}
		for variable, value := range service.Environment {
			for _, use := range regexp.MustCompile(`/run/secrets/([\w.]+)`).FindAllStringSubmatch(*value, -1) {
				require.True(t, granted[use[1]], "%s uses %s in %s", service.Name, use[1], variable)
			}
		}
	}
}

func TestMountedFilesExist(t *testing.T) {
	t.Parallel()
	project := load(t)
	for _, service := range project.Services {
		for _, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeBind {
				_, err := os.Stat(volume.Source)
				require.NoError(t, err, service.Name)
				require.True(t, volume.ReadOnly, "%s can write %s", service.Name, volume.Source)
			}
		}
		if service.Build != nil {
			require.FileExists(t, filepath.Join(service.Build.Context, service.Build.Dockerfile), service.Name)
		}
	}
}

func load(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join("..", "docker-compose.yml")}, cli.WithWorkingDirectory(".."),
		cli.WithInterpolation(true), cli.WithConsistency(true), cli.WithResolvedPaths(true))
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	return project
}

func mountedAt(service types.ServiceConfig, path string) types.ServiceVolumeConfig {
	for _, volume := range service.Volumes {
		if volume.Target == path {
			return volume
		}
	}
	return types.ServiceVolumeConfig{}
}

// read takes a path from the top of the repository.
func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", path))
	require.NoError(t, err)
	return string(content)
}

// moduleVersion is the version that a go.mod requires, without the v.
func moduleVersion(t *testing.T, gomod, module string) string {
	t.Helper()
	line := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(module) + ` v(\S+)`).FindStringSubmatch(read(t, gomod))
	require.NotNil(t, line, "%s requires %s", gomod, module)
	return line[1]
}
