package authorizer

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "go.temporal.io/api/operatorservice/v1" // their descriptors
	_ "go.temporal.io/api/workflowservice/v1"
	_ "go.temporal.io/server/api/adminservice/v1"
	"go.temporal.io/server/common/api"
	"go.temporal.io/server/common/authorization"
	_ "google.golang.org/grpc/health/grpc_health_v1"
	_ "google.golang.org/grpc/reflection/grpc_reflection_v1"
	_ "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// frontend are the services that the server's frontend registers.
var frontend = []protoreflect.FullName{
	"temporal.api.workflowservice.v1.WorkflowService",
	"temporal.api.operatorservice.v1.OperatorService",
	"temporal.server.api.adminservice.v1.AdminService",
	"grpc.health.v1.Health",
	"grpc.reflection.v1.ServerReflection",
	"grpc.reflection.v1alpha.ServerReflection",
}

// overHTTP are calls that come in over HTTP alone and are named as if they were methods.
var overHTTP = []string{
	"DispatchNexusTask", "DispatchByNamespaceAndTaskQueue", "DispatchByEndpoint", "CompleteNexusOperation", "CompleteNexusOperationChasm",
}

// methods are all that the frontend can be asked, by the server's own descriptors.
func methods(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, name := range frontend {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
		require.NoError(t, err)
		service := found.(protoreflect.ServiceDescriptor)
		for i := range service.Methods().Len() {
			all = append(all, "/"+string(name)+"/"+string(service.Methods().Get(i).Name()))
		}
	}
	for _, name := range overHTTP {
		require.NotEqual(t, api.ScopeUnknown, api.GetMethodMetadata(nexus+name).Scope, "the server knows no %s any more", name)
		all = append(all, nexus+name)
	}
	return all
}

// A method that a new server brings must be classified before the server is taken.
func TestEveryMethodIsClassified(t *testing.T) {
	t.Parallel()
	all := methods(t)
	require.Greater(t, len(all), 180)
	classified := slices.AppendSeq(slices.Collect(maps.Keys(table)), maps.Keys(closed))
	require.ElementsMatch(t, all, classified, "a method is in exactly one of table and closed, and in no other")
}

// Methods of the API that are about one namespace are bound to ours; the rest are the few that are about the cluster.
func TestWhatIsNotBoundToTheNamespace(t *testing.T) {
	t.Parallel()
	var free []string
	for method := range table {
		if !isNamespaced(method) {
			free = append(free, method)
		}
	}
	require.ElementsMatch(t, []string{
		health + "Check", workflows + "GetSystemInfo", workflows + "GetClusterInfo", workflows + "GetSearchAttributes", workflows + "ListNamespaces",
	}, free)
}

// Every method of every role, without a request that a check could like: who gets through is what the table says.
func TestEveryMethodByEveryRole(t *testing.T) {
	t.Parallel()
	a := policyForTests(t)
	for _, method := range methods(t) {
		for _, role := range Roles() {
			as, err := a.policy.decide(role|anyone, &authorization.CallTarget{APIName: method, Namespace: ours})
			row := table[method]
			switch {
			case row.who&anyone != 0:
				require.Equal(t, anyone, as, "%s of %s", method, role)
			case row.who&role == 0:
				require.Error(t, err, "%s of %s", method, role)
			case row.must != nil:
				require.ErrorIs(t, err, unexpected, "%s of %s: a request that is nil", method, role)
			default:
				require.Equal(t, role, as, "%s of %s", method, role)
			}
		}
		as, err := a.policy.decide(system, &authorization.CallTarget{APIName: method, Namespace: "temporal-system"})
		require.NoError(t, err)
		require.Equal(t, system, as)
	}
}

func TestNobodyWithoutAToken(t *testing.T) {
	t.Parallel()
	a := policyForTests(t)
	for _, method := range methods(t) {
		result, err := a.Authorize(t.Context(), nil, &authorization.CallTarget{APIName: method, Namespace: ours})
		require.NoError(t, err)
		public := method == health+"Check" || method == workflows+"GetSystemInfo"
		require.Equal(t, public, result.Decision == authorization.DecisionAllow, method)
		require.NotEmpty(t, result.Reason, "every decision has a reason")
	}
}

func TestUnknownMethodsAreDenied(t *testing.T) {
	t.Parallel()
	_, err := policyForTests(t).policy.decide(allRoles()|anyone, &authorization.CallTarget{APIName: workflows + "EraseEverything", Namespace: ours})
	require.ErrorIs(t, err, unclassified)
}

// What the threat model says of single methods, apart from the table itself.
func TestWhoMayCallWhat(t *testing.T) {
	t.Parallel()
	emergency := []string{
		"TerminateWorkflowExecution", "ResetWorkflowExecution", "PauseWorkflowExecution", "UnpauseWorkflowExecution",
		"PauseActivity", "UnpauseActivity", "ResetActivity", "UpdateActivityOptions", "UpdateWorkflowExecutionOptions",
	}
	for _, name := range emergency {
		require.Equal(t, BreakGlass, table[workflows+name].who, name)
	}
	for method := range closed {
		require.NotContains(t, table, method)
	}
	for _, word := range []string{"ById", "Delete", "Batch"} {
		for method, row := range table {
			writes := !strings.Contains(method, "Describe") && !strings.Contains(method, "List")
			if writes && strings.Contains(method, word) {
				require.Equal(t, workflows+"DeleteSchedule", method, "nobody may %s", word)
				require.Equal(t, Bootstrap, row.who)
			}
		}
	}
	for method, row := range table {
		if isReadOnly := api.GetMethodMetadata(method).Access == api.AccessReadOnly; !isReadOnly {
			require.Zero(t, row.who&Reader, "a reader changes nothing: %s", method)
		}
		if strings.HasPrefix(method, admins) {
			require.Fail(t, "nobody administers the cluster through the frontend", method)
		}
	}
}

// A message that the language gains must be given to somebody, or to nobody, here.
func TestEveryMessageIsClassified(t *testing.T) {
	t.Parallel()
	wanted := []string{porting.UpdateReceive, porting.UpdateAddPorts, porting.MsgProgress, porting.MsgAcknowledge, porting.MsgSettled}
	for _, doc := range slices.Concat(porting.MessageDocs, porting.PortOutDocs) {
		if !slices.Contains(wanted, doc.Name) {
			wanted = append(wanted, doc.Name)
		}
	}
	require.ElementsMatch(t, wanted, slices.Collect(maps.Keys(messages)))
}

// A workflow that workers gain must be given to somebody, or to nobody, here.
func TestEveryWorkflowIsClassified(t *testing.T) {
	t.Parallel()
	require.ElementsMatch(t, worker.WorkflowTypes(), slices.Collect(maps.Keys(kinds)))
}
