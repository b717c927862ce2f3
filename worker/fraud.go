package worker

import (
	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/sources"
)

// FraudSettings say what the fraud desk works with. The environment fills them, under PORTSAGA_FRAUD_; a source without its
// address is not asked, and what it would know is missing.
type FraudSettings struct {
	Policy string `split_words:"true" desc:"policy of the fraud desk (the embedded one); portsaga fraud lint checks it"`
	Marked string `split_words:"true" desc:"file with numbers that are worth an attack: one, or the beginning of many, on a line"`
	Off    bool   `split_words:"true" desc:"judge no port by a policy; for tests of other things"`

	ServiceURL    string `split_words:"true" desc:"service of your own that knows what nobody else does of accounts, places, networks and recipients"`
	ServiceSecret string `split_words:"true" desc:"file with the bearer token for that service"`

	CamaraURL      string `split_words:"true" desc:"CAMARA APIs of a mobile network"`
	CamaraTokenURL string `split_words:"true" desc:"where that network gives tokens"`
	CamaraClient   string `split_words:"true" desc:"client ID at that network"`
	CamaraSecret   string `split_words:"true" desc:"file with that client's secret"`
	CamaraConsents string `split_words:"true" desc:"directory with the tokens of subscribers who consented, a file per number; that client's own is used when empty"`

	TwilioKey    string `split_words:"true" desc:"API key of Twilio Lookup"`
	TwilioSecret string `split_words:"true" desc:"file with that key's secret"`
}

// openFraud opens the fraud desk: its policy, and the neighbours that it asks.
func openFraud(s FraudSettings) (*activities.Fraud, error) {
	if s.Off {
		return nil, nil
	}
	policy, err := fraud.Hold(s.Policy)
	if err != nil {
		return nil, err
	}
	marked, err := fraud.LoadMarked(s.Marked)
	if err != nil {
		return nil, err
	}
	desk := &activities.Fraud{Policy: policy, HighValue: marked}
	if s.ServiceURL != "" {
		secret, err := config.ReadSecret(s.ServiceSecret)
		if err != nil {
			return nil, err
		}
		ours := &sources.Service{Root: s.ServiceURL, Secret: sources.Secret(secret)}
		desk.Sources = append(desk.Sources, ours.Sources()...)
	}
	if s.CamaraURL != "" {
		tokens, err := camaraTokens(s)
		if err != nil {
			return nil, err
		}
		network := &sources.CAMARA{Root: s.CamaraURL, Tokens: tokens}
		desk.Sources = append(desk.Sources, network.Sources()...)
	}
	if s.TwilioKey != "" {
		secret, err := config.ReadSecret(s.TwilioSecret)
		if err != nil {
			return nil, err
		}
		lookup := &sources.TwilioLookup{Key: s.TwilioKey, Secret: sources.Secret(secret)}
		desk.Sources = append(desk.Sources, lookup.Sources()...)
	}
	return desk, nil
}

// camaraTokens are ours, or where the network wants each subscriber's consent, the subscribers'.
func camaraTokens(s FraudSettings) (sources.Tokens, error) {
	if s.CamaraConsents != "" {
		consents := &sources.Consents{Dir: s.CamaraConsents}
		return consents, consents.Check()
	}
	secret, err := config.ReadSecret(s.CamaraSecret)
	if err != nil {
		return nil, err
	}
	return &sources.ClientCredentials{
		URL: s.CamaraTokenURL, ClientID: s.CamaraClient, Secret: sources.Secret(secret), Purpose: "dpv:FraudPreventionAndDetection",
	}, nil
}
