package activities

import (
	"context"
	"encoding/json"

	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// noticeKinds are a donor's notices. None of them has room for words that keep a customer.
var noticeKinds = map[porting.NoticeEvent]notify.Kind{
	porting.NoticeRequested: notify.PortOutRequested,
	porting.NoticeRefused:   notify.BlockedAttempt,
	porting.NoticeReleased:  notify.Completed,
	porting.NoticeReturning: notify.RolledBack,
}

// NotifySubscriber records what the subscriber is told. In a line separation whoever holds the account hears nothing.
func (a *Activities) NotifySubscriber(ctx context.Context, in porting.NoticeInput) (porting.Noticed, error) {
	if a.Notices == nil {
		return porting.Noticed{Note: "nobody is told: no notices are configured"}, nil
	}
	if err := a.rememberHolder(ctx, in.Leaving); err != nil {
		return porting.Noticed{}, err
	}
	event := notify.Event{Kind: noticeKinds[in.Event], Key: string(in.Event)}
	err := a.tell(ctx, in.Leaving.Port, event, in.Leaving.At, func(f *notify.Facts) { f.Reason = in.Reason })
	if err != nil {
		return porting.Noticed{}, err
	}
	if in.Leaving.Request.LineSeparation {
		return porting.Noticed{Note: "line separation: whoever holds the account is told nothing"}, nil
	}
	return porting.Noticed{Told: true, Note: "the subscriber is told: " + string(in.Event)}, nil
}

// rememberHolder keeps whom to tell, once, by our own record: a recipient cannot say where our subscriber is told.
func (a *Activities) rememberHolder(ctx context.Context, in porting.LeavingInput) error {
	if _, _, known, err := a.people(ctx, in.Port); known || err != nil {
		return err
	}
	r := in.Request
	facts := notify.Facts{
		Port: in.Port, Direction: porting.PortOut, Country: r.Country, Numbers: r.Numbers, Donor: r.Donor.Name, Recipient: r.Recipient.Name,
		Services: a.services(r.TenantOrDefault()),
	}
	role := notify.Subscriber
	if r.LineSeparation {
		role, facts.LineSeparation = notify.AccountHolder, &notify.Quiet{By: r.Recipient.Name}
	}
	if a.Leaving != nil {
		line, err := a.Leaving.Switch.Line(ctx, r.Numbers[0])
		if err != nil && porting.CodeOf(err) != "line-unknown" {
			return err
		}
		facts.People = []notify.Person{{Role: role, Contact: line.Subscriber}}
	}
	text, err := json.Marshal(told{facts, in.Pack})
	if err != nil {
		return err
	}
	contact := ""
	if n, err := porting.ParseNumber(r.Numbers[0].E164()); err == nil {
		contact = a.Vault.LockToken(n)
	}
	return a.Ledger.KeepTold(ctx, in.Port, a.Vault.Seal(placeOfTold(in.Port), porting.Secret(text)), contact)
}

func (a *Activities) forgetTold(ctx context.Context, port string) error {
	if a.Notices == nil {
		return nil
	}
	return a.Ledger.ForgetTold(ctx, port)
}
