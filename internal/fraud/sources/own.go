package sources

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/match"
)

// Dimension is something that requests may have in common.
type Dimension string

// Dimensions.
const (
	ByNumber    Dimension = "number"
	ByAccount   Dimension = "account"
	BySigner    Dimension = "signer"
	ByEmail     Dimension = "email"
	ByAddress   Dimension = "address"
	ByRecipient Dimension = "recipient"
)

// Requests remembers port requests by the tokens of what they have in common: keyed digests, never the values.
type Requests interface {
	// Count is how many requests since an instant have the token, the present one included.
	Count(ctx context.Context, by Dimension, token string, since time.Time) (int, error)
	// Accounts is how many different accounts these requests are for.
	Accounts(ctx context.Context, by Dimension, token string, since time.Time) (int, error)
}

const (
	day   = 24 * time.Hour
	month = 30 * day
)

// Velocity counts requests over a day and a month. What the subject has no token for is not told.
func Velocity(all Requests) Source {
	return Source{Name: "velocity", Ask: func(ctx context.Context, s Subject) (fraud.Facts, error) {
		var f fraud.Velocity
		for _, count := range []struct {
			by        Dimension
			day, days **int
		}{
			{ByNumber, &f.Number24h, &f.Number30d},
			{ByAccount, &f.Account24h, &f.Account30d},
			{BySigner, &f.Signer24h, &f.Signer30d},
			{ByEmail, &f.Email24h, &f.Email30d},
			{ByAddress, &f.Address24h, &f.Address30d},
			{ByRecipient, &f.Recipient24h, &f.Recipient30d},
		} {
			if err := s.count(ctx, all.Count, count.by, day, count.day); err != nil {
				return nil, err
			}
			if err := s.count(ctx, all.Count, count.by, month, count.days); err != nil {
				return nil, err
			}
		}
		err := s.count(ctx, all.Accounts, BySigner, month, &f.SignerAccounts30d)
		return factsOr(f, err)
	}}
}

// count puts a count into a fact, and leaves it alone where the subject has no token.
func (s Subject) count(ctx context.Context, ask func(context.Context, Dimension, string, time.Time) (int, error), by Dimension, back time.Duration, into **int) error {
	token := s.Tokens[by]
	if token == "" {
		return nil
	}
	n, err := ask(ctx, by, token, s.At.Add(-back))
	*into = &n
	return err
}

// Letters remembers letters of authorization by digest and fingerprint, never by their text.
type Letters interface {
	// OtherAccounts is for how many accounts but this one the document was sent.
	OtherAccounts(ctx context.Context, sha256, account string) (int, error)
	// Fingerprints are those of letters for other accounts.
	Fingerprints(ctx context.Context, account string) ([]fraud.Fingerprint, error)
}

// LOA compares the letter with all others.
func LOA(all Letters) Source {
	return Source{Name: "loa", Ask: func(ctx context.Context, s Subject) (fraud.Facts, error) {
		letter := s.Letter
		if letter.SHA256 == "" && letter.Fingerprint == "" {
			return nil, missing(fraud.NotApplicable, "there is no letter")
		}
		var f fraud.LOA
		if letter.SHA256 != "" {
			n, err := all.OtherAccounts(ctx, letter.SHA256, letter.Account)
			if err != nil {
				return nil, err
			}
			f.OtherAccounts = &n
		}
		if letter.Fingerprint != "" {
			others, err := all.Fingerprints(ctx, letter.Account)
			if err != nil {
				return nil, err
			}
			f.Similarity = new(nearest(letter.Fingerprint, others))
		}
		f.SignedAfterRequest = after(letter.SignedAt, letter.RequestedAt)
		f.SignedBeforeCustomer = after(letter.CustomerSince, letter.SignedAt)
		return f, nil
	}}
}

// nearest is the likeness to the likest of the others, 0 where there are none.
func nearest(f fraud.Fingerprint, others []fraud.Fingerprint) float64 {
	best := 0.0
	for _, other := range others {
		if likeness, ok := fraud.Similarity(f, other); ok {
			best = max(best, likeness)
		}
	}
	return best
}

// after says whether a is later than b, nil where one of them is not known.
func after(a, b time.Time) *bool {
	if a.IsZero() || b.IsZero() {
		return nil
	}
	return new(a.After(b))
}

// Identity is what a comparison of the order with the donor's record found. There is none without a record.
func Identity(found []match.Difference) fraud.Identity {
	f := fraud.Identity{Name: new(fraud.Match), Address: new(fraud.Match), Account: new(fraud.Match)}
	for _, d := range found {
		switch d.Field {
		case match.FieldName:
			worsen(f.Name, d.Severity)
		case match.FieldStreet, match.FieldPostalCode, match.FieldCity:
			worsen(f.Address, d.Severity)
		case match.FieldAccountNumber, match.FieldBTN:
			worsen(f.Account, d.Severity)
		}
	}
	return f
}

func worsen(l *fraud.Likeness, s match.Severity) {
	switch {
	case s == match.Mismatch:
		*l = fraud.Mismatch
	case *l == fraud.Match:
		*l = fraud.Near
	}
}
