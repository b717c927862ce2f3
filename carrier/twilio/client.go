package twilio

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/twilio/twilio-go/client"
	numbers "github.com/twilio/twilio-go/rest/numbers/v1"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// Settings are what a Client needs.
type Settings struct {
	Account string         // SID of the account or subaccount that gains the numbers
	Key     string         // SID of the API key that signs in; the account itself when empty
	Secret  porting.Secret // of the API key, or the account's auth token
	// Mailbox of ours gets the copies of signed LOAs. Its domain must deliver subaddresses (RFC 5233), because the address
	// that an order names holds our reference.
	Mailbox   string
	Signer    Signer    // signs LOAs of subscribers without an e-mail address; nobody does when it is empty
	Documents Documents // tells which documents go with an order
	Book      Book
	HTTP      *http.Client  // nil waits thirty seconds for an answer
	Clock     porting.Clock // business time
	// Settle is how long an order whose answer was lost may still be on its way, in real time; ten minutes when zero. It
	// must be longer than any call can take.
	Settle time.Duration
	URL    string // scheme and host to call in place of Twilio's two
}

// Signer is a person of ours who signs LOAs on behalf of subscribers.
type Signer struct {
	Name  string
	Email string
}

// Client is an account at Twilio.
type Client struct {
	Settings
	strangers sync.Map // SIDs of requests that bear no mark of ours
}

var (
	_ carrier.Gateway = (*Client)(nil)
	_ carrier.Lister  = (*Client)(nil)
	_ carrier.Finder  = (*Client)(nil)
	_ carrier.Checker = (*Client)(nil)
)

const (
	maxNumbers  = 1000             // of one order
	earliestDay = 7                // days ahead that a wished date must be, in the US
	settle      = 10 * time.Minute // far above the time of a call
	lookback    = 48 * time.Hour   // in which an order that the Book lost is looked for
)

var patient = &http.Client{Timeout: 30 * time.Second}

var accountSID = regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`)

// New is a client of one account. A setting that is missing is twilio-settings (Invalid).
func New(s Settings) (*Client, error) {
	user, domain, isAddress := strings.Cut(s.Mailbox, "@")
	problem := ""
	switch {
	case !accountSID.MatchString(s.Account):
		problem = "the account is no account SID"
	case s.Secret == "":
		problem = "no secret signs in"
	case !isAddress || user == "" || domain == "" || strings.Contains(user, "+"):
		problem = "the mailbox for copies of LOAs is no plain address"
	case s.Book == nil || s.Documents == nil:
		problem = "a book of orders and a source of documents are needed"
	}
	if problem != "" {
		return nil, &porting.Error{Kind: porting.Invalid, Code: "twilio-settings", Op: "set up carrier", Object: "twilio", Detail: problem}
	}
	if s.Key == "" {
		s.Key = s.Account
	}
	if s.HTTP == nil {
		s.HTTP = patient
	}
	if s.Settle == 0 {
		s.Settle = settle
	}
	return &Client{Settings: s}, nil
}

// Capabilities are those of the API: it has no update, no reverse port and no port-out, and names no cancel lock.
func (c *Client) Capabilities() carrier.Capabilities {
	return carrier.Capabilities{
		Name: "twilio", Countries: []string{"US"}, Kinds: []string{porting.KindWireline, porting.KindWireless},
		MaxNumbers: maxNumbers, Documents: []string{"invoice"}, PerNumber: true, Silence: carrier.Silence{Activates: true},
	}
}

// portabilityAtOnce is how many numbers are asked about side by side.
const portabilityAtOnce = 4

// Portability asks about each number, and answers in their order.
func (c *Client) Portability(ctx context.Context, asked []porting.Number) ([]carrier.Portability, error) {
	answers := make([]carrier.Portability, len(asked))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(portabilityAtOnce)
	for i, number := range asked {
		group.Go(func() (err error) {
			answers[i], err = c.portability(ctx, number)
			return err
		})
	}
	return answers, group.Wait()
}

func (c *Client) portability(ctx context.Context, number porting.Number) (carrier.Portability, error) {
	q := call{"check portability", number.String()}
	params := (&numbers.FetchPortingPortabilityParams{}).SetTargetAccountSid(c.Account)
	told, err := c.api(ctx).FetchPortingPortability(number.E164(), params)
	switch {
	case err != nil:
		return carrier.Portability{}, q.unavailable(err)
	case told.Portable == nil:
		return carrier.Portability{}, q.unavailable(errUnread)
	case *told.Portable:
		return carrier.Portability{Number: number, Portable: true}, nil
	}
	return carrier.Portability{Number: number, Reason: notPortable(value(told.NotPortableReasonCode))}, nil
}

// underWay is Twilio's code for a number that another open order holds.
const underWay = 22137

func notPortable(code int) porting.Reason {
	if code == underWay {
		return porting.PendingOrder
	}
	return porting.NumberNotPortable
}

// reasonOf reads a losing carrier's rejection as Twilio names it.
func reasonOf(code string) porting.Reason { return rules.Map("twilio", code, "").Reason }

// api is Twilio's library for the length of one call of ours.
func (c *Client) api(ctx context.Context) *numbers.ApiService {
	return numbers.NewApiService(&client.RequestHandler{Client: &session{ctx: ctx, client: c}})
}

// now is business time.
func (c *Client) now() time.Time { return c.Clock.Business(time.Now()) }

// value is what a pointer of the library points to, zero if to nothing.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
