package notify

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/portsaga/portsaga/porting"
)

// TLSPolicy says how a mail server is spoken to.
type TLSPolicy string

// Policies. Opportunistic and none are for servers on the same machine.
const (
	TLSMandatory     TLSPolicy = "mandatory"     // STARTTLS, and nothing without it
	TLSImplicit      TLSPolicy = "implicit"      // TLS from the first byte, port 465 mostly
	TLSOpportunistic TLSPolicy = "opportunistic" // STARTTLS where the server offers it
	TLSNone          TLSPolicy = "none"
)

// SMTP sends mail through one server. Its Message-ID is the message's key, so that the recipient's server can drop what
// comes twice because an acknowledgement was lost.
type SMTP struct {
	Addr     string // host:port
	TLS      TLSPolicy
	User     string // no authentication when empty
	Password porting.Secret
	From     string // "Name <address>"; its domain is that of the Message-IDs

	Now func() time.Time
}

var policies = map[TLSPolicy]gomail.Option{
	TLSMandatory:     gomail.WithTLSPolicy(gomail.TLSMandatory),
	TLSImplicit:      gomail.WithSSL(),
	TLSOpportunistic: gomail.WithTLSPolicy(gomail.TLSOpportunistic),
	TLSNone:          gomail.WithTLSPolicy(gomail.NoTLS),
}

// Check finds what is wrong before the first mail. Code of Invalid: "smtp-invalid".
func (s *SMTP) Check() error {
	if _, err := mail.ParseAddress(s.From); err != nil {
		return smtpInvalid("the sender is no mail address")
	}
	_, err := s.client()
	return err
}

func smtpInvalid(detail string) error {
	return &porting.Error{Kind: porting.Invalid, Code: "smtp-invalid", Op: "set up mail", Detail: detail}
}

// Send sends one mail. Codes: "smtp-refused" (Refused), "smtp-unavailable" (Failed).
func (s *SMTP) Send(ctx context.Context, m Message) (string, error) {
	message, id, err := s.write(m)
	if err != nil {
		return "", err
	}
	client, err := s.client()
	if err != nil {
		return "", err
	}
	err = client.DialAndSendWithContext(ctx, message)
	if err == nil || message.IsDelivered() { // a server that accepts and hangs up before the goodbye has accepted
		return id, nil
	}
	if sent, ok := errors.AsType[*gomail.SendError](err); ok && !sent.IsTemp() && sent.ErrorCode() >= 500 {
		return "", refused("smtp-refused", "the mail server refused it with "+strconv.Itoa(sent.ErrorCode()))
	}
	return "", failed("smtp-unavailable", "the mail server did not take it", err)
}

func (s *SMTP) client() (*gomail.Client, error) {
	host, portText, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return nil, smtpInvalid("the server is not host:port")
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, smtpInvalid("the server's port is not a number")
	}
	policy, ok := policies[s.TLS]
	if !ok {
		return nil, smtpInvalid("the TLS policy is not mandatory, implicit, opportunistic or none")
	}
	options := []gomail.Option{policy, gomail.WithPort(port), gomail.WithTimeout(sendPatience / 2)}
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User),
			gomail.WithPassword(s.Password.Reveal())) //nolint:forbidigo // the mail server must see it
	}
	client, err := gomail.NewClient(host, options...)
	if err != nil {
		return nil, smtpInvalid("the server's settings do not fit together")
	}
	return client, nil
}

// write makes a mail with a text part, an HTML part and files, as far as there are any, marked as written by a machine.
func (s *SMTP) write(m Message) (*gomail.Msg, string, error) {
	message := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := message.From(s.From); err != nil {
		return nil, "", smtpInvalid("the sender is no mail address")
	}
	if err := message.To(m.To); err != nil {
		return nil, "", refused("address-invalid", "the recipient's mail address cannot be read")
	}
	id := m.Key + "@" + domainOf(s.From)
	message.SetMessageIDWithValue(id)
	message.SetDateWithValue(s.Now())
	message.Subject(m.Content.Subject)
	message.SetGenHeader(gomail.HeaderContentLang, m.Content.Lang)
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All")
	message.SetBodyString(gomail.TypeTextPlain, m.Content.Text)
	if m.Content.HTML != "" {
		message.AddAlternativeString(gomail.TypeTextHTML, m.Content.HTML)
	}
	for _, file := range m.Files {
		message.AttachReadSeeker(file.Name, bytes.NewReader(file.Bytes), gomail.WithFileContentType(gomail.ContentType(file.Type)))
	}
	return message, id, nil
}

func domainOf(from string) string {
	address, err := mail.ParseAddress(from)
	if err != nil {
		return "localhost"
	}
	return address.Address[strings.LastIndex(address.Address, "@")+1:]
}
