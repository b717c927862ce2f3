package carrier

import (
	"context"

	"github.com/portsaga/portsaga/porting"
)

// Switch is our own network and billing: what it knows of a line that is ours, and how a line is let go. The code that
// callers test is line-unknown (NotFound).
type Switch interface {
	Line(ctx context.Context, number porting.Number) (Line, error)
	// Release switches off routing and billing of numbers that work elsewhere. The same port again changes nothing.
	Release(ctx context.Context, port string, numbers []porting.Number) error
}

// Line is a line of ours as our records have it.
type Line struct {
	Active     bool            `json:"active"`
	Account    string          `json:"account"`
	BTN        porting.Number  `json:"btn,omitempty"`
	Name       string          `json:"name"`
	Address    porting.Address `json:"address,omitzero"`
	PINSet     bool            `json:"pin_set,omitempty"` // the subscriber has a port-out PIN
	Subscriber porting.Contact `json:"contact,omitzero"`
}
