// Package network asks our own network and billing about lines that are ours, over HTTP. It is how a deployment plugs in
// what it has; the protocol is two calls:
//
//	GET  {URL}/lines/{number}   200 with a carrier.Line as JSON, or 404: no line of ours. The number is E.164, like +12125550123
//	POST {URL}/releases         {"port": "...", "numbers": ["..."]}; 2xx when routing and billing are switched off.
//	                            The same port again must change nothing
//
// Every call bears the token, and Idempotency-Key on a release.
package network

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// Client is our network. It is safe for concurrent use.
type Client struct {
	URL   string
	Token porting.Secret // sent as a bearer token; none is when empty
	HTTP  *http.Client
}

var _ carrier.Switch = (*Client)(nil)

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 1 << 20

// Line is what our records have of a number. Code of NotFound: "line-unknown".
func (c *Client) Line(ctx context.Context, number porting.Number) (carrier.Line, error) {
	q := call{"look up line", number.String()}
	status, answer, err := c.send(ctx, http.MethodGet, "/lines/"+url.PathEscape(number.E164()), "", nil)
	switch {
	case err != nil:
		return carrier.Line{}, q.failed(err)
	case status == http.StatusNotFound:
		return carrier.Line{}, &porting.Error{Kind: porting.NotFound, Code: "line-unknown", Op: q.op, Object: q.object, Detail: "no line of ours"}
	case status != http.StatusOK:
		return carrier.Line{}, q.failed(fmt.Errorf("HTTP status %d", status))
	}
	var line carrier.Line
	if err := json.Unmarshal(answer, &line); err != nil {
		return carrier.Line{}, q.failed(errors.New("the answer is no line"))
	}
	return line, nil
}

// Release switches off routing and billing of numbers that work elsewhere.
func (c *Client) Release(ctx context.Context, port string, numbers []porting.Number) error {
	q := call{"release numbers", port}
	body, err := json.Marshal(map[string]any{"port": port, "numbers": numbers})
	if err != nil {
		return q.failed(err)
	}
	status, _, err := c.send(ctx, http.MethodPost, "/releases", port, body)
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("HTTP status %d", status)
	}
	if err != nil {
		return q.failed(err)
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path, key string, body []byte) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if c.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.Token.Reveal())
	}
	res, err := c.HTTP.Do(req)
	if err != nil {
		if fault, is := errors.AsType[*url.Error](err); is {
			err = fault.Err // without the address, which holds a number
		}
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return res.StatusCode, answer, err
}

type call struct{ op, object string }

func (q call) failed(err error) error {
	return &porting.Error{
		Kind: porting.Failed, Code: "network-unavailable", Op: q.op, Object: q.object, Detail: "our network did not answer: " + err.Error(),
		Next: "it is asked again by itself", Err: err,
	}
}
