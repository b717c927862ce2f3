package notify

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio signs so; HMAC does not need a hash without collisions
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Incoming is an SMS that a customer sent.
type Incoming struct {
	ID   string // the provider's; a repeated delivery has the same
	From porting.Number
	Text string
}

// Inbound reads the messages that a provider delivers, and believes none that it did not sign.
type Inbound interface {
	// Read checks the signature over the raw body first. Codes: "sms-unsigned" (Unauthorised), "sms-unreadable" (Invalid).
	Read(header http.Header, body []byte) (Incoming, error)
}

func unsigned() error {
	return &porting.Error{Kind: porting.Unauthorised, Code: "sms-unsigned", Op: "take SMS", Detail: "the signature is not the provider's"}
}

func unreadable() error {
	return &porting.Error{Kind: porting.Invalid, Code: "sms-unreadable", Op: "take SMS", Detail: "it is not a message of the provider"}
}

// TwilioInbound reads what Twilio posts. Twilio signs the URL that it was told, so that URL must be known here.
type TwilioInbound struct {
	URL   string // as configured at Twilio
	Token porting.Secret
}

// Read implements Inbound.
func (t TwilioInbound) Read(header http.Header, body []byte) (Incoming, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return Incoming{}, unsigned()
	}
	signature, err := base64.StdEncoding.DecodeString(header.Get("X-Twilio-Signature"))
	if err != nil || !hmac.Equal(signature, t.sign(form)) {
		return Incoming{}, unsigned()
	}
	return incoming(form.Get("MessageSid"), form.Get("From"), form.Get("Body"))
}

// sign is HMAC-SHA1 over the URL and every field with its value, in the order of their names.
func (t TwilioInbound) sign(form url.Values) []byte {
	var signed strings.Builder
	signed.WriteString(t.URL)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range form[name] {
			signed.WriteString(name + value)
		}
	}
	mac := hmac.New(sha1.New, []byte(t.Token.Reveal())) //nolint:forbidigo // it verifies
	mac.Write([]byte(signed.String()))
	return mac.Sum(nil)
}

// TelnyxInbound reads what Telnyx posts.
type TelnyxInbound struct {
	Key ed25519.PublicKey
	Now func() time.Time
}

// telnyxTolerance is how far the clock of a signature may be from ours.
const telnyxTolerance = 5 * time.Minute

// telnyxKey reads the key as Telnyx's portal shows it.
func telnyxKey(text string) (ed25519.PublicKey, error) {
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, smsInvalid("Telnyx's public key is not 32 bytes in base64")
	}
	return key, nil
}

// Read implements Inbound.
func (t TelnyxInbound) Read(header http.Header, body []byte) (Incoming, error) {
	stamp := header.Get("Telnyx-Timestamp")
	signature, err := base64.StdEncoding.DecodeString(header.Get("Telnyx-Signature-Ed25519"))
	if err != nil || !ed25519.Verify(t.Key, slices.Concat([]byte(stamp+"|"), body), signature) {
		return Incoming{}, unsigned()
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || t.Now().Sub(time.Unix(seconds, 0)).Abs() > telnyxTolerance {
		return Incoming{}, unsigned()
	}
	var event struct {
		Data struct {
			Type    string `json:"event_type"`
			Payload struct {
				ID   string `json:"id"`
				Text string `json:"text"`
				From struct {
					Phone string `json:"phone_number"`
				} `json:"from"`
			} `json:"payload"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &event); err != nil || event.Data.Type != "message.received" {
		return Incoming{}, unreadable()
	}
	p := event.Data.Payload
	return incoming(p.ID, p.From.Phone, p.Text)
}

func incoming(id, from, text string) (Incoming, error) {
	number, err := porting.ParseNumber(from)
	if err != nil || id == "" {
		return Incoming{}, unreadable()
	}
	return Incoming{ID: id, From: number, Text: text}, nil
}
