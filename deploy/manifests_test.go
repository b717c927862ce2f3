package deploy_test

import (
	"bytes"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// What our manifests use of Kubernetes, and no more: a field that is written wrongly, and that a server would ignore, is an error.
type (
	metadata struct {
		Name        string            `yaml:"name"`
		Labels      map[string]string `yaml:"labels"`
		Annotations map[string]string `yaml:"annotations"`
	}
	head struct {
		APIVersion string   `yaml:"apiVersion"`
		Kind       string   `yaml:"kind"`
		Metadata   metadata `yaml:"metadata"`
	}
	configMap struct {
		head `yaml:",inline"`
		Data map[string]string `yaml:"data"`
	}
	selector struct {
		MatchLabels      map[string]string `yaml:"matchLabels"`
		MatchExpressions []struct {
			Key, Operator string
			Values        []string
		} `yaml:"matchExpressions"`
	}
	port struct {
		Name          string `yaml:"name"`
		ContainerPort int    `yaml:"containerPort"`
		Port          int    `yaml:"port"`
		TargetPort    string `yaml:"targetPort"`
		Protocol      string `yaml:"protocol"`
	}
	service struct {
		head `yaml:",inline"`
		Spec struct {
			ClusterIP string            `yaml:"clusterIP"`
			Selector  map[string]string `yaml:"selector"`
			Ports     []port            `yaml:"ports"`
		} `yaml:"spec"`
	}
	budget struct {
		head `yaml:",inline"`
		Spec struct {
			MinAvailable int      `yaml:"minAvailable"`
			Selector     selector `yaml:"selector"`
		} `yaml:"spec"`
	}
	peer struct {
		NamespaceSelector *selector `yaml:"namespaceSelector"`
		PodSelector       *selector `yaml:"podSelector"`
		IPBlock           *struct {
			CIDR   string   `yaml:"cidr"`
			Except []string `yaml:"except"`
		} `yaml:"ipBlock"`
	}
	networkPolicy struct {
		head `yaml:",inline"`
		Spec struct {
			PodSelector selector `yaml:"podSelector"`
			PolicyTypes []string `yaml:"policyTypes"`
			Egress      []struct {
				To    []peer `yaml:"to"`
				Ports []port `yaml:"ports"`
			} `yaml:"egress"`
			Ingress []struct {
				From  []peer `yaml:"from"`
				Ports []port `yaml:"ports"`
			} `yaml:"ingress"`
		} `yaml:"spec"`
	}
	probe struct {
		HTTPGet          struct{ Path, Port string } `yaml:"httpGet"`
		PeriodSeconds    int                         `yaml:"periodSeconds"`
		FailureThreshold int                         `yaml:"failureThreshold"`
	}
	mount struct {
		Name      string `yaml:"name"`
		MountPath string `yaml:"mountPath"`
		ReadOnly  bool   `yaml:"readOnly"`
	}
	container struct {
		Name, Image   string
		Command, Args []string
		Env           []struct{ Name, Value string }
		EnvFrom       []struct {
			ConfigMapRef struct{ Name string } `yaml:"configMapRef"`
		} `yaml:"envFrom"`
		Ports           []port
		SecurityContext struct {
			AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
			ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
			Capabilities             struct{ Drop []string }
		} `yaml:"securityContext"`
		Resources      struct{ Requests, Limits map[string]string }
		StartupProbe   *probe  `yaml:"startupProbe"`
		ReadinessProbe *probe  `yaml:"readinessProbe"`
		LivenessProbe  *probe  `yaml:"livenessProbe"`
		VolumeMounts   []mount `yaml:"volumeMounts"`
	}
	volume struct {
		Name   string
		Secret *struct {
			SecretName  string `yaml:"secretName"`
			DefaultMode int    `yaml:"defaultMode"`
			Items       []struct{ Key, Path string }
		}
		ConfigMap *struct{ Name string } `yaml:"configMap"`
		EmptyDir  *struct {
			Medium    string
			SizeLimit string `yaml:"sizeLimit"`
		} `yaml:"emptyDir"`
	}
	podSpec struct {
		RestartPolicy                 string `yaml:"restartPolicy"`
		AutomountServiceAccountToken  *bool  `yaml:"automountServiceAccountToken"`
		EnableServiceLinks            *bool  `yaml:"enableServiceLinks"`
		TerminationGracePeriodSeconds int    `yaml:"terminationGracePeriodSeconds"`
		SecurityContext               struct {
			RunAsNonRoot   bool                  `yaml:"runAsNonRoot"`
			RunAsUser      int                   `yaml:"runAsUser"`
			RunAsGroup     int                   `yaml:"runAsGroup"`
			FSGroup        int                   `yaml:"fsGroup"`
			SeccompProfile struct{ Type string } `yaml:"seccompProfile"`
		} `yaml:"securityContext"`
		TopologySpreadConstraints []struct {
			MaxSkew           int      `yaml:"maxSkew"`
			TopologyKey       string   `yaml:"topologyKey"`
			WhenUnsatisfiable string   `yaml:"whenUnsatisfiable"`
			LabelSelector     selector `yaml:"labelSelector"`
		} `yaml:"topologySpreadConstraints"`
		InitContainers []container `yaml:"initContainers"`
		Containers     []container
		Volumes        []volume
	}
	workload struct {
		head `yaml:",inline"`
		Spec struct {
			Replicas            int
			BackoffLimit        int    `yaml:"backoffLimit"`
			ServiceName         string `yaml:"serviceName"`
			PodManagementPolicy string `yaml:"podManagementPolicy"`
			Selector            selector
			Template            struct {
				Metadata metadata
				Spec     podSpec
			}
			VolumeClaimTemplates []struct {
				Metadata metadata
				Spec     struct {
					AccessModes []string `yaml:"accessModes"`
					Resources   struct{ Requests map[string]string }
				}
			} `yaml:"volumeClaimTemplates"`
		} `yaml:"spec"`
	}
)

const component = "app.kubernetes.io/component"

// manifests are the objects of deploy/kubernetes/base.
type manifests struct {
	config    map[string]map[string]string
	services  []service
	budgets   []budget
	policies  []networkPolicy
	workloads map[string]workload // by component
}

func readManifests(t *testing.T) manifests {
	t.Helper()
	var kustomization struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Namespace  string
		Resources  []string
		Images     []struct{ Name, NewName, NewTag string } `yaml:",omitempty"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(read(t, "deploy/kubernetes/base/kustomization.yaml")), &kustomization))
	files, err := filepath.Glob("kubernetes/base/*.yaml")
	require.NoError(t, err)
	require.Len(t, kustomization.Resources, len(files)-1, "every file but the list itself is listed")

	m := manifests{config: map[string]map[string]string{}, workloads: map[string]workload{}}
	for _, file := range kustomization.Resources {
		for document := range strings.SplitSeq(read(t, "deploy/kubernetes/base/"+file), "\n---\n") {
			var h head
			require.NoError(t, yaml.Unmarshal([]byte(document), &h), file)
			switch h.APIVersion + " " + h.Kind {
			case "v1 Namespace":
				require.Equal(t, kustomization.Namespace, h.Metadata.Name)
				require.Equal(t, "restricted", h.Metadata.Labels["pod-security.kubernetes.io/enforce"])
			case "v1 ConfigMap":
				m.config[h.Metadata.Name] = strictly[configMap](t, document).Data
			case "v1 Service":
				m.services = append(m.services, strictly[service](t, document))
			case "policy/v1 PodDisruptionBudget":
				m.budgets = append(m.budgets, strictly[budget](t, document))
			case "networking.k8s.io/v1 NetworkPolicy":
				m.policies = append(m.policies, strictly[networkPolicy](t, document))
			case "apps/v1 Deployment", "apps/v1 StatefulSet", "batch/v1 Job":
				w := strictly[workload](t, document)
				m.workloads[w.Metadata.Labels[component]] = w
			default:
				require.Failf(t, "unexpected", "%s %s: no Secret and nothing else is in %s", h.APIVersion, h.Kind, file)
			}
		}
	}
	return m
}

func strictly[T any](t *testing.T, document string) (into T) {
	t.Helper()
	decoder := yaml.NewDecoder(strings.NewReader(document))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&into), document)
	return into
}

// main is the container of ours in a workload.
func (w workload) main() container { return w.Spec.Template.Spec.Containers[0] }

// environment is everything that a workload's container is told.
func (m manifests) environment(t *testing.T, w workload) map[string]string {
	t.Helper()
	env := map[string]string{}
	for _, from := range w.main().EnvFrom {
		require.Contains(t, m.config, from.ConfigMapRef.Name)
		maps.Copy(env, m.config[from.ConfigMapRef.Name])
	}
	for _, v := range w.main().Env {
		env[v.Name] = v.Value
	}
	return env
}

// Kustomize itself takes them, where it is at hand; the versioned ones say the version of the image.
func TestKustomizeBuilds(t *testing.T) {
	t.Parallel()
	tag := find(t, "deploy/kubernetes/base/kustomization.yaml", `newTag: (\S+)\}`)
	versioned := read(t, "deploy/kubernetes/versioned/kustomization.yaml")
	require.Contains(t, versioned, "{name: TEMPORAL_WORKER_BUILD_ID, value: "+tag+"}")
	require.Contains(t, versioned, "TEMPORAL_DEPLOYMENT_NAME")

	kubectl, err := exec.LookPath("kubectl")
	if err != nil {
		t.Skip("kubectl is not on this machine: the files were read, and not built")
	}
	for _, overlay := range []string{"base", "versioned"} {
		built, err := exec.CommandContext(t.Context(), kubectl, "kustomize", filepath.Join("kubernetes", overlay)).Output()
		require.NoError(t, err, overlay)
		require.Equal(t, 6, bytes.Count(built, []byte("image: registry.example/portsaga:"+tag)), overlay)
		require.Equal(t, overlay == "versioned", regexp.MustCompile(`name: TEMPORAL_WORKER_BUILD_ID\n\s+value: `+tag).Match(built), overlay)
	}
}
