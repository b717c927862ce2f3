package manual

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// needs reports whether a document goes with an order.
func (p Profile) needs(document string) bool { return slices.Contains(p.Needs, document) }

// mailKey is the local part of a task's Message-ID: the same for ever, and nothing in it that a header could choke on.
func mailKey(task string) string {
	sum := sha256.Sum256([]byte("portsaga/desk-mail/1\x00" + task))
	return "desk-" + hex.EncodeToString(sum[:16])
}

// words are those of the sheet's language.
func (s sheet) words() words { return languages()[s.Lang] }

// subject names the order and nothing personal.
func (s sheet) subject() string {
	return oneLine(fmt.Sprintf("[%s] %s (%d): %s - %s", s.Ref, s.words().Titles[step(s.Step)], len(s.Order.Numbers), s.Order.Donor.Name, s.Order.Recipient.Name))
}

// body is the text of the mail, which a person can also paste into a portal. A code is never in it.
func (s sheet) body() string {
	w := s.words()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s\n\n", w.Greeting, w.Please[step(s.Step)])
	for _, f := range s.facts() {
		fmt.Fprintf(&b, "%s: %s\n", f.label, f.value)
	}
	fmt.Fprintf(&b, "%s:\n", w.Numbers)
	for i, n := range s.Order.Numbers {
		fmt.Fprintf(&b, "  %d. %s\n", i+1, n.E164())
	}
	if s.Letter {
		fmt.Fprintf(&b, "\n%s", w.LetterAttached)
	}
	fmt.Fprintf(&b, "\n%s\n\n%s\n", w.Closing, oneLine(s.Order.Recipient.Name))
	return b.String()
}

// fact is one line of a form.
type fact struct{ label, value string }

// facts are the fields of the form, named as the field names them, without those that the order does not tell.
func (s sheet) facts() []fact {
	w, o := s.words(), s.Order
	all := []fact{
		{w.Reference, s.Ref.Port},
		{w.Version, fmt.Sprint(s.Ref.Version)},
		{w.Requisition, w.Portability},
		{w.Supplement, s.supplementType()},
		{w.Date, dateOf(s.At)},
		{w.Desired, s.desired()},
		{w.Confirmed, dateOf(s.FOC)},
		{w.Reason, string(s.Why)},
		{w.Losing, party(o.Donor)},
		{w.Gaining, party(o.Recipient)},
		{w.Holder, o.Subscriber.Name},
		{w.Address, address(o.Subscriber.Address)},
		{w.Account, o.Account.Number},
		{w.BillingNumber, o.Account.BTN.E164()},
		{w.Authority, s.authority()},
	}
	all = slices.DeleteFunc(all, func(f fact) bool { return f.value == "" })
	for i := range all {
		all[i].value = oneLine(all[i].value)
	}
	return all
}

// supplementType says what a later version of an order is, by the numbers that local service requests use.
func (s sheet) supplementType() string {
	switch step(s.Step) {
	case stepSupplement:
		return s.words().Supplements["other"]
	case stepCancel, stepStop:
		return s.words().Supplements["cancel"]
	}
	return ""
}

func (s sheet) desired() string {
	if step(s.Step) != stepSubmit && step(s.Step) != stepSupplement {
		return ""
	}
	return cmp.Or(dateOf(s.DDD), s.words().AnyDate)
}

func (s sheet) authority() string {
	a := s.Order.Authorization
	if a.SignedAt.IsZero() {
		return s.words().Unsigned
	}
	return fmt.Sprintf(s.words().Signed, cmp.Or(a.SignedBy, s.Order.Subscriber.Name), dateOf(a.SignedAt))
}

// dateOf is a day, with its hour where it has one; empty for no date.
func dateOf(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case t.Hour() == 0 && t.Minute() == 0:
		return t.Format(time.DateOnly)
	default:
		return t.Format("2006-01-02 15:04 (UTC-07:00)")
	}
}

func party(p porting.Party) string {
	if p.SPID == "" {
		return p.Name
	}
	return p.Name + " (" + p.SPID + ")"
}

func address(a porting.Address) string {
	parts := []string{a.Street, strings.TrimSpace(a.PostalCode + " " + a.City), a.Region, a.Country}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// instructions are what a person of ours does, in order.
func (p Profile) instructions(what string, s sheet, code bool) []string {
	var do []string
	switch {
	case what == stepStop:
		do = append(do, "Call the carrier's people and ask them to cancel order "+s.Ref.Port+": it is too late for a cancel in writing.")
	case p.Email != "":
		do = append(do, "The mail below goes to "+p.Email+" by itself. See that the carrier has it, and ask after its answer.")
	case p.Portal != "":
		do = append(do, "Enter the order in the carrier's portal. The text below is to be pasted, the forms are to be uploaded.")
	default:
		do = append(do, "Call the carrier, and give it the order as below.")
	}
	if code && !s.Mailed {
		do = append(do, "Enter the authorization code where the carrier asks for it. Read it, once: portsaga desk show "+taskID(s.Ref, s.Step)+" --code")
	}
	if what == stepSubmit || what == stepSupplement {
		for _, document := range p.Needs {
			if document != "loa" {
				do = append(do, "Send the customer's document along: "+document+".")
			}
		}
		if p.needs("loa") && s.Order.Authorization.SignedAt.IsZero() {
			do = append(do, "Have the letter of authorization signed: the order has no signature.")
		}
	}
	for _, where := range []fact{{"Portal: ", p.Portal}, {"Telephone: ", p.Telephone}, {"They work ", p.Hours}} {
		if where.value != "" {
			do = append(do, where.label+where.value)
		}
	}
	return append(do, "Write down what the carrier answers: portsaga desk answer "+taskID(s.Ref, s.Step))
}
