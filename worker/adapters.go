package worker

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"time"

	"go.temporal.io/sdk/activity"
	"golang.org/x/time/rate"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/carrier/wire"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/telemetry"
	"github.com/portsaga/portsaga/porting"
)

// adapter makes a gateway to a carrier on a line.
type adapter func(name string, s CarrierSettings, on *wire.Line) (carrier.Gateway, error)

var adapters = map[string]adapter{
	"simulator": openSimulator,
}

func openSimulator(name string, s CarrierSettings, on *wire.Line) (carrier.Gateway, error) {
	if s.URL == "" {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "carrier-url-missing", Op: "open carrier", Object: name,
			Detail: "the carrier's address is not set", Next: "set PORTSAGA_CARRIER_URL, or url in the carriers file",
		}
	}
	return &simulator.Client{URL: s.URL, HTTP: on.Client(s.timeout())}, nil
}

// verifiers are the adapters whose carriers send news, each with how their signatures are checked.
var verifiers = map[string]func(CarrierSettings) (carrier.Webhook, error){}

// Webhooks are the carriers whose news can be verified: those with a key for it.
func (c Carriers) Webhooks() (map[string]carrier.Webhook, error) {
	webhooks := map[string]carrier.Webhook{}
	for _, name := range c.Names() {
		s := c.Carriers[name]
		open := verifiers[s.Adapter]
		if open == nil || s.NewsKeyFile == "" {
			continue
		}
		verifier, err := open(s)
		if err != nil {
			return nil, err
		}
		webhooks[name] = verifier
	}
	return webhooks, nil
}

// openCarriers opens every carrier, each on a line of its own that measures and writes down what is said.
func openCarriers(c Carriers, calls *telemetry.Calls, books func() *ledger.Ledger) (map[string]carrier.Gateway, error) {
	gateways := map[string]carrier.Gateway{}
	for _, name := range c.Names() {
		s := c.Carriers[name]
		line := &wire.Line{Carrier: name, Limit: limitOf(s), Breaker: wire.NewBreaker(time.Now), Record: recorder(calls, books)}
		if calls != nil {
			line.Base = calls.Base(name, http.DefaultTransport)
		}
		gateway, err := adapters[s.Adapter](name, s, line)
		if err != nil {
			return nil, err
		}
		gateways[name] = gateway
	}
	return gateways, nil
}

// Gateways opens the carriers that the settings name and nothing else, for whoever looks at them. What is said is not written
// down.
func Gateways(s Settings) (map[string]carrier.Gateway, error) {
	carriers, err := s.carriers()
	if err != nil {
		return nil, err
	}
	return openCarriers(carriers, nil, nil)
}

func limitOf(s CarrierSettings) *rate.Limiter {
	if s.CallsPerSecond == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(s.CallsPerSecond), max(s.Burst, int(math.Ceil(min(s.CallsPerSecond, 1)))))
}

// recordPatience bounds how long an exchange that is over may take to be written down.
const recordPatience = 5 * time.Second

// recorder writes exchanges into the ledger, under the port whose step made them. One that cannot be written is logged: the
// carrier has answered, and what the answer means must not be lost for the sake of the record.
func recorder(calls *telemetry.Calls, books func() *ledger.Ledger) func(context.Context, wire.Exchange) {
	return func(ctx context.Context, e wire.Exchange) {
		if calls != nil {
			calls.Seen(ctx, e)
		}
		if books == nil {
			return
		}
		kept := ledger.Exchange{
			Carrier: e.Carrier, At: e.At, Took: e.Took, Method: e.Method, Path: e.Path, Status: e.Status, Failure: e.Failure,
			Request: e.Request, Answer: e.Answer,
		}
		if activity.IsActivity(ctx) {
			info := activity.GetInfo(ctx)
			kept.PortID, kept.Step = info.WorkflowExecution.ID, info.ActivityType.Name
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordPatience)
		defer cancel()
		if err := books().RecordExchange(ctx, kept); err != nil {
			slog.WarnContext(ctx, "an exchange with a carrier could not be written down", "carrier", e.Carrier, "port", kept.PortID, "error", err)
		}
	}
}
