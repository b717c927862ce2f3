package orders

import (
	"fmt"
	"net/mail"
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/portsaga/portsaga/porting"
)

// examination holds an order against the rules and puts its values in their usual form as it goes.
type examination struct {
	*findings
	order   *porting.Order
	options Options
}

var (
	safeName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	spid      = regexp.MustCompile(`^[A-Za-z0-9]{1,12}$`)
	notDigits = regexp.MustCompile(`[^0-9]+`)
)

// kinds are the kinds of line by every name that an order may use.
var kinds = map[string]string{
	porting.KindWireline: porting.KindWireline, "fixed": porting.KindWireline, "local": porting.KindWireline,
	porting.KindWireless: porting.KindWireless, "mobile": porting.KindWireless,
	porting.KindTollFree: porting.KindTollFree,
}

// features are the services that make a US wireline port non-simple (47 CFR 52.35).
var features = map[string]bool{
	"une": true, "centrex": true, "isdn": true, "ain": true, "remote-call-forwarding": true,
	"multiple-services": true,
}

// examine applies every rule to an order whose listed numbers are not expanded yet.
func examine(order *porting.Order, listed []entry, options Options, f *findings) {
	x := &examination{findings: f, order: order, options: options}
	x.examineNames()
	x.examineKind()
	x.examineCountry()
	paths := x.examineNumbers(listed)
	x.examineReference()
	x.examineParty("donor", "loses", &order.Donor)
	x.examineParty("recipient", "gains", &order.Recipient)
	x.examineParties()
	x.examineSubscriber(paths)
	x.examineAccount()
	x.examineAuthorization()
	x.examineDocuments()
	x.examineWishes()
	x.examineRecord()
}

func missing(what, next string) flaw { return flaw{what + "-missing", "missing", next} }

func (x *examination) examineNames() {
	if x.order.Reference == "" {
		x.fail("reference", missing("reference", "give the order your own name for it, like ACME-2026-0117"))
	}
	x.examineName("reference", x.order.Reference)
	x.examineName("tenant", x.order.Tenant)
	x.examineName("carrier", x.order.Carrier)
}

// examineName keeps names to what IDs, search attributes and URLs can all carry.
func (x *examination) examineName(path, name string) {
	if name != "" && !safeName.MatchString(name) {
		x.fail(path, flaw{
			"name-malformed", "not a name that portsaga can use everywhere",
			"use at most 64 letters, digits, dots, dashes and underscores, the first a letter or digit",
		})
	}
}

// examineReference keeps telephone numbers out of a name that appears in IDs and logs.
func (x *examination) examineReference() {
	reference := notDigits.ReplaceAllString(x.order.Reference, "")
	countryCode := fmt.Sprintf("+%d", phonenumbers.GetCountryCodeForRegion(x.order.Country))
	for _, n := range x.order.Numbers {
		if strings.Contains(reference, strings.TrimPrefix(n.E164(), countryCode)) {
			x.fail("reference", flaw{
				"reference-number", "holds one of the numbers, and references appear in IDs and logs",
				"use a name without a telephone number",
			})
			return
		}
	}
}

func (x *examination) examineKind() {
	const choose = "write wireline, wireless or toll-free"
	if x.order.Kind == "" {
		x.fail("kind", missing("kind", choose))
		return
	}
	kind, ok := kinds[x.order.Kind]
	if !ok {
		x.lose("kind", flaw{"kind-unknown", "unknown kind of line", choose})
	}
	x.order.Kind = kind
}

func (x *examination) examineParty(path, verb string, party *porting.Party) {
	if party.Name == "" {
		x.fail(child(path, "name"), missing(path, "name the provider that "+verb+" the numbers"))
	}
	party.SPID = strings.ToUpper(party.SPID)
	if party.SPID != "" && !x.validSPID(party.SPID) {
		x.fail(child(path, "spid"), flaw{
			"spid-malformed", "not a service provider ID",
			"write the ID from the registry: four letters or digits in the US and Canada",
		})
	}
}

// validSPID knows the form of the registry of country code 1; elsewhere IDs have many forms.
func (x *examination) validSPID(id string) bool {
	if x.order.Country == "US" || x.order.Country == "CA" {
		return spid.MatchString(id) && len(id) == 4
	}
	return spid.MatchString(id)
}

func (x *examination) examineParties() {
	donor, recipient := x.order.Donor, x.order.Recipient
	sameSPID := donor.SPID != "" && donor.SPID == recipient.SPID
	sameName := donor.Name != "" && donor.SPID+recipient.SPID == "" && strings.EqualFold(donor.Name, recipient.Name)
	if sameSPID || sameName {
		x.fail("recipient", flaw{
			"parties-same", "donor and recipient are the same provider",
			"name the provider that loses the numbers as donor and the one that gains them as recipient",
		})
	}
}

func (x *examination) examineSubscriber(paths map[porting.Number]string) {
	subscriber := &x.order.Subscriber
	if subscriber.Name == "" {
		x.fail("subscriber.name", missing("subscriber-name", "write the name on the donor's account"))
	}
	x.examineAddress("subscriber.address", &subscriber.Address)
	x.examineContact(paths)
}

func (x *examination) examineAddress(path string, address *porting.Address) {
	if address.Country == "" {
		return
	}
	country, found := parseCountry(address.Country)
	if found != nil {
		x.fail(child(path, "country"), *found)
	}
	address.Country = country
}

func (x *examination) examineContact(paths map[porting.Number]string) {
	contact := &x.order.Subscriber.Contact
	if contact.Email == "" && contact.Phone == "" {
		x.warn("subscriber.contact", missing("contact", "give an email or a phone: the subscriber is told of every step there"))
	}
	if _, err := mail.ParseAddress(contact.Email); contact.Email != "" && err != nil {
		x.fail("subscriber.contact.email", flaw{"email-malformed", "not an e-mail address", "write it like name@example.com"})
	}
	if contact.Phone == "" {
		return
	}
	p, found := parsePhone(contact.Phone, x.order.Country)
	if found != nil {
		x.warn("subscriber.contact.phone", *found)
		return
	}
	contact.Phone = p.number.E164()
	if at, ported := paths[p.number]; ported {
		x.warn("subscriber.contact.phone", flaw{
			"contact-ported", "the number is being moved itself, at " + at,
			"give a phone that works before, during and after the port",
		})
	}
}

func (x *examination) examineAccount() {
	account := &x.order.Account
	us := x.order.Country == "US" && x.order.Kind != porting.KindTollFree
	if us && account.Number == "" {
		x.warn("account.number", missing("account-number", "copy it from the donor's bill: donors reject orders without it"))
	}
	if us && x.order.Subscriber.Address.PostalCode == "" {
		x.warn("subscriber.address.postal_code", missing("postal-code", "write the account's ZIP code: donors compare it"))
	}
	x.examineBTN("account.btn", &account.BTN)
	x.examineLines("account.lines", account.Lines)
	for i, feature := range account.Features {
		if !features[feature] {
			x.fail(item("account.features", i), flaw{
				"feature-unknown", "unknown feature",
				"known: ain, centrex, isdn, multiple-services, remote-call-forwarding, une",
			})
		}
	}
}

func (x *examination) examineBTN(path string, btn *porting.Number) {
	if *btn == "" {
		return
	}
	p, found := parsePorted(btn.E164(), x.order.Country)
	if found != nil {
		x.fail(path, *found)
	}
	*btn = p.number
}

func (x *examination) examineLines(path string, lines int) {
	if lines < 0 {
		x.fail(path, flaw{"lines-negative", "less than zero", "write how many lines the account has"})
	}
}
