package sources_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/sources"
)

// contracts is where the published descriptions of the APIs lie, beside the repository; they are no part of it.
const contracts = "../../../../shared/contracts"

// description is a published description of an API.
type description struct {
	base     string // path of its server
	document map[string]any
	compiler *jsonschema.Compiler
}

func describe(t *testing.T, file string) *description {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(contracts, file))
	if err != nil {
		t.Skipf("the published descriptions are not here: %v", err)
	}
	var document any
	require.NoError(t, yaml.Unmarshal(text, &document))
	asText, err := json.Marshal(nullable(document))
	require.NoError(t, err)
	document, err = jsonschema.UnmarshalJSON(bytes.NewReader(asText))
	require.NoError(t, err)
	d := &description{document: document.(map[string]any), compiler: jsonschema.NewCompiler()}
	d.compiler.DefaultDraft(jsonschema.Draft4)
	require.NoError(t, d.compiler.AddResource("api.json", document))
	server := d.document["servers"].([]any)[0].(map[string]any)["url"].(string)
	d.base = strings.TrimPrefix(server, "{apiRoot}")
	return d
}

// nullable turns what OpenAPI 3.0 calls nullable into JSON Schema's type "null". Formats and patterns stay.
func nullable(node any) any {
	switch n := node.(type) {
	case map[string]any:
		for name, child := range n {
			n[name] = nullable(child)
		}
		if n["nullable"] == true {
			n["type"] = []any{n["type"], "null"}
		}
	case []any:
		for i := range n {
			n[i] = nullable(n[i])
		}
	}
	return node
}

// at follows a path through the document.
func (d *description) at(t *testing.T, path ...string) map[string]any {
	t.Helper()
	node := d.document
	for _, step := range path {
		next, ok := node[step].(map[string]any)
		require.True(t, ok, "the description has no %s in %v", step, path)
		node = next
		if ref, ok := node["$ref"].(string); ok {
			node = d.at(t, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
		}
	}
	return node
}

// validate holds a body to the schema of a content.
func (d *description) validate(t *testing.T, content map[string]any, body []byte) {
	t.Helper()
	ref, ok := content["schema"].(map[string]any)["$ref"].(string)
	require.True(t, ok)
	schema, err := d.compiler.Compile("api.json" + ref)
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(value), "%s", body)
	if object, ok := value.(map[string]any); ok {
		for name := range object {
			require.Contains(t, d.properties(t, ref), name, "newer releases refuse what they do not know")
		}
	}
}

func (d *description) properties(t *testing.T, ref string) map[string]any {
	t.Helper()
	properties := d.at(t, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)["properties"].(map[string]any)
	return properties
}

// What we send and what the fakes of the other tests answer are what the APIs publish: path, scope, headers, body and answer.
func TestContracts(t *testing.T) {
	t.Parallel()
	s := subject()
	s.HeldSince = now.AddDate(-2, 0, 0)
	s.Person.City, s.Person.Region, s.Person.Country, s.Person.Email, s.Person.Document = "Washington", "DC", "US", "j@example.com", "X1"
	for _, c := range []struct {
		file, source, path string
		answer             string
	}{
		{"camara-sim-swap.openapi.yml", "sim_swap", simDate, `{"latestSimChange": "2026-11-21T11:00:00.123+01:00"}`},
		{"camara-sim-swap.openapi.yml", "sim_swap", simDate, `{"latestSimChange": null, "monitoredPeriod": 120}`},
		{"camara-sim-swap.openapi.yml", "sim_swap", simCheck, `{"swapped": false}`},
		{"camara-call-forwarding-signal.openapi.yml", "call_forwarding", forwarding, `["unconditional", "conditional_busy"]`},
		{"camara-call-forwarding-signal.openapi.yml", "call_forwarding", forwardAll, `{"active": false}`},
		{"camara-number-recycling.openapi.yml", "number_recycling", recycling, `{"phoneNumberRecycled": false}`},
		{"camara-kyc-match.openapi.yml", "kyc", kyc, `{"nameMatch": "false", "nameMatchScore": 83, "addressMatch": "not_available", "postalCodeMatch": "true", "idDocumentMatch": "true"}`},
	} {
		t.Run(c.file+c.path, func(t *testing.T) {
			t.Parallel()
			d := describe(t, c.file)
			operation := d.at(t, "paths", strings.TrimPrefix(c.path, d.base), "post")
			d.validate(t, d.at(t, "paths", strings.TrimPrefix(c.path, d.base), "post", "responses", "200", "content", "application/json"), []byte(c.answer))

			answers := map[string]reply{c.path: ok(c.answer)}
			switch c.path {
			case simCheck: // asked only where the date is not told
				answers[simDate] = ok(`{"latestSimChange": null}`)
			case forwardAll:
				answers[forwarding] = no(501, "NOT_IMPLEMENTED")
			}
			n := newNetwork(t, answers)
			scopes := &scopeKeeper{}
			e := ask(t, (&sources.CAMARA{Root: n.URL, Tokens: scopes}).Sources(), c.source, s)
			require.True(t, e.Has(c.source))

			asked := n.questions()
			last := asked[len(asked)-1]
			require.Equal(t, c.path, last.path)
			d.validate(t, d.at(t, "paths", strings.TrimPrefix(c.path, d.base), "post", "requestBody", "content", "application/json"), last.rawBody)
			pattern := d.at(t, "components", "schemas", "XCorrelator")["pattern"].(string)
			require.Regexp(t, goPattern(pattern), last.header.Get("x-correlator"))
			require.Equal(t, "application/json", last.header.Get("Content-Type"))
			security, err := json.Marshal(operation["security"])
			require.NoError(t, err)
			require.Contains(t, string(security), `"`+scopes.last+`"`)
		})
	}
}

