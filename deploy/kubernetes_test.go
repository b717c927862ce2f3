package deploy_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPodsCanDoLittle(t *testing.T) {
	t.Parallel()
	m := readManifests(t)
	require.Equal(t, []string{"bootstrap", "gate", "serve", "trust", "watchdog", "workflow"}, slices.Sorted(maps.Keys(m.workloads)))
	for role, w := range m.workloads {
		pod := w.Spec.Template.Spec
		require.True(t, pod.SecurityContext.RunAsNonRoot, role)
		require.NotZero(t, pod.SecurityContext.RunAsUser, role)
		require.Equal(t, "RuntimeDefault", pod.SecurityContext.SeccompProfile.Type, role)
		require.False(t, *pod.AutomountServiceAccountToken, "%s may not ask Kubernetes anything", role)
		require.Equal(t, role, w.Spec.Template.Metadata.Labels[component])
		for _, c := range append(pod.InitContainers, pod.Containers...) {
			require.False(t, *c.SecurityContext.AllowPrivilegeEscalation, role)
			require.True(t, c.SecurityContext.ReadOnlyRootFilesystem, role)
			require.Equal(t, []string{"ALL"}, c.SecurityContext.Capabilities.Drop, role)
			require.Contains(t, c.Resources.Limits, "memory", role)
			for _, v := range c.VolumeMounts {
				writes := v.Name == "state" || c.Name == "keys" && v.Name == "keys"
				require.Equal(t, !writes, v.ReadOnly, "%s writes %s", role, v.MountPath)
			}
		}
		require.Equal(t, "portsaga", w.main().Image)
		for _, c := range pod.InitContainers {
			require.Regexp(t, pinned, c.Image)
		}
	}
}

// What runs for long survives the loss of a node, is probed where it listens, and may finish what it is doing.
func TestPodsLiveAndEndWell(t *testing.T) {
	t.Parallel()
	m := readManifests(t)
	var guarded []string
	for _, b := range m.budgets {
		require.Equal(t, 1, b.Spec.MinAvailable)
		guarded = append(guarded, b.Spec.Selector.MatchLabels[component])
	}
	require.ElementsMatch(t, []string{"gate", "serve", "trust", "workflow"}, guarded)

	for _, role := range guarded {
		w := m.workloads[role]
		require.Greater(t, w.Spec.Replicas, 1, role)
		require.Equal(t, role, w.Spec.Selector.MatchLabels[component])
		require.Greater(t, w.Spec.Template.Spec.TerminationGracePeriodSeconds, int(stopTimeout(t).Seconds()), role)
		named := map[string]int{}
		for _, p := range w.main().Ports {
			named[p.Name] = p.ContainerPort
		}
		var listens []string
		for name, value := range m.environment(t, w) {
			if strings.HasPrefix(name, "PORTSAGA_") && strings.HasSuffix(name, "_ADDR") {
				listens = append(listens, value)
			}
		}
		require.Len(t, listens, len(named), role)
		for name, number := range named {
			require.Contains(t, listens, "0.0.0.0:"+strconv.Itoa(number), "%s listens on %s", role, name)
		}
		for _, p := range []*probe{w.main().StartupProbe, w.main().ReadinessProbe, w.main().LivenessProbe} {
			require.Contains(t, named, p.HTTPGet.Port, role)
		}
		annotations := w.Spec.Template.Metadata.Annotations
		require.Equal(t, strconv.Itoa(named["metrics"]), annotations["prometheus.io/port"])
		require.Equal(t, []string{"true", "/metrics"}, []string{annotations["prometheus.io/scrape"], annotations["prometheus.io/path"]})
	}
	for _, s := range m.services {
		w := m.workloads[s.Spec.Selector[component]]
		for _, p := range s.Spec.Ports {
			require.True(t, slices.ContainsFunc(w.main().Ports, func(c port) bool { return c.Name == p.TargetPort && c.ContainerPort == p.Port }), s.Metadata.Name)
		}
	}
}

func TestPodsReadWhatIsSet(t *testing.T) {
	t.Parallel()
	m := readManifests(t)
	known, arguments := variables(), map[string][]string{}
	composed := load(t)
	for _, s := range composed.Services {
		arguments[s.Name] = s.Command
	}
	for role, w := range m.workloads {
		env := m.environment(t, w)
		for name := range env {
			if strings.HasPrefix(name, "PORTSAGA_") {
				require.Contains(t, known, name, role)
			}
		}
		require.Equal(t, arguments[w.Metadata.Name], w.main().Args, "%s runs as in docker-compose.yml", role)
		if role == "watchdog" {
			require.Empty(t, env["TEMPORAL_ADDRESS"]+env["PORTSAGA_TOKEN_FILE"], "it knows no cluster")
			require.Regexp(t, `^postgres://portsaga_watchdog@.*sslmode=verify-full&.*passfile=`, env["PORTSAGA_LEDGER"])
			continue
		}
		for _, name := range []string{"TEMPORAL_NAMESPACE", "PORTSAGA_TASK_QUEUE"} {
			require.Equal(t, *composed.Services["worker-gate"].Environment[name], env[name], role)
		}
		require.Equal(t, "true", env["TEMPORAL_TLS"], "a token goes over TLS")
		for _, name := range []string{"PORTSAGA_LEDGER", "PORTSAGA_KEYS"} {
			require.Regexp(t, `^$|sslmode=verify-full&.*passfile=`, env[name], role)
		}
	}
	_, whole := m.environment(t, m.workloads["workflow"])["PORTSAGA_LEDGER"]
	require.False(t, whole, "who runs sagas sees data keys, and nothing else of the ledger")
}

