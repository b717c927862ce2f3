package sources

import (
	"context"
	"maps"
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
	// Count is how often tokens were met by an instant, by dimension. What was never met may be left out.
	Count(ctx context.Context, tokens map[Dimension]string, at time.Time) (map[Dimension]Met, error)
}

// Met is how often a token was met, the present request included.
type Met struct {
	Day, Month int // requests within Day and Month
	Accounts   int // for which those of the month are
}

// How far back Velocity looks.
const (
	Day   = 24 * time.Hour
	Month = 30 * Day
)

// Velocity counts requests over a day and a month. What the subject has no token for is not told.
func Velocity(all Requests) Source {
	return Source{Name: "velocity", Ask: func(ctx context.Context, s Subject) (fraud.Facts, error) {
		tokens := maps.Clone(s.Tokens)
		maps.DeleteFunc(tokens, func(_ Dimension, token string) bool { return token == "" })
		met, err := all.Count(ctx, tokens, s.At)
		if err != nil {
			return nil, err
		}
		var f fraud.Velocity
		for _, count := range []struct {
			by         Dimension
			day, month **int
		}{
			{ByNumber, &f.Number24h, &f.Number30d},
			{ByAccount, &f.Account24h, &f.Account30d},
			{BySigner, &f.Signer24h, &f.Signer30d},
			{ByEmail, &f.Email24h, &f.Email30d},
			{ByAddress, &f.Address24h, &f.Address30d},
			{ByRecipient, &f.Recipient24h, &f.Recipient30d},
		} {
			if tokens[count.by] != "" {
				*count.day, *count.month = new(met[count.by].Day), new(met[count.by].Month)
			}
		}
		if tokens[BySigner] != "" {
			f.SignerAccounts30d = new(met[BySigner].Accounts)
		}
		return f, nil
	}}
}

// Letters remembers letters of authorization by digest and fingerprint, never by their text.
type Letters interface {
	// OtherAccounts is for how many accounts but this one the document was sent.
	OtherAccounts(ctx context.Context, sha256, account string) (int, error)
	// Fingerprint is that of a document's text, "" where it could not be read.
	Fingerprint(ctx context.Context, sha256 string) (fraud.Fingerprint, error)
	// Fingerprints are those of other documents, for other accounts.
	Fingerprints(ctx context.Context, sha256, account string) ([]fraud.Fingerprint, error)
}

// LOA compares the letter with all others.
func LOA(all Letters) Source {
	return Source{Name: "loa", Ask: func(ctx context.Context, s Subject) (fraud.Facts, error) {
		letter := s.Letter
		if letter.SHA256 == "" {
			return nil, missing(fraud.NotApplicable, "there is no letter")
		}
		others, err := all.OtherAccounts(ctx, letter.SHA256, letter.Account)
		if err != nil {
			return nil, err
		}
		f := fraud.LOA{OtherAccounts: &others}
		if f.Similarity, err = similarity(ctx, all, letter); err != nil {
			return nil, err
		}
		f.SignedAfterRequest = after(letter.SignedAt, letter.RequestedAt)
		f.SignedBeforeCustomer = after(letter.CustomerSince, letter.SignedAt)
		return f, nil
	}}
}

// similarity is the likeness of a letter to the likest one of another account, nil where its text could not be read.
func similarity(ctx context.Context, all Letters, l Letter) (*float64, error) {
	own, err := all.Fingerprint(ctx, l.SHA256)
	if err != nil || own == "" {
		return nil, err
	}
	others, err := all.Fingerprints(ctx, l.SHA256, l.Account)
	return new(nearest(own, others)), err
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
