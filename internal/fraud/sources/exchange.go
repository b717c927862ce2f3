package sources

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/portsaga/portsaga/internal/fraud"
)

// maxAnswer is more than any of the APIs says, in bytes.
const maxAnswer = 64 << 10

// plain is the HTTP client of those who bring none. It follows no redirect: numbers and tokens go where they are configured to go.
var plain = &http.Client{
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// exchange sends a request and reads its answer. Errors name no URL, because some URLs hold a number.
func exchange(client *http.Client, req *http.Request) (status int, body []byte, err error) {
	if client == nil {
		client = plain
	}
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, withoutURL(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return 0, nil, withoutURL(err)
	case len(body) > maxAnswer:
		return 0, nil, missing(fraud.Unreadable, "the answer is longer than %d bytes", maxAnswer)
	default:
		return resp.StatusCode, body, nil
	}
}

func withoutURL(err error) error {
	why := whyOf(err)
	if named, ok := errors.AsType[*url.Error](err); ok {
		err = named.Err
	}
	return &MissingError{why, err}
}
