package enum

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// Resolver asks one name server about the numbers of one zone.
type Resolver struct {
	Server  string        // host or host:port of the name server; port 53, or 853 over TLS, when it names none
	Zone    string        // under which the numbers are, e164.arpa when empty
	TLS     bool          // ask over TLS (RFC 7858); else over UDP, and over TCP what UDP cuts off
	Timeout time.Duration // of one try; three seconds when zero
}

var _ carrier.Registry = (*Resolver)(nil)

const (
	tries       = 2 // a lost datagram is asked for once more
	datagram    = 1232
	patience    = 3 * time.Second
	defaultZone = "e164.arpa"
)

// Route is how calls to a number are led.
type Route struct {
	RoutingNumber string // of the switch that serves a ported number, in global form without separators; "" if it was never ported
	Dipped        bool   // the registry looked the number up in the portability data; without that it says nothing about ports
	Carrier       string // the carrier's identification code in global form, where the registry tells it
}

// Serving implements carrier.Registry.
func (r *Resolver) Serving(ctx context.Context, n porting.Number) (carrier.Serving, error) {
	route, err := r.Route(ctx, n)
	if err != nil {
		return carrier.Serving{}, err
	}
	if !route.Dipped && route.RoutingNumber == "" {
		return carrier.Serving{}, failure(n, porting.Failed, "registry-unread", "the registry did not look the number up in the portability data", nil)
	}
	return carrier.Serving{Carrier: route.Carrier, RoutingNumber: route.RoutingNumber, At: time.Now()}, nil
}

// Route asks how calls to a number are led. Its errors are those of a carrier.Registry.
func (r *Resolver) Route(ctx context.Context, n porting.Number) (Route, error) {
	name := domain(n, cmp.Or(r.Zone, defaultZone))
	answer, err := r.ask(ctx, name)
	if err != nil {
		return Route{}, failure(n, porting.Failed, "registry-unavailable", "the name server does not answer", err)
	}
	records := under(name, answer.Answer)
	switch {
	case answer.Rcode == dns.RcodeNameError, answer.Rcode == dns.RcodeSuccess && len(records) == 0:
		return Route{}, failure(n, porting.NotFound, "registry-number-unknown", "the registry has nothing on the number", nil)
	case answer.Rcode != dns.RcodeSuccess:
		return Route{}, failure(n, porting.Failed, "registry-unavailable", "the name server answers "+dns.RcodeToString[answer.Rcode], nil)
	}
	for _, record := range records {
		if route, ok := read(record, n); ok {
			return route, nil
		}
	}
	return Route{}, failure(n, porting.Failed, "registry-unread", "no record says how the number is routed", nil)
}

// domain is a number as a name: its digits from the last to the first, each a label.
func domain(n porting.Number, zone string) string {
	digits := strings.Split(strings.TrimPrefix(n.E164(), "+"), "")
	slices.Reverse(digits)
	return dns.Fqdn(strings.ToLower(strings.Join(digits, ".") + "." + strings.TrimPrefix(zone, ".")))
}

func (r *Resolver) ask(ctx context.Context, name string) (*dns.Msg, error) {
	question := new(dns.Msg).SetQuestion(name, dns.TypeNAPTR)
	question.SetEdns0(datagram, false)
	if r.TLS {
		return r.exchange(ctx, question, "tcp-tls")
	}
	var answer *dns.Msg
	var err error
	for range tries {
		if answer, err = r.exchange(ctx, question, "udp"); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err == nil && answer.Truncated {
		return r.exchange(ctx, question, "tcp")
	}
	return answer, err
}

var errOtherQuestion = errors.New("the answer is to another question")

func (r *Resolver) exchange(ctx context.Context, question *dns.Msg, network string) (*dns.Msg, error) {
	client := dns.Client{Net: network, Timeout: cmp.Or(r.Timeout, patience), UDPSize: datagram}
	answer, _, err := client.ExchangeContext(ctx, question, r.address())
	if err != nil {
		return nil, cmp.Or(ctx.Err(), err)
	}
	if asked := question.Question[0]; len(answer.Question) != 1 || !strings.EqualFold(answer.Question[0].Name, asked.Name) || answer.Question[0].Qtype != asked.Qtype {
		return nil, errOtherQuestion
	}
	return answer, nil
}

func (r *Resolver) address() string {
	if _, _, err := net.SplitHostPort(r.Server); err == nil {
		return r.Server
	}
	port := "53"
	if r.TLS {
		port = "853"
	}
	return net.JoinHostPort(strings.Trim(r.Server, "[]"), port)
}

// under lists the NAPTR records of a name, or of what it is an alias of, in the order in which they are to be tried.
func under(name string, answers []dns.RR) []*dns.NAPTR {
	for range answers {
		i := slices.IndexFunc(answers, func(rr dns.RR) bool {
			_, alias := rr.(*dns.CNAME)
			return alias && strings.EqualFold(rr.Header().Name, name)
		})
		if i < 0 {
			break
		}
		name = answers[i].(*dns.CNAME).Target
	}
	var records []*dns.NAPTR
	for _, rr := range answers {
		if record, ok := rr.(*dns.NAPTR); ok && strings.EqualFold(record.Header().Name, name) {
			records = append(records, record)
		}
	}
	slices.SortStableFunc(records, func(a, b *dns.NAPTR) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Preference, b.Preference))
	})
	return records
}

func failure(n porting.Number, kind porting.Kind, code, detail string, cause error) error {
	next := ""
	if kind == porting.Failed {
		next = "ask again, or ask the carrier"
	}
	return &porting.Error{Kind: kind, Code: code, Op: "look number up", Object: n.String(), Detail: detail, Next: next, Err: cause}
}
