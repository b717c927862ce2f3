package notify

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// maxAnswer bounds what is read of a provider's answer, in bytes.
const maxAnswer = 64 << 10

// Twilio sends SMS by Twilio's Messages resource.
type Twilio struct {
	URL     string // https://api.twilio.com when empty
	Account string // account SID
	Token   porting.Secret
	From    string // number in E.164, or a sender name
	HTTP    *http.Client
}

// Send sends one SMS. Twilio knows no idempotency key: when its answer is lost, the repetition is another SMS. Codes:
// "sms-refused" (Refused), "sms-unavailable" (Failed).
func (t *Twilio) Send(ctx context.Context, m Message) (string, error) {
	form := url.Values{"To": {m.To}, "From": {t.From}, "Body": {m.Content.SMS}}
	where := cmp.Or(t.URL, "https://api.twilio.com") + "/2010-04-01/Accounts/" + url.PathEscape(t.Account) + "/Messages.json"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, where, strings.NewReader(form.Encode()))
	if err != nil {
		return "", failed("sms-unavailable", "the provider's address cannot be read", err)
	}
	request.SetBasicAuth(t.Account, t.Token.Reveal()) //nolint:forbidigo // the provider must see it
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var answer struct {
		SID string `json:"sid"`
	}
	err = askProvider(t.HTTP, request, &answer)
	return answer.SID, err
}

// Telnyx sends SMS by Telnyx's messages API.
type Telnyx struct {
	URL   string // https://api.telnyx.com when empty
	Token porting.Secret
	From  string // number in E.164, or a sender name
	HTTP  *http.Client
}

// Send sends one SMS. Codes as for Twilio, and the same words about repetition.
func (t *Telnyx) Send(ctx context.Context, m Message) (string, error) {
	body, err := json.Marshal(map[string]string{"from": t.From, "to": m.To, "text": m.Content.SMS})
	if err != nil {
		return "", refused("sms-refused", "the message cannot be written")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, cmp.Or(t.URL, "https://api.telnyx.com")+"/v2/messages", bytes.NewReader(body))
	if err != nil {
		return "", failed("sms-unavailable", "the provider's address cannot be read", err)
	}
	request.Header.Set("Authorization", "Bearer "+t.Token.Reveal()) //nolint:forbidigo // the provider must see it
	request.Header.Set("Content-Type", "application/json")
	var answer struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	err = askProvider(t.HTTP, request, &answer)
	return answer.Data.ID, err
}

// askProvider sends a request. What the provider says in words is dropped: it may repeat the customer's number.
func askProvider(by *http.Client, request *http.Request, answer any) error {
	response, err := cmp.Or(by, http.DefaultClient).Do(request)
	if err != nil {
		return failed("sms-unavailable", "the provider does not answer", err)
	}
	defer response.Body.Close()
	switch code := response.StatusCode; {
	case code == http.StatusBadRequest || code == http.StatusUnprocessableEntity:
		return refused("sms-refused", "the provider refused it with "+strconv.Itoa(code))
	case code < 200 || code > 299:
		return failed("sms-unavailable", "the provider answered "+strconv.Itoa(code), nil)
	}
	// It was accepted. An answer that cannot be read only costs the provider's name for it.
	_ = json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(answer)
	return nil
}
