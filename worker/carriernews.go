package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// NewsBooks is what the door for news asks of the ledger. *ledger.Ledger is one.
type NewsBooks interface {
	OrderNamed(ctx context.Context, carrier, order string) (ledger.CarrierOrder, bool, error)
	KeepNews(ctx context.Context, n ledger.CarrierNews) error
}

// News takes the news of carriers, with no more than what verifies them. A webhook is a hint: the port that it is about reads the
// truth back itself. What only a carrier can place, and what no port can be told now, is kept in the ledger for a gate.
type News struct {
	Ports    Hinter
	Books    NewsBooks
	Webhooks map[string]carrier.Webhook // by carrier
	Now      func() time.Time           // of real time
	Log      *slog.Logger
}

// OpenNews opens the door for the news of the carriers that the settings name: of their keys it reads those that verify news, and
// no others. It is nil where no carrier has one.
func OpenNews(s Settings, ports Hinter, books NewsBooks, log *slog.Logger) (*News, error) {
	carriers, err := s.carriers()
	if err != nil {
		return nil, err
	}
	webhooks, err := carriers.Webhooks()
	if err != nil || len(webhooks) == 0 {
		return nil, err
	}
	return &News{Ports: ports, Books: books, Webhooks: webhooks, Now: time.Now, Log: log}, nil
}

// hintPatience bounds how long a port may take to be told, so that carriers are answered fast.
const hintPatience = 2 * time.Second

// Take verifies news over their raw body and brings them to the port that they are about. News that are about nothing of ours
// are taken and forgotten. Beside those of carrier.Webhook the codes are "carrier-unknown" (NotFound), and those of the ledger
// where news must be sent again.
func (n *News) Take(ctx context.Context, name string, header http.Header, body []byte) error {
	webhook, there := n.Webhooks[name]
	if !there {
		return &porting.Error{Kind: porting.NotFound, Code: "carrier-unknown", Op: "take news", Detail: "no such carrier sends news"}
	}
	hint, err := webhook.News(header, body, n.Now())
	if err != nil {
		return err
	}
	news := ledger.CarrierNews{
		Carrier: name, ID: eventID(name, hint, body), Port: hint.Ref.Port, Order: hint.Order, PortOut: hint.PortOut, Word: short(hint.Raw), At: n.Now().UTC(),
	}
	if news.Port == "" && news.Order == "" && news.PortOut == "" {
		return nil
	}
	if n.told(ctx, &news) {
		return nil
	}
	return n.Books.KeepNews(ctx, news)
}

// told reports whether the port of the news was told, or needs to be told nothing any more.
func (n *News) told(ctx context.Context, news *ledger.CarrierNews) bool {
	if news.Port == "" && news.Order != "" {
		order, found, err := n.Books.OrderNamed(ctx, news.Carrier, news.Order)
		if err != nil || !found {
			return false // the gate asks the carrier whose it is
		}
		news.Port = order.PortID
	}
	port := news.Port
	if news.PortOut != "" {
		port = porting.PortOutRequest{ID: news.PortOut, Carrier: news.Carrier}.PortID()
	}
	ctx, cancel := context.WithTimeout(ctx, hintPatience)
	defer cancel()
	err := deliver(ctx, n.Ports, port, hintOf(*news))
	switch {
	case err == nil:
		return true
	case porting.KindOf(err) == porting.NotFound:
		return news.PortOut == "" // nobody has opened a port for the request yet, or not in this tenant
	case porting.KindOf(err) == porting.Refused:
		return true
	}
	n.Log.WarnContext(ctx, "a port could not be told that its carrier has news; a gate tells it", "carrier", news.Carrier, "port", port, "error", err)
	return false
}

func hintOf(news ledger.CarrierNews) porting.CarrierEvent {
	return porting.CarrierEvent{ID: news.ID, By: "webhook", Carrier: news.Carrier, Hint: news.Word}
}

// eventID makes a repetition of news the same message: by the carrier's own name for it, else by its content.
func eventID(name string, hint carrier.Hint, body []byte) string {
	if hint.EventID != "" {
		return name + ":" + short(hint.EventID)
	}
	sum := sha256.Sum256(body)
	return name + ":" + hex.EncodeToString(sum[:16])
}

// maxWord bounds what a carrier may put into a message to a port.
const maxWord = 80

func short(word string) string {
	if len(word) > maxWord {
		return word[:maxWord]
	}
	return word
}
