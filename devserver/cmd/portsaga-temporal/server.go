package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"

	"github.com/portsaga/portsaga/devserver/authorizer"
)

// newServer puts the authorizer in front of a stock server.
func newServer(ctx context.Context, cfg *config.Config, s settings, logger log.Logger) (temporal.Server, error) {
	if _, has := cfg.Services[string(primitives.InternalFrontendService)]; !has {
		return nil, errors.New("the settings have no internal-frontend: the server's own calls would be denied")
	}
	keys, err := authorizer.OpenKeys(cfg.Global.Authorization, logger)
	if err != nil {
		return nil, err
	}
	claims, err := authorizer.NewClaimMapper(keys, cfg.Global.Authorization.Audience, time.Now)
	if err != nil {
		return nil, err
	}
	key, err := taskKey(s.taskKeyFile)
	if err != nil {
		return nil, err
	}
	policy, err := authorizer.New(authorizer.Config{
		Namespace: s.namespace, TaskQueue: s.taskQueue, TaskKey: key,
		Log: slog.New(slog.NewJSONHandler(os.Stderr, nil)),
	})
	if err != nil {
		return nil, err
	}
	settled, err := settle(ctx, cfg, logger)
	if err != nil {
		return nil, err
	}
	return temporal.NewServer(
		temporal.ForServices(s.services),
		temporal.WithConfig(cfg),
		temporal.WithLogger(logger),
		temporal.WithDynamicConfigClient(settled),
		temporal.WithAuthorizer(policy),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return claims }),
		temporal.WithChainedFrontendGrpcInterceptors(policy.Interceptor()),
	)
}

// taskKey reads the key that all frontends of a cluster share. A single one may do without: what is being worked on while
// it restarts is then done again.
func taskKey(file string) ([]byte, error) {
	if file == "" {
		key := make([]byte, 32)
		_, err := rand.Read(key)
		return key, err
	}
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("the key that seals tasks: %w", err)
	}
	return authorizer.OpenTaskKey(file)
}

// settled is a dynamic configuration in which some settings are law.
type settled struct {
	dynamicconfig.Client
	laws map[dynamicconfig.Key]bool
}

// settle reads the cluster's dynamic configuration under laws that the authorizer relies on.
func settle(ctx context.Context, cfg *config.Config, logger log.Logger) (dynamicconfig.Client, error) {
	s := settled{dynamicconfig.NewNoopClient(), map[dynamicconfig.Key]bool{
		dynamicconfig.DisableStreamingAuthorizer.Key():   false,
		dynamicconfig.EnableCrossNamespaceCommands.Key(): false,
		dynamicconfig.WorkflowTimeSkippingEnabled.Key():  false,
		dynamicconfig.EnablePrincipalPropagation.Key():   true,
	}}
	if cfg.DynamicConfigClient == nil {
		return s, nil
	}
	stop := make(chan any)
	context.AfterFunc(ctx, func() { close(stop) })
	var err error
	if s.Client, err = dynamicconfig.NewFileBasedClient(cfg.DynamicConfigClient, logger, stop); err != nil {
		return nil, fmt.Errorf("read the dynamic configuration: %w", err)
	}
	return s, nil
}

// GetValue answers for a law without conditions, for everything else as the file says.
func (s settled) GetValue(key dynamicconfig.Key) []dynamicconfig.ConstrainedValue {
	if law, is := s.laws[key]; is {
		return []dynamicconfig.ConstrainedValue{{Value: law}}
	}
	return s.Client.GetValue(key)
}
