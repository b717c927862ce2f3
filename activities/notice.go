package activities

import (
	"context"
	"encoding/json"
	"time"

	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// told is what a port's notices are written from, as the ledger keeps it sealed.
type told struct {
	Facts notify.Facts
	Pack  string
}

// rememberPeople keeps whom to tell of a port. Every later step reads it from the ledger: no saga can send a notice elsewhere.
func (a *Activities) rememberPeople(ctx context.Context, in porting.ReceiveInput, receipt porting.Receipt) error {
	if a.Notices == nil {
		return nil
	}
	o := in.Order
	facts := notify.Facts{
		Port: in.Port, Direction: porting.PortIn, Country: o.Country, Numbers: o.Numbers, Donor: o.Donor.Name, Recipient: o.Recipient.Name,
		People:   []notify.Person{{Role: notify.Subscriber, Contact: o.Subscriber.Contact}},
		Services: a.services(o.TenantOrDefault()),
	}
	if before := o.Subscriber.PreviousContact; before != nil {
		facts.People = append(facts.People, notify.Person{Role: notify.PreviousContact, Contact: *before})
	}
	if by := o.LineSeparation; by != "" {
		facts.LineSeparation = &notify.Quiet{By: by}
	}
	text, err := json.Marshal(told{facts, receipt.Pack})
	if err != nil {
		return err
	}
	contact := ""
	if n, err := porting.ParseNumber(o.Subscriber.Contact.Phone); err == nil {
		contact = a.Vault.LockToken(n)
	}
	if err := a.Ledger.KeepTold(ctx, in.Port, a.Vault.Seal(placeOfTold(in.Port), porting.Secret(text)), contact); err != nil {
		return err
	}
	return a.tell(ctx, in.Port, notify.Event{Kind: notify.Received}, in.At)
}

func placeOfTold(port string) string { return "told/" + port }

// people are those to tell; ok is false where nobody is.
func (a *Activities) people(ctx context.Context, port string) (t told, last time.Time, ok bool, err error) {
	if a.Notices == nil {
		return t, last, false, nil
	}
	sealed, last, err := a.Ledger.Told(ctx, port)
	if err != nil || sealed == nil {
		return t, last, false, err
	}
	text, err := a.Vault.Open(placeOfTold(port), sealed)
	if err != nil {
		return t, last, false, err
	}
	err = json.Unmarshal([]byte(text.Reveal()), &t)
	return t, last, err == nil, err
}

// tell records what people are told of an event, once. What is recorded is delivered, whatever becomes of this worker; an
// error means that it was not recorded, and the step is tried again.
func (a *Activities) tell(ctx context.Context, port string, event notify.Event, at time.Time, more ...func(*notify.Facts)) error {
	t, last, ok, err := a.people(ctx, port)
	if !ok || err != nil {
		return err
	}
	t.Facts.FOCAt = last
	for _, add := range more {
		add(&t.Facts)
	}
	_, err = a.Notices.Record(ctx, notify.Plan(event, t.Facts, a.demands(t.Pack)), at)
	return err
}

// demands are what the pack wants people to be told.
func (a *Activities) demands(ref string) []rules.Notice {
	pack, err := a.Rules.Pack(ref)
	if err != nil {
		return nil // a pack that is gone demands nothing more; the deadlines fail louder
	}
	return pack.Notices()
}

// tellDate tells of a confirmed date, and of every other one that replaces it.
func (a *Activities) tellDate(ctx context.Context, status porting.CarrierStatus, at time.Time) error {
	if status.State != porting.CarrierConfirmed || status.FOC.IsZero() {
		return nil
	}
	_, last, ok, err := a.people(ctx, status.Ref.Port)
	if !ok || err != nil || last.Equal(status.FOC) {
		return err
	}
	event := notify.Event{Kind: notify.FOC, Key: status.FOC.UTC().Format(time.RFC3339)}
	if !last.IsZero() {
		event.Kind = notify.Changed
	}
	if err := a.tell(ctx, status.Ref.Port, event, at, func(f *notify.Facts) { f.FOCAt = status.FOC }); err != nil {
		return err
	}
	return a.Ledger.ToldDate(ctx, status.Ref.Port, status.FOC)
}

// tellEnd tells how a port ended; its end in the ledger forgets who was told.
func (a *Activities) tellEnd(ctx context.Context, in porting.CloseInput) error {
	event := notify.Event{Kind: notify.Revoked, Key: string(in.Outcome)}
	switch in.Outcome {
	case porting.OutcomeCompleted, porting.OutcomePartial:
		event.Kind = notify.NumberArrived
	case porting.OutcomeReversed, porting.OutcomeDisputed:
		event.Kind = notify.RolledBack
	}
	return a.tell(ctx, in.Port, event, in.At)
}

// services are the webhooks that hear of a tenant's ports.
func (a *Activities) services(tenant string) []string {
	if a.Webhooks == nil {
		return nil
	}
	return a.Webhooks.Names(tenant)
}
