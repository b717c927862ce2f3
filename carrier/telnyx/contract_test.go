package telnyx_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/telnyx/telnyxtest"
	"github.com/portsaga/portsaga/porting"
)

// contract is where Telnyx's published API lies, beside the repository; it is no part of it.
var contract = filepath.Join("..", "..", "..", "shared", "contracts", "telnyx-porting.openapi.yml")

// published is the validator of the published API; nil where it is not here.
var published = sync.OnceValues(func() (validator.Validator, error) {
	text, err := os.ReadFile(contract)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if text, err = discriminated(text); err != nil {
		return nil, err
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return v, nil
})

// discriminated lets an event fit any kind of event: those of the contract have no fields that they must have, so that every
// event fits several, and "oneOf" none.
func discriminated(text []byte) ([]byte, error) {
	var document map[string]any
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	schemas, _ := document["components"].(map[string]any)["schemas"].(map[string]any)
	for _, s := range schemas {
		if schema, _ := s.(map[string]any); schema["discriminator"] != nil {
			schema["anyOf"] = schema["oneOf"]
			delete(schema, "oneOf")
		}
	}
	return yaml.Marshal(document)
}

// watch holds every exchange to the contract, where that is here. The API of documents is not part of it.
func watch(t *testing.T) func(telnyxtest.Exchange) {
	v, err := published()
	require.NoError(t, err)
	var one sync.Mutex
	return func(e telnyxtest.Exchange) {
		if v == nil || e.Request.URL.Path == "/v2/documents" {
			return
		}
		one.Lock()
		defer one.Unlock()
		for _, breach := range breaches(v, e) {
			t.Errorf("%s %s breaks the contract: %s\n%s\n%s", e.Request.Method, e.Request.URL, breach, e.RequestBody, e.AnswerBody)
		}
	}
}

// breaches are what of an exchange the contract does not allow.
func breaches(v validator.Validator, e telnyxtest.Exchange) []string {
	request := e.Request.Clone(e.Request.Context())
	request.Body = io.NopCloser(bytes.NewReader(e.RequestBody))
	_, found := v.ValidateHttpRequest(request)
	if e.Answer != nil {
		answer := *e.Answer
		answer.Body = io.NopCloser(bytes.NewReader(e.AnswerBody))
		request.Body = http.NoBody
		_, more := v.ValidateHttpResponse(request, &answer)
		found = append(found, more...)
	}
	var all []string
	for _, f := range found {
		all = append(all, fmt.Sprintf("%s: %s %v", f.Message, f.Reason, f.SchemaValidationErrors))
	}
	return all
}

func TestContractIsHere(t *testing.T) {
	t.Parallel()
	v, err := published()
	require.NoError(t, err)
	if v == nil {
		t.Skipf("Telnyx's published API is not at %s: no exchange of these tests is held to it", contract)
	}
	_, errs := v.ValidateDocument()
	require.Empty(t, errs)

	exchange := func(method, path, asked, answered string) []string {
		r := httptest.NewRequestWithContext(t.Context(), method, "/v2"+path, nil)
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		rec.Header().Set("Content-Type", "application/json")
		return breaches(v, telnyxtest.Exchange{Request: r, RequestBody: []byte(asked), Answer: rec.Result(), AnswerBody: []byte(answered)})
	}
	out := "/portouts/" + telnyxtest.PortOutID("x") + "/authorized"
	require.Empty(t, exchange(http.MethodPatch, out, `{"reason":"x"}`, `{"data":{"status":"authorized"}}`))
	require.NotEmpty(t, exchange(http.MethodPatch, out, `{}`, `{"data":{"status":"authorized"}}`), "a request without its reason")
	require.NotEmpty(t, exchange(http.MethodPatch, out, `{"reason":"x"}`, `{"data":{"status":"approved"}}`), "an answer with a word that is not Telnyx's")
	require.NotEmpty(t, exchange(http.MethodPost, "/porting_orders/nothing/like/it", `{}`, `{}`), "a path that is not there")
}

// Every exception and every status of the contract has a meaning here.
func TestContractWords(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(contract)
	if err != nil {
		t.Skipf("Telnyx's published API is not here: %v", err)
	}
	var document struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Enum []string `yaml:"enum"`
				} `yaml:"properties"`
			} `yaml:"schemas"`
		} `yaml:"components"`
	}
	require.NoError(t, yaml.Unmarshal(text, &document))
	statuses := document.Components.Schemas["PortingOrderStatus"].Properties["value"].Enum
	require.Len(t, statuses, 8)
	for _, word := range statuses {
		s, err := says(t, 200, nil, group(t, part(word, "requirements_met", true))).Status(t.Context(), ref)
		require.NoError(t, err)
		require.NotEqual(t, carrier.StateUnknown, s.State, word)
	}
	codes := document.Components.Schemas["PortingOrdersExceptionType"].Properties["code"].Enum
	require.Len(t, codes, 21)
	for _, code := range codes {
		s, err := says(t, 200, nil, group(t, map[string]any{"status": rejectedFor(code)})).Status(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, code, s.Reasons[0].Code)
		require.Equal(t, code == "OTHER", s.Reasons[0].Reason == porting.OtherReason, code)
	}
	outs := document.Components.Schemas["PortoutDetails"].Properties["status"].Enum
	require.Len(t, outs, 6)
	for _, word := range outs {
		s, err := says(t, 200, nil, `{"data":{"id":"p1","status":"`+word+`"}}`).PortOutStatus(t.Context(), "p1")
		require.NoError(t, err)
		require.NotEqual(t, carrier.StateUnknown, s.State, word)
	}
	s, err := says(t, 200, nil, `{"data":{"id":"p1","status":"dreaming"}}`).PortOutStatus(t.Context(), "p1")
	require.NoError(t, err)
	require.Equal(t, carrier.StateUnknown, s.State)
	require.Equal(t, "dreaming", s.Raw)
}
