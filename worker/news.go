package worker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// Hinter sends a hint to a port; the Go client is one.
type Hinter interface {
	CarrierEvent(ctx context.Context, id string, e porting.CarrierEvent) error
}

// NewsHandler is the one door for carrier news. It checks the signature over the raw body and hints to the port that the
// carrier has something to say; the port reads the truth back itself. A hint for a port that does not exist or has ended
// is taken and dropped, so that the carrier does not send it for ever.
func NewsHandler(ports Hinter, secret porting.Secret, now func() time.Time, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("POST /news/simulator", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, simulator.MaxWebhook))
		if err != nil {
			http.Error(w, "body too large", http.StatusRequestEntityTooLarge)
			return
		}
		news, err := simulator.VerifyWebhook(secret, r.Header, body, now())
		if porting.KindOf(err) == porting.Invalid {
			http.Error(w, "not a webhook", http.StatusBadRequest)
			return
		}
		if err != nil {
			http.Error(w, "signature not accepted", http.StatusUnauthorized)
			return
		}
		hint := porting.CarrierEvent{ID: news.ID, By: "webhook", Carrier: "simulator", Hint: news.Type}
		if err := take(r.Context(), ports, news, hint); err != nil && !gone(err) {
			log.Warn("carrier news could not be delivered", "port", news.Order.Port, "error", err)
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	return mux
}

// take brings news to where they belong.
func take(ctx context.Context, ports Hinter, news simulator.Webhook, hint porting.CarrierEvent) error {
	if news.PortOut != nil {
		return takePortOut(ctx, ports, news, hint)
	}
	return deliver(ctx, ports, news.Order.Port, hint)
}

// deliver hints to the port, and to its rescue where its saga is gone. Most ended ports have none; one that misses the hint
// looks by itself.
func deliver(ctx context.Context, ports Hinter, port string, hint porting.CarrierEvent) error {
	err := ports.CarrierEvent(ctx, port, hint)
	if err != nil && gone(err) {
		_ = ports.CarrierEvent(ctx, porting.RescueID(port), hint)
	}
	return err
}

func gone(err error) bool {
	kind := porting.KindOf(err)
	return kind == porting.NotFound || kind == porting.Refused
}

// ServeNews serves the door on a listener until ctx ends.
func ServeNews(ctx context.Context, on net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 15 * time.Second}
	stop := context.AfterFunc(ctx, func() {
		quiet, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		// What is not answered within the quiet time is sent again by the carrier.
		_ = server.Shutdown(quiet)
	})
	defer stop()
	if err := server.Serve(on); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