// Every file that a process names is mounted, and of secrets it is given exactly those that it names.
func TestPodsHaveTheirSecretsAndNoOthers(t *testing.T) {
	t.Parallel()
	m := readManifests(t)
	file := regexp.MustCompile(`(?:^|=)(/\w[\w./-]*)`)
	for role, w := range m.workloads {
		pod := w.Spec.Template.Spec
		given, mounts := map[string]bool{}, map[string]bool{}
		for _, v := range w.main().VolumeMounts {
			mounts[v.MountPath] = true
		}
		for _, v := range pod.Volumes {
			if v.Name == "secret" {
				require.Equal(t, "portsaga-"+role, v.Secret.SecretName, "each role has a Secret of its own")
				for _, item := range v.Secret.Items {
					given[item.Key] = true
				}
			}
			if v.EmptyDir != nil {
				require.Equal(t, "Memory", v.EmptyDir.Medium, "%s writes no key to a disk", role)
			}
		}
		named, keys := map[string]bool{}, []string{"/keys"}
		for name, value := range m.environment(t, w) {
			for _, path := range file.FindAllStringSubmatch(strings.ReplaceAll(value, "://", ""), -1) {
				dir := filepath.Dir(path[1])
				require.True(t, mounts[dir] || mounts[path[1]], "%s: %s names %s", role, name, path[1])
				switch dir {
				case "/secret":
					named[filepath.Base(path[1])] = true
				case "/keys":
					named[filepath.Base(path[1])] = true
					keys = append(keys, "/secret/"+filepath.Base(path[1]))
				}
			}
		}
		require.Equal(t, named, given, role)
		if role == "watchdog" {
			require.Equal(t, map[string]bool{"watchdog.pgpass": true}, given)
			continue
		}
		require.Equal(t, []string{"install", "-m", "0400"}, pod.InitContainers[0].Command[:3], "for its owner alone")
		require.ElementsMatch(t, keys, pod.InitContainers[0].Command[3:], role)
		require.True(t, role == "gate" || !given["vault.key"], "the gate alone opens the vault")
	}
}

// A gate notices a restored ledger by a mark that outlives its pod, and each gate has its own.
func TestGatesKeepTheirMark(t *testing.T) {
	t.Parallel()
	m := readManifests(t)
	gate := m.workloads["gate"]
	require.Equal(t, "StatefulSet", gate.Kind)
	require.Equal(t, "state", gate.Spec.VolumeClaimTemplates[0].Metadata.Name)
	require.Equal(t, []string{"ReadWriteOnce"}, gate.Spec.VolumeClaimTemplates[0].Spec.AccessModes)
	for _, v := range gate.main().VolumeMounts {
		if v.Name == "state" {
			require.Equal(t, m.environment(t, gate)["PORTSAGA_DIR"], v.MountPath)
		}
	}
}

// reach says which components a policy is about.
func (p networkPolicy) components() []string {
	if role := p.Spec.PodSelector.MatchLabels[component]; role != "" {
		return []string{role}
	}
	for _, e := range p.Spec.PodSelector.MatchExpressions {
		if e.Key == component && e.Operator == "In" {
			return e.Values
		}
	}
	return nil // of every pod
}

// Who speaks to whom, and to nobody else: the same boundaries as in docker-compose.yml.
func TestNetworkPolicies(t *testing.T) {
	t.Parallel()
	m := readManifests(t)
	out, in := map[string][]string{}, map[string][]string{}
	denied := false
	for _, p := range m.policies {
		if p.Metadata.Name == "deny-all" {
			require.Empty(t, p.Spec.Egress)
			require.Empty(t, p.Spec.Ingress)
			require.ElementsMatch(t, []string{"Ingress", "Egress"}, p.Spec.PolicyTypes)
			require.Empty(t, p.Spec.PodSelector, "every pod")
			denied = true
			continue
		}
		for _, rule := range p.Spec.Egress {
			require.NotEmpty(t, rule.Ports, "%s opens every port", p.Metadata.Name)
			for _, to := range rule.To {
				out[target(t, to)] = append(out[target(t, to)], p.components()...)
			}
		}
		for _, rule := range p.Spec.Ingress {
			for _, from := range rule.From {
				for _, open := range rule.Ports {
					key := target(t, from) + " " + strconv.Itoa(open.Port)
					in[key] = append(in[key], p.components()...)
				}
			}
		}
	}
	require.True(t, denied)
	all := []string{"bootstrap", "workflow", "trust", "gate", "serve"}
	require.Equal(t, map[string][]string{
		"kube-system": nil, "temporal": all, "postgres": append(slices.Clone(all), "watchdog"),
		"0.0.0.0/0": {"gate", "watchdog"}, "::/0": {"gate", "watchdog"},
	}, out)
	require.Equal(t, map[string][]string{
		"ingress 8470": {"serve"}, "ingress 8471": {"serve"}, "monitoring 9464": {"workflow", "trust", "gate", "serve", "watchdog"},
	}, in)
}

// target names a peer; the world outside holds nothing of the inside.
func target(t *testing.T, p peer) string {
	t.Helper()
	if p.IPBlock == nil {
		return p.NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"]
	}
	inside := []string{"10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"}
	if p.IPBlock.CIDR == "::/0" {
		inside = []string{"fc00::/7", "fe80::/10"}
	}
	require.ElementsMatch(t, inside, p.IPBlock.Except)
	return p.IPBlock.CIDR
}
