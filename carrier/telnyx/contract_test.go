package telnyx_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
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
		if v == nil || strings.HasSuffix(e.Request.URL.Path, "/documents") && !strings.Contains(e.Request.URL.Path, "porting_orders") {
			return
		}
		one.Lock()
		defer one.Unlock()
		request := e.Request.Clone(e.Request.Context())
		request.Body = io.NopCloser(bytes.NewReader(e.RequestBody))
		_, errs := v.ValidateHttpRequest(request)
		for _, err := range errs {
			t.Errorf("the request breaks the contract: %s %s: %s: %s %v\n%s", request.Method, request.URL, err.Message, err.Reason, err.SchemaValidationErrors, e.RequestBody)
		}
		if e.Answer == nil {
			return
		}
		answer := *e.Answer
		answer.Body = io.NopCloser(bytes.NewReader(e.AnswerBody))
		request.Body = http.NoBody
		_, errs = v.ValidateHttpResponse(request, &answer)
		for _, err := range errs {
			t.Errorf("the answer breaks the contract: %s %s: %s: %s %v\n%s", request.Method, request.URL, err.Message, err.Reason, err.SchemaValidationErrors, e.AnswerBody)
		}
	}
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
		vague := code == "OTHER" || code == "OSP_IRRESPONSIVE"
		require.Equal(t, vague, s.Reasons[0].Reason == porting.OtherReason, code)
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
