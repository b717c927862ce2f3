package allinone

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/proxy"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/internal/codec"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/worker"
)

// seals are what the payloads of a stack are sealed with, and the codec server that opens them for its Web UI. A nil one
// seals nothing.
type seals struct {
	books   *ledger.Ledger // of data keys alone: ports can be started while the ledger is away
	wrapper codec.TenantKeys
	ring    *codec.Ring
	desk    net.Listener
	path    string // whoever knows it is who reaches the Web UI, which has no sign-in of its own
}

func openSeals(ctx context.Context, o Options) (*seals, error) {
	if o.Plain {
		return nil, nil
	}
	books, err := ledger.Open(ctx, filepath.Join(o.Dir, "keys.db"))
	if err != nil {
		return nil, err
	}
	s := &seals{books: books, wrapper: codec.TenantKeys(filepath.Join(o.Dir, "tenant-keys")), path: "/" + strings.ToLower(rand.Text())}
	if err := s.wrapper.Ready(); err != nil {
		return s, err
	}
	s.ring = codec.NewRing(books.Keys(), s.wrapper)
	if s.desk, err = (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return s, fmt.Errorf("open the codec server: %w", err)
	}
	return s, nil
}

// endpoint is where the Web UI has payloads opened.
func (s *seals) endpoint() string {
	if s == nil {
		return ""
	}
	return "http://" + s.desk.Addr().String() + s.path
}

// serve opens payloads for the Web UI's pages until ctx ends.
func (s *seals) serve(ctx context.Context, e *engine.Engine, log *slog.Logger) error {
	if s == nil {
		<-ctx.Done()
		return nil
	}
	pages := []string{e.UIAddress(), strings.Replace(e.UIAddress(), "127.0.0.1", "localhost", 1)}
	server := codec.NewServer(codec.ServerOptions{
		Ring: s.ring, Namespace: e.Namespace(), Origins: pages, Readers: codec.Anybody{Name: "web-ui"}, Encode: true, Now: time.Now, Log: log,
		Audit: func(ctx context.Context, a codec.Access) error {
			log.InfoContext(ctx, "payloads opened", "verb", a.Verb, "by", a.Subject, "ports", a.Owners, "payloads", a.Opened)
			return nil
		},
	})
	return worker.ServeNews(ctx, s.desk, http.StripPrefix(s.path, server))
}

// OpenHistory opens the payloads of a history in place, for those who replay it.
func (s *Stack) OpenHistory(ctx context.Context, h *history.History) error {
	if s.seals == nil {
		return nil
	}
	return proxy.VisitPayloads(ctx, h, proxy.VisitPayloadsOptions{
		SkipSearchAttributes: true,
		Visitor: func(_ *proxy.VisitPayloadsContext, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
			return s.seals.ring.OpenAll(ctx, s.Engine.Namespace(), payloads)
		},
	})
}

// clients are the client of everybody, and that of workers on the same connection.
func (s *seals) clients(ctx context.Context, o client.Options) (everybodys, workers client.Client, err error) {
	forWorkers := o
	if s != nil {
		s.ring.Seal(&o)
		s.ring.SealWorker(&forWorkers)
	}
	if everybodys, err = client.DialContext(ctx, o); err != nil {
		return nil, nil, fmt.Errorf("reach the embedded engine: %w", err)
	}
	if workers, err = client.NewClientFromExistingWithContext(ctx, everybodys, forWorkers); err != nil {
		return everybodys, nil, fmt.Errorf("reach the embedded engine: %w", err)
	}
	return everybodys, workers, nil
}

func (s *seals) close() error {
	if s == nil {
		return nil
	}
	if s.desk != nil {
		_ = s.desk.Close() // it may have been closed by its server
	}
	return s.books.Close()
}
