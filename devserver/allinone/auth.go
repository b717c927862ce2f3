package allinone

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/devserver/authorizer"
	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/internal/cli"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// Who may do what on one machine with authorization: the process that runs everything works and brings news, its Web UI
// looks after ports, and the commands of its owner may do all but break glass.
const (
	workerRoles = authorizer.WorkflowWorker | authorizer.TrustWorker | authorizer.GateWorker
	stackRoles  = workerRoles | authorizer.Webhook | authorizer.Bootstrap
	uiRoles     = authorizer.Operator | authorizer.Approver // what an approver pastes is signed
	ownerRoles  = stackRoles | authorizer.Submitter | authorizer.Approver | authorizer.CustomerCare |
		authorizer.Operator | authorizer.Reader | authorizer.Bootstrap
)

// authDir holds the keys of a data directory's authorization. Whoever can read it can be anybody there.
func authDir(dir string) string { return filepath.Join(dir, "auth") }

// guard is the authorization of a stack.
type guard struct {
	issuer *authorizer.Issuer
	policy *authorizer.Authorizer
	claims *authorizer.ClaimMapper
}

// openGuard opens the keys in a data directory, or makes them.
func openGuard(dir string, log *slog.Logger) (*guard, error) {
	dir = authDir(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, authFailed(dir, err)
	}
	issuer, err := authorizer.OpenIssuer(dir, time.Now)
	if err != nil {
		return nil, authFailed(dir, err)
	}
	key, err := authorizer.OpenTaskKey(filepath.Join(dir, "task-key"))
	if err != nil {
		return nil, authFailed(dir, err)
	}
	policy, err := authorizer.New(authorizer.Config{
		Namespace: engine.DefaultNamespace, TaskQueue: starter.DefaultTaskQueue, TaskKey: key, Log: log,
	})
	if err != nil {
		return nil, authFailed(dir, err)
	}
	claims, err := authorizer.NewClaimMapper(issuer, authorizer.DevAudience, time.Now)
	if err != nil {
		return nil, authFailed(dir, err)
	}
	return &guard{issuer, policy, claims}, nil
}

func authFailed(dir string, err error) error {
	return &porting.Error{
		Kind: porting.Failed, Code: "auth-keys-unusable", Op: "open keys of authorization", Object: dir,
		Detail: err.Error(), Next: "delete the directory to start with new keys: tokens of before are void then", Err: err,
	}
}

// guardEngine has the engine ask the guard about every call.
func (g *guard) guardEngine(o *engine.Options) {
	o.Authorizer, o.ClaimMapper = g.policy, g.claims
	o.Interceptors = append(o.Interceptors, g.policy.Interceptor())
	o.UIHeaders = g.issuer.Headers("web-ui", uiRoles).GetHeaders
}

// signIn lets the commands prove themselves to a dev that runs with authorization on this machine: they read its key, which
// is their owner's.
func signIn(f *cli.Factory) {
	connect := f.Connect
	f.Connect = func(ctx context.Context) (config.Connection, error) {
		connection, err := connect(ctx)
		if err != nil || connection.Dev == nil {
			return connection, err
		}
		issuer, found, err := issuerOf(f)
		if err != nil || !found {
			return connection, err
		}
		connection.Options.HeadersProvider = issuer.Headers("cli", ownerRoles)
		return connection, nil
	}
}

func issuerOf(f *cli.Factory) (issuer *authorizer.Issuer, found bool, err error) {
	cfg, err := f.Config()
	if err != nil {
		return nil, false, err
	}
	dir := authDir(cfg.Dir)
	if !authorizer.HasIssuer(dir) {
		return nil, false, nil
	}
	if issuer, err = authorizer.OpenIssuer(dir, time.Now); err != nil {
		return nil, false, authFailed(dir, err)
	}
	return issuer, true, nil
}

type tokenOptions struct {
	roles []string
	sub   string
	life  time.Duration
}

// newToken is the command that prints a token for a dev with authorization.
func newToken(f *cli.Factory) *cobra.Command {
	var o tokenOptions
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Print a token for a dev that runs with --auth",
		Long: "Print a token for the Temporal frontend of `portsaga dev --auth`, signed with the key in PORTSAGA_DIR: for tests, the\n" +
			"temporal CLI and curl. The roles are submitter, approver, webhook, customer-care, workflow-worker, trust-worker,\n" +
			"gate-worker, operator, reader, bootstrap and, for an hour at most, break-glass; docs/authorization.md says what each may do.",
		Example: "  portsaga dev token --role approver --sub ben\n" +
			"  temporal workflow list --grpc-meta \"authorization=Bearer $(portsaga dev token --role reader)\"\n" +
			"  TEMPORAL_ADDRESS=127.0.0.1:7233 TEMPORAL_GRPC_META_AUTHORIZATION=\"Bearer $(portsaga dev token --role submitter)\" portsaga port list",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return printToken(f, o) },
	}
	cmd.Flags().StringArrayVar(&o.roles, "role", nil, "a role of the token; may be given several times")
	cmd.Flags().StringVar(&o.sub, "sub", "dev", "subject of the token; the history of a port names it")
	cmd.Flags().DurationVar(&o.life, "life", time.Hour, "how long the token is valid")
	return cmd
}

func printToken(f *cli.Factory, o tokenOptions) error {
	roles, err := authorizer.ParseRoles(o.roles...)
	if err != nil || roles == 0 {
		return invalidToken("role-unknown", fmt.Sprintf("%q name no roles", o.roles), "give --role at least once; `portsaga dev token --help` lists the roles")
	}
	if o.life <= 0 || (roles&authorizer.BreakGlass != 0 && o.life > time.Hour) {
		return invalidToken("token-life-invalid", "a token lives for a while, one for emergencies for an hour at most", "give another --life")
	}
	issuer, found, err := issuerOf(f)
	if err != nil {
		return err
	}
	if !found {
		return &porting.Error{
			Kind: porting.NotFound, Code: "auth-off", Op: "make token",
			Detail: "no dev ran with authorization in this directory", Next: "start `portsaga dev --auth`, or set PORTSAGA_DIR",
		}
	}
	token, err := issuer.Token(o.sub, roles, o.life)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f.Streams.Out, token)
	return err
}

func invalidToken(code, detail, next string) error {
	return &porting.Error{Kind: porting.Invalid, Code: code, Op: "make token", Detail: detail, Next: next}
}
