package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Endpoint is a service that hears of ports by webhook.
type Endpoint struct {
	Name    string           `yaml:"name"`
	Tenant  string           `yaml:"tenant"`  // the only one whose ports it hears of; all when empty
	URL     string           `yaml:"url"`     // https, unless private addresses are allowed
	Secrets []porting.Secret `yaml:"secrets"` // "whsec_" and base64; all of them sign while they are rotated
}

// Webhooks posts events to services, signed by the Standard Webhooks scheme.
type Webhooks struct {
	Endpoints []Endpoint
	HTTP      *http.Client // PublicClient, but where private addresses are allowed
	Now       func() time.Time
}

// Headers of a webhook.
const (
	HeaderWebhookID        = "webhook-id"
	HeaderWebhookTimestamp = "webhook-timestamp"
	HeaderWebhookSignature = "webhook-signature"
)

// Names are those of the services that hear of a tenant's ports; see Facts.Services.
func (w *Webhooks) Names(tenant string) []string {
	var names []string
	for _, e := range w.Endpoints {
		if e.Tenant == "" || e.Tenant == tenant {
			names = append(names, e.Name)
		}
	}
	return names
}

// Send posts one event. The ID is the notice's, also when it is sent again, so that a service can drop what it has seen.
// Codes: "webhook-unknown", "webhook-gone" and "webhook-secret-invalid" (Refused), "webhook-unavailable" (Failed).
func (w *Webhooks) Send(ctx context.Context, m Message) (string, error) {
	i := slices.IndexFunc(w.Endpoints, func(e Endpoint) bool { return e.Name == m.To })
	if i < 0 {
		return "", refused("webhook-unknown", "there is no service of this name any more")
	}
	endpoint, now := w.Endpoints[i], w.Now()
	var signatures []string
	for _, secret := range endpoint.Secrets {
		signature, err := SignWebhook(secret, m.ID, now, m.Event)
		if err != nil {
			return "", err
		}
		signatures = append(signatures, signature)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.URL, bytes.NewReader(m.Event))
	if err != nil {
		return "", refused("webhook-unknown", "the service's address cannot be read")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(HeaderWebhookID, m.ID)
	request.Header.Set(HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	request.Header.Set(HeaderWebhookSignature, strings.Join(signatures, " "))
	response, err := w.HTTP.Do(request)
	if err != nil {
		return "", failed("webhook-unavailable", "the service does not answer", err)
	}
	defer response.Body.Close()
	switch code := response.StatusCode; {
	case code == http.StatusGone:
		return "", refused("webhook-gone", "the service wants no more webhooks")
	case code < 200 || code > 299:
		return "", failed("webhook-unavailable", "the service answered "+strconv.Itoa(code), nil)
	}
	return "", nil
}

// SignWebhook is a signature of the Standard Webhooks scheme, version 1: HMAC-SHA256 over ID, timestamp and body.
func SignWebhook(secret porting.Secret, id string, at time.Time, body []byte) (string, error) {
	const prefix = "whsec_"
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret.Reveal(), prefix)) //nolint:forbidigo // it signs
	if err != nil || len(key) == 0 {
		return "", refused("webhook-secret-invalid", "the service's secret is not whsec_ and base64")
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// Check finds what is wrong with the endpoints before the first event. Code of Invalid: "webhooks-invalid".
func (w *Webhooks) Check(allowPrivate bool) error {
	invalid := func(name, detail string) error {
		return &porting.Error{Kind: porting.Invalid, Code: "webhooks-invalid", Op: "read webhooks", Object: name, Detail: detail}
	}
	seen := map[string]bool{}
	for _, e := range w.Endpoints {
		u, err := url.Parse(e.URL)
		switch {
		case e.Name == "" || seen[e.Name]:
			return invalid(e.Name, "a service needs a name of its own")
		case err != nil || u.Host == "" || u.User != nil:
			return invalid(e.Name, "its URL cannot be read")
		case u.Scheme != "https" && (u.Scheme != "http" || !allowPrivate):
			return invalid(e.Name, "its URL does not start with https://")
		case len(e.Secrets) == 0:
			return invalid(e.Name, "it has no secret")
		}
		for _, secret := range e.Secrets {
			if _, err := SignWebhook(secret, "id", time.Unix(0, 0), nil); err != nil {
				return invalid(e.Name, "a secret is not whsec_ and base64")
			}
		}
		seen[e.Name] = true
	}
	return nil
}
