package integration

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/portsaga/portsaga/internal/config"
)

// temporalAnswers asks the frontend for its health, as a caller that has a certificate and no token.
func (w *town) temporalAnswers() bool {
	options := w.connection("health")
	c, err := client.NewLazyClient(options)
	require.NoError(w.t, err)
	defer c.Close()
	_, err = c.CheckHealth(context.WithoutCancel(w.t.Context()), &client.CheckHealthRequest{})
	return err == nil
}

// connection is how this test itself calls the frontend, under a name.
func (w *town) connection(name string) client.Options {
	w.t.Helper()
	cert, key := w.callers.issue(w.t, name, x509.ExtKeyUsageClientAuth)
	pair, err := tls.X509KeyPair(cert, key)
	require.NoError(w.t, err)
	nodes := x509.NewCertPool()
	require.True(w.t, nodes.AppendCertsFromPEM(w.nodes.pem()))
	return client.Options{
		HostPort: w.address("frontend"), Namespace: "portsaga", Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{TLS: &tls.Config{
			MinVersion: tls.VersionTLS13, ServerName: serverName, RootCAs: nodes, Certificates: []tls.Certificate{pair},
		}},
	}
}

// calling is the same with a citizen's token.
func (w *town) calling(c *citizen) client.Options {
	options := w.connection(c.name)
	options.HeadersProvider = &config.TokenFile{Path: c.path("token")}
	return options
}
