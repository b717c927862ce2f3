package orders

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/porting"
)

// ReadPortOut reads a counterparty's request, YAML or JSON, strictly: an unknown field is an error. A request without
// received_at came in now. The error is a *porting.Error: "request-unreadable" (Failed), or "request-invalid" (Invalid),
// which lists every problem and shows no value of the request but masked numbers.
func ReadPortOut(r io.Reader, options Options) (porting.PortOutRequest, error) {
	options = options.withDefaults()
	data, err := io.ReadAll(io.LimitReader(r, options.MaxBytes+1))
	if err != nil {
		return porting.PortOutRequest{}, &porting.Error{
			Kind: porting.Failed, Code: "request-unreadable", Op: "read request", Detail: fmt.Sprintf("the file broke off after %d bytes", len(data)),
			Next: "check that the file can be read, and try again", Err: err,
		}
	}
	if int64(len(data)) > options.MaxBytes {
		return porting.PortOutRequest{}, badRequest(fmt.Sprintf("the file has more than %d bytes", options.MaxBytes))
	}
	var request porting.PortOutRequest
	strict := yaml.NewDecoder(bytes.NewReader(data))
	strict.KnownFields(true)
	if err := strict.Decode(&request); err != nil {
		return porting.PortOutRequest{}, badRequest(whatFails(err)...)
	}
	if request.ReceivedAt.IsZero() {
		request.ReceivedAt = options.Now.UTC()
	}
	if problems := problemsOf(request, options); len(problems) > 0 {
		return porting.PortOutRequest{}, badRequest(problems...)
	}
	return request, nil
}

// IsPortOut reports whether a text is a counterparty's request rather than an order: a request has an id, an order a reference.
func IsPortOut(text []byte) bool {
	var top struct {
		ID        yaml.Node `yaml:"id"`
		Reference yaml.Node `yaml:"reference"`
	}
	return yaml.Unmarshal(text, &top) == nil && !top.ID.IsZero() && top.Reference.IsZero()
}

func badRequest(problems ...string) error {
	return &porting.Error{
		Kind: porting.Invalid, Code: "request-invalid", Op: "read request", Detail: strings.Join(problems, "; "),
		Next: "compare it with the files in examples/portouts",
	}
}

// whatFails is what the decoder dislikes, without the values that it quotes.
func whatFails(err error) []string {
	types, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return []string{"the file is no YAML or JSON"}
	}
	var problems []string
	for _, text := range types.Errors {
		before, _, _ := strings.Cut(text, "`")
		if _, field, unknown := strings.Cut(text, "field "); unknown {
			before = "unknown field " + strings.Fields(field)[0]
		}
		problems = append(problems, strings.TrimSpace(before))
	}
	return problems
}

func problemsOf(r porting.PortOutRequest, o Options) []string {
	var problems []string
	say := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	say(r.ID == "" || len(r.ID) > maxRequestID, "id: name the request as the counterparty does, in 1 to %d bytes", maxRequestID)
	say(r.Recipient.Name == "", "recipient.name: say who asks")
	say(len(r.Numbers) == 0, "numbers: list at least one")
	say(len(r.Numbers) > o.MaxNumbers, "numbers: more than %d", o.MaxNumbers)
	seen := map[porting.Number]bool{}
	for i, n := range r.Numbers {
		_, err := porting.ParseNumber(n.E164())
		say(err != nil, "numbers[%d]: write %s with + and country code", i, n)
		say(seen[n], "numbers[%d]: %s is there twice", i, n)
		seen[n] = true
	}
	say(!r.SilenceAt.IsZero() && !r.SilenceAt.After(r.ReceivedAt), "silence_at: is not after received_at")
	say(r.ReceivedAt.After(o.Now.Add(time.Hour)), "received_at: is in the future")
	if r.DueDate != "" {
		_, err := time.Parse(time.DateOnly, r.DueDate)
		say(err != nil, "due_date: write it like 2026-12-07")
	}
	return problems
}

const maxRequestID = 200