// goPattern writes a pattern of the descriptions as Go reads it: a dash between a range and a sign is a dash.
func goPattern(pattern string) *regexp.Regexp {
	return regexp.MustCompile(strings.Replace(pattern, "0-9-_", `0-9\-_`, 1))
}

// Every error that the descriptions show is read as what it means, and never as an answer.
func TestContractErrors(t *testing.T) {
	t.Parallel()
	means := map[string]fraud.Why{
		"INVALID_ARGUMENT": fraud.BadRequest, "OUT_OF_RANGE": fraud.OutOfRange, "UNAUTHENTICATED": fraud.NotAuthorised,
		"PERMISSION_DENIED": fraud.NotAuthorised, "INVALID_TOKEN_CONTEXT": fraud.NotAuthorised, "NOT_FOUND": fraud.NotFound,
		"IDENTIFIER_NOT_FOUND": fraud.NotFound, "SERVICE_NOT_APPLICABLE": fraud.NotApplicable, "MISSING_IDENTIFIER": fraud.BadRequest,
		"UNNECESSARY_IDENTIFIER": fraud.BadRequest, "QUOTA_EXCEEDED": fraud.RateLimited, "TOO_MANY_REQUESTS": fraud.RateLimited,
		"KNOW_YOUR_CUSTOMER.INVALID_PARAM_COMBINATION": fraud.BadRequest, "KNOW_YOUR_CUSTOMER.ID_DOCUMENT_REQUIRED": fraud.NotAsked,
		"KNOW_YOUR_CUSTOMER.ID_DOCUMENT_MISMATCH": "", "NOT_IMPLEMENTED": fraud.NotApplicable,
	}
	for file, c := range map[string]struct {
		source string
		paths  []string
	}{
		"camara-sim-swap.openapi.yml":               {"sim_swap", []string{simDate, simCheck}},
		"camara-call-forwarding-signal.openapi.yml": {"call_forwarding", []string{forwarding, forwardAll}},
		"camara-number-recycling.openapi.yml":       {"number_recycling", []string{recycling}},
		"camara-kyc-match.openapi.yml":              {"kyc", []string{kyc}},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			errors := describe(t, file).errors(t)
			require.GreaterOrEqual(t, len(errors), 6)
			for _, shown := range errors {
				want, known := means[shown.Code]
				require.True(t, known, "%+v", shown)
				answers := map[string]reply{}
				for _, path := range c.paths {
					answers[path] = no(shown.Status, shown.Code)
				}
				s := subject()
				s.HeldSince = now.AddDate(-2, 0, 0)
				e := ask(t, newNetwork(t, answers).camara().Sources(), c.source, s)
				got := e.SIMSwap.Missing + e.CallForwarding.Missing + e.NumberRecycling.Missing + e.KYC.Missing
				require.Equal(t, want, got, "%+v", shown)
				require.Equal(t, want == "", e.Has(c.source), "%+v", shown)
			}
		})
	}
}

// shownError is an error as a description shows it.
type shownError struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
}

// errors are all that a description shows as examples.
func (d *description) errors(t *testing.T) []shownError {
	t.Helper()
	var all []shownError
	for name, response := range d.at(t, "components", "responses") {
		content, ok := response.(map[string]any)["content"].(map[string]any)["application/json"].(map[string]any)
		require.True(t, ok, name)
		examples, _ := content["examples"].(map[string]any)
		for _, example := range examples {
			text, err := json.Marshal(example.(map[string]any)["value"])
			require.NoError(t, err)
			var shown shownError
			require.NoError(t, json.Unmarshal(text, &shown))
			all = append(all, shown)
		}
	}
	return all
}
