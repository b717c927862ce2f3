// Package integration runs portsaga as it is run in earnest, without containers: PostgreSQL, a Temporal server behind
// the authorizer with mutual TLS, workers by role, each a process and a user of its own. docs/integration.md tells what it shows.
package integration

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/devserver/authorizer"
)

// full is whether everything is shown that takes long: make integration.
var full = os.Getenv("PORTSAGA_INTEGRATION") == "full"

// town is a deployment with everybody in it.
type town struct {
	t   *testing.T
	dir string
	programs

	guardian  int // group of all processes
	citizens  int
	ports     map[string]string
	nodes     authority // of Temporal's services
	callers   authority // of whoever calls the frontend
	database  database
	tenants   []byte // the tenants' keys
	processes []*process

	issuer, founder                                 *citizen // they make what the others need
	temporal, carrier, workflow, trust, gate, front *citizen // processes
	ana, ben, fay, carla                            *citizen // persons
	clerk                                           *citizen // a service that orders
	dora                                            *citizen // one who looks at queues
}

// raise builds the town. Everything in it ends with the test.
func raise(t *testing.T) *town {
	t.Helper()
	w := found(t)
	w.settlePeople()
	w.openCarrier()
	w.equip()
	w.employ()
	return w
}

// found builds a cluster that is ready for us, with nobody who works there.
func found(t *testing.T) *town {
	t.Helper()
	w := ground(t)
	w.bootstrap()
	w.grantKeys()
	return w
}

// ground is a cluster and a database that have never heard of portsaga.
func ground(t *testing.T) *town {
	t.Helper()
	if os.Getenv("PORTSAGA_INTEGRATION") == "" {
		t.Skip("it builds four programs, one of them Temporal's own tool for schemas: make integration, or PORTSAGA_INTEGRATION=short")
	}
	dir, err := os.MkdirTemp("", "portsaga-") //nolint:usetesting // other users cannot enter a directory of the test
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	w := &town{t: t, dir: dir, ports: map[string]string{}}
	w.programs = build(t, filepath.Join(dir, "bin"))
	w.guard()
	w.choosePorts()
	w.openDatabase()
	w.nodes, w.callers = newAuthority(t, "nodes"), newAuthority(t, "callers")
	w.publish()
	w.issueTokens()
	w.openTemporal()
	return w
}

// choosePorts finds a free port for everything that listens. They are below those that the system hands out, so that nobody is
// given one before its process starts, and so low because Temporal keeps members' ports in signed 16 bits.
func (w *town) choosePorts() {
	w.t.Helper()
	names := []string{"postgres", "http", "carrier", "front"}
	for _, service := range []string{"frontend", "internal_frontend", "history", "matching", "system_worker"} {
		names = append(names, service, service+"_members")
	}
	const lowest, highest = 15_000, 32_000
	for candidate := lowest + mathrand.IntN(highest-lowest-1_000); len(names) > 0 && candidate <= highest; candidate++ {
		listener, err := (&net.ListenConfig{}).Listen(w.t.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(candidate))
		if err != nil {
			continue
		}
		require.NoError(w.t, listener.Close())
		w.ports[names[0]] = strconv.Itoa(candidate)
		names = names[1:]
	}
	require.Empty(w.t, names, "there are not enough free ports")
}

func (w *town) port(name string) string    { return w.ports[name] }
func (w *town) address(name string) string { return "127.0.0.1:" + w.ports[name] }

// public is a file that everybody may read.
func (w *town) public(name string) string { return filepath.Join(w.dir, "public", name) }

// publish writes what everybody may read before anything runs: the rules, the carrier's ways, the nodes' certificate.
func (w *town) publish() {
	w.t.Helper()
	require.NoError(w.t, os.MkdirAll(w.public("rules"), 0o755))
	w.announce("nodes.pem", w.nodes.pem())
	w.announce("rules/_desk.yaml", quickDesk(w.t))
	scenarios, err := filepath.Glob("testdata/scenarios/*.yaml")
	require.NoError(w.t, err)
	require.NoError(w.t, os.MkdirAll(w.public("scenarios"), 0o755))
	for _, file := range scenarios {
		copyFile(w.t, file, w.public("scenarios/"+filepath.Base(file)), 0o644)
	}
}

func (w *town) announce(name string, text []byte) {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(w.public(name), text, 0o644))
}

// quickDesk is the desk's own practice for ports that live in real time and shall end today: two persons of two teams
// decide, and the subscriber has a minute to report a port that was not asked for.
func quickDesk(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "rules", "packs", "_desk.yaml"))
	require.NoError(t, err)
	var desk map[string]any
	require.NoError(t, yaml.Unmarshal(text, &desk))
	two := map[string]any{"people": 2, "teams": 2}
	desk["approvals"] = map[string]any{"people": 2, "low": two, "medium": two, "high": two, "rule": "two persons of two teams", "cite": "test", "confidence": "desk"}
	desk["clocks"].(map[string]any)["guard"].(map[string]any)["for"] = "1m"
	for key, value := range desk {
		if day, is := value.(time.Time); is {
			desk[key] = day.Format(time.DateOnly)
		}
	}
	text, err = yaml.Marshal(desk)
	require.NoError(t, err)
	return text
}

