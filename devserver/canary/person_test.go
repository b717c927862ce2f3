// Package canary writes people who do not exist into every field that portsaga has for people, and then looks for them in
// everything that was written.
package canary

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// The canaries. None of these words can get into a file by chance.
const (
	holder      = "Quillon Vestergaardsen"
	onRecord    = "Wilhelmina Kestrelbourne" // whom the donor has on file
	corrected   = "Barnabus Featherstonehaughly"
	inAReject   = "Thistlewaiter Beauregardson" // whom a carrier writes of
	inANote     = "Ottoline Survivorsbyname"    // whom our own people write of
	street      = "4711 Zanderholt Crescent"
	otherStreet = "88 Mirabelquist Parade"
	town        = "Kestrelmirabelford"
	postalCode  = "90417-88531"
	email       = "quillon.vestergaardsen@zanderholt.example"
	emailBefore = "before.quillon@kestrelbourne.example"
	emailLine   = "wilhelmina@mirabelquist.example" // of a protected number
	telephone   = "+12125567099"
	billing     = "+12125567098"
	unlucky     = porting.Number("+12125567097") // nobody can answer for it
	account     = "KX-90417735-QZ"
	newAccount  = "KX-55520961-ZQ"
	transferPIN = "884173920561"
	portOutPIN  = "739164820957"
	wrongPIN    = "518207394628"
	letter      = "%PDF-1.4 letter of authorization, Vestergaardsen-Zanderholt-LOA-6620917"
)

// exchange is the area and prefix of every telephone number here; those of ports go on with a 1 or a 2.
const exchange = "212556"

// canaries are what is looked for: every word above, family names alone, and as much of the numbers as a mask hides.
func canaries() []string {
	all := []string{
		holder, onRecord, corrected, inAReject, inANote, street, otherStreet, town, postalCode, email, emailBefore, emailLine,
		account, newAccount, transferPIN, portOutPIN, wrongPIN, letter, exchange + "70", exchange + "71", exchange + "72",
	}
	for _, name := range []string{holder, onRecord, corrected, inAReject, inANote} {
		_, family, _ := strings.Cut(name, " ")
		all = append(all, family)
	}
	return all
}

// national is a number without its country code.
func national(n porting.Number) string { return strings.TrimPrefix(n.E164(), "+1") }

// directory hands out numbers to ports.
type directory struct{ given atomic.Int32 }

// number is one that no port has. Scenarios make up others beside it, half a hundred further.
func (d *directory) number() porting.Number {
	const first, each, block = 7100, 50, 100
	n := int(d.given.Add(1)) - 1
	return porting.Number(fmt.Sprintf("+1%s%d", exchange, first+n/each*block+n%each))
}

// newOrder has a canary in every field that is for people.
func newOrder(reference string, number porting.Number) porting.Order {
	signed := time.Date(2026, 1, 13, 15, 0, 0, 0, time.UTC)
	digest := sha256.Sum256([]byte(letter))
	return porting.Order{
		Reference: reference, Kind: porting.KindWireline, Country: "US", Numbers: []porting.Number{number},
		Donor: porting.Party{Name: "Hudson Telephone", SPID: "1234"}, Recipient: porting.Party{Name: "Acme Voice", SPID: "567A"},
		Subscriber: porting.Subscriber{
			Name: holder, Business: true, Address: porting.Address{Street: street, City: town, Region: "NY", PostalCode: postalCode, Country: "US"},
			Contact: porting.Contact{Email: email, Phone: telephone}, PreviousContact: &porting.Contact{Email: emailBefore},
		},
		Account:       porting.Account{Number: account, BTN: billing, Lines: 12, Features: []string{"centrex"}},
		Authorization: porting.Authorization{Kind: "loa", SignedAt: signed, SignedBy: holder, DocumentSHA256: hex.EncodeToString(digest[:])},
		CSR:           &porting.DonorRecord{Name: holder, Address: porting.Address{Street: street, City: town, PostalCode: postalCode}, AccountNumber: account, BTN: billing, Lines: 12},
		SubmittedBy:   "ana@desk",
	}
}

// withPIN is an order whose authorization is a code, and whose donor has somebody else on file.
func withPIN(o porting.Order) porting.Order {
	o.Kind, o.Account.Features, o.Account.Lines = porting.KindWireless, nil, 0
	o.Authorization = porting.Authorization{Kind: "transfer-pin", Code: transferPIN}
	o.CSR = &porting.DonorRecord{Name: onRecord, Address: porting.Address{Street: otherStreet, City: town}, AccountNumber: newAccount}
	return o
}

// newRequest is what a counterparty asks.
func newRequest(id string, number porting.Number, pin porting.Secret) porting.PortOutRequest {
	return porting.PortOutRequest{
		ID: id, Carrier: "simulator", Kind: porting.KindWireline, Country: "US", Numbers: []porting.Number{number},
		Recipient: porting.Party{Name: "Harbor Telephone", SPID: "331C"}, Donor: porting.Party{Name: "Acme Voice", SPID: "567A"},
		Given: porting.Given{
			Account: account, BTN: billing, PostalCode: postalCode, Name: holder,
			Address: porting.Address{Street: street, City: town, PostalCode: postalCode}, PIN: pin,
		},
	}
}
