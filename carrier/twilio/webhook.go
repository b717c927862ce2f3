package twilio

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	numbers "github.com/twilio/twilio-go/rest/numbers/v1"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// Webhook reads Twilio's news of port-ins. Twilio signs the address that it calls and the body, and no time: what is
// replayed only makes us read the order once more.
type Webhook struct {
	URL   string         // to which Twilio was told to post, exactly
	Token porting.Secret // the account's primary auth token, which signs; an API key's secret does not
}

var _ carrier.Webhook = (*Webhook)(nil)

const (
	signatureHeader = "X-Twilio-Signature"
	maxNews         = 64 << 10 // bytes
	maxWord         = 100      // of what happened, in bytes
)

// news is what is read of a body.
type news struct {
	Request string `json:"port_in_request_sid"`
	Status  string `json:"status"`
}

// News implements carrier.Webhook. It names orders by Twilio's SIDs, and never says that news are stale.
func (w *Webhook) News(header http.Header, body []byte, _ time.Time) (carrier.Hint, error) {
	if len(body) > maxNews {
		return carrier.Hint{}, badNews(porting.Invalid, "webhook-invalid", "it is larger than any of Twilio's")
	}
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type")) // one that cannot be read is not a form's
	isForm := kind == "application/x-www-form-urlencoded"
	if !w.signed(header.Get(signatureHeader), body, isForm) {
		return carrier.Hint{}, badNews(porting.Unauthorised, "webhook-forged", "the signature is missing or wrong")
	}
	told, err := read(body, isForm)
	if err != nil {
		return carrier.Hint{}, err
	}
	hint := carrier.Hint{Raw: told.Status}
	if len(hint.Raw) > maxWord {
		hint.Raw = strings.ToValidUTF8(hint.Raw[:maxWord], "")
	}
	if requestSID.MatchString(told.Request) {
		hint.Order = told.Request
	}
	return hint, nil
}

// signed checks the signature. Over a body that is no form Twilio signs its SHA-256, as a parameter of the address.
func (w *Webhook) signed(signature string, body []byte, isForm bool) bool {
	address := w.URL
	if !isForm {
		sum := sha256.Sum256(body)
		separator := "?"
		if strings.Contains(address, "?") {
			separator = "&"
		}
		address += separator + "bodySHA256=" + hex.EncodeToString(sum[:])
	}
	validator := client.NewRequestValidator(w.Token.Reveal())
	return w.Token != "" && signature != "" && validator.ValidateBody(address, body, signature)
}

func read(body []byte, isForm bool) (news, error) {
	if isForm {
		fields, err := url.ParseQuery(string(body))
		if err != nil {
			return news{}, badNews(porting.Invalid, "webhook-invalid", "the form cannot be read")
		}
		return news{fields.Get("port_in_request_sid"), fields.Get("status")}, nil
	}
	var told news
	if err := json.Unmarshal(body, &told); err != nil {
		return news{}, badNews(porting.Invalid, "webhook-invalid", "the body is no JSON object of Twilio's")
	}
	return told, nil
}

func badNews(kind porting.Kind, code, detail string) error {
	return &porting.Error{Kind: kind, Code: code, Op: "verify webhook", Object: "twilio", Detail: detail}
}

// Subscribe tells Twilio to post all news of port-ins to a URL. It replaces what was set before; again, it changes nothing.
func (c *Client) Subscribe(ctx context.Context, target string) error {
	q := call{"subscribe to news", "twilio"}
	body := map[string]any{"port_in_target_url": target, "notifications_of": []string{}} // an empty filter lets everything through
	_, err := c.api(ctx).CreatePortingWebhookConfiguration((&numbers.CreatePortingWebhookConfigurationParams{}).SetBody(body))
	if no, ok := refused(err); ok {
		return q.saysNo("carrier-refused", no)
	}
	if err != nil {
		return q.unavailable(err)
	}
	return nil
}
