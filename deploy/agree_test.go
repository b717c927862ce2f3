package deploy_test

import (
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// serverVariables are those that portsaga-temporal reads of ours.
func serverVariables(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, file := range []string{"command.go", "tokens.go"} {
		for _, name := range regexp.MustCompile(`os\.Getenv\("(PORTSAGA_\w+)"\)`).FindAllStringSubmatch(read(t, "devserver/cmd/portsaga-temporal/"+file), -1) {
			names = append(names, name[1])
		}
	}
	require.NotEmpty(t, names)
	return names
}

func TestOnlyVariablesThatAreReadAreSet(t *testing.T) {
	t.Parallel()
	known, knownToTemporal := variables(), serverVariables(t)
	for _, service := range load(t).Services {
		for name := range service.Environment {
			if !strings.HasPrefix(name, "PORTSAGA_") {
				continue
			}
			if service.Build.Target == "portsaga-temporal" {
				require.Contains(t, knownToTemporal, name, service.Name)
				continue
			}
			require.Contains(t, known, name, service.Name)
		}
	}
}

// A token, a task or a port of another name would be nobody's.
func TestServicesAgree(t *testing.T) {
	t.Parallel()
	values := map[string]map[string][]string{}
	for _, service := range load(t).Services {
		for name, value := range service.Environment {
			if values[name] == nil {
				values[name] = map[string][]string{}
			}
			values[name][*value] = append(values[name][*value], service.Name)
		}
	}
	for name, atLeast := range map[string]int{
		"TEMPORAL_NAMESPACE": 7, "PORTSAGA_TASK_QUEUE": 7, "TEMPORAL_ADDRESS": 7, "PORTSAGA_TOKEN_AUDIENCE": 2, "PORTSAGA_REGISTRY_ROOTS": 3,
	} {
		require.Len(t, values[name], 1, name)
		for value, services := range values[name] {
			require.GreaterOrEqual(t, len(services), atLeast, "%s=%s", name, value)
		}
	}
	require.Contains(t, values["TEMPORAL_DEFAULT_NAMESPACE"], "portsaga")
}

// People sign in once an identity provider is named: then the cluster and the codec server believe its tokens, and the Web UI sends them.
func TestPeopleSignIn(t *testing.T) {
	t.Parallel()
	without := load(t).Services
	for service, name := range map[string]string{"temporal": "TEMPORAL_JWT_KEY_SOURCE2", "serve": "PORTSAGA_CODEC_ADDR", "temporal-ui": "TEMPORAL_CODEC_ENDPOINT"} {
		require.Empty(t, *without[service].Environment[name], "%s believes nobody", service)
	}

	with := load(t, "OIDC_ISSUER=https://id.example").Services
	temporal, serve, ui := with["temporal"].Environment, with["serve"].Environment, with["temporal-ui"].Environment
	require.Equal(t, "file://"+*serve["PORTSAGA_CODEC_KEYS"], *temporal["TEMPORAL_JWT_KEY_SOURCE2"])
	require.Equal(t, "https://id.example", *serve["PORTSAGA_CODEC_ISSUER"])
	require.Equal(t, *temporal["PORTSAGA_TOKEN_AUDIENCE"], *serve["PORTSAGA_CODEC_AUDIENCE"])
	require.Equal(t, "https://id.example", *ui["TEMPORAL_AUTH_PROVIDER_URL"])
	require.Equal(t, []string{"true", "true"}, []string{*ui["TEMPORAL_AUTH_ENABLED"], *ui["TEMPORAL_CODEC_PASS_ACCESS_TOKEN"]})
	require.Equal(t, *ui["TEMPORAL_CORS_ORIGINS"], *serve["PORTSAGA_CODEC_ORIGINS"])

	_, port, err := net.SplitHostPort(*serve["PORTSAGA_CODEC_ADDR"])
	require.NoError(t, err)
	require.Equal(t, "https://localhost:"+port, *ui["TEMPORAL_CODEC_ENDPOINT"])
}

// Prometheus asks exactly the processes that tell metrics, where they tell them.
func TestPrometheusAsksEverybody(t *testing.T) {
	t.Parallel()
	var config struct {
		Scrapes []struct {
			Job     string `yaml:"job_name"`
			Targets []struct {
				Targets []string `yaml:"targets"`
			} `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "deploy/prometheus/prometheus.yml")), &config))
	var asked []string
	for _, scrape := range config.Scrapes {
		for _, group := range scrape.Targets {
			asked = append(asked, group.Targets...)
		}
	}

	var tells []string
	project := load(t)
	isAsked := func(network string) bool {
		_, is := project.Services["prometheus"].Networks[network]
		return is
	}
	for _, service := range project.Services {
		for _, name := range []string{"PORTSAGA_METRICS_ADDR", "PROMETHEUS_ENDPOINT"} {
			if address := service.Environment[name]; address != nil {
				_, port, err := net.SplitHostPort(*address)
				require.NoError(t, err)
				tells = append(tells, net.JoinHostPort(service.Name, port))
				require.True(t, slices.ContainsFunc(slices.Collect(maps.Keys(service.Networks)), isAsked), "Prometheus reaches %s", service.Name)
			}
		}
	}
	require.ElementsMatch(t, asked, tells)
	require.Contains(t, read(t, "deploy/grafana/provisioning/datasources/prometheus.yml"), "http://prometheus:9090")
	require.Equal(t, mountedAt(project.Services["grafana"], "/var/lib/grafana/dashboards").Target,
		find(t, "deploy/grafana/provisioning/dashboards/portsaga.yml", `options: \{path: ([^}]+)\}`))
}

// An image from the Dockerfile and one from `make images` have the same programs, user and places.
func TestBothWaysToAnImageAgree(t *testing.T) {
	t.Parallel()
	dockerfile, tool := read(t, "deploy/Dockerfile"), read(t, "tools/image/main.go")
	images := regexp.MustCompile(`\{name: "([^"]+)", module: "[^"]+", packages: \[\]string\{([^}]+)\}, entrypoint: "([^"]+)"\}`).FindAllStringSubmatch(tool, -1)
	require.Len(t, images, 2)
	for _, image := range images {
		stage := regexp.MustCompile(`(?s)FROM ground AS ` + image[1] + `\nCOPY --from=\S+ ([^\n]+) /\nENTRYPOINT \["([^"]+)"\]`).FindStringSubmatch(dockerfile)
		require.NotNil(t, stage, "deploy/Dockerfile makes %s", image[1])
		require.Equal(t, image[3], stage[2])
		var programs []string
		for _, p := range regexp.MustCompile(`/([\w-]+)"`).FindAllStringSubmatch(image[2], -1) {
			programs = append(programs, "/out/"+p[1])
		}
		require.ElementsMatch(t, programs, strings.Fields(stage[1]))
	}

	assembled := read(t, "tools/image/assemble.go")
	user := find(t, "tools/image/assemble.go", `^const user = (\d+)$`)
	require.Contains(t, dockerfile, "USER "+user+":"+user+"\n")
	require.Contains(t, dockerfile, "--chown="+user+":"+user+" /out/state /var/lib/portsaga\n")
	require.Contains(t, dockerfile, "install -d -m 0"+find(t, "tools/image/assemble.go", `to: "var/lib/portsaga/", mode: 0o(\d+)`)+" /out/state")
	for _, place := range []string{"etc/ssl/certs/ca-certificates.crt", "usr/share/zoneinfo.zip", "ZONEINFO=/usr/share/zoneinfo.zip"} {
		require.Contains(t, assembled, place)
		require.Contains(t, dockerfile, place[:strings.LastIndex(place, "/")])
	}
}

// stopTimeout is how long a worker may take to finish what it is doing.
func stopTimeout(t *testing.T) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(find(t, "worker/worker.go", `cfg\.StopTimeout = (\d+) \* time\.Second`) + "s")
	require.NoError(t, err)
	return d
}
