package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Sender brings messages to recipients by one channel.
type Sender interface {
	// Send returns when the provider has accepted the message, with the provider's name for it if there is one. An error
	// of kind Refused is for good; every other one may pass. Neither its code nor its words hold personal data.
	Send(ctx context.Context, m Message) (ref string, err error)
}

// Message is one sending of a notice.
type Message struct {
	Key     string // the same for every attempt at one sending, another for a resending
	ID      string // of the notice, the same for ever
	To      string // address, number in E.164, or the name of a service
	Content Content
	Event   []byte // for services: one JSON object
	Files   []File // of a mail
}

// File is attached to a mail.
type File struct {
	Name, Type string // the type is like "application/pdf"
	Bytes      []byte
}

const (
	poll         = time.Second      // how often the outbox is looked at for what other processes recorded
	atOnce       = 16               // messages on their way at the same time
	sendPatience = 30 * time.Second // how long one attempt may take
	lease        = 2 * time.Minute  // longer than an attempt

	firstPause  = 5 * time.Second // before the second attempt; each further one is twice as long
	longPause   = 5 * time.Minute // at most
	maxAttempts = 1000            // some three days and a half

	keepWords = 30 * 24 * time.Hour // for a resending; then they are destroyed
)

// Run delivers what is due until ctx ends. Any number of processes may run it on one ledger.
func (n *Notifier) Run(ctx context.Context) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	var shredded time.Time
	for {
		if _, err := n.DeliverDue(ctx); err != nil && ctx.Err() == nil {
			n.Log.Warn("notices wait: the outbox cannot be read", "code", porting.CodeOf(err))
		}
		if now := n.Now(); now.Sub(shredded) > time.Hour {
			shredded = now
			if _, err := n.Outbox.ShredNotices(ctx, now.Add(-keepWords)); err != nil && ctx.Err() == nil {
				n.Log.Warn("old notices could not be shredded", "code", porting.CodeOf(err))
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-n.nudged:
		}
	}
}

// DeliverDue attempts everything that is due now, once, and returns how many messages were accepted.
func (n *Notifier) DeliverDue(ctx context.Context) (int, error) {
	var accepted atomic.Int64
	channels := n.channels()
	for ctx.Err() == nil {
		due, err := n.Outbox.ClaimDueNotices(ctx, channels, n.Now(), lease, atOnce)
		if err != nil || len(due) == 0 {
			return int(accepted.Load()), err
		}
		var sending sync.WaitGroup
		for _, record := range due {
			sending.Go(func() {
				if n.deliver(ctx, record) {
					accepted.Add(1)
				}
			})
		}
		sending.Wait()
	}
	return int(accepted.Load()), ctx.Err()
}

// channels are those that this process can send by.
func (n *Notifier) channels() []string {
	var all []string
	for channel := range n.Senders {
		all = append(all, string(channel))
	}
	slices.Sort(all)
	return all
}

// deliver makes one attempt and writes down how it ended, also while the process is told to stop.
func (n *Notifier) deliver(ctx context.Context, record ledger.Notice) bool {
	ref, err := n.send(ctx, record)
	books := context.WithoutCancel(ctx)
	if err == nil {
		record.State, record.SentAt, record.ProviderRef = ledger.NoticeSent, n.Now(), ref
		if err := n.Outbox.NoticeAccepted(books, record.ID, ref, record.SentAt); err != nil {
			n.Log.Warn("a notice was accepted and could not be marked so; it may be sent again", "notice", record.ID, "code", porting.CodeOf(err))
		}
		n.Delivered(record)
		return true
	}
	next := n.Now().Add(pause(record.Attempts))
	if porting.KindOf(err) == porting.Refused || record.Attempts >= maxAttempts {
		next = time.Time{}
	}
	n.Log.Warn("a notice was not accepted", "notice", record.ID, "channel", record.Channel, "code", porting.CodeOf(err), "gives_up", next.IsZero())
	if err := n.Outbox.NoticeRefused(books, record, porting.CodeOf(err), next); err != nil {
		n.Log.Warn("a notice could not be marked; it is tried again when its lease ends", "notice", record.ID, "code", porting.CodeOf(err))
	}
	return false
}

// pause is how long after so many failed attempts the next one comes.
func pause(attempts int) time.Duration {
	wait := firstPause
	for range attempts - 1 {
		if wait *= 2; wait >= longPause {
			return longPause
		}
	}
	return wait
}

func (n *Notifier) send(ctx context.Context, record ledger.Notice) (string, error) {
	message, err := n.open(record)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, sendPatience)
	defer cancel()
	return n.Senders[Channel(record.Channel)].Send(ctx, message)
}

// open unseals a record and puts it into words.
func (n *Notifier) open(record ledger.Notice) (Message, error) {
	sealed, err := n.Vault.Open(record.ID, record.Sealed)
	if err != nil {
		return Message{}, err
	}
	var mail letter
	if err := json.Unmarshal([]byte(sealed.Reveal()), &mail); err != nil { //nolint:forbidigo // it is opened to be sent
		return Message{}, &porting.Error{Kind: porting.Refused, Code: "notice-unreadable", Op: "send notice", Object: record.ID, Detail: "its words cannot be read"}
	}
	m := Message{ID: record.ID, Key: record.ID, To: mail.To}
	if record.Sending > 1 {
		m.Key = fmt.Sprintf("%s.%d", record.ID, record.Sending)
	}
	kind := Kind(record.Kind)
	if Channel(record.Channel) == Webhook {
		m.Event, err = eventOf(kind, record.RecordedAt, mail.Words)
	} else {
		m.Content, err = n.Templates.Render(kind, record.Lang, mail.Words, mail.Link)
	}
	if err != nil {
		err = &porting.Error{Kind: porting.Failed, Code: "notice-unwritable", Op: "send notice", Object: record.ID, Detail: "no template for it", Err: err}
	}
	return m, err
}

// eventOf is a notice for programs.
func eventOf(kind Kind, at time.Time, words Words) ([]byte, error) {
	return json.Marshal(struct {
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      Words     `json:"data"`
	}{kind.event(), at.UTC(), words})
}

// refused is a provider's no, for good; failed is one that may pass.
func refused(code, detail string) error {
	return &porting.Error{Kind: porting.Refused, Code: code, Op: "send notice", Detail: detail}
}

func failed(code, detail string, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		detail = "it took too long"
	}
	return &porting.Error{Kind: porting.Failed, Code: code, Op: "send notice", Detail: detail}
}
