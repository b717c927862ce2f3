package notify_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

func secretOf(file string) (porting.Secret, error) {
	if file == "" {
		return "", &porting.Error{Kind: porting.Failed, Code: "secret-unreadable"}
	}
	return "secret of " + porting.Secret(file), nil
}

func TestSettings(t *testing.T) {
	t.Parallel()
	services := filepath.Join(t.TempDir(), "services.yaml")
	require.NoError(t, os.WriteFile(services, []byte("services:\n- {name: crm, url: 'https://crm.example/', secrets: [whsec_AAAA]}\n"), 0o600))
	mail := notify.SMTPSettings{Addr: "mail.example:587", TLS: "mandatory", User: "u", PasswordFile: "p", From: "a@example.com"}
	twilio := notify.SMSSettings{Provider: "twilio", Account: "AC1", TokenFile: "t", From: "+12125550100"}

	senders, err := notify.Settings{SMTP: mail, SMS: twilio, WebhooksFile: services}.Senders(secretOf)
	require.NoError(t, err)
	require.Len(t, senders, 3)
	require.IsType(t, &notify.Twilio{}, senders[notify.SMS])
	none, err := notify.Settings{}.Senders(secretOf)
	require.NoError(t, err)
	require.Empty(t, none)

	for name, c := range map[string]struct {
		settings notify.Settings
		code     string
	}{
		"no port":              {notify.Settings{SMTP: notify.SMTPSettings{Addr: "mail.example", TLS: "none", From: "a@example.com"}}, "smtp-invalid"},
		"no sender":            {notify.Settings{SMTP: notify.SMTPSettings{Addr: "mail.example:25", TLS: "none"}}, "smtp-invalid"},
		"no such policy":       {notify.Settings{SMTP: notify.SMTPSettings{Addr: "mail.example:25", TLS: "yes", From: "a@example.com"}}, "smtp-invalid"},
		"a user, no password":  {notify.Settings{SMTP: notify.SMTPSettings{Addr: "mail.example:25", TLS: "none", From: "a@example.com", User: "u"}}, "secret-unreadable"},
		"no such provider":     {notify.Settings{SMS: notify.SMSSettings{Provider: "pigeon", TokenFile: "t", From: "x"}}, "sms-invalid"},
		"no account":           {notify.Settings{SMS: notify.SMSSettings{Provider: "twilio", TokenFile: "t", From: "x"}}, "sms-invalid"},
		"no number to send by": {notify.Settings{SMS: notify.SMSSettings{Provider: "telnyx", TokenFile: "t"}}, "sms-invalid"},
		"no such file":         {notify.Settings{WebhooksFile: services + "x"}, "webhooks-invalid"},
	} {
		_, err := c.settings.Senders(secretOf)
		require.Equal(t, c.code, porting.CodeOf(err), name)
	}
}

func TestInboundSettings(t *testing.T) {
	t.Parallel()
	none, err := notify.SMSSettings{Provider: "twilio"}.Inbound(secretOf)
	require.NoError(t, err)
	require.Nil(t, none)
	twilio, err := notify.SMSSettings{Provider: "twilio", TokenFile: "t", InboundURL: "https://port.example/v1/sms"}.Inbound(secretOf)
	require.NoError(t, err)
	require.IsType(t, notify.TwilioInbound{}, twilio)
	telnyx, err := notify.SMSSettings{Provider: "telnyx", PublicKey: "e30AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}.Inbound(secretOf)
	require.NoError(t, err)
	require.IsType(t, notify.TelnyxInbound{}, telnyx)
	_, err = notify.SMSSettings{Provider: "telnyx", PublicKey: "short"}.Inbound(secretOf)
	require.Equal(t, "sms-invalid", porting.CodeOf(err))
}

// What the examples show works.
func TestExamples(t *testing.T) {
	t.Parallel()
	const examples = "../../examples/notices"
	webhooks, err := notify.Settings{WebhooksFile: filepath.Join(examples, "webhooks.yaml")}.Webhooks()
	require.NoError(t, err)
	require.Equal(t, []string{"crm", "acme-billing"}, webhooks.Names("acme"))
	texts, err := notify.LoadTemplates(filepath.Join(examples, "templates"))
	require.NoError(t, err)
	foc, err := texts.Render(notify.FOC, "en", notify.SampleWords(), customerLink)
	require.NoError(t, err)
	require.Contains(t, foc.Text, "Good news")
}
