package twilio

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/twilio/twilio-go/client"

	"github.com/portsaga/portsaga/carrier/wire"
)

// session carries the library's requests over HTTP for the length of one call of ours, because the library itself takes no
// context. It implements client.BaseClient.
type session struct {
	ctx    context.Context //nolint:containedctx // the session lives as long as the call
	client *Client
	date   string // of the last answer, as its header has it
}

var _ client.BaseClient = (*session)(nil)

// maxAnswer lets an order of maxNumbers through, in bytes.
const maxAnswer = 4 << 20

// errUnread is an answer that cannot be understood.
var errUnread = errors.New("the answer cannot be read")

// AccountSid is the account that gains the numbers.
func (s *session) AccountSid() string { return s.client.Account }

// SetTimeout does nothing: the call's context and the HTTP client say how long it may take.
func (s *session) SetTimeout(time.Duration) {}

// SetOauth does nothing: the API key signs in.
func (s *session) SetOauth(client.OAuth) {}

// OAuth is not used.
func (s *session) OAuth() client.OAuth { return nil }

// SendRequest sends a request and reads its whole answer. One that is not 2xx is an *answerError.
func (s *session) SendRequest(method, rawURL string, query url.Values, _ map[string]any, body ...byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(s.ctx, method, rawURL, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the request cannot be written")
	}
	req.URL.RawQuery = query.Encode()
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	return s.send(req)
}

func (s *session) send(req *http.Request) (*http.Response, error) {
	if err := s.redirect(req); err != nil {
		return nil, err
	}
	req.SetBasicAuth(s.client.Key, s.client.Secret.Reveal())
	req.Header.Set("Accept", "application/json")
	stay := *s.client.HTTP
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := stay.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	s.date = res.Header.Get("Date")
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if res.StatusCode/100 != 2 {
		return nil, refusalIn(res, answer)
	}
	res.Body = io.NopCloser(bytes.NewReader(answer))
	return res, nil
}

// redirect leads a request to the host of the settings, if they name one.
func (s *session) redirect(req *http.Request) error {
	if s.client.URL == "" {
		return nil
	}
	to, err := url.Parse(s.client.URL)
	if err != nil {
		return errors.New("the URL in the settings cannot be read")
	}
	req.URL.Scheme, req.URL.Host, req.Host = to.Scheme, to.Host, to.Host
	return nil
}

// answerError is an answer that is no success.
type answerError struct {
	status int
	code   int           // Twilio's own; zero if the answer is not Twilio's
	wait   time.Duration // for which it asks us to stay away
}

func (e *answerError) Error() string {
	if e.code == 0 {
		return fmt.Sprintf("HTTP status %d", e.status)
	}
	return fmt.Sprintf("HTTP status %d, Twilio's error %d", e.status, e.code)
}

// refusalIn reads an error's code. Its message may hold a number or a name, and stays where it is.
func refusalIn(res *http.Response, answer []byte) error {
	var told client.TwilioRestError
	_ = json.Unmarshal(answer, &told) // what is not JSON has no code
	return &answerError{
		status: cmp.Or(res.StatusCode, told.Status), code: told.Code, wait: wire.RetryAfter(res.Header, time.Now()),
	}
}
