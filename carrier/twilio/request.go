package twilio

import (
	"cmp"
	"context"
	"net/mail"
	"strings"
	"time"

	numbers "github.com/twilio/twilio-go/rest/numbers/v1"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// Documents tells the SIDs of the documents that go with an order: at least one utility bill, uploaded before.
type Documents interface {
	DocumentSIDs(ctx context.Context, ref carrier.Ref, order porting.Order) ([]string, error)
}

// request is an order as Twilio takes it. What Twilio needs and the order does not tell is carrier-refused.
func (c *Client) request(ctx context.Context, q call, lsr carrier.LSR) (numbers.NumbersV1PortingPortInCreate, error) {
	documents, err := c.Documents.DocumentSIDs(ctx, lsr.Ref, lsr.Order)
	if err != nil {
		return numbers.NumbersV1PortingPortInCreate{}, err
	}
	losing := c.losing(lsr.Order)
	if missing := lacks(losing, documents); missing != "" {
		return numbers.NumbersV1PortingPortInCreate{}, q.failure(porting.Refused, "carrier-refused", "the order does not tell "+missing, "amend the order")
	}
	copies := []string{c.mark(lsr.Ref)}
	return numbers.NumbersV1PortingPortInCreate{
		AccountSid: c.Account, Documents: documents, LosingCarrierInformation: losing, NotificationEmails: &copies,
		PhoneNumbers: phoneNumbers(lsr), TargetPortInDate: c.targetDate(lsr.DDD),
	}, nil
}

// losing is what Twilio writes into the LOA. Who signs is reached by e-mail.
func (c *Client) losing(o porting.Order) numbers.NumbersV1PortingLosingCarrierInformation {
	kind, signer := "Individual", Signer{cmp.Or(o.Authorization.SignedBy, o.Subscriber.Name), o.Subscriber.Contact.Email}
	if o.Subscriber.Business {
		kind = "Business"
	}
	if signer.Email == "" {
		signer = c.Signer
	}
	billed := o.Account.BTN
	if billed == "" && len(o.Numbers) > 0 {
		billed = o.Numbers[0]
	}
	a := o.Subscriber.Address
	return numbers.NumbersV1PortingLosingCarrierInformation{
		CustomerType: kind, CustomerName: o.Subscriber.Name, AccountNumber: o.Account.Number, AccountTelephoneNumber: billed.E164(),
		AuthorizedRepresentative: signer.Name, AuthorizedRepresentativeEmail: signer.Email,
		Address: numbers.NumbersV1PortingAddress{
			Street: a.Street, City: a.City, State: a.Region, Zip: a.PostalCode, Country: cmp.Or(a.Country, o.Country),
		},
	}
}

func lacks(l numbers.NumbersV1PortingLosingCarrierInformation, documents []string) string {
	var missing []string
	for _, needed := range []struct{ what, told string }{
		{"the subscriber's name", l.CustomerName},
		{"who signs the LOA", l.AuthorizedRepresentative},
		{"the street", l.Address.Street},
		{"the city", l.Address.City},
		{"the region", l.Address.State},
		{"the postal code", l.Address.Zip},
		{"the country", l.Address.Country},
	} {
		if needed.told == "" {
			missing = append(missing, needed.what)
		}
	}
	if _, err := mail.ParseAddress(l.AuthorizedRepresentativeEmail); err != nil {
		missing = append(missing, "the e-mail address of who signs the LOA")
	}
	if len(documents) == 0 {
		missing = append(missing, "a utility bill")
	}
	return strings.Join(missing, ", ")
}

// phoneNumbers gives the PIN with each number: Twilio takes none for the whole order.
func phoneNumbers(lsr carrier.LSR) []numbers.NumbersV1PortingPortInCreatePhoneNumbers {
	all := make([]numbers.NumbersV1PortingPortInCreatePhoneNumbers, 0, len(lsr.Order.Numbers))
	for _, n := range lsr.Order.Numbers {
		all = append(all, numbers.NumbersV1PortingPortInCreatePhoneNumbers{PhoneNumber: n.E164(), Pin: lsr.Code.Reveal()})
	}
	return all
}

// targetDate is the wished day, or the first one that Twilio takes if the wish is earlier; nil without a wish. The FOC tells
// what became of it.
func (c *Client) targetDate(wish time.Time) *string {
	if wish.IsZero() {
		return nil
	}
	first := c.now().UTC().AddDate(0, 0, earliestDay).Format(time.DateOnly)
	date := max(wish.Format(time.DateOnly), first)
	return &date
}
