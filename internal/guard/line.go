package guard

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
)

// Line is what the ledger knows of a number when another provider wants it.
type Line struct {
	Locked  bool // by its own lock or by that of an account
	Account Fit  // of the account that the other provider names
}

// Fit says whether what somebody names is what the ledger has.
type Fit int

// Fits. The zero Fit is Unknown.
const (
	Unknown Fit = iota // the ledger does not know the number's account
	Missing            // it knows it, and none was named
	Fits
	Differs
)

// Line looks a number up, with the account that somebody names for it, which may be empty. An error means that nothing is
// known: nothing may leave then.
func (g *Guard) Line(ctx context.Context, number Subject, account string, at time.Time) (Line, error) {
	tokens := []string{number.Token}
	named := ""
	if account != "" {
		named = g.Account(number.Tenant, account).Token
		tokens = append(tokens, named)
	}
	locks, err := g.books.Locks(ctx, tokens...)
	if err != nil {
		return Line{}, err
	}
	var line Line
	for _, lock := range locks {
		line.Locked = line.Locked || lock.Holds(at)
		if lock.Token == number.Token {
			line.Account = fitOf(lock, named)
		}
	}
	return line, nil
}

func fitOf(number ledger.Lock, named string) Fit {
	switch {
	case number.Account == "":
		return Unknown
	case named == "":
		return Missing
	case named == number.Account:
		return Fits
	default:
		return Differs
	}
}