// audience is that of the red team's tokens, too.
const audience = authorizer.DevAudience

// roles are the tokens' roles by holder, as in the deployment.
var roles = []string{
	"bootstrap=bootstrap", "workflow=workflow-worker", "trust=trust-worker", "gate=gate-worker,webhook", "front=customer-care,webhook",
	"ana=submitter", "ben=approver", "fay=approver", "carla=customer-care", "clerk=submitter", "dora=reader",
}

// issueTokens has the tokens made by the server's own command.
func (w *town) issueTokens() {
	w.t.Helper()
	w.issuer = w.settle("issuer")
	out, err := w.issuer.command(w.t.Context(), w.programs.temporal, append([]string{
		"tokens", "--keys", w.issuer.home, "--dir", w.issuer.path("tokens"), "--audience", audience,
	}, roles...)...).CombinedOutput()
	require.NoError(w.t, err, "%s", out)
}

// openTemporal makes the schema with Temporal's own tool and starts the server.
func (w *town) openTemporal() {
	w.t.Helper()
	c := w.settle("temporal").isKnown("nobody")
	w.temporal = c
	for database, schema := range map[string]string{"temporal": "temporal", "temporal_visibility": "visibility"} {
		for _, step := range [][]string{{"setup-schema", "--version", "0.0"}, {"update-schema", "--schema-name", "postgresql/v12/" + schema}} {
			tool := c.command(w.t.Context(), w.schema, append([]string{
				"--plugin", "postgres12_pgx", "--endpoint", "127.0.0.1", "--port", w.port("postgres"), "--user", "temporal", "--database", database,
			}, step...)...)
			tool.Env = append(tool.Env, "SQL_PASSWORD="+w.database.passwords["temporal"])
			out, err := tool.CombinedOutput()
			require.NoError(w.t, err, "%s", out)
		}
	}
	cert, key := w.nodes.issue(w.t, serverName, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth)
	c.keeps("cert.pem", cert)
	c.keeps("key.pem", key)
	c.keeps("nodes.pem", w.nodes.pem())
	c.keeps("callers.pem", w.callers.pem())
	settings, err := os.ReadFile("testdata/temporal.yaml")
	require.NoError(w.t, err)
	dynamic, err := os.ReadFile(filepath.Join("..", "..", "deploy", "temporal", "dynamicconfig.yaml"))
	require.NoError(w.t, err)
	c.keeps("dynamicconfig.yaml", dynamic)
	c.is("DATABASE_PASSWORD="+w.database.passwords["temporal"], "KEY_SET="+c.keeps("jwks.json", w.issuer.reads("tokens/server/jwks.json")))
	for name, port := range w.ports {
		c.is("PORT_" + name + "=" + port)
	}
	w.run(&process{
		citizen: c, ports: []string{"frontend", "http", "internal_frontend", "history", "matching", "system_worker"},
		args: []string{
			w.programs.temporal, "--config-file", c.keeps("temporal.yaml", settings), "--audience", audience,
			"--task-key-file", c.keeps("task-key", []byte(hex.EncodeToString(randomKey()))),
		},
		ready: w.temporalAnswers,
	})
}

func randomKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	return key
}

// calls gives a citizen what it takes to call the frontend: a certificate and the token of its role.
func (c *citizen) calls() *citizen {
	c.town.t.Helper()
	return c.connects().is("PORTSAGA_TOKEN_FILE=" + c.keeps("token", c.town.issuer.reads("tokens/"+c.name+"/token")))
}

// connects gives a citizen a certificate that the cluster knows.
func (c *citizen) connects() *citizen {
	c.town.t.Helper()
	cert, key := c.town.callers.issue(c.town.t, c.name, x509.ExtKeyUsageClientAuth)
	return c.is(
		"TEMPORAL_ADDRESS="+c.town.address("frontend"), "TEMPORAL_NAMESPACE=portsaga", "TEMPORAL_TLS_SERVER_NAME="+serverName,
		"TEMPORAL_TLS_SERVER_CA_CERT_PATH="+c.town.public("nodes.pem"),
		"TEMPORAL_TLS_CLIENT_CERT_PATH="+c.keeps("cert.pem", cert), "TEMPORAL_TLS_CLIENT_KEY_PATH="+c.keeps("key.pem", key),
	)
}

// tenantRate is how many steps a second a tenant has at the gate: as many as the ports of a small one need, and fewer than keep
// two processors busy.
const tenantRate = "10"

