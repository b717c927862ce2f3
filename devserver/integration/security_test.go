package integration

import (
	"crypto/x509"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func has(all []string, one string) bool { return slices.Contains(all, one) }

// asked are the effects that we asked a carrier for.
func asked(effects []string) []string {
	ours := []string{"submitted", "supplemented", "cancel-asked", "activation-asked", "reversal-asked"}
	return slices.DeleteFunc(slices.Clone(effects), func(e string) bool { return !has(ours, e) })
}

// The system keeps every secret from everybody but its owner: taking over one process gives nobody another's.
func secretsStay(t *testing.T, w *town) {
	if os.Getuid() != 0 {
		t.Skip("all processes have one user: users of their own need root")
	}
	everybody := []*citizen{w.issuer, w.temporal, w.carrier, w.workflow, w.trust, w.gate, w.front, w.ana, w.ben, w.fay, w.carla, w.clerk}
	for file, owner := range map[string]*citizen{
		w.gate.path("vault.key"): w.gate, w.gate.path("token"): w.gate, w.gate.path("signing_key"): w.gate, w.gate.path("portsaga.pgpass"): w.gate,
		w.trust.path("signing_key"): w.trust, w.trust.path("key.pem"): w.trust, w.workflow.path("token"): w.workflow,
		w.ben.path("id_ed25519"): w.ben, w.temporal.path("task-key"): w.temporal, w.issuer.path("token-key.json"): w.issuer,
	} {
		for _, c := range everybody {
			require.Equal(t, c == owner, c.canRead(file), "%s reads %s", c.name, file)
		}
	}
	require.ErrorContains(t, w.query("portsaga_keys", "portsaga", "SELECT count(*) FROM ports"), "permission denied", "the workflow worker has the keys of payloads, and nothing else of the ledger")
	require.NoError(t, w.query("portsaga_keys", "portsaga", "SELECT count(*) FROM data_keys"))
	require.NoError(t, w.query("portsaga_watchdog", "portsaga", "SELECT count(*) FROM awaited"))
	require.ErrorContains(t, w.query("portsaga_watchdog", "portsaga", "DELETE FROM awaited"), "permission denied", "the watchdog reads dates")
	require.ErrorContains(t, w.query("portsaga_watchdog", "portsaga", "SELECT count(*) FROM ports"), "permission denied")
}

// Nobody gets in without a certificate that the cluster knows, and nobody does anything without a token.
func callersProve(t *testing.T, w *town) {
	strangers := newAuthority(t, "strangers")
	cert, key := strangers.issue(t, "mallory", x509.ExtKeyUsageClientAuth)
	for name, c := range map[string]struct {
		settings []string
		code     int
		says     string
	}{
		"nothing to prove":               {nil, 0, ""},
		"no certificate":                 {[]string{"TEMPORAL_TLS_CLIENT_CERT_PATH=", "TEMPORAL_TLS_CLIENT_KEY_PATH="}, 1, "engine-unavailable"},
		"a certificate of somebody else": {[]string{"TEMPORAL_TLS_CLIENT_CERT_PATH=" + w.ana.keeps("other.pem", cert), "TEMPORAL_TLS_CLIENT_KEY_PATH=" + w.ana.keeps("other.key", key)}, 1, "engine-unavailable"},
		"another server":                 {[]string{"TEMPORAL_TLS_SERVER_NAME=elsewhere.test"}, 1, "engine-unavailable"},
		"no token":                       {[]string{"PORTSAGA_TOKEN_FILE="}, 5, ""},
	} {
		t.Run(name, func(t *testing.T) {
			mallory := *w.ana
			mallory.settings = append(slices.Clone(w.ana.settings), c.settings...)
			r := mallory.tries(t, "port", "list", "-o", "json")
			require.Equal(t, c.code, r.code, "%s%s", r.stdout, r.stderr)
			require.Contains(t, r.stderr, c.says)
		})
	}
}
