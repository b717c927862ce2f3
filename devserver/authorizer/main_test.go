package authorizer_test

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/devserver/authorizer"
	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/devserver/engine/enginetest"
)

const queue = "desk"

// issuer makes the tokens of all tests on the shared engine, and denied keeps what its policy logs.
var (
	issuer *authorizer.Issuer
	denied = &journal{}
)

func TestMain(m *testing.M) {
	options, err := guarded()
	if err != nil {
		panic(err)
	}
	enginetest.Main(m, options)
}

func guarded() (o engine.Options, err error) {
	if issuer, err = authorizer.NewIssuer(time.Now); err != nil {
		return o, err
	}
	claims, err := authorizer.NewClaimMapper(issuer, authorizer.DevAudience, time.Now)
	if err != nil {
		return o, err
	}
	policy, err := authorizer.New(authorizer.Config{
		Namespace: engine.DefaultNamespace, TaskQueue: queue, TaskKey: bytes.Repeat([]byte("k"), 32), Log: slog.New(slog.NewTextHandler(denied, nil)),
	})
	if err != nil {
		return o, err
	}
	o.Authorizer, o.ClaimMapper = policy, claims
	o.Interceptors = append(o.Interceptors, policy.Interceptor())
	o.UIHeaders = issuer.Headers("web-ui", authorizer.Reader).GetHeaders
	o.Logger = slog.New(slog.DiscardHandler)
	return o, nil
}

// as connects to the shared engine in some roles.
func as(t *testing.T, subject string, roles authorizer.Role) client.Client {
	t.Helper()
	options := enginetest.Shared(t).ClientOptions()
	options.HeadersProvider = issuer.Headers(subject, roles)
	c, err := client.DialContext(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// journal is a log that can be looked into.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