// bootstrap prepares the cluster and the ledger, and makes the tenants' keys.
func (w *town) bootstrap() {
	w.t.Helper()
	c := w.settle("bootstrap").calls()
	w.founder = c
	c.is("PORTSAGA_LEDGER="+c.ledger("portsaga"), "PORTSAGA_TENANT_RATE="+tenantRate)
	c.do(w.t, "bootstrap")
	w.tenants = c.reads(".portsaga/tenant-keys")
}

// seals gives a citizen the keys of payloads, and of the ledger nothing else.
func (c *citizen) seals() *citizen {
	c.town.t.Helper()
	return c.is("PORTSAGA_TENANT_KEYS="+c.keeps("tenant-keys", c.town.tenants), "PORTSAGA_KEYS="+c.ledger("portsaga_keys"))
}

// openCarrier starts the simulated carrier.
func (w *town) openCarrier() {
	w.t.Helper()
	w.carrier = w.settle("carrier")
	w.carrier.is(
		"PORTSAGA_SIMULATOR_ADDR="+w.address("carrier"), "PORTSAGA_SIMULATOR_STATE="+w.carrier.path("carrier.jsonl"),
		"PORTSAGA_SIMULATOR_WEBHOOK_URL=http://"+w.address("front")+"/news/simulator",
		"PORTSAGA_SIMULATOR_WEBHOOK_SECRET_FILE="+w.carrier.keeps("webhook_secret", []byte(newsSecret)),
	)
	w.run(&process{
		citizen: w.carrier, ports: []string{"carrier"}, ready: w.healthy("carrier"),
		args: []string{w.portsaga, "simulator", "--scenario", "prompt", "--scenarios", w.public("scenarios")},
	})
}

const newsSecret = "what the carrier and we share"

// equip gives the workers and the door for customers what they need, and no more.
func (w *town) equip() {
	w.t.Helper()
	registry := []string{
		"PORTSAGA_REGISTRY=" + w.public("registry.json"), "PORTSAGA_REGISTRY_ROOTS=" + w.public("registry-roots.json"),
		"PORTSAGA_RULES_DIR=" + w.public("rules"), "PORTSAGA_FRAUD_OFF=true", // whether a port is suspicious must not depend on the hour
	}
	for _, c := range []*citizen{w.workflow, w.trust, w.gate, w.front} {
		c.calls().seals().is(registry...)
	}
	w.workflow.is("PORTSAGA_LEDGER=/nowhere")
	w.trust.is("PORTSAGA_LEDGER="+w.trust.ledger("portsaga"), "PORTSAGA_SIGNING_KEY="+w.trust.path("signing_key"))
	w.gate.is(
		"PORTSAGA_LEDGER="+w.gate.ledger("portsaga"), "PORTSAGA_SIGNING_KEY="+w.gate.path("signing_key"), "PORTSAGA_KEY_FILE="+w.gate.keeps("vault.key", []byte(base64.StdEncoding.EncodeToString(randomKey()))),
		"PORTSAGA_CARRIER_URL=http://"+w.address("carrier"),
	)
	w.front.is(
		"PORTSAGA_LEDGER="+w.front.ledger("portsaga"), "PORTSAGA_SERVE_ADDR="+w.address("front"),
		"PORTSAGA_WEBHOOK_SECRET_FILE="+w.front.keeps("webhook_secret", []byte(newsSecret)),
	)
}

// employ starts them.
func (w *town) employ() {
	w.t.Helper()
	for _, c := range []*citizen{w.workflow, w.trust, w.gate} {
		w.works(c)
	}
	w.opensFront()
}

// works starts the worker of a role.
func (w *town) works(c *citizen) *process {
	w.t.Helper()
	p := &process{citizen: c, args: []string{w.portsaga, "worker", "--role", c.name}}
	p.ready = func() bool { return p.says("worker runs") }
	return w.run(p)
}

func (w *town) opensFront() {
	w.t.Helper()
	w.run(&process{citizen: w.front, ports: []string{"front"}, args: []string{w.portsaga, "serve"}, ready: w.healthy("front")})
}

// healthy asks what listens on a port whether it is well.
func (w *town) healthy(port string) func() bool {
	return func() bool {
		request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://"+w.address(port)+"/healthz", http.NoBody)
		require.NoError(w.t, err)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil && answer.StatusCode < http.StatusMultipleChoices
	}
}

// order is an order for one number.
func order(tenant, reference string, number int) string {
	return strings.TrimLeft(fmt.Sprintf(`
reference: %s
tenant: %s
kind: wireline
country: US
numbers: ["+1212555%04d"]
donor: {name: Hudson Telephone, spid: "1234"}
recipient: {name: Acme Voice, spid: 567A}
subscriber:
  name: Jordan Example
  address: {street: 1 Example Plaza, city: New York, region: NY, postal_code: "10001", country: US}
  contact: {email: jordan@example.com}
account: {number: 4412-77}
authorization: {kind: loa, signed_at: 2026-01-12T09:30:00-05:00, signed_by: Jordan Example}
submitted_by: ana@desk
`, reference, tenant, number), "\n")
}
