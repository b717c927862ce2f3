package cli

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/portsaga/portsaga/internal/audit"
)

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, content, 0o600))
	return file
}

// certificate is one for 127.0.0.1, with its key and a pool that trusts it.
func certificate(t *testing.T) (certFile, keyFile string, trusted *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	text, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}, &x509.Certificate{SerialNumber: big.NewInt(1)}, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(text)
	require.NoError(t, err)
	trusted = x509.NewCertPool()
	trusted.AddCert(parsed)
	return write(t, "cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: text})),
		write(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), trusted
}

// The codec server speaks TLS, knows readers by their tokens, and writes into the audit log who read what.
func TestServePayloads(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	books := s.books(t)
	sealed, err := s.seals(t, books, "pi-1").ToPayload("clear")
	require.NoError(t, err)
	idp, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: idp.Public(), KeyID: "1"}}})
	require.NoError(t, err)
	settings := codecSettings{
		Addr: freeAddress(t), Origins: []string{"https://temporal.example"}, Keys: write(t, "jwks.json", keys), Issuer: "https://id.example", Audience: "codec",
	}
	var trusted *x509.CertPool
	settings.TLSCert, settings.TLSKey, trusted = certificate(t)
	serve, err := s.factory.codecServer(t.Context(), settings)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})

	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: idp, KeyID: "1"}}, nil)
	require.NoError(t, err)
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Subject: "ana", Issuer: settings.Issuer, Audience: jwt.Audience{"codec"}, Expiry: jwt.NewNumericDate(now.Add(time.Hour)),
	}).Claims(map[string]any{"portsaga_decode": []string{"port:pi-1"}}).Serialize()
	require.NoError(t, err)
	body, err := protojson.Marshal(&commonpb.Payloads{Payloads: []*commonpb.Payload{sealed}})
	require.NoError(t, err)
	browser := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS13}}}
	t.Cleanup(browser.CloseIdleConnections)
	ask := func(token string) (int, *commonpb.Payloads) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+settings.Addr+"/decode", strings.NewReader(string(body)))
		require.NoError(t, err)
		request.Header.Set("X-Namespace", "portsaga")
		request.Header.Set("Authorization", "Bearer "+token)
		answer, err := browser.Do(request)
		require.NoError(t, err)
		defer answer.Body.Close()
		read := &commonpb.Payloads{}
		if answer.StatusCode == http.StatusOK {
			text := make([]byte, 4096)
			n, _ := answer.Body.Read(text)
			require.NoError(t, protojson.Unmarshal(text[:n], read))
		}
		return answer.StatusCode, read
	}
	status, _ := ask("guessed")
	require.Equal(t, http.StatusUnauthorized, status)
	for range 2 {
		status, shown := ask(token)
		require.Equal(t, http.StatusOK, status)
		require.Equal(t, `"clear"`, string(shown.Payloads[0].Data))
	}
	leaves, err := books.LeavesOf(t.Context(), "pi-1")
	require.NoError(t, err)
	require.Len(t, leaves, 1, "once an hour for each reader and port")
	require.Equal(t, audit.Read, leaves[0].Kind)
	require.Contains(t, string(leaves[0].Text), `"by":"ana"`)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

func TestServePayloadsSettings(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	serve, err := s.factory.codecServer(t.Context(), codecSettings{})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	require.NoError(t, serve(ctx), "nobody is served where no address is set")

	_, err = s.factory.codecServer(t.Context(), codecSettings{Addr: "127.0.0.1:0", Origins: []string{"*"}})
	for _, name := range []string{"KEYS", "ISSUER", "AUDIENCE", "TLS_CERT", "TLS_KEY", "ORIGINS"} {
		require.ErrorContains(t, err, "PORTSAGA_CODEC_"+name)
	}
}
