package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// maxNews bounds the body of news, in bytes.
const maxNews = 1 << 20

// News is the door for the news of real carriers, at /news/ and the carrier's name. A webhook is a hint: the port that it is
// about reads the truth back itself. Where a carrier names only an order or a request of its own, the gateway says whose it is.
type News struct {
	Ports    Hinter
	Webhooks map[string]carrier.Webhook // by carrier
	Gateways map[string]carrier.Gateway // by carrier
	Now      func() time.Time           // of real time
	Log      *slog.Logger
}

// News is the door for the news of the carriers that a gate has.
func (n Neighbours) News(ports Hinter, now func() time.Time, log *slog.Logger) *News {
	return &News{Ports: ports, Webhooks: n.webhooks, Gateways: n.Carriers, Now: now, Log: log}
}

// ServeHTTP implements http.Handler. It answers 202 for what was taken or is about nothing of ours, and 503 for what the
// carrier should send again.
func (n *News) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("carrier")
	door, there := n.Webhooks[name]
	if !there {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxNews))
	if err != nil {
		http.Error(w, "body too large", http.StatusRequestEntityTooLarge)
		return
	}
	hint, err := door.News(r.Header, body, n.Now())
	switch {
	case porting.KindOf(err) == porting.Invalid:
		http.Error(w, "not a webhook", http.StatusBadRequest)
		return
	case err != nil:
		http.Error(w, "signature not accepted", http.StatusUnauthorized)
		return
	}
	if err := n.take(r.Context(), name, hint, eventID(name, hint, body)); err != nil && !gone(err) {
		n.Log.Warn("carrier news could not be delivered", "carrier", name, "error", err)
		http.Error(w, "try again", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// take brings a hint to the port that it is about.
func (n *News) take(ctx context.Context, name string, hint carrier.Hint, id string) error {
	event := porting.CarrierEvent{ID: id, By: "webhook", Carrier: name, Hint: short(hint.Raw)}
	if hint.PortOut != "" {
		return n.takePortOut(ctx, name, hint.PortOut, event)
	}
	port, err := n.portOf(ctx, name, hint)
	if port == "" || err != nil {
		return err
	}
	return deliver(ctx, n.Ports, port, event)
}

// portOf is the port that an order belongs to, "" if it is none of ours.
func (n *News) portOf(ctx context.Context, name string, hint carrier.Hint) (string, error) {
	finder, finds := n.Gateways[name].(carrier.Finder)
	if hint.Ref.Port != "" || hint.Order == "" || !finds {
		return hint.Ref.Port, nil
	}
	ref, err := finder.Find(ctx, hint.Order)
	return ref.Port, err
}

// takePortOut opens a port for a request as it is read back, or hints to the one that is open.
func (n *News) takePortOut(ctx context.Context, name, id string, event porting.CarrierEvent) error {
	desk, asks := n.Gateways[name].(carrier.PortOuts)
	door, opens := n.Ports.(PortOutStarter)
	if !asks || !opens {
		return nil
	}
	request, err := requestAt(ctx, desk, id)
	if err != nil {
		return err
	}
	request.Carrier = name
	if err := openPortOut(ctx, door, request); err != nil {
		return err
	}
	return deliver(ctx, n.Ports, request.PortID(), event)
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
