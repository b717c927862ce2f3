package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// Webhook is the carrier's news of an order. It is a hint: the order itself is read back.
type Webhook struct {
	ID         string      `json:"id"` // equal in every repetition
	Type       string      `json:"type"`
	Order      carrier.Ref `json:"order"`
	OccurredAt time.Time   `json:"occurred_at"`        // business time
	Status     string      `json:"status"`             // the carrier's own word
	PortOut    *PortOut    `json:"port_out,omitempty"` // of a port-out: what the counterparty asks; Order.Port is its ID there
}

const (
	// SignatureHeader is the header that proves a webhook: "t=<unix seconds>,v1=<hex HMAC-SHA256 of t.body>".
	SignatureHeader = "Simulator-Signature"
	// MaxWebhook is the largest body, in bytes, that a receiver needs to read.
	MaxWebhook = 64 << 10
	// webhookWindow is how far a signature's time may be from the receiver's.
	webhookWindow = 5 * time.Minute
)

// Sign is the signature header of a body at a real instant.
func Sign(secret porting.Secret, body []byte, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(secret, t, body))
}

func mac(secret porting.Secret, t string, body []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret.Reveal()))
	h.Write([]byte(t + "."))
	h.Write(body)
	return h.Sum(nil)
}

// VerifyWebhook checks a webhook's raw body against its signature header and reads it. now is real time. Codes:
//
//	webhook-too-large   (Invalid)      longer than MaxWebhook
//	webhook-forged      (Unauthorised) no signature, or not by the holder of the secret
//	webhook-stale       (Unauthorised) signed more than five minutes from now
//	webhook-unreadable  (Invalid)      well signed, and not a webhook
func VerifyWebhook(secret porting.Secret, header http.Header, body []byte, now time.Time) (Webhook, error) {
	if len(body) > MaxWebhook {
		return Webhook{}, badWebhook(porting.Invalid, "webhook-too-large", fmt.Sprintf("more than %d bytes", MaxWebhook))
	}
	signedAt, ok := signedBy(secret, header.Get(SignatureHeader), body)
	if !ok {
		return Webhook{}, badWebhook(porting.Unauthorised, "webhook-forged", "the signature does not fit")
	}
	if now.Sub(signedAt).Abs() > webhookWindow {
		return Webhook{}, badWebhook(porting.Unauthorised, "webhook-stale", "signed at another time than now")
	}
	var w Webhook
	if err := json.Unmarshal(body, &w); err != nil || w.ID == "" || w.Order.Port == "" {
		return Webhook{}, badWebhook(porting.Invalid, "webhook-unreadable", "the body names no event and order")
	}
	return w, nil
}

// Verifier reads the simulator's webhooks as those of every carrier are read.
type Verifier struct {
	Secret porting.Secret
}

var _ carrier.Webhook = Verifier{}

// News implements carrier.Webhook.
func (v Verifier) News(header http.Header, body []byte, now time.Time) (carrier.Hint, error) {
	news, err := VerifyWebhook(v.Secret, header, body, now)
	if err != nil {
		return carrier.Hint{}, err
	}
	hint := carrier.Hint{EventID: news.ID, Raw: news.Type}
	if news.PortOut != nil {
		hint.PortOut = news.Order.Port
	} else {
		hint.Ref = news.Order
	}
	return hint, nil
}

// signedBy is the instant that a valid signature names.
func signedBy(secret porting.Secret, signature string, body []byte) (time.Time, bool) {
	t, v1, found := strings.Cut(signature, ",v1=")
	t, named := strings.CutPrefix(t, "t=")
	if !found || !named || secret == "" {
		return time.Time{}, false
	}
	sum, err := hex.DecodeString(v1)
	if err != nil || !hmac.Equal(sum, mac(secret, t, body)) {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(t, 10, 64)
	return time.Unix(seconds, 0), err == nil
}

func badWebhook(kind porting.Kind, code, detail string) error {
	return &porting.Error{Kind: kind, Code: code, Op: "verify webhook", Object: "simulator", Detail: detail}
}
