package serve_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/porting"
)

// replies takes answers, or not.
type replies struct {
	err error
	got []serve.Reply
}

func (r *replies) CustomerReply(_ context.Context, reply serve.Reply) error {
	r.got = append(r.got, reply)
	return r.err
}

// provider reads "ID FROM TEXT" and believes who says so.
type provider struct{}

func (provider) Read(header http.Header, body []byte) (notify.Incoming, error) {
	if header.Get("Signed") == "" {
		return notify.Incoming{}, &porting.Error{Kind: porting.Unauthorised, Code: "sms-unsigned"}
	}
	fields := strings.SplitN(string(body), " ", 3)
	if len(fields) != 3 {
		return notify.Incoming{}, &porting.Error{Kind: porting.Invalid, Code: "sms-unreadable"}
	}
	return notify.Incoming{ID: fields[0], From: porting.Number(fields[1]), Text: fields[2]}, nil
}

func bring(t *testing.T, to *replies, signed, body string) int {
	t.Helper()
	w := newWorld(t, func(o *serve.Options) { o.Inbound, o.Replies, o.Words = provider{}, to, notify.NewDictionary(nil) })
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/sms", strings.NewReader(body))
	r.Header.Set("Signed", signed)
	return w.do(r).Code
}

func TestAnAnswerBySMS(t *testing.T) {
	t.Parallel()
	to := &replies{}
	require.Equal(t, http.StatusNoContent, bring(t, to, "yes", "SM1 +12125550188 Nein, niemals"))
	require.Equal(t, []serve.Reply{{ID: "SM1", From: "+12125550188", Answer: notify.No, At: noon}}, to.got)
}

func TestAnswersAreCheckedAtTheDoor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		signed, body string
		status       int
	}{
		"unsigned":   {"", "SM1 +12125550188 NO", http.StatusUnauthorized},
		"unreadable": {"yes", "SM1", http.StatusBadRequest},
		"too large":  {"yes", strings.Repeat("x", 64<<10+1), http.StatusRequestEntityTooLarge},
	} {
		to := &replies{}
		require.Equal(t, c.status, bring(t, to, c.signed, c.body), name)
		require.Empty(t, to.got)
	}
}

// The provider repeats what is not accepted, so only what may work later is refused.
func TestAnswersThatCannotBeDelivered(t *testing.T) {
	t.Parallel()
	for status, err := range map[int]error{
		http.StatusNoContent:          &porting.Error{Kind: porting.NotFound, Code: "port-unknown"},
		http.StatusServiceUnavailable: errors.New("the engine is down"),
	} {
		require.Equal(t, status, bring(t, &replies{err: err}, "yes", "SM1 +12125550188 NO"))
	}
}

func TestWithoutAProviderNobodyAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/sms", http.NoBody)
	require.Equal(t, http.StatusNotFound, w.do(r).Code)
}
