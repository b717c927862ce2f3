package orders

import (
	"github.com/portsaga/portsaga/internal/match"
)

// examineRecord puts the donor's record into its usual form and warns of all in which the order differs from it.
func (x *examination) examineRecord() {
	if x.order.CSR == nil {
		return
	}
	record := *x.order.CSR // orders that share a template share its record
	x.order.CSR = &record
	x.examineAddress("csr.address", &record.Address)
	x.examineBTN("csr.btn", &record.BTN)
	x.examineLines("csr.lines", record.Lines)
	for _, d := range match.Order(*x.order) {
		x.warn(d.Field, flaw{"csr-" + string(d.Severity), "differs from the donor's record: " + d.Why, nextOf[d.Severity]})
	}
}

// nextOf says what to do about a difference.
var nextOf = map[match.Severity]string{
	match.Mismatch: "find out which of the two is right, then correct the order or have the donor correct its record",
	match.Near:     "write it as the donor's record has it",
}
