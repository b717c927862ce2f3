package guard

import (
	"context"
	"encoding/json"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// contactMemory is how long a contact that was replaced is still told: a thief changes the contact first.
const contactMemory = 30 * 24 * time.Hour

// Contact is where the people of a number or an account are told, and in which language.
type Contact struct {
	porting.Contact
	Lang     string `json:"lang,omitempty"`    // BCP 47; the country's when empty
	Country  string `json:"country,omitempty"` // ISO 3166-1 alpha-2
	Replaced bool   `json:"-"`                 // by another one, not long ago
}

// SetContact says where the people of a subject are told. The contact that it had is still told for a month. Whoever calls it
// has made sure of the subscriber; the portal cannot. Code of Invalid: "contact-empty".
func (g *Guard) SetContact(ctx context.Context, s Subject, c Contact, by string, at time.Time) error {
	if c.Email == "" && c.Phone == "" {
		return &porting.Error{
			Kind: porting.Invalid, Code: "contact-empty", Op: "set contact", Object: s.Masked, Detail: "there is neither an address nor a telephone",
		}
	}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	kept := ledger.GuardContact{ID: ledger.NewContactID(), SetAt: at}
	kept.Sealed = g.vault.Seal(kept.ID, porting.Secret(text))
	return g.books.SetGuardContact(ctx, s.Subject, kept, by)
}

// Contacts lists where the people of a subject are told at an instant, the present contact first. A subject whose people nobody
// knows has none.
func (g *Guard) Contacts(ctx context.Context, token string, at time.Time) ([]Contact, error) {
	kept, err := g.books.GuardContacts(ctx, token, at.Add(-contactMemory))
	if err != nil {
		return nil, err
	}
	var all []Contact
	for _, k := range kept {
		text, err := g.vault.Open(k.ID, k.Sealed)
		if err != nil {
			return nil, err
		}
		c := Contact{Replaced: !k.ReplacedAt.IsZero()}
		if err := json.Unmarshal([]byte(plain(text)), &c); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}
