package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

const (
	// NewsEvery is how often a gate looks for news that the door left to it.
	NewsEvery = time.Second

	// newsLife is how long news are tried to be brought. By then every port has looked by itself.
	newsLife = 24 * time.Hour
	// newsAtOnce is how many news one look takes.
	newsAtOnce = 200
)

// WaitingNews is what a gate asks of the ledger about news. *ledger.Ledger is one.
type WaitingNews interface {
	WaitingNews(ctx context.Context, limit int) ([]ledger.CarrierNews, error)
	DropNews(ctx context.Context, carrier, id string) error
}

// NewsPorts hears news and opens ports for requests; the Go client does.
type NewsPorts interface {
	Hinter
	PortOutStarter
}

// NewsReader brings the news that wait in the ledger to their ports. It asks the carriers whose they are, and reads back what a
// counterparty asks before it opens a port for that.
type NewsReader struct {
	Ports    NewsPorts
	Books    WaitingNews
	Gateways map[string]carrier.Gateway // by carrier
	Now      func() time.Time           // of real time
	Log      *slog.Logger
}

// NewsReader reads the news of the carriers that a gate has.
func (n Neighbours) NewsReader(ports NewsPorts) *NewsReader {
	log := n.log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &NewsReader{Ports: ports, Books: n.Ledger, Gateways: n.Carriers, Now: time.Now, Log: log}
}

// readNews brings news until ctx ends.
func (n Neighbours) readNews(ctx context.Context, ports NewsPorts) {
	ticker := time.NewTicker(NewsEvery)
	defer ticker.Stop()
	n.NewsReader(ports).Run(ctx, ticker.C)
}

// Run looks at every tick, until ctx ends.
func (r *NewsReader) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
			r.Look(ctx)
		}
	}
}

// Look brings what waits. News whose carrier or port cannot be reached stay for the next look; several gates that bring the same
// are one message.
func (r *NewsReader) Look(ctx context.Context) {
	waiting, err := r.Books.WaitingNews(ctx, newsAtOnce)
	if err != nil {
		r.warn(ctx, "look for news", ledger.CarrierNews{}, err)
		return
	}
	for _, news := range waiting {
		err := r.bring(ctx, news)
		if err != nil && !gone(err) && r.Now().Sub(news.At) < newsLife {
			r.warn(ctx, "bring news to their port", news, err)
			continue
		}
		if err := r.Books.DropNews(ctx, news.Carrier, news.ID); err != nil {
			r.warn(ctx, "forget news that were brought", news, err)
		}
	}
}

func (r *NewsReader) warn(ctx context.Context, step string, news ledger.CarrierNews, err error) {
	if ctx.Err() == nil {
		r.Log.WarnContext(ctx, "carriers' news wait for the next look", "step", step, "carrier", news.Carrier, "port", news.Port, "error", err)
	}
}

func (r *NewsReader) bring(ctx context.Context, news ledger.CarrierNews) error {
	if news.PortOut != "" {
		return r.bringPortOut(ctx, news)
	}
	port, err := r.portOf(ctx, news)
	if port == "" || err != nil {
		return err
	}
	return deliver(ctx, r.Ports, port, hintOf(news))
}

// portOf is the port that an order belongs to, "" if it is none of ours.
func (r *NewsReader) portOf(ctx context.Context, news ledger.CarrierNews) (string, error) {
	finder, finds := r.Gateways[news.Carrier].(carrier.Finder)
	if news.Port != "" || news.Order == "" || !finds {
		return news.Port, nil
	}
	ref, err := finder.Find(ctx, news.Order)
	return ref.Port, err
}

// bringPortOut opens a port for a request as it is read back, or hints to the one that is open.
func (r *NewsReader) bringPortOut(ctx context.Context, news ledger.CarrierNews) error {
	desk, asks := r.Gateways[news.Carrier].(carrier.PortOuts)
	if !asks {
		return nil
	}
	request, err := requestAt(ctx, desk, news.PortOut)
	if err != nil {
		return err
	}
	request.Carrier = news.Carrier
	if err := openPortOut(ctx, r.Ports, request); err != nil {
		return err
	}
	return deliver(ctx, r.Ports, request.PortID(), hintOf(news))
}

// requestAt is a request as its carrier lists it: the list alone tells the PIN that was given.
func requestAt(ctx context.Context, desk carrier.PortOuts, id string) (porting.PortOutRequest, error) {
	status, err := desk.PortOutStatus(ctx, id)
	if err != nil {
		return porting.PortOutRequest{}, err
	}
	listed, err := desk.PortOutRequests(ctx, status.ReceivedAt)
	if err != nil {
		return porting.PortOutRequest{}, err
	}
	for _, r := range listed {
		if r.ID == id {
			return r, nil
		}
	}
	return status.Request, nil
}
