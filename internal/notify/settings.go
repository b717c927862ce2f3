package notify

import (
	"bytes"
	"errors"
	"io"
	"os"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/porting"
)

// Settings say how a deployment sends notices. The environment fills them, under PORTSAGA_; a channel without its address
// is not used.
type Settings struct {
	TemplatesDir    string `split_words:"true" desc:"directory of texts that replace or extend the embedded ones"`
	LinkURL         string `split_words:"true" desc:"public address of portsaga serve; notices carry no link when empty"`
	WebhooksFile    string `split_words:"true" desc:"file with the services that hear of ports"`
	WebhooksPrivate bool   `split_words:"true" desc:"let webhooks go to private addresses, and by http"`

	SMTP SMTPSettings
	SMS  SMSSettings
}

// SMTPSettings are those of the mail server.
type SMTPSettings struct {
	Addr         string `split_words:"true" desc:"host:port of the mail server; no mail is sent when empty"`
	TLS          string `split_words:"true" default:"mandatory" desc:"mandatory (STARTTLS), implicit, opportunistic or none"`
	User         string `split_words:"true" desc:"user at the mail server; no authentication when empty"`
	PasswordFile string `split_words:"true" desc:"file with that user's password"`
	From         string `split_words:"true" desc:"sender of the mails, like \"Example Telecom <notices@example.com>\""`
}

// SMSSettings are those of the SMS provider.
type SMSSettings struct {
	Provider   string `split_words:"true" desc:"twilio or telnyx; no SMS is sent when empty"`
	Account    string `split_words:"true" desc:"account SID at Twilio"`
	TokenFile  string `split_words:"true" desc:"file with the auth token (Twilio) or API key (Telnyx)"`
	From       string `split_words:"true" desc:"sender of the SMS: a number in E.164, or a name"`
	URL        string `split_words:"true" desc:"the provider's API, where it is not the public one"`
	InboundURL string `split_words:"true" desc:"URL at which Twilio was told to post answers"`
	PublicKey  string `split_words:"true" desc:"public key with which Telnyx signs answers, in base64"`
}

// ReadSecret reads a secret from a file.
type ReadSecret func(file string) (porting.Secret, error)

// Senders are the channels that the settings name.
func (s Settings) Senders(secret ReadSecret) (map[Channel]Sender, error) {
	senders := map[Channel]Sender{}
	if s.SMTP.Addr != "" {
		mail, err := s.SMTP.sender(secret)
		if err != nil {
			return nil, err
		}
		senders[Email] = mail
	}
	if s.SMS.Provider != "" {
		sms, err := s.SMS.sender(secret)
		if err != nil {
			return nil, err
		}
		senders[SMS] = sms
	}
	if s.WebhooksFile != "" {
		webhooks, err := s.Webhooks()
		if err != nil {
			return nil, err
		}
		senders[Webhook] = webhooks
	}
	return senders, nil
}

func (s SMTPSettings) sender(secret ReadSecret) (*SMTP, error) {
	mail := &SMTP{Addr: s.Addr, TLS: TLSPolicy(s.TLS), User: s.User, From: s.From, Now: time.Now}
	if s.User != "" {
		var err error
		if mail.Password, err = secret(s.PasswordFile); err != nil {
			return nil, err
		}
	}
	return mail, mail.Check()
}

func (s SMSSettings) sender(secret ReadSecret) (Sender, error) {
	token, err := secret(s.TokenFile)
	if err != nil {
		return nil, err
	}
	if s.From == "" {
		return nil, smsInvalid("the sender is missing")
	}
	switch {
	case s.Provider == "twilio" && s.Account != "":
		return &Twilio{URL: s.URL, Account: s.Account, Token: token, From: s.From}, nil
	case s.Provider == "twilio":
		return nil, smsInvalid("Twilio's account SID is missing")
	case s.Provider == "telnyx":
		return &Telnyx{URL: s.URL, Token: token, From: s.From}, nil
	default:
		return nil, smsInvalid("the provider is not twilio or telnyx")
	}
}

func smsInvalid(detail string) error {
	return &porting.Error{Kind: porting.Invalid, Code: "sms-invalid", Op: "set up SMS", Detail: detail}
}

// Webhooks reads the file of services; there are none where no file is named. Code of Invalid: "webhooks-invalid".
func (s Settings) Webhooks() (*Webhooks, error) {
	w := &Webhooks{HTTP: PublicClient(s.WebhooksPrivate), Now: time.Now}
	if s.WebhooksFile == "" {
		return w, nil
	}
	var list struct {
		Services []Endpoint `yaml:"services"`
	}
	text, err := os.ReadFile(s.WebhooksFile)
	if err == nil {
		d := yaml.NewDecoder(bytes.NewReader(text))
		d.KnownFields(true)
		if err = d.Decode(&list); errors.Is(err, io.EOF) {
			err = errors.New("it is empty")
		}
	}
	if err != nil {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "webhooks-invalid", Op: "read webhooks", Object: s.WebhooksFile, Detail: "the file is not a list of services",
			Next: "compare it with docs/notices.md", Err: err,
		}
	}
	w.Endpoints = list.Services
	return w, w.Check(s.WebhooksPrivate)
}

// Inbound verifies what the provider delivers of customers' answers; nil where the settings do not say how.
func (s SMSSettings) Inbound(secret ReadSecret) (Inbound, error) {
	switch {
	case s.Provider == "twilio" && s.InboundURL != "":
		token, err := secret(s.TokenFile)
		return TwilioInbound{URL: s.InboundURL, Token: token}, err
	case s.Provider == "telnyx" && s.PublicKey != "":
		key, err := telnyxKey(s.PublicKey)
		return TelnyxInbound{Key: key, Now: time.Now}, err
	default:
		return nil, nil
	}
}
