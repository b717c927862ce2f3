package deploy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	portsaga "github.com/portsaga/portsaga/internal/cli"
)

// load reads docker-compose.yml with every profile on, as it is where these variables are set.
func load(t *testing.T, environment ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join("..", "docker-compose.yml")}, cli.WithWorkingDirectory(".."), cli.WithEnv(environment),
		cli.WithInterpolation(true), cli.WithConsistency(true), cli.WithResolvedPaths(true), cli.WithProfiles([]string{"*"}))
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	return project
}

// ours are the services that run one of our images.
func ours(project *types.Project) []types.ServiceConfig {
	var all []types.ServiceConfig
	for _, service := range project.Services {
		if service.Build != nil {
			all = append(all, service)
		}
	}
	return all
}

func mountedAt(service types.ServiceConfig, path string) types.ServiceVolumeConfig {
	for _, volume := range service.Volumes {
		if volume.Target == path {
			return volume
		}
	}
	return types.ServiceVolumeConfig{}
}

// variables are all that portsaga reads from its environment.
func variables() []string {
	var names []string
	for _, v := range portsaga.Variables() {
		names = append(names, v.Name)
	}
	return names
}

// read takes a path from the top of the repository.
func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", path))
	require.NoError(t, err)
	return string(content)
}

// find returns what a pattern's group caught in a file, which must have it.
func find(t *testing.T, path, pattern string) string {
	t.Helper()
	caught := regexp.MustCompile(`(?m)` + pattern).FindStringSubmatch(read(t, path))
	require.NotNil(t, caught, "%s has %s", path, pattern)
	return caught[1]
}

// moduleVersion is the version that a go.mod requires, without the v.
func moduleVersion(t *testing.T, gomod, module string) string {
	t.Helper()
	return find(t, gomod, `^\s*`+regexp.QuoteMeta(module)+` v(\S+)`)
}
