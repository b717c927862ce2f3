package authorizer

import "go.temporal.io/server/common/api"

// row says who may call a method, and what the request must be like. Requests of a namespaced method must also name the
// one namespace that this policy is about; that is asked of every row.
type row struct {
	who  Role
	must check // nothing more when nil
}

const (
	workflows = api.WorkflowServicePrefix
	operators = api.OperatorServicePrefix
	admins    = api.AdminServicePrefix
	nexus     = api.NexusServicePrefix
	health    = "/grpc.health.v1.Health/"
)

// table is the policy of the methods that somebody may call. Those that nobody may call are in closed; a method of the
// server that is in neither fails a test, and is denied until somebody has thought about it.
var table = map[string]row{
	// Anybody may ask whether the server lives. The SDK asks for its capabilities before it sends a token.
	health + "Check":            {anyone, nil},
	workflows + "GetSystemInfo": {anyone, nil},

	// Our workflows are started by whom messages.go names, and only as the starter starts them: ports by submitters, and those
	// of counterparties that ask for numbers by the door for carriers' news, too.
	workflows + "StartWorkflowExecution": {Submitter | Operator, startsOurs},
	workflows + "ExecuteMultiOperation":  {Submitter | Webhook, startsPortWithUpdate},

	// Messages: which role may send which is in messages.go.
	workflows + "SignalWorkflowExecution":        {Submitter | Approver | Webhook | CustomerCare | Operator, sendsSignal},
	workflows + "UpdateWorkflowExecution":        {Submitter | Approver | Webhook | CustomerCare | Operator, sendsUpdate},
	workflows + "PollWorkflowExecutionUpdate":    {Submitter | Approver | Webhook | CustomerCare | Operator, nil},
	workflows + "RequestCancelWorkflowExecution": {Operator | BreakGlass, nil}, // a cancelled port rolls back

	// Ports are read by people, and by the reaper's steps, which the gate runs.
	workflows + "DescribeWorkflowExecution":          {people | GateWorker, nil},
	workflows + "ListWorkflowExecutions":             {people | GateWorker, nil},
	workflows + "QueryWorkflow":                      {people | GateWorker, asksKnownQuery},
	workflows + "CountWorkflowExecutions":            {people, nil},
	workflows + "GetWorkflowExecutionHistoryReverse": {people, nil},

	// Sagas are replayed, so their workers read histories.
	workflows + "GetWorkflowExecutionHistory": {people | WorkflowWorker, nil},

	// Sagas are run by workers of their queue. A task is answered by the role that it was handed to.
	workflows + "PollWorkflowTaskQueue":        {WorkflowWorker, pollsOwnWorkflowTasks},
	workflows + "RespondWorkflowTaskCompleted": {WorkflowWorker, commandsAreOurs},
	workflows + "RespondWorkflowTaskFailed":    {WorkflowWorker, answersOwnTask},
	workflows + "RespondQueryTaskCompleted":    {WorkflowWorker, answersOwnTask},

	// Steps are run by the workers of the queue that they were scheduled on.
	workflows + "PollActivityTaskQueue":        {workers, pollsOwnActivities},
	workflows + "RecordActivityTaskHeartbeat":  {workers, answersOwnTask},
	workflows + "RespondActivityTaskCompleted": {workers, answersOwnTask},
	workflows + "RespondActivityTaskFailed":    {workers, answersOwnTask},
	workflows + "RespondActivityTaskCanceled":  {workers, answersOwnTask},

	// Workers look at the namespace when they start, say that they live, and say goodbye.
	workflows + "DescribeNamespace":     {people | workers | Bootstrap, nil},
	workflows + "RecordWorkerHeartbeat": {workers, nil},
	workflows + "ShutdownWorker":        {workers, leavesOwnQueue},

	// The namespace is prepared at every deployment. A schedule starts the reaper and nothing else, and a limit slows tenants and
	// stops none.
	workflows + "RegisterNamespace":     {Bootstrap, nil},
	operators + "AddSearchAttributes":   {Bootstrap, nil},
	operators + "ListSearchAttributes":  {watchers | Bootstrap, nil},
	workflows + "UpdateTaskQueueConfig": {Bootstrap, limitsTenants},
	workflows + "CreateSchedule":        {Bootstrap, schedulesOurs},
	workflows + "UpdateSchedule":        {Bootstrap, schedulesOurs},
	workflows + "PatchSchedule":         {Bootstrap, nil},
	workflows + "DeleteSchedule":        {Bootstrap, nil},
	workflows + "DescribeSchedule":      {watchers | Bootstrap, nil},
	workflows + "ListSchedules":         {watchers | Bootstrap, nil},

	// A version of the sagas' workers is promoted by who deploys it, and only to workers that are there.
	workflows + "SetWorkerDeploymentCurrentVersion": {Bootstrap, promotesOurs},
	workflows + "SetWorkerDeploymentRampingVersion": {Bootstrap, promotesOurs},
	workflows + "DescribeWorkerDeployment":          {watchers | Bootstrap, nil},
	workflows + "DescribeWorkerDeploymentVersion":   {watchers | Bootstrap, nil},
	workflows + "ListWorkerDeployments":             {watchers | Bootstrap, nil},

	// An emergency. Nothing here undoes a revocation: Reset keeps the messages, and the fence is not in the workflow.
	workflows + "TerminateWorkflowExecution":     {BreakGlass, nil},
	workflows + "ResetWorkflowExecution":         {BreakGlass, resetsWithEverything},
	workflows + "PauseWorkflowExecution":         {BreakGlass, nil},
	workflows + "UnpauseWorkflowExecution":       {BreakGlass, nil},
	workflows + "PauseActivity":                  {BreakGlass, nil},
	workflows + "UnpauseActivity":                {BreakGlass, nil},
	workflows + "ResetActivity":                  {BreakGlass, nil},
	workflows + "UpdateActivityOptions":          {BreakGlass, keepsQueue},
	workflows + "UpdateWorkflowExecutionOptions": {BreakGlass, keepsTime},

	// What the Web UI and its operators look at.
	workflows + "GetClusterInfo":                    {watchers, nil},
	workflows + "GetSearchAttributes":               {watchers, nil},
	workflows + "ListNamespaces":                    {watchers, nil},
	workflows + "ListOpenWorkflowExecutions":        {watchers, nil},
	workflows + "ListClosedWorkflowExecutions":      {watchers, nil},
	workflows + "ListArchivedWorkflowExecutions":    {watchers, nil},
	workflows + "ScanWorkflowExecutions":            {watchers, nil},
	workflows + "PollWorkflowExecutionTimeSkipping": {watchers, nil},
	workflows + "DescribeTaskQueue":                 {watchers, nil},
	workflows + "ListTaskQueuePartitions":           {watchers, nil},
	workflows + "ListWorkers":                       {watchers, nil},
	workflows + "CountWorkers":                      {watchers, nil},
	workflows + "DescribeWorker":                    {watchers, nil},
	workflows + "FetchWorkerConfig":                 {watchers, nil},
	workflows + "ListScheduleMatchingTimes":         {watchers, nil},
	workflows + "CountSchedules":                    {watchers, nil},
	workflows + "ListBatchOperations":               {watchers, nil},
	workflows + "DescribeBatchOperation":            {watchers, nil},
	workflows + "ListWorkflowRules":                 {watchers, nil},
	workflows + "DescribeWorkflowRule":              {watchers, nil},
	workflows + "DescribeActivityExecution":         {watchers, nil},
	workflows + "ListActivityExecutions":            {watchers, nil},
	workflows + "CountActivityExecutions":           {watchers, nil},
	workflows + "DescribeNexusOperationExecution":   {watchers, nil},
	workflows + "ListNexusOperationExecutions":      {watchers, nil},
	workflows + "CountNexusOperationExecutions":     {watchers, nil},
	workflows + "GetWorkerBuildIdCompatibility":     {watchers, nil},
	workflows + "GetWorkerVersioningRules":          {watchers, nil},
	workflows + "GetWorkerTaskReachability":         {watchers, nil},
	workflows + "DescribeDeployment":                {watchers, nil},
	workflows + "ListDeployments":                   {watchers, nil},
	workflows + "GetDeploymentReachability":         {watchers, nil},
	workflows + "GetCurrentDeployment":              {watchers, nil},
}
