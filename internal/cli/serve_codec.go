package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/codec"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// codecSettings are those of the codec server, under PORTSAGA_CODEC_.
type codecSettings struct {
	Addr     string   `split_words:"true" desc:"host:port on which payloads are opened for the Web UI; they are not when empty"`
	Origins  []string `split_words:"true" desc:"pages that may ask, like https://temporal.example; separated by commas"`
	Keys     string   `split_words:"true" desc:"file with the JSON Web Key Set of the identity provider whose tokens are believed"`
	Issuer   string   `split_words:"true" desc:"issuer that tokens must name"`
	Audience string   `split_words:"true" desc:"audience that tokens must name"`
	TLSCert  string   `split_words:"true" desc:"certificate of the codec server, and what leads to its root"`
	TLSKey   string   `split_words:"true" desc:"key of that certificate"`
	Encode   bool     `split_words:"true" desc:"seal messages that people with the right send from the Web UI"`
}

func (s codecSettings) check() error {
	var problems []error
	for name, value := range map[string]string{
		"KEYS": s.Keys, "ISSUER": s.Issuer, "AUDIENCE": s.Audience, "TLS_CERT": s.TLSCert, "TLS_KEY": s.TLSKey,
	} {
		if value == "" {
			problems = append(problems, codecInvalid(name, "it is not set", "set it, or unset PORTSAGA_CODEC_ADDR"))
		}
	}
	if len(s.Origins) == 0 {
		problems = append(problems, codecInvalid("ORIGINS", "it is not set", "name the Web UI's scheme, host and port"))
	}
	for _, origin := range s.Origins {
		if origin == "*" {
			problems = append(problems, codecInvalid("ORIGINS", "it lets every page ask", "name the Web UI's scheme, host and port"))
		}
	}
	return errors.Join(problems...)
}

func codecInvalid(name, detail, next string) error {
	return &porting.Error{
		Kind: porting.Invalid, Code: "config-invalid", Op: "read environment", Object: "PORTSAGA_CODEC_" + name, Detail: detail, Next: next,
	}
}

// codecServer opens payloads for the Web UI until its context ends. Where no address is set it serves nobody.
func (f *Factory) codecServer(ctx context.Context, s codecSettings) (func(context.Context) error, error) {
	ring, err := f.keyRing()
	if err != nil || ring == nil || s.Addr == "" {
		return serveNobody, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	connection, err := f.Connect(ctx)
	if err != nil {
		return nil, err
	}
	books, err := f.noticeBooks(ctx)
	if err != nil {
		return nil, err
	}
	certificate, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey)
	if err != nil {
		return nil, codecInvalid("TLS_CERT", err.Error(), "give it a certificate and its key, in PEM")
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return nil, &porting.Error{
			Kind: porting.Failed, Code: "address-unusable", Op: "serve payloads", Object: s.Addr, Detail: err.Error(),
			Next: "set PORTSAGA_CODEC_ADDR to a free address", Err: err,
		}
	}
	server := codec.NewServer(codec.ServerOptions{
		Ring: ring, Namespace: connection.Options.Namespace, Origins: s.Origins, Encode: s.Encode, Now: f.Now, Log: f.Log(),
		Readers: codec.Tokens{Keys: s.Keys, Issuer: s.Issuer, Audience: s.Audience, Now: f.Now}, Audit: recordReads(books, f.Log()),
	})
	f.Log().Info("serving payloads", "addr", listener.Addr().String(), "encode", s.Encode)
	secured := tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}})
	return func(ctx context.Context) error { return worker.ServeNews(ctx, secured, server) }, nil
}

func serveNobody(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// readFact is what a leaf tells of somebody who had payloads opened.
type readFact struct {
	By   string `json:"by"`
	Verb string `json:"verb"`
}

// recordReads writes every access to the log, and to the audit log once for each reader, port and hour: the Web UI asks for
// every event of a page on its own.
func recordReads(books *ledger.Ledger, log *slog.Logger) func(context.Context, codec.Access) error {
	return func(ctx context.Context, a codec.Access) error {
		log.InfoContext(ctx, "payloads opened", "verb", a.Verb, "by", a.Subject, "ports", a.Owners, "payloads", a.Opened, "withheld", a.Withheld)
		hour := a.At.Truncate(time.Hour)
		var leaves []audit.Leaf
		for _, owner := range a.Owners {
			leaves = append(leaves, audit.Leaf{
				At: a.At, Kind: audit.Read, Port: owner, Ref: "read/" + a.Subject + "/" + hour.Format(time.RFC3339), Data: readFact{a.Subject, a.Verb},
			})
		}
		return books.Append(ctx, leaves...)
	}
}
