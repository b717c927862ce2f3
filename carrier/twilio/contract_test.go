package twilio_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/twilio/twiliotest"
	"github.com/portsaga/portsaga/porting"
)

// contract is Twilio's published description of its API, which lies beside the repository and is no part of it.
const contract = "../../../shared/contracts/twilio-numbers-v1.openapi.json"

// description holds exchanges to the published one; missing says why it cannot.
type description struct {
	missing error

	mu    sync.Mutex // the validator is one for all tests
	valid validator.Validator
	held  map[string]int // exchanges by method and path
}

var published = sync.OnceValue(func() *description {
	text, err := os.ReadFile(contract)
	if err != nil {
		return &description{missing: err}
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		return &description{missing: err}
	}
	valid, faults := validator.NewValidator(document, config.WithFormatAssertions(), config.WithStrictMode(),
		config.WithStrictIgnorePaths("$.body.port_in_target_url", "$.body.notifications_of")) // it leaves this one body open
	if len(faults) > 0 {
		return &description{missing: faults[0]}
	}
	return &description{valid: valid, held: map[string]int{}}
})

// hold is a handler around the fake that fails the test where a request of ours, or an answer of the fake, is not as
// published. The description has no errors and no uploads; those are let through.
func (d *description) hold(t *testing.T) func(http.Handler) http.Handler {
	if d.missing != nil {
		t.Logf("nothing is held to the published description: %v", d.missing)
		return nil
	}
	return func(api http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return // the client is gone
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			answer := httptest.NewRecorder()
			api.ServeHTTP(answer, r)
			if !strings.HasPrefix(r.URL.Path, "/v1/Documents") {
				d.check(t, r, body, answer)
			}
			maps.Copy(w.Header(), answer.Header())
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes())
		})
	}
}

func (d *description) check(t *testing.T, r *http.Request, body []byte, answer *httptest.ResponseRecorder) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held[r.Method+" "+strings.Join(strings.Split(r.URL.Path, "/")[:4], "/")]++
	r.Body = io.NopCloser(bytes.NewReader(body))
	if ok, faults := d.valid.ValidateHttpRequestSync(r); !ok {
		t.Errorf("request %s %s is not as published: %v", r.Method, r.URL.Path, faults)
	}
	if answer.Code/100 != 2 {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if ok, faults := d.valid.ValidateHttpResponse(r, answer.Result()); !ok {
		t.Errorf("answer to %s %s is not as published: %v\n%s", r.Method, r.URL.Path, faults, answer.Body)
	}
}

// Every operation that the adapter uses goes past the description, and the description does find faults.
func TestContract(t *testing.T) {
	t.Parallel()
	d := published()
	if d.missing != nil {
		t.Skipf("the published description is not here: %v", d.missing)
	}
	s := start(t, twiliotest.Options{Clock: fast()})
	s.Choose("contract", "carrier-silent")
	c := connect(t, s.Settings(twiliotest.NewBook()))
	lsr := order("contract")
	_, err := c.Portability(t.Context(), lsr.Order.Numbers)
	require.NoError(t, err)
	_, err = c.Submit(t.Context(), lsr)
	require.NoError(t, err)
	_, err = c.Orders(t.Context(), lsr.Order.Authorization.SignedAt)
	require.NoError(t, err)
	_, err = c.Cancel(t.Context(), lsr.Ref, porting.AuthorizationRevoked)
	require.NoError(t, err)
	require.NoError(t, c.Subscribe(t.Context(), "https://port.example/carriers/twilio"))
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, operation := range []string{
		"POST /v1/Porting/PortIn", "GET /v1/Porting/PortIn", "DELETE /v1/Porting/PortIn", "GET /v1/Porting/Portability",
		"POST /v1/Porting/Configuration",
	} {
		require.Positive(t, d.held[operation], operation)
	}
	wrong := httptest.NewRequest(http.MethodPost, "/v1/Porting/PortIn", strings.NewReader(`{"documents": "none"}`))
	wrong.Header.Set("Content-Type", "application/json")
	ok, _ := d.valid.ValidateHttpRequestSync(wrong)
	require.False(t, ok)
}

// order is an order for two numbers that are reserved for fiction.
func order(port string) carrier.LSR {
	return carrier.LSR{
		Ref: carrier.Ref{Port: port, Version: 1}, Code: "481516",
		Order: porting.Order{
			Reference: "order-" + port, Kind: porting.KindWireline, Country: "US", Numbers: []porting.Number{"+12125550123", "+12125550124"},
			Subscriber: porting.Subscriber{
				Name: "Iris Quill", Contact: porting.Contact{Email: "iris.quill@example.com"},
				Address: porting.Address{Street: "7 Fable Row", City: "New York", Region: "NY", PostalCode: "10001"},
			},
			Account: porting.Account{Number: "4412-77-09"},
		},
	}
}
