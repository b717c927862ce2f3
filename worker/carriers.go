package worker

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/network"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/porting"
)

// Carriers are the carriers of a deployment, as its carriers file names them.
type Carriers struct {
	Prefer   []string                   `yaml:"prefer"`   // in which order those are asked that can carry an order; the rest by name
	Carriers map[string]CarrierSettings `yaml:"carriers"` // by the name that orders use
	Registry RegistrySettings           `yaml:"registry"` // of numbers; nobody is asked after an activation when empty
	Network  NetworkSettings            `yaml:"network"`  // our own; without it no port-out is answered
}

// CarrierSettings are how one carrier is reached. Keys and secrets are named by their files and never stand here.
type CarrierSettings struct {
	Adapter        string        `yaml:"adapter"`          // simulator, telnyx, twilio or manual
	URL            string        `yaml:"url"`              // of its API; the public one when empty
	Account        string        `yaml:"account"`          // account SID at Twilio
	KeyFile        string        `yaml:"key_file"`         // API key; at Twilio the secret of api_key, or the auth token
	APIKey         string        `yaml:"api_key"`          // SID of the API key at Twilio; the account itself when empty
	Mailbox        string        `yaml:"mailbox"`          // of ours, which gets the signed letters back from Twilio; its domain delivers subaddresses
	SignerName     string        `yaml:"signer_name"`      // who signs at Twilio for subscribers without an e-mail address
	SignerEmail    string        `yaml:"signer_email"`     // and where that person reads
	NewsKeyFile    string        `yaml:"news_key_file"`    // with which its news are verified: a public key, or a shared secret
	NewsURL        string        `yaml:"news_url"`         // to which it sends its news, where it signs the address as well
	Profile        string        `yaml:"profile"`          // file with what the manual desk needs to know of it
	Timeout        time.Duration `yaml:"timeout"`          // of one call; 30 s when zero
	CallsPerSecond float64       `yaml:"calls_per_second"` // of this worker; no bound when zero
	Burst          int           `yaml:"burst"`            // calls that may be made at once; 1 when zero
	StepsPerSecond float64       `yaml:"steps_per_second"` // of all workers together; no bound when zero
	SharedQueue    bool          `yaml:"shared_queue"`     // its steps are done on the queue of all, not on one of its own
}

// RegistrySettings say where it is asked which carrier serves a number, and how we are called there.
type RegistrySettings struct {
	Server         string   `yaml:"server"`          // name server of ENUM, host or host:port; the carrier's own lookup when empty
	Zone           string   `yaml:"zone"`            // e164.arpa when empty
	TLS            bool     `yaml:"tls"`             // ask over TLS
	RoutingNumbers []string `yaml:"routing_numbers"` // of our switches, in global form
	Carriers       []string `yaml:"carriers"`        // our names there
}

// NetworkSettings say where our own network and billing are asked about lines that are ours.
type NetworkSettings struct {
	URL       string `yaml:"url"`        // docs/port-out.md describes what it answers
	TokenFile string `yaml:"token_file"` // sent as a bearer token
}

// open is our network; nil if none is named.
func (s NetworkSettings) open() (carrier.Switch, error) {
	if s.URL == "" {
		return nil, nil
	}
	client := &network.Client{URL: s.URL, HTTP: &http.Client{Timeout: defaultTimeout}}
	if s.TokenFile == "" {
		return client, nil
	}
	var err error
	client.Token, err = config.ReadSecret(s.TokenFile)
	return client, err
}

// asked reports whether anybody is asked at all: without knowing our own names, no answer means anything.
func (r RegistrySettings) asked() bool { return len(r.RoutingNumbers)+len(r.Carriers) > 0 }

const defaultTimeout = 30 * time.Second

// ReadCarriers reads a carriers file. Its error is of kind Invalid with code "carriers-invalid" and names what is wrong.
func ReadCarriers(file string) (Carriers, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Carriers{}, invalidCarriers(file, "it cannot be read: "+err.Error(), err)
	}
	var c Carriers
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
		return Carriers{}, invalidCarriers(file, err.Error(), err)
	}
	if detail := c.wrong(); detail != "" {
		return Carriers{}, invalidCarriers(file, detail, nil)
	}
	return c, nil
}

// carriers are those that the settings name.
func (s Settings) carriers() (Carriers, error) {
	if s.CarriersFile != "" {
		return ReadCarriers(s.CarriersFile)
	}
	if adapters[s.Carrier] == nil {
		return Carriers{}, &porting.Error{
			Kind: porting.Invalid, Code: "carrier-unknown", Op: "open carrier", Object: s.Carrier,
			Detail: "there is no adapter of this name", Next: "set PORTSAGA_CARRIER=simulator, or PORTSAGA_CARRIERS",
		}
	}
	only := CarrierSettings{Adapter: s.Carrier, URL: s.CarrierURL, Timeout: s.CarrierTimeout, NewsKeyFile: s.NewsKeyFile, SharedQueue: true}
	return Carriers{Prefer: []string{s.Carrier}, Carriers: map[string]CarrierSettings{s.Carrier: only}}, nil
}

// lines are the carriers with a task queue of their own.
func (c Carriers) lines() map[string]bool {
	own := map[string]bool{}
	for name, s := range c.Carriers {
		if !s.SharedQueue {
			own[name] = true
		}
	}
	return own
}

// wrong says what is wrong with the settings, "" if nothing is.
func (c Carriers) wrong() string {
	if len(c.Carriers) == 0 {
		return "it names no carrier"
	}
	for _, name := range c.Prefer {
		if _, there := c.Carriers[name]; !there {
			return "it prefers " + name + ", which is not among its carriers"
		}
	}
	for _, name := range c.Names() {
		s := c.Carriers[name]
		switch {
		case adapters[s.Adapter] == nil:
			return name + " has the adapter \"" + s.Adapter + "\", which does not exist"
		case s.CallsPerSecond < 0, s.StepsPerSecond < 0, s.Burst < 0, s.Timeout < 0:
			return name + " has a limit below zero"
		}
	}
	return ""
}

// Names lists the carriers by name.
func (c Carriers) Names() []string {
	return slices.Sorted(maps.Keys(c.Carriers))
}

func (s CarrierSettings) timeout() time.Duration {
	if s.Timeout == 0 {
		return defaultTimeout
	}
	return s.Timeout
}

func invalidCarriers(file, detail string, err error) error {
	return &porting.Error{
		Kind: porting.Invalid, Code: "carriers-invalid", Op: "read carriers", Object: file, Detail: detail,
		Next: "correct the file that PORTSAGA_CARRIERS names; docs/carriers.md describes it", Err: err,
	}
}
