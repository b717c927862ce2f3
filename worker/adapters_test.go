package worker_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// everyAdapter writes a carriers file with one carrier of each kind.
func everyAdapter(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"key": "secret", "pub": "cHVibGlj", "northtel.yaml": "name: northtel\nemail: desk@northtel.example\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return carriersFile(t, `
prefer: [telnyx]
carriers:
  simulator: {adapter: simulator, url: "http://127.0.0.1:1"}
  telnyx: {adapter: telnyx, url: "http://127.0.0.1:1", key_file: `+dir+`/key, news_key_file: `+dir+`/pub}
  twilio: {adapter: twilio, url: "http://127.0.0.1:1", account: AC00000000000000000000000000000000, key_file: `+dir+`/key,
    news_key_file: `+dir+`/key, news_url: "https://port.example/news/twilio", mailbox: loa@port.example}
  northtel: {adapter: manual, profile: `+dir+`/northtel.yaml}
registry: {server: "127.0.0.1:1", routing_numbers: ["+12125550100"]}
`)
}

func TestEveryAdapterOpens(t *testing.T) {
	t.Parallel()
	s := settings(t)
	s.CarriersFile = everyAdapter(t)
	n := open(t, s)
	require.Len(t, n.Carriers, 4)
	require.NotNil(t, n.Registry)
	for name, g := range n.Carriers {
		require.NotEmpty(t, g.Capabilities().Name, name)
	}
	require.Implements(t, (*carrier.PortOuts)(nil), n.Carriers["telnyx"])
	require.Implements(t, (*carrier.Finder)(nil), n.Carriers["twilio"])
}

// Whoever only looks needs no ledger and no vault.
func TestGatewaysForALook(t *testing.T) {
	t.Parallel()
	gateways, err := worker.Gateways(worker.Settings{CarriersFile: everyAdapter(t)})
	require.NoError(t, err)
	for _, name := range []string{"simulator", "telnyx", "twilio"} {
		seen, err := gateways[name].(carrier.Checker).Check(t.Context())
		require.NoError(t, err, name)
		require.False(t, seen.Reachable, name)
	}
}

func TestAdapterWithoutItsKey(t *testing.T) {
	t.Parallel()
	_, err := worker.Gateways(worker.Settings{CarriersFile: carriersFile(t, "carriers: {a: {adapter: telnyx, key_file: /none}}")})
	require.Equal(t, "secret-unreadable", porting.CodeOf(err))
	_, err = worker.Gateways(worker.Settings{CarriersFile: carriersFile(t, "carriers: {a: {adapter: manual, profile: /none}}")})
	require.Equal(t, "profile-unreadable", porting.CodeOf(err))
}
