package rules

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// CompensationRule is what a customer gets for a late port.
type CompensationRule struct {
	PerDay    Money  `yaml:"per_day" json:"per_day"`       // zero: no sum is fixed
	Currency  string `yaml:"currency" json:"currency"`     // ISO 4217
	FreeDays  int    `yaml:"free_days" json:"free_days"`   // first days that are never paid
	GraceDays int    `yaml:"grace_days" json:"grace_days"` // up to so many days late nothing is paid; beyond, every day is
	Cap       Money  `yaml:"cap" json:"cap"`               // zero: none
	Owed      bool   `yaml:"owed" json:"owed"`             // something is owed; with no sum fixed, it is not known how much
	Payer     string `yaml:"payer" json:"payer"`
	Fact      `yaml:",inline"`
}

// Compensation is what is owed. Amount is a decimal, "7.50".
type Compensation struct {
	Amount     string     `json:"amount"`
	Currency   string     `json:"currency"`
	Payer      string     `json:"payer"`
	Cite       string     `json:"cite"`
	Why        string     `json:"why"`
	Confidence Confidence `json:"confidence"`
}

// Compensation is what the customer is owed for a port that is late by so many working days. Errors: days-negative
// (Invalid); compensation-unknown (Refused) where something is owed and the sources name no sum, or say nothing.
func (p *Pack) Compensation(late int) (Compensation, error) {
	const op = "compute compensation"
	rule := p.Rules.Compensation
	switch {
	case late < 0:
		return Compensation{}, p.no(porting.Invalid, "days-negative", op, "a port cannot be late by a negative number of days", "give the working days of delay, 0 or more")
	case rule == nil:
		return Compensation{}, p.no(porting.Refused, "compensation-unknown", op, "the pack's sources say nothing of compensation", "ask the regulator's rules")
	case rule.Owed && rule.PerDay == 0:
		return Compensation{}, p.no(porting.Refused, "compensation-unknown", op, rule.Why(), "the sum is not in the pack's sources")
	}
	days := max(0, late-rule.FreeDays)
	if late <= rule.GraceDays {
		days = 0
	}
	amount := rule.PerDay * Money(min(days, maxDaysPaid))
	if rule.Cap > 0 {
		amount = min(amount, rule.Cap)
	}
	return Compensation{Amount: amount.String(), Currency: rule.Currency, Payer: rule.Payer, Cite: rule.Cite, Why: rule.Why(), Confidence: rule.Confidence}, nil
}

const maxDaysPaid = 100 * 366 // keeps sums far from overflow

// Money is an amount in hundredths of its currency.
type Money int64

// UnmarshalText reads "2.50".
func (m *Money) UnmarshalText(b []byte) error {
	whole, cents, _ := strings.Cut(string(b), ".")
	n, err := strconv.ParseInt(whole+cents, 10, 32)
	if err != nil || len(cents) != 2 || n < 0 {
		return fmt.Errorf("%q is no amount: write it like \"2.50\"", b)
	}
	*m = Money(n)
	return nil
}

// MarshalText writes "2.50".
func (m Money) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

func (m Money) String() string { return fmt.Sprintf("%d.%02d", m/100, m%100) }
