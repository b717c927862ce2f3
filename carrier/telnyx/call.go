package telnyx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

const (
	maxAnswer = 8 << 20 // of one page, in bytes
	pageSize  = 250     // the largest that Telnyx gives
	maxPages  = 400     // of a list: a hundred thousand orders
)

// patient is the HTTP client of those who bring none.
var patient = &http.Client{Timeout: 30 * time.Second}

// call is one request to Telnyx.
type call struct {
	op, object   string
	method, path string
	query        url.Values
	body         any
	noSuch       string // code of a 404; carrier-order-unknown when empty
}

// query is a query string of names and values by turns.
func query(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return q
}

// aboutOrder is a request about one of Telnyx's orders, or about something of it.
func aboutOrder(op string, ref carrier.Ref, id, method, rest string) call {
	return call{op: op, object: ref.String(), method: method, path: "/porting_orders/" + url.PathEscape(id) + rest}
}

// do sends a request and reads the data of its answer. Whatever is not Telnyx's own yes or no is an unknown outcome.
func (c *Client) do(ctx context.Context, q call, into any) error {
	_, err := c.page(ctx, q, into)
	return err
}

// list reads all pages of a list.
func list[T any](ctx context.Context, c *Client, q call) ([]T, error) {
	if q.query == nil {
		q.query = url.Values{}
	}
	q.query.Set("page[size]", strconv.Itoa(pageSize))
	var all []T
	for page, last := 1, 1; page <= last; page++ {
		if page > maxPages {
			return nil, q.unavailable(errors.New("the list has more pages than can be read"))
		}
		q.query.Set("page[number]", strconv.Itoa(page))
		var items []T
		m, err := c.page(ctx, q, &items)
		if err != nil {
			return nil, err
		}
		if len(items) == 0 {
			break
		}
		all, last = append(all, items...), m.TotalPages
	}
	return all, nil
}

type meta struct {
	TotalPages int `json:"total_pages"`
}

func (c *Client) page(ctx context.Context, q call, into any) (meta, error) {
	r, err := c.send(ctx, q)
	if err != nil {
		return meta{}, q.unavailable(err)
	}
	if r.status/100 != 2 {
		return meta{}, q.no(r)
	}
	if into == nil {
		return meta{}, nil
	}
	envelope := struct {
		Data any  `json:"data"`
		Meta meta `json:"meta"`
	}{Data: into}
	if err := json.Unmarshal(r.body, &envelope); err != nil {
		return meta{}, q.unavailable(errors.New("the answer is not what Telnyx documents"))
	}
	return envelope.Meta, nil
}

// reply is an answer over HTTP, read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (c *Client) send(ctx context.Context, q call) (reply, error) {
	req, err := c.request(ctx, q)
	if err != nil {
		return reply{}, err
	}
	res, err := c.http().Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return reply{res.StatusCode, res.Header, body}, err
}

func (c *Client) request(ctx context.Context, q call) (*http.Request, error) {
	target := c.url() + q.path
	if len(q.query) > 0 {
		target += "?" + q.query.Encode()
	}
	var body io.Reader
	if q.body != nil {
		text, err := json.Marshal(q.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, target, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.Key.Reveal())
	req.Header.Set("Accept", "application/json")
	if q.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

func (c *Client) url() string {
	if c.URL == "" {
		return DefaultURL
	}
	return strings.TrimSuffix(c.URL, "/")
}

func (c *Client) http() *http.Client {
	if c.HTTP == nil {
		return patient
	}
	return c.HTTP
}

// no turns Telnyx's no into ours.
func (q call) no(r reply) error {
	switch r.status {
	case http.StatusNotFound:
		return q.unknown()
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity:
		return q.refused(words(r.body))
	case http.StatusUnauthorized, http.StatusForbidden:
		e := q.unavailable(errors.New("our API key is not taken"))
		e.Next = "check the key"
		return e
	default:
		err := q.unavailable(fmt.Errorf("HTTP status %d", r.status))
		return carrier.WithRetryAfter(err, retryAfter(r.header))
	}
}

// retryAfter is how long Telnyx asks us to wait, in seconds or until an instant of its own clock; 0 if it does not.
func retryAfter(h http.Header) time.Duration {
	asked := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(asked); err == nil {
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(asked)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return until.Sub(now)
}

// digits are more than any code or status has.
var digits = regexp.MustCompile(`[0-9]{6,}`)

// words are Telnyx's reasons, without the details, which may repeat personal data of ours.
func words(answer []byte) string {
	var no struct {
		Errors []struct {
			Code   string `json:"code"`
			Title  string `json:"title"`
			Source struct {
				Pointer string `json:"pointer"`
			} `json:"source"`
		} `json:"errors"`
	}
	if json.Unmarshal(answer, &no) != nil || len(no.Errors) == 0 {
		return "Telnyx refuses, without a reason that can be read"
	}
	var said []string
	for _, e := range no.Errors {
		said = append(said, strings.Join(strings.Fields(e.Code+" "+e.Title+" "+e.Source.Pointer), " "))
	}
	return "Telnyx refuses: " + digits.ReplaceAllString(strings.Join(said, ", "), "…")
}

func (q call) unknown() *porting.Error {
	if q.noSuch != "" {
		return q.failure(porting.NotFound, q.noSuch, "Telnyx has nothing of this name", "")
	}
	return q.failure(porting.NotFound, "carrier-order-unknown", "Telnyx has no such order", "")
}

func (q call) refused(detail string) *porting.Error {
	return q.failure(porting.Refused, "carrier-refused", detail, "")
}

func (q call) unavailable(cause error) *porting.Error {
	if fault, ok := errors.AsType[*url.Error](cause); ok {
		cause = fault.Err
	}
	e := q.failure(porting.Failed, "carrier-unavailable", "the outcome is unknown: "+cause.Error(), "read the order before sending again")
	e.Err = cause
	return e
}

func (q call) failure(kind porting.Kind, code, detail, next string) *porting.Error {
	return &porting.Error{Kind: kind, Code: code, Op: q.op, Object: q.object, Detail: detail, Next: next}
}
