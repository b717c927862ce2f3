package carrier

import (
	"context"

	"github.com/portsaga/portsaga/porting"
)

// Desk is a gateway that people work with by hand: they bring it what the carrier answered, signed.
type Desk interface {
	// TakeAnswer verifies an answer to an order of a port and writes it down, where Status finds it. The same answer again
	// changes nothing. One that does not count is an error of kind Refused, Invalid or NotFound.
	TakeAnswer(ctx context.Context, in porting.DeskInput) (porting.DeskTaken, error)
}
