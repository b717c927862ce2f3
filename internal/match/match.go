// Package match holds an order against the donor's record of the line, a customer service record or a bill, before anything
// is sent: most rejections are differences between the two. Both sides are put into one form first, so that writing alone
// makes no difference. What it says holds no personal data.
package match

import (
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// Severity says how likely the donor is to reject the order for a difference.
type Severity string

// The severities.
const (
	Mismatch Severity = "mismatch" // the two do not mean the same
	Near     Severity = "near"     // probably the same, and the donor may still reject it
)

// Fields that are compared, as paths of an order.
const (
	FieldName          = "subscriber.name"
	FieldStreet        = "subscriber.address.street"
	FieldPostalCode    = "subscriber.address.postal_code"
	FieldCity          = "subscriber.address.city"
	FieldAccountNumber = "account.number"
	FieldBTN           = "account.btn"
	FieldLines         = "account.lines"
)

// Difference is one thing in which an order and the donor's record differ.
type Difference struct {
	Field    string   `json:"field"` // path in the order
	Severity Severity `json:"severity"`
	Why      string   `json:"why"` // what kind of difference it is, never a value
}

// Order compares an order with the donor's record that it carries. There are no differences without one.
func Order(o porting.Order) []Difference {
	if o.CSR == nil {
		return nil
	}
	return Records(recordOf(o), *o.CSR)
}

// recordOf is what the donor's record should say if the order is right.
func recordOf(o porting.Order) porting.DonorRecord {
	r := porting.DonorRecord{
		Name: o.Subscriber.Name, Address: o.Subscriber.Address, AccountNumber: o.Account.Number,
		BTN: o.Account.BTN, Lines: o.Account.Lines,
	}
	if r.Lines == 0 {
		r.Lines = len(o.Numbers)
	}
	return r
}

// Records compares two records, whichever comes first. What one of them leaves out is not compared.
func Records(a, b porting.DonorRecord) []Difference {
	c := &comparison{}
	c.names(a.Name, b.Name)
	c.streets(a.Address.Street, b.Address.Street)
	c.postalCodes(a.Address.PostalCode, b.Address.PostalCode)
	c.cities(a.Address, b.Address)
	c.accountNumbers(a.AccountNumber, b.AccountNumber)
	if a.BTN != "" && b.BTN != "" && a.BTN != b.BTN {
		c.add(FieldBTN, Mismatch, "another billing number")
	}
	if a.Lines > 0 && b.Lines > 0 && a.Lines != b.Lines {
		c.add(FieldLines, Mismatch, "another count of lines, which decides whether the port is simple")
	}
	return c.found
}

// comparison collects what differs.
type comparison struct{ found []Difference }

func (c *comparison) add(field string, s Severity, why string) {
	c.found = append(c.found, Difference{field, s, why})
}

func (c *comparison) accountNumbers(a, b string) {
	x, y := compact(a), compact(b)
	switch {
	case x == "" || y == "" || x == y:
	case strings.TrimLeft(x, "0") == strings.TrimLeft(y, "0"):
		c.add(FieldAccountNumber, Near, "only the leading zeros differ")
	default:
		c.add(FieldAccountNumber, Mismatch, "another account number")
	}
}
