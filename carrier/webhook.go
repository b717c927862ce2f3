package carrier

import (
	"context"
	"net/http"
	"time"
)

// Hint is what a carrier's webhook is about. It says where to look, never what is true: whoever gets one reads the order or
// the port-out back from the carrier.
type Hint struct {
	Ref     Ref    `json:"ref,omitzero"`       // the order, if the news is about one of ours; Version is 0 where the carrier does not tell it
	Order   string `json:"order,omitempty"`    // the carrier's own ID of the order, if the news names one; a Finder knows whose it is
	PortOut string `json:"port_out,omitempty"` // the counterparty's request, by its own ID, if the news is about one
	EventID string `json:"event_id,omitempty"` // the carrier's name for this piece of news, the same in each repetition; "" if it has none
	Raw     string `json:"raw,omitempty"`      // the carrier's word for what happened, like "porting_order.status_changed"
}

// Webhook reads the news that a carrier sends. One that is about nothing of ours names nothing, and is no error.
// Every error is a *porting.Error. Codes that callers test:
//
//	webhook-forged   (Unauthorised) the signature is missing or is not the carrier's
//	webhook-stale    (Unauthorised) signed, but at a time too far from now: a replay, or a clock that is wrong
//	webhook-invalid  (Invalid)      the carrier's own, and not to be understood
type Webhook interface {
	// News verifies a request over its raw body at a real time, and says what it is about.
	News(header http.Header, body []byte, now time.Time) (Hint, error)
}

// Finder is a gateway that knows its carrier's orders by the carrier's own IDs, for news that name nothing else.
type Finder interface {
	// Find is our reference of an order. The error is carrier-order-unknown for one that is not ours, or carrier-unavailable.
	Find(ctx context.Context, order string) (Ref, error)
}
