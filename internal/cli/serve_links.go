package cli

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// signals tell ports by signal, which works with no worker running.
type signals struct {
	ports signaller
	books fenceBook
}

type signaller interface {
	Signal(ctx context.Context, id, name string, message any) error
}

type fenceBook interface {
	Fence(ctx context.Context, port string) (ledger.Fence, error)
}

// Tell brings a customer's stop. To a port-out it is a no, and what that means is for the rules of the donor's country. One
// whose numbers may have left already is told that nobody asked for it, too: of the two, each is taken in its time alone.
func (s signals) Tell(ctx context.Context, port string, r porting.Revoke) error {
	if porting.WorkflowOf(port) != porting.WorkflowPortOut {
		return s.ports.Signal(ctx, port, porting.MsgRevoke, r)
	}
	fence, err := s.books.Fence(ctx, port)
	if err != nil && porting.KindOf(err) != porting.NotFound {
		return err
	}
	no := porting.CustomerReply{ID: r.ID, By: r.By, Reply: porting.ReplyNo, Channel: "link"}
	if err := s.ports.Signal(ctx, port, porting.MsgCustomerReply, no); err != nil || !leaving(fence) {
		return err
	}
	return s.ports.Signal(ctx, port, porting.MsgDispute, porting.Dispute{ID: r.ID + "-dispute", By: r.By, Reason: r.Reason})
}

func leaving(f ledger.Fence) bool {
	return f.State == ledger.FenceActivating || f.State == ledger.FenceActive
}

// stopsBy says whether a customer may stop a port through us. The numbers that we bring in are the customer's to keep; those
// that leave only where the donor's rules say so. A port whose rules are not known yet is stopped.
func stopsBy(book *rules.Book, now func() time.Time) func(ledger.Fence) bool {
	return func(f ledger.Fence) bool {
		if f.Direction != porting.PortOut {
			return true
		}
		pack, err := book.Pack(f.Pack)
		if err != nil {
			return true
		}
		rule, err := pack.Cancel(time.Time{}, now(), rules.Donor)
		return err != nil || rule.Allowed
	}
}
