package browser

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/devserver/allinone"
	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/cli"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Three people look at the same port in the Web UI. Who runs portsaga on this machine sees it in the clear. Of those who sign in
// at a deployment's codec server, who has the role for its tenant does, too; who has it for another sees ciphertext, and only
// the one who was shown something is in the audit log.
func TestReadersSeeWhatTheirRoleLetsThem(t *testing.T) {
	chromium := findChromium(t)
	desk := openDesk(t)
	order := readOrder(t, "us-wireline-nonsimple")
	answer, err := desk.Ports.Start(t.Context(), order)
	require.NoError(t, err)
	awaitStage(t, desk, answer.ID, porting.Verifying)
	who := openCodecServer(t, desk)

	newcomer := newOperator(t, chromium)
	newcomer.open(desk.PageOf(answer.ID))
	newcomer.reads(portPage, order.Reference, order.Subscriber.Name)
	newcomer.picture("newcomer")
	newcomer.requireQuiet(t)

	for name, reads := range map[string][]string{"with-the-role": {"tenant:default"}, "without-the-role": {"tenant:another"}} {
		o := newOperator(t, chromium, chromedp.Flag("ignore-certificate-errors", true)) // the certificate is of this test alone
		o.open(desk.PageOf(answer.ID))
		o.signIn(who.url, who.token(t, name, reads))
		if name == "with-the-role" {
			o.reads(portPage, order.Reference, order.Subscriber.Name)
		} else {
			shown := o.reads(portPage, sealedInput(t, desk, answer.ID))
			require.NotContains(t, shown, order.Reference)
			require.NotContains(t, shown, order.Subscriber.Name)
			require.Empty(t, o.complaints, "ciphertext is no error")
		}
		o.picture(name)
	}
	require.Equal(t, []string{"with-the-role"}, readersOf(t, desk, answer.ID))
}

// sealedInput is how the Web UI shows the input of a port that nobody opened for it: the first bytes, in base64.
func sealedInput(t *testing.T, s *allinone.Stack, port string) string {
	t.Helper()
	raw, err := client.DialContext(t.Context(), s.Engine.ClientOptions())
	require.NoError(t, err)
	defer raw.Close()
	first, err := raw.GetWorkflowHistory(t.Context(), port, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT).Next()
	require.NoError(t, err)
	const shown = 24
	return base64.StdEncoding.EncodeToString(first.GetWorkflowExecutionStartedEventAttributes().GetInput().GetPayloads()[0].GetData())[:shown]
}

// signIn has the page ask a codec server, with a token in each request. A Web UI with a sign-in adds it itself; the embedded one
// has none.
func (o *operator) signIn(codec, token string) {
	o.t.Helper()
	_, err := chromedp.Call(o.page, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Authorization": "Bearer " + token}})
	require.NoError(o.t, err)
	ask[bool](o, "choose a codec server", `codec => {
		localStorage.setItem('endpoint', JSON.stringify(codec));
		localStorage.setItem('overrideRemoteCodecConfiguration', 'true');
		return true;
	}`, codec)
	o.refresh()
}

// codecServer is the one of `portsaga serve`, and the identity provider that it believes.
type codecServer struct {
	url string
	key *ecdsa.PrivateKey
}

const (
	identityProvider = "https://id.example"
	codecAudience    = "portsaga-codec"
)

// openCodecServer runs `portsaga serve` beside a stack, with TLS and tokens, as in production.
func openCodecServer(t *testing.T, s *allinone.Stack) codecServer {
	t.Helper()
	dir := t.TempDir()
	key := newKey(t)
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Use: "sig"}}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "keys.json"), keys, 0o600))
	writeCertificate(t, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	for name, value := range map[string]string{
		"TEMPORAL_ADDRESS": s.Engine.FrontendAddress(), "TEMPORAL_NAMESPACE": s.Engine.Namespace(), "PORTSAGA_DIR": s.Dir,
		"PORTSAGA_KEYS": filepath.Join(s.Dir, "keys.db"), "PORTSAGA_SERVE_ADDR": "127.0.0.1:0", "PORTSAGA_CODEC_ADDR": "127.0.0.1:0",
		"PORTSAGA_CODEC_ORIGINS": s.Engine.UIAddress(), "PORTSAGA_CODEC_KEYS": filepath.Join(dir, "keys.json"),
		"PORTSAGA_CODEC_ISSUER": identityProvider, "PORTSAGA_CODEC_AUDIENCE": codecAudience,
		"PORTSAGA_CODEC_TLS_CERT": filepath.Join(dir, "cert.pem"), "PORTSAGA_CODEC_TLS_KEY": filepath.Join(dir, "key.pem"),
	} {
		t.Setenv(name, value)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	said, ended := &loud{}, make(chan int, 1)
	go func() {
		ended <- cli.Main(ctx, []string{"portsaga", "serve"}, cli.Streams{In: &bytes.Buffer{}, Out: said, Err: said})
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	require.Eventually(t, func() bool { return said.address() != "" }, patience, glance, "it serves payloads")
	return codecServer{"https://" + said.address(), key}
}

// loud keeps what a command says, and knows where it serves payloads.
type loud struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *loud) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

var servesPayloads = regexp.MustCompile(`serving payloads.* addr=(\S+)`)

func (l *loud) address() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if found := servesPayloads.FindSubmatch(l.text.Bytes()); found != nil {
		return string(found[1])
	}
	return ""
}

// token is what the identity provider gives somebody who may read some tenants.
func (c codecServer) token(t *testing.T, subject string, reads []string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: c.key, KeyID: "1"}}, nil)
	require.NoError(t, err)
	claims := jwt.Claims{Subject: subject, Issuer: identityProvider, Audience: jwt.Audience{codecAudience}, Expiry: jwt.NewNumericDate(time.Now().Add(time.Hour))}
	token, err := jwt.Signed(signer).Claims(claims).Claims(map[string]any{"portsaga_decode": reads}).Serialize()
	require.NoError(t, err)
	return token
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func writeCertificate(t *testing.T, certFile, keyFile string) {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "codec"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	}
}

// readersOf are those whom the audit log names as readers of a port.
func readersOf(t *testing.T, s *allinone.Stack, port string) []string {
	t.Helper()
	books, err := ledger.Open(t.Context(), filepath.Join(s.Dir, "ledger.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, books.Close()) }()
	leaves, err := books.LeavesOf(t.Context(), port)
	require.NoError(t, err)
	var names []string
	for _, leaf := range leaves {
		if leaf.Kind != audit.Read {
			continue
		}
		var fact struct{ By string }
		r, err := audit.ReadRecord(leaf.Text)
		require.NoError(t, err)
		require.NoError(t, r.Into(&fact))
		names = append(names, fact.By)
	}
	return names
}
