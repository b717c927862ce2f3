package allinone

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/server/common/authorization"

	"github.com/portsaga/portsaga/devserver/authorizer"
	"github.com/portsaga/portsaga/internal/cli"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
)

// The real saga from order to closed port, where every party has the role that it needs and no other.
func TestPortOnAStackWithAuthorization(t *testing.T) {
	dir := t.TempDir()
	s, err := Start(t.Context(), Options{Dir: dir, Clock: demoClock, Fast: true, Auth: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()

	order, err := readDemoOrder()
	require.NoError(t, err)
	order.Reference, order.Numbers, order.SubmittedBy = "guarded", []porting.Number{"+12125550177"}, "ana@desk"
	submitter, approver, reader := portsAs(t, s, dir, authorizer.Submitter), portsAs(t, s, dir, authorizer.Approver), portsAs(t, s, dir, authorizer.Reader)
	answer, err := submitter.Start(ctx, order)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		status, err := reader.Status(ctx, answer.ID)
		return err == nil && status.Stage == porting.Verifying
	}, time.Minute, 100*time.Millisecond)

	yes := porting.Decide{Decision: porting.Approve, By: "ben@approvals", Stage: porting.Verifying, OrderVersion: 1}
	_, err = submitter.Decide(ctx, answer.ID, yes)
	require.Equal(t, porting.Unauthorised, porting.KindOf(err))
	_, err = approver.Revoke(ctx, answer.ID, porting.Revoke{By: "ben@approvals"})
	require.Equal(t, porting.Unauthorised, porting.KindOf(err))
	_, err = approver.Decide(ctx, answer.ID, yes)
	require.NoError(t, err)
	status, err := submitter.Wait(ctx, answer.ID)
	require.NoError(t, err)
	require.Equal(t, porting.OutcomeCompleted, status.Outcome)
}

// portsAs is a client of the sagas in one role. It keeps secrets where the stack does.
func portsAs(t *testing.T, s *Stack, dir string, role authorizer.Role) *starter.Client {
	t.Helper()
	issuer, err := authorizer.OpenIssuer(authDir(dir), time.Now)
	require.NoError(t, err)
	options := s.Engine.ClientOptions()
	options.HeadersProvider = issuer.Headers("test", role)
	s.seals.ring.Seal(&options)
	c, err := client.DialContext(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return starter.New(c, starter.Options{Clock: s.Clock, Secrets: worker.NewSecrets(s.neighbours.Ledger, s.neighbours.Vault, time.Now)})
}

// factoryIn is the commands' view of a data directory, and what they print.
func factoryIn(dir string) (*cli.Factory, *bytes.Buffer) {
	var out bytes.Buffer
	f := cli.NewFactory(cli.Streams{In: strings.NewReader(""), Out: &out, Err: &out})
	f.Config = func() (config.Config, error) { return config.Config{Dir: dir}, nil }
	return f, &out
}

func TestTokenCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	token := func(args ...string) (string, error) {
		f, out := factoryIn(dir)
		cmd := newToken(f)
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		cmd.SetArgs(args)
		err := cmd.ExecuteContext(t.Context())
		return strings.TrimSpace(out.String()), err
	}
	_, err := token("--role", "reader")
	require.Equal(t, "auth-off", porting.CodeOf(err))

	g, err := openGuard(dir, nil)
	require.NoError(t, err)
	text, err := token("--role", "reader", "--role", "approver", "--sub", "ben")
	require.NoError(t, err)
	claims, err := g.claims.GetClaims(&authorization.AuthInfo{AuthToken: "Bearer " + text})
	require.NoError(t, err)
	require.Equal(t, "ben", claims.Subject)
	require.Equal(t, authorizer.Reader|authorizer.Approver, claims.Extensions.(authorizer.Identity).Roles)

	for code, args := range map[string][]string{
		"role-unknown":       {"--role", "king"},
		"token-life-invalid": {"--role", "break-glass", "--life", "2h"},
	} {
		_, err := token(args...)
		require.Equal(t, code, porting.CodeOf(err))
	}
	_, err = token()
	require.Equal(t, "role-unknown", porting.CodeOf(err))
}

// Commands carry a token to the dev of their machine, and to no other server.
func TestCommandsProveThemselvesToTheirDev(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	headers := func(dev *config.DevState) map[string]string {
		f, _ := factoryIn(dir)
		f.Connect = func(context.Context) (config.Connection, error) { return config.Connection{Dev: dev}, nil }
		signIn(f)
		connection, err := f.Connect(t.Context())
		require.NoError(t, err)
		if connection.Options.HeadersProvider == nil {
			return nil
		}
		sent, err := connection.Options.HeadersProvider.GetHeaders(t.Context())
		require.NoError(t, err)
		return sent
	}
	require.Empty(t, headers(&config.DevState{}), "a dev without authorization")
	g, err := openGuard(dir, nil)
	require.NoError(t, err)
	require.Empty(t, headers(nil), "another server")
	sent := headers(&config.DevState{})
	claims, err := g.claims.GetClaims(&authorization.AuthInfo{AuthToken: sent["authorization"]})
	require.NoError(t, err)
	require.Zero(t, claims.Extensions.(authorizer.Identity).Roles&authorizer.BreakGlass)
}

func TestKeysAreTheirOwnersAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := openGuard(dir, nil)
	require.NoError(t, err)
	for file, mode := range map[string]os.FileMode{"": 0o700, "token-key.json": 0o600, "task-key": 0o600} {
		info, err := os.Stat(filepath.Join(authDir(dir), file))
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), file)
	}
	require.NoError(t, os.WriteFile(filepath.Join(authDir(dir), "task-key"), []byte("short"), 0o600))
	_, err = openGuard(dir, nil)
	require.Equal(t, "auth-keys-unusable", porting.CodeOf(err))
}
