package engine

import (
	"fmt"
	"maps"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/membership/static"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/temporal"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	clusterName = "portsaga"
	// The number of shards is fixed by the first start on a file.
	historyShards = 4
	// High enough that no limit of the server is met before the disk's; the server wants a plain int.
	unlimited = 100_000
	// How often the queues delete the tasks that are done.
	taskMemory = 5 * time.Second
)

func newServer(o Options, p ports, logs *serverLogger) (temporal.Server, error) {
	hosts := make(map[primitives.ServiceName]static.Hosts)
	names := make([]string, 0, len(p.services()))
	for service, port := range p.services() {
		names = append(names, string(service))
		hosts[service] = static.SingleLocalHost(loopback(port))
	}
	return temporal.NewServer(
		temporal.ForServices(names),
		temporal.WithConfig(serverConfig(o, p)),
		temporal.WithStaticHosts(hosts),
		temporal.WithDynamicConfigClient(dynamicSettings()),
		temporal.WithLogger(logs),
		temporal.WithAuthorizer(o.Authorizer),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return o.ClaimMapper }),
		temporal.WithChainedFrontendGrpcInterceptors(o.Interceptors...),
	)
}

// services are the parts of the server and where each listens. The internal frontend takes the server's own calls.
func (p ports) services() map[primitives.ServiceName]int {
	return map[primitives.ServiceName]int{
		primitives.FrontendService:         p.frontend,
		primitives.InternalFrontendService: p.internalFrontend,
		primitives.HistoryService:          p.history,
		primitives.MatchingService:         p.matching,
		primitives.WorkerService:           p.worker,
	}
}

func serverConfig(o Options, p ports) *config.Config {
	cfg := &config.Config{
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        clusterName,
			CurrentClusterName:       clusterName,
			ClusterInformation: map[string]cluster.ClusterInformation{clusterName: {
				Enabled:                true,
				InitialFailoverVersion: 1,
				RPCAddress:             loopback(p.frontend),
				HTTPAddress:            loopback(p.frontendHTTP),
			}},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Persistence: config.Persistence{
			NumHistoryShards: historyShards,
			DefaultStore:     mainFile.name,
			VisibilityStore:  visibilityFile.name,
			DataStores: map[string]config.DataStore{
				mainFile.name:       {SQL: store(o, mainFile)},
				visibilityFile.name: {SQL: store(o, visibilityFile)},
			},
		},
		Archival: config.Archival{
			History:    config.HistoryArchival{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchival{State: config.ArchivalDisabled},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: config.ArchivalNamespaceDefaults{
			History:    config.HistoryArchivalNamespaceDefaults{State: config.ArchivalDisabled},
			Visibility: config.VisibilityArchivalNamespaceDefaults{State: config.ArchivalDisabled},
		}},
		Services: make(map[string]config.Service),
	}
	cfg.Global.Membership = config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: host}
	for service, port := range p.services() {
		cfg.Services[string(service)] = config.Service{RPC: config.RPC{GRPCPort: port, BindOnIP: host}}
	}
	frontend := cfg.Services[string(primitives.FrontendService)]
	frontend.RPC.HTTPPort = p.frontendHTTP
	cfg.Services[string(primitives.FrontendService)] = frontend
	return cfg
}

func store(o Options, f storeFile) *config.SQL {
	if o.Postgres != "" {
		return postgresStore(o, f)
	}
	return sqlStore(o, f)
}

// sqlStore leaves the number of connections at the plugin's one: more are slower.
func sqlStore(o Options, f storeFile) *config.SQL {
	attributes := maps.Clone(o.pragmas())
	attributes["mode"] = "rw"
	return &config.SQL{PluginName: sqliteplugin.PluginName, DatabaseName: o.uriPath(f), ConnectAttributes: attributes}
}

// createNamespace does nothing if the namespace exists. What the server offers for SQLite works on every SQL database.
func createNamespace(o Options) error {
	namespace, err := sqliteschema.NewNamespaceConfig(clusterName, o.Namespace, false, nil)
	if err != nil {
		return fmt.Errorf("engine: configure namespace %s: %w", o.Namespace, err)
	}
	namespace.Detail.Config.Retention = durationpb.New(o.Retention)
	if err := sqliteschema.CreateNamespaces(store(o, mainFile), namespace); err != nil {
		return fmt.Errorf("engine: create namespace %s: %w", o.Namespace, err)
	}
	return nil
}

// dynamicSettings are what one node on one disk needs; docs/embedded-engine.md has the reason and the figure for each.
func dynamicSettings() dynamicconfig.StaticClient {
	return dynamicconfig.StaticClient{
		// Latency: the queues look for new tasks this many times a second and shard; the default of 20 can be felt.
		dynamicconfig.TransferProcessorMaxPollRPS.Key():   100,
		dynamicconfig.TimerProcessorMaxPollRPS.Key():      100,
		dynamicconfig.VisibilityProcessorMaxPollRPS.Key(): 100,

		// Recovery: a start does again what was done after the last of these, and everybody waits behind it. The default is 30 s.
		dynamicconfig.TransferProcessorUpdateAckInterval.Key():   taskMemory,
		dynamicconfig.TimerProcessorUpdateAckInterval.Key():      taskMemory,
		dynamicconfig.VisibilityProcessorUpdateAckInterval.Key(): taskMemory,

		// One writer: more visibility tasks at a time would wait for it until they time out, and a query behind them.
		dynamicconfig.VisibilityProcessorSchedulerWorkerCount.Key(): 8,

		// One node: a task queue needs no partitions, and workflows in memory are capped.
		dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
		dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,
		dynamicconfig.HistoryCacheHostLevelMaxSize.Key():        2048,

		// Each tenant's tasks wait in a line of their own, as they do on a cluster.
		dynamicconfig.MatchingEnableFairness.Key(): true,

		// Search attributes that were added just now are usable just now.
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,

		// Limits that protect a shared cluster would only slow a private one.
		dynamicconfig.FrontendRPS.Key():                                         unlimited,
		dynamicconfig.FrontendMaxNamespaceRPSPerInstance.Key():                  unlimited,
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key():        unlimited,
		dynamicconfig.FrontendMaxConcurrentLongRunningRequestsPerInstance.Key(): unlimited,
		dynamicconfig.HistoryRPS.Key():                                          unlimited,
		dynamicconfig.MatchingRPS.Key():                                         unlimited,
		dynamicconfig.FrontendPersistenceMaxQPS.Key():                           unlimited,
		dynamicconfig.HistoryPersistenceMaxQPS.Key():                            unlimited,
		dynamicconfig.MatchingPersistenceMaxQPS.Key():                           unlimited,
		dynamicconfig.VisibilityPersistenceMaxReadQPS.Key():                     unlimited,
		dynamicconfig.VisibilityPersistenceMaxWriteQPS.Key():                    unlimited,

		// A port's clocks are law: no client may skip its time. And the engine calls nobody outside.
		dynamicconfig.WorkflowTimeSkippingEnabled.Key(): false,
		dynamicconfig.EnableServerVersionCheck.Key():    false,

		// Events say who caused them, where callers prove who they are.
		dynamicconfig.EnablePrincipalPropagation.Key(): true,
	}
}
