package worker

import (
	"math"
	"net/http"
	"os"
	"time"

	"golang.org/x/time/rate"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/enum"
	"github.com/portsaga/portsaga/carrier/manual"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/carrier/telnyx"
	"github.com/portsaga/portsaga/carrier/twilio"
	"github.com/portsaga/portsaga/carrier/wire"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/telemetry"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// around is what adapters may need beside their settings. For whoever only looks at carriers, all but the line is nil.
type around struct {
	line     *wire.Line
	ledger   *ledger.Ledger
	vault    *vault.Vault
	registry *approval.Keeper // nil where the desk's answers are believed as they come
	mail     notify.Sender
}

// adapter makes a gateway to a carrier.
type adapter func(name string, s CarrierSettings, a around) (carrier.Gateway, error)

var adapters = map[string]adapter{
	"simulator": openSimulator,
	"telnyx":    openTelnyx,
	"twilio":    openTwilio,
	"manual":    openManual,
}

func openSimulator(name string, s CarrierSettings, a around) (carrier.Gateway, error) {
	if s.URL == "" {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "carrier-url-missing", Op: "open carrier", Object: name,
			Detail: "the carrier's address is not set", Next: "set PORTSAGA_CARRIER_URL, or url in the carriers file",
		}
	}
	return &simulator.Client{URL: s.URL, HTTP: a.line.Client(s.timeout())}, nil
}

func openTelnyx(_ string, s CarrierSettings, a around) (carrier.Gateway, error) {
	key, err := config.ReadSecret(s.KeyFile)
	if err != nil {
		return nil, err
	}
	client := &telnyx.Client{URL: s.URL, Key: key, WebhookURL: s.NewsURL, HTTP: a.line.Client(s.timeout())}
	if a.ledger != nil {
		client.Documents = NewDocuments(a.ledger, a.vault).forTelnyx
	}
	return client, nil
}

func openTwilio(name string, s CarrierSettings, a around) (carrier.Gateway, error) {
	secret, err := config.ReadSecret(s.KeyFile)
	if err != nil {
		return nil, err
	}
	documents := &twilioDocuments{Documents: NewDocuments(a.ledger, a.vault), name: name}
	client, err := twilio.New(twilio.Settings{
		Account: s.Account, Key: s.APIKey, Secret: secret, Mailbox: s.Mailbox, Signer: twilio.Signer{Name: s.SignerName, Email: s.SignerEmail},
		Documents: documents, Book: twilioBook{a.ledger, name}, HTTP: a.line.Client(s.timeout()), URL: s.URL,
	})
	documents.client = client
	return client, err
}

// openManual opens the desk that works with a carrier by hand. The order in which people sign is real time, and so are its
// clocks: it is not for a demo.
func openManual(name string, s CarrierSettings, a around) (carrier.Gateway, error) {
	text, err := os.ReadFile(s.Profile)
	if err != nil {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "profile-unreadable", Op: "open carrier", Object: name, Detail: err.Error(),
			Next: "name its profile in the carriers file: docs/manual-desk.md", Err: err,
		}
	}
	profile, err := manual.ParseProfile(text)
	if err != nil {
		return nil, err
	}
	book := &manual.Book{Books: a.ledger, Vault: a.vault}
	if a.registry != nil {
		book.Registry = a.registry
	}
	return &manual.Gateway{Profile: profile, Book: book, Mail: a.mail, Now: time.Now}, nil
}

// verifiers are the adapters whose carriers send news, each with how their signatures are checked by a key.
var verifiers = map[string]func(s CarrierSettings, key porting.Secret) carrier.Webhook{
	"simulator": func(_ CarrierSettings, key porting.Secret) carrier.Webhook { return simulator.Verifier{Secret: key} },
	"telnyx": func(_ CarrierSettings, key porting.Secret) carrier.Webhook {
		return telnyx.Verifier{PublicKey: key.Reveal()} //nolint:forbidigo // a public key
	},
	"twilio": func(s CarrierSettings, key porting.Secret) carrier.Webhook {
		return &twilio.Webhook{URL: s.NewsURL, Token: key}
	},
}

// Webhooks are the carriers whose news can be verified: those with a key for it. No other key is read.
func (c Carriers) Webhooks() (map[string]carrier.Webhook, error) {
	webhooks := map[string]carrier.Webhook{}
	for _, name := range c.Names() {
		s := c.Carriers[name]
		verified := verifiers[s.Adapter]
		if verified == nil || s.NewsKeyFile == "" {
			continue
		}
		key, err := config.ReadSecret(s.NewsKeyFile)
		if err != nil {
			return nil, err
		}
		webhooks[name] = verified(s, key)
	}
	return webhooks, nil
}

// openCarriers opens every carrier, each on a line of its own that measures and writes down what is said.
func openCarriers(c Carriers, calls *telemetry.Calls, shared around) (map[string]carrier.Gateway, error) {
	gateways := map[string]carrier.Gateway{}
	for _, name := range c.Names() {
		s := c.Carriers[name]
		own := shared
		own.line = &wire.Line{Carrier: name, Limit: limitOf(s), Breaker: wire.NewBreaker(time.Now), Record: recorder(calls, shared.ledger)}
		if calls != nil {
			own.line.Base = calls.Base(name, http.DefaultTransport)
		}
		gateway, err := adapters[s.Adapter](name, s, own)
		if err != nil {
			return nil, err
		}
		gateways[name] = gateway
	}
	return gateways, nil
}

// Gateways opens the carriers that the settings name and nothing else, for whoever looks at them: they can be checked, and not
// asked to do anything. What is said is not written down.
func Gateways(s Settings) (map[string]carrier.Gateway, error) {
	carriers, err := s.carriers()
	if err != nil {
		return nil, err
	}
	return openCarriers(carriers, nil, around{})
}

// open is what the gate asks of a registry; nil if nobody is asked.
func (r RegistrySettings) open() *activities.Registry {
	if !r.asked() {
		return nil
	}
	registry := &activities.Registry{Home: carrier.Home{RoutingNumbers: r.RoutingNumbers, Carriers: r.Carriers}}
	if r.Server != "" {
		registry.ENUM = &enum.Resolver{Server: r.Server, Zone: r.Zone, TLS: r.TLS}
	}
	return registry
}

func limitOf(s CarrierSettings) *rate.Limiter {
	if s.CallsPerSecond == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Limit(s.CallsPerSecond), max(s.Burst, int(math.Ceil(min(s.CallsPerSecond, 1)))))
}
