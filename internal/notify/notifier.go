package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/link"
	"github.com/portsaga/portsaga/porting"
)

// Outbox is what a Notifier asks of the ledger. *ledger.Ledger is one.
type Outbox interface {
	RecordNotice(ctx context.Context, n ledger.Notice, links ...ledger.Link) (fresh bool, err error)
	ClaimDueNotices(ctx context.Context, channels []string, at time.Time, lease time.Duration, limit int) ([]ledger.Notice, error)
	NoticeAccepted(ctx context.Context, id, ref string, at time.Time) error
	NoticeRefused(ctx context.Context, n ledger.Notice, code string, next time.Time) error
	ShredNotices(ctx context.Context, before time.Time) (int64, error)
}

// Sealer keeps words and addresses from whoever reads the ledger. *vault.Vault is one.
type Sealer interface {
	Seal(place string, secret porting.Secret) []byte
	Open(place string, sealed []byte) (porting.Secret, error)
}

// Options configure a Notifier. Outbox, Vault and Templates are required. Notices of a channel without a sender are recorded
// and wait for a process that has one.
type Options struct {
	Outbox    Outbox
	Vault     Sealer
	Templates *Templates
	Senders   map[Channel]Sender
	LinkBase  string              // public address of `portsaga serve`; notices carry no link when empty
	LinkLife  time.Duration       // how long a link works; link.Life when zero
	Now       func() time.Time    // real time; time.Now when nil
	Delivered func(ledger.Notice) // told of each notice that was accepted, with RecordedAt and SentAt
	Log       *slog.Logger        // no log when nil
}

// Notifier records notices and delivers them. It is safe for concurrent use.
type Notifier struct {
	Options
	nudged chan struct{}
}

// New returns a Notifier.
func New(o Options) *Notifier {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Delivered == nil {
		o.Delivered = func(ledger.Notice) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.LinkLife = cmp.Or(o.LinkLife, link.Life)
	return &Notifier{Options: o, nudged: make(chan struct{}, 1)}
}

// letter is what is sealed in a record: all that is personal, and the token of the customer's link.
type letter struct {
	To    string `json:"to"`
	Link  string `json:"link,omitempty"`
	Words Words  `json:"words"`
}

// Record writes a plan down, at a business time from which links live. It is idempotent: what was recorded before stays as
// it is. When it returns, every notice will be delivered, whatever happens to this process; the records say what became
// of them, and hold nothing personal.
func (n *Notifier) Record(ctx context.Context, plan []Notice, at time.Time) ([]ledger.Notice, error) {
	var records []ledger.Notice
	for _, notice := range plan {
		record, err := n.record(ctx, notice, at)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	n.nudge()
	return records, nil
}

func (n *Notifier) record(ctx context.Context, notice Notice, at time.Time) (ledger.Notice, error) {
	now := n.Now()
	record := ledger.Notice{
		ID: notice.ID(), PortID: notice.Port, Kind: string(notice.Event.Kind), Event: notice.Event.Key, Recipient: notice.Recipient,
		Channel: string(notice.Channel), Lang: n.Templates.Match(notice.Lang), Demand: notice.Demand, Suppressed: notice.Suppressed,
		RecordedAt: now, DueAt: now,
	}
	if record.Suppressed != "" {
		_, err := n.Outbox.RecordNotice(ctx, record)
		return record, err
	}
	mail := letter{To: notice.To, Words: notice.Words}
	var links []ledger.Link
	if n.LinkBase != "" && notice.Event.Kind.OffersStop() && notice.Channel != Webhook {
		url, kept := n.linkOf(notice, record, at)
		mail.Link, links = url, append(links, kept)
	}
	text, err := json.Marshal(mail)
	if err != nil {
		return ledger.Notice{}, fmt.Errorf("write notice %s: %w", record.ID, err)
	}
	record.Sealed = n.Vault.Seal(record.ID, porting.Secret(text))
	_, err = n.Outbox.RecordNotice(ctx, record, links...)
	record.Sealed = nil
	return record, err
}

// linkOf makes the customer's link: it stops the port, or lets the lock hold on until whose end the notice tells.
func (n *Notifier) linkOf(notice Notice, record ledger.Notice, at time.Time) (string, ledger.Link) {
	if notice.Event.Kind == UnlockAsked {
		token, kept := link.NewKeep(notice.Port, record.ID, at, notice.Words.Until)
		return token.KeepURL(n.LinkBase, record.Lang), kept
	}
	token, kept := link.New(notice.Port, record.ID, at, n.LinkLife)
	return token.URL(n.LinkBase, record.Lang), kept
}

// nudge wakes Run, so that a notice leaves as soon as it is recorded.
func (n *Notifier) nudge() {
	select {
	case n.nudged <- struct{}{}:
	default:
	}
}

// Awaited are the records that a rule wants sent before the numbers move, of people who were not told yet by any channel. An
// activation waits until there are none. Nobody waits for a notice that was suppressed, nor for somebody who cannot be reached
// for good, if somebody else was told of the same event.
func Awaited(records []ledger.Notice) []ledger.Notice {
	type person struct{ kind, event, recipient string }
	told, hope, events := map[person]bool{}, map[person]bool{}, map[person]bool{}
	for _, r := range records {
		who := person{r.Kind, r.Event, r.Recipient}
		sent := r.State == ledger.NoticeSent
		told[who] = told[who] || sent
		hope[who] = hope[who] || r.State == ledger.NoticePending
		who.recipient = ""
		events[who] = events[who] || sent
	}
	var awaited []ledger.Notice
	for _, r := range records {
		who := person{r.Kind, r.Event, r.Recipient}
		if r.Demand == "" || r.State == ledger.NoticeSuppressed || told[who] {
			continue
		}
		if hope[who] || !events[person{r.Kind, r.Event, ""}] {
			awaited = append(awaited, r)
		}
	}
	return awaited
}
