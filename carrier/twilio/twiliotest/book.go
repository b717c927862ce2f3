package twiliotest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/twilio"
	"github.com/portsaga/portsaga/porting"
)

// Book is a twilio.Book in memory.
type Book struct {
	mu      sync.Mutex
	entries map[carrier.Ref]twilio.Entry
}

var _ twilio.Book = (*Book)(nil)

// NewBook is an empty book.
func NewBook() *Book { return &Book{entries: map[carrier.Ref]twilio.Entry{}} }

// Intend implements twilio.Book.
func (b *Book) Intend(_ context.Context, ref carrier.Ref, at, stale time.Time) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, there := b.entries[ref]; there && (e.SID != "" || e.Sent.After(stale)) {
		return false, nil
	}
	b.entries[ref] = twilio.Entry{Ref: ref, Sent: at}
	return true, nil
}

// Remember implements twilio.Book.
func (b *Book) Remember(_ context.Context, ref carrier.Ref, sid string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.entries[ref]
	if e.SID != "" && e.SID != sid {
		return &porting.Error{
			Kind: porting.Failed, Code: "twilio-order-doubled", Op: "remember order", Object: ref.String(),
			Detail: "Twilio holds it twice", Next: "cancel one of the two at Twilio",
		}
	}
	e.Ref, e.SID = ref, sid
	b.entries[ref] = e
	return nil
}

// Forget implements twilio.Book.
func (b *Book) Forget(_ context.Context, ref carrier.Ref) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.entries[ref].SID == "" {
		delete(b.entries, ref)
	}
	return nil
}

// Lookup implements twilio.Book.
func (b *Book) Lookup(_ context.Context, port string) ([]twilio.Entry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []twilio.Entry
	for _, e := range b.entries {
		if e.Ref.Port == port {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(x, y twilio.Entry) int { return cmp.Compare(y.Ref.Version, x.Ref.Version) })
	return found, nil
}

// RefOf implements twilio.Book.
func (b *Book) RefOf(_ context.Context, sid string) (carrier.Ref, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.entries {
		if e.SID == sid {
			return e.Ref, true, nil
		}
	}
	return carrier.Ref{}, false, nil
}

// Lose forgets every order, as a book does that was restored from an old backup.
func (b *Book) Lose() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.entries)
}
