package telnyx

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

const (
	// SignatureHeader is the header of a webhook's signature: Ed25519 over time, "|" and body, in base64.
	SignatureHeader = "Telnyx-Signature-Ed25519"
	// TimestampHeader is the header of the time in it, in Unix seconds.
	TimestampHeader = "Telnyx-Timestamp"
	// MaxWebhook is the largest body, in bytes, that is read.
	MaxWebhook = 256 << 10

	window    = 5 * time.Minute // between a webhook's time and ours
	outEvents = "portout."      // what the events of port-outs begin with
)

// Verifier reads webhooks that Telnyx signed.
type Verifier struct {
	PublicKey string // of the account, in base64
}

// Webhook is the verifier of the client's account.
func (c *Client) Webhook() Verifier { return Verifier{PublicKey: c.PublicKey} }

// News verifies a webhook of the client's account.
func (c *Client) News(header http.Header, body []byte, now time.Time) (carrier.Hint, error) {
	return c.Webhook().News(header, body, now)
}

// News verifies a webhook over its raw body, and says what it is about. Telnyx wraps most news in an envelope and sends some
// without.
func (v Verifier) News(header http.Header, body []byte, now time.Time) (carrier.Hint, error) {
	if len(body) > MaxWebhook {
		return carrier.Hint{}, badNews(porting.Invalid, "webhook-invalid", "longer than any news")
	}
	signed := header.Get(TimestampHeader)
	if !v.signed(header.Get(SignatureHeader), signed, body) {
		return carrier.Hint{}, badNews(porting.Unauthorised, "webhook-forged", "the signature does not fit")
	}
	seconds, err := strconv.ParseInt(signed, 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > window {
		return carrier.Hint{}, badNews(porting.Unauthorised, "webhook-stale", "signed at another time than now")
	}
	n, err := readNews(body)
	if err != nil || n.Type == "" {
		return carrier.Hint{}, badNews(porting.Invalid, "webhook-invalid", "the body names no event")
	}
	return n.hint(), nil
}

func (v Verifier) signed(signature, timestamp string, body []byte) bool {
	key, err := base64.StdEncoding.DecodeString(v.PublicKey)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return false
	}
	sig, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || len(sig) != ed25519.SignatureSize {
		return false
	}
	return ed25519.Verify(key, append([]byte(timestamp+"|"), body...), sig)
}

// news is an event, as webhooks bring it and as the lists of events show it.
type news struct {
	ID        string  `json:"id"`
	Type      string  `json:"event_type"`
	OrderID   string  `json:"porting_order_id"`
	PortOutID string  `json:"portout_id"`
	CreatedAt string  `json:"created_at"`
	Payload   payload `json:"payload"`
}

// payload is what an event says of its subject. The rest of it is read back.
type payload struct {
	ID                string `json:"id"`
	OrderID           string `json:"porting_order_id"`
	PortOutID         string `json:"portout_id"`
	CustomerReference string `json:"customer_reference"`
	AttemptedPIN      string `json:"attempted_pin"`
	From              struct {
		ID string `json:"id"`
	} `json:"from"`
}

// readNews reads a webhook's body, with or without its envelope.
func readNews(body []byte) (news, error) {
	var nested struct {
		Data *news `json:"data"`
	}
	if err := json.Unmarshal(body, &nested); err != nil {
		return news{}, err
	}
	if nested.Data != nil {
		return *nested.Data, nil
	}
	var flat news
	err := json.Unmarshal(body, &flat)
	return flat, err
}

// hint is what the news are about.
func (n news) hint() carrier.Hint {
	h := carrier.Hint{EventID: n.ID, Raw: n.Type}
	if strings.HasPrefix(n.Type, outEvents) {
		h.PortOut = n.portOut()
		return h
	}
	h.Ref, h.Order = refOf(n.Payload.CustomerReference), n.order()
	return h
}

// portOut is the port-out of an event: a comment's payload has an ID of its own.
func (n news) portOut() string {
	for _, id := range []string{n.PortOutID, n.Payload.PortOutID} {
		if id != "" {
			return id
		}
	}
	return n.Payload.ID
}

// order is the order of an event; of a split, the one that was there before.
func (n news) order() string {
	for _, id := range []string{n.OrderID, n.Payload.OrderID, n.Payload.From.ID} {
		if id != "" {
			return id
		}
	}
	return n.Payload.ID
}

func badNews(kind porting.Kind, code, detail string) error {
	return &porting.Error{Kind: kind, Code: code, Op: "verify webhook", Object: "telnyx", Detail: detail}
}
