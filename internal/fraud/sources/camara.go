package sources

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"strings"

	"github.com/portsaga/portsaga/internal/fraud"
)

// CAMARA asks a mobile network by the CAMARA APIs: SIM Swap 2.1, Device Swap 1.0, Call Forwarding Signal 0.4, Number Recycling 0.2,
// Tenure 0.3 and KYC Match 0.4.
type CAMARA struct {
	Root   string       // of all APIs, such as https://api.operator.example
	Tokens Tokens       // ClientCredentials, which are ours, or Consents, which are the subscribers'
	HTTP   *http.Client // nil is one that follows no redirect
}

// Sources are all that a mobile network can be asked.
func (c *CAMARA) Sources() []Source {
	return []Source{
		{Name: "sim_swap", Ask: c.simSwap},
		{Name: "device_swap", Ask: c.deviceSwap},
		{Name: "call_forwarding", Ask: c.callForwarding},
		{Name: "number_recycling", Ask: c.numberRecycling},
		{Name: "tenure", Ask: c.tenure},
		{Name: "kyc", Ask: c.kyc},
	}
}

// operation is one operation of an API.
type operation struct{ path, scope string }

// camaraError is a network's answer that is not 200. Its message is left out: it may repeat what was asked.
type camaraError struct {
	status int
	code   string
}

func (e *camaraError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", e.status, e.code))
}

// mayNotAsk says whether an error means that the token does not open this operation; it may open a narrower one.
func mayNotAsk(err error) bool {
	why := whyOf(err)
	return why == fraud.NotAuthorised || why == fraud.NoConsent
}

// answeredWith says whether an error is a network's answer with that code.
func answeredWith(err error, code string) bool {
	answered, ok := errors.AsType[*camaraError](err)
	return ok && answered.code == code
}

// post asks an operation. It adds the number where the token does not stand for it already.
func (c *CAMARA) post(ctx context.Context, s Subject, op operation, body map[string]any, into any) error {
	if !s.Mobile {
		return missing(fraud.NotApplicable, "the number is no mobile one")
	}
	err := c.try(ctx, s, op, body, into)
	tokens, renews := c.Tokens.(renewer)
	if answered, ok := errors.AsType[*camaraError](err); !ok || !renews || answered.status != http.StatusUnauthorized {
		return err
	}
	tokens.Forget(op.scope)
	return c.try(ctx, s, op, body, into)
}

func (c *CAMARA) try(ctx context.Context, s Subject, op operation, body map[string]any, into any) error {
	token, err := c.Tokens.Token(ctx, op.scope, s)
	if err != nil {
		return err
	}
	request := map[string]any{}
	maps.Copy(request, body)
	if !token.ThreeLegged {
		request["phoneNumber"] = s.Number.E164()
	}
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(c.Root, "/")+op.path, bytes.NewReader(text))
	if err != nil {
		return missing(fraud.NotConfigured, "the root of the APIs is no URL")
	}
	req.Header.Set("Authorization", "Bearer "+string(token.Bearer))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("x-correlator", correlator(s.Correlator))
	status, answer, err := exchange(c.HTTP, req)
	switch {
	case err != nil:
		return err
	case status == http.StatusUnauthorized && token.ThreeLegged:
		return missing(fraud.NoConsent, "the network no longer takes the subscriber's token")
	case status != http.StatusOK:
		return refusal(status, answer)
	case json.Unmarshal(answer, into) != nil:
		return missing(fraud.Unreadable, "the answer is not what the API describes")
	default:
		return nil
	}
}

var (
	notInCorrelator = regexp.MustCompile(`[^a-zA-Z0-9\-_:;./<>{}]`)
	errorCode       = regexp.MustCompile(`^[A-Z0-9_.]{1,80}$`)
)

// correlator is the text as the header allows it.
func correlator(s string) string {
	const longest = 256
	s = notInCorrelator.ReplaceAllString(s, "_")
	return s[:min(len(s), longest)]
}

// refusal is an answer other than 200.
func refusal(status int, body []byte) error {
	var told struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(body, &told) != nil || !errorCode.MatchString(told.Code) {
		told.Code = ""
	}
	return &MissingError{whyRefused(status, told.Code), &camaraError{status, told.Code}}
}

// whyRefused reads CAMARA's errors. None of them means "no": a question that reaches further back than the network remembers is
// OUT_OF_RANGE, and a network without data answers 422.
func whyRefused(status int, code string) fraud.Why {
	switch {
	case code == "OUT_OF_RANGE":
		return fraud.OutOfRange
	case code == "MISSING_IDENTIFIER" || code == "UNNECESSARY_IDENTIFIER":
		return fraud.BadRequest
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fraud.NotAuthorised
	case status == http.StatusNotFound:
		return fraud.NotFound
	case status == http.StatusUnprocessableEntity || status == http.StatusNotImplemented:
		return fraud.NotApplicable
	case status == http.StatusTooManyRequests:
		return fraud.RateLimited
	case status >= http.StatusInternalServerError:
		return fraud.Unavailable
	default:
		return fraud.BadRequest
	}
}
